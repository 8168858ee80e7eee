"""What other apps may listen to. Receivers run inside the transaction that caused the signal.

events_stored(meter_id, events): these `Event` rows of one meter were stored for the first time.
"""

from django.dispatch import Signal

events_stored = Signal()
