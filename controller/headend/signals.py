"""What other apps may listen to. Receivers run inside the transaction that caused the signal.

command_finished(command): a command became applied, refused or expired, by a receipt of the
    board or, never sent, because its time was over. Not sent for `unconfirmed`: nobody knows
    then what the board did, and a late receipt may still come.
"""

from django.dispatch import Signal

command_finished = Signal()
