"""What other apps may hear of recharges, inside the transaction that enters them."""

from django.dispatch import Signal

# A recharge was divided and sent to the meter; argument: purchase.
purchase_sold = Signal()
