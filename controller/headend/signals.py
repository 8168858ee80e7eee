"""What other apps may listen to. Receivers run inside the transaction that caused the signal.

command_finished(command): a command became applied, refused or expired, by a receipt of the
    board or, never sent, because its time was over. Not sent for `unconfirmed`: nobody knows
    then what the board did, and a late receipt may still come.
meters_locking(meter_ids): meters are about to be locked whose boards' words may change what
    belongs to a consumer. Who changes that locks it now: it comes before the meter
    (docs/architecture.md).
"""

from django.dispatch import Signal

command_finished = Signal()
meters_locking = Signal()
