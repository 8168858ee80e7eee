"""What other apps may listen to. Receivers run inside the transaction that caused the signal.

assignment_moved(assignment): the board's word moved a package assignment on (MG-14): it is now
    stored, active, refused or superseded.
status_changed(consumer, before): the consumer's status (MG-6) was `before` and is now another.
meter_fitted(fitting, actor): a meter serves a connection from now on.
meter_released(fitting, actor): a meter no longer serves a connection; its closing facts are in
    the fitting.
"""

from django.dispatch import Signal

assignment_moved = Signal()
status_changed = Signal()
meter_fitted = Signal()
meter_released = Signal()
