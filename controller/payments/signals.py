"""What other apps may hear of money, inside the transaction that enters it."""

from django.dispatch import Signal

# An order was paid through its provider's callback; arguments: order, payment. A receiver that
# cannot give what was paid for raises Refused: the money then stays the consumer's credit.
order_paid = Signal()

# A payment was taken and posted; argument: payment. Its recharge, if it is one, follows.
payment_taken = Signal()

# A payment is about to be reversed; argument: payment. A receiver that objects raises Refused.
payment_reversing = Signal()
