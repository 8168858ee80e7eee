"""What other apps may listen to, inside the transaction that caused it.

joining_moved(joining, step): a step of a joining was taken. After `choose_package` it says which
    deposit and activation charge are due, after `open_account` it has its consumer.
"""

from django.dispatch import Signal

joining_moved = Signal()
