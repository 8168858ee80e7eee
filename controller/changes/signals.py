"""What other apps may listen to, inside the transaction that caused it.

change_moved(change, step): a change was requested, approved, refused, …, completed.
"""

from django.dispatch import Signal

change_moved = Signal()
