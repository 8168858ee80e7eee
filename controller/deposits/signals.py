"""What other apps may listen to, inside the transaction that caused it.

deposit_demanded(demand): a consumer must give security, or more of it.
deposit_moved(movement): security was collected, used for dues, given back, or its collection
    was reversed.
"""

from django.dispatch import Signal

deposit_demanded = Signal()
deposit_moved = Signal()
