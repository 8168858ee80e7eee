"""What billing tells those who want to know, inside the transaction of the change."""

from django.dispatch import Signal

# (step: DunningStep, consumer_id: str) a reminder, a notice, or a disconnection is due.
dunning_stepped = Signal()
