"""Points of sale, payments, orders at providers, and what the providers have called back.

Balances are not here: cash in hand and dues are sums of the ledger.
"""

from django.db import models
from django.db.models import PROTECT
from django_fsm import FSMField, FSMModelMixin, transition

from controller.consumers.models import Consumer, Plant


class Purpose(models.TextChoices):
    """What the consumer pays for."""

    BILL = "bill", "Bill and other dues"
    RECHARGE = "recharge", "Recharge"
    DEPOSIT = "deposit", "Security deposit"
    SERVICE = "service", "Service"
    OTHER = "other", "Other"


class Method(models.TextChoices):
    """How the consumer pays (MG-9)."""

    CASH = "cash", "Cash"
    UPI = "upi", "UPI"
    CARD = "card", "Card"
    WALLET = "wallet", "Wallet"
    BANK = "bank", "Bank transfer"


class PointOfSale(models.Model):
    """A place where money is taken (UP-12). `code` has no spaces: accounts are named after it."""

    class Kind(models.TextChoices):
        """Who stands behind it."""

        COUNTER = "counter", "Billing counter"
        AGENT = "agent", "Field agent"
        ONLINE = "online", "Online"
        ATM = "atm", "ATM"

    code = models.CharField(primary_key=True, max_length=16)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    user = models.CharField(max_length=80, blank=True, default="")  # login of its agent or clerk
    plant = models.ForeignKey(Plant, on_delete=PROTECT, null=True, default=None, related_name="+")
    # The money that it may hold; empty: as the utility profile says for agents, else none.
    ceiling_paise = models.BigIntegerField(null=True, default=None)
    is_open = models.BooleanField(default=True)
    full_since_s = models.BigIntegerField(null=True, default=None)  # cash above the reminder share

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def is_manned(self) -> bool:
        """Whether a person takes the money here."""
        return self.kind in (self.Kind.COUNTER, self.Kind.AGENT)


class ReceiptSeries(models.Model):
    """The last receipt number of a point of sale in a year; its lock leaves no gap."""

    point_of_sale = models.ForeignKey(PointOfSale, on_delete=PROTECT, related_name="series")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["point_of_sale", "year"], name="receipt_series_once")
        ]

    def __str__(self) -> str:
        return f"{self.point_of_sale_id} {self.year}: {self.last}"


class PaymentState(models.TextChoices):
    """Whether a payment counts."""

    TAKEN = "taken", "Taken"
    REVERSED = "reversed", "Reversed"


class Payment(FSMModelMixin, models.Model):
    """Money received from a consumer, once for its `key`, with a receipt (MG-10)."""

    class Channel(models.TextChoices):
        """How the payment reached us."""

        COUNTER = "counter", "Counter"
        AGENT = "agent", "Agent"
        API = "api", "API"
        CALLBACK = "callback", "Callback"

    id = models.CharField(primary_key=True, max_length=16)
    key = models.CharField(max_length=120, unique=True)
    consumer = models.ForeignKey(Consumer, on_delete=PROTECT, related_name="payments")
    amount_paise = models.BigIntegerField()
    method = models.CharField(max_length=8, choices=Method.choices)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    point_of_sale = models.ForeignKey(PointOfSale, on_delete=PROTECT, related_name="payments")
    held_in = models.CharField(max_length=40)  # the ledger account that the money is in
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    received_s = models.BigIntegerField()
    receipt_number = models.CharField(max_length=32, unique=True)
    entry_id = models.BigIntegerField()  # of the ledger
    actor = models.CharField(max_length=80)
    state = FSMField(default=PaymentState.TAKEN, choices=PaymentState.choices, protected=True)
    reversed_s = models.BigIntegerField(null=True, default=None)
    reversal_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["-received_s", "id"]
        indexes = [
            models.Index(fields=["consumer", "received_s"], name="payment_of_consumer"),
            models.Index(fields=["point_of_sale", "received_s"], name="payment_at_point"),
        ]

    def __str__(self) -> str:
        return f"payment {self.receipt_number}: {self.state}"

    @transition(field=state, source=PaymentState.TAKEN, target=PaymentState.REVERSED)
    def mark_reversed(self, now_s: int, reason: str) -> None:
        """It no longer counts; a reversing entry stands in the ledger."""
        self.reversed_s = now_s
        self.reversal_reason = reason


class Deposit(FSMModelMixin, models.Model):
    """Money brought to the bank: logged by who brought it, verified by another person."""

    class State(models.TextChoices):
        """What head office says."""

        LOGGED = "logged", "Logged"
        VERIFIED = "verified", "Verified"
        REJECTED = "rejected", "Rejected"

    id = models.CharField(primary_key=True, max_length=16)
    key = models.CharField(max_length=120, unique=True)
    point_of_sale = models.ForeignKey(PointOfSale, on_delete=PROTECT, related_name="deposits")
    held_in = models.CharField(max_length=40)
    amount_paise = models.BigIntegerField()
    slip = models.CharField(max_length=60)  # the bank's reference
    logged_s = models.BigIntegerField()
    logged_by = models.CharField(max_length=80)
    entry_id = models.BigIntegerField()
    state = FSMField(default=State.LOGGED, choices=State.choices, protected=True)
    decided_s = models.BigIntegerField(null=True, default=None)
    decided_by = models.CharField(max_length=80, blank=True, default="")
    note = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["-logged_s", "id"]

    def __str__(self) -> str:
        return f"deposit {self.slip} of {self.point_of_sale_id}: {self.state}"

    @transition(field=state, source=State.LOGGED, target=State.VERIFIED)
    def mark_verified(self, now_s: int, actor: str) -> None:
        """The bank's statement shows it."""
        self.decided_s, self.decided_by = now_s, actor

    @transition(field=state, source=State.LOGGED, target=State.REJECTED)
    def mark_rejected(self, now_s: int, actor: str, note: str) -> None:
        """The bank has not got it: the money is in hand again."""
        self.decided_s, self.decided_by, self.note = now_s, actor, note


class Provider(models.Model):
    """A payment provider that calls back; its secrets are sealed (`fleet.sealing`)."""

    class Scheme(models.TextChoices):
        """How it signs."""

        GENERIC = "generic", "Generic HMAC-SHA256"
        RAZORPAY = "razorpay", "Razorpay webhook"

    code = models.CharField(primary_key=True, max_length=16)
    scheme = models.CharField(max_length=8, choices=Scheme.choices)
    point_of_sale = models.ForeignKey(PointOfSale, on_delete=PROTECT, related_name="providers")
    secret_sealed = models.BinaryField(max_length=400)
    previous_sealed = models.BinaryField(max_length=400, default=b"")  # still accepted
    is_open = models.BooleanField(default=True)
    bad_signatures = models.PositiveIntegerField(default=0)
    last_bad_s = models.BigIntegerField(null=True, default=None)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class OrderState(models.TextChoices):
    """Where an order stands. A late payment still pays an expired one: the money is real."""

    OPEN = "open", "Open"
    EXPIRED = "expired", "Expired"
    PAID = "paid", "Paid"


class PaymentOrder(FSMModelMixin, models.Model):
    """What a consumer is about to pay at a provider, fixed before the provider is asked."""

    id = models.CharField(primary_key=True, max_length=20)
    key = models.CharField(max_length=120, unique=True)
    provider = models.ForeignKey(Provider, on_delete=PROTECT, related_name="orders")
    provider_order = models.CharField(max_length=64, null=True, default=None)
    consumer = models.ForeignKey(Consumer, on_delete=PROTECT, related_name="orders")
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    amount_paise = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="INR")
    created_s = models.BigIntegerField()
    expires_s = models.BigIntegerField()
    state = FSMField(default=OrderState.OPEN, choices=OrderState.choices, protected=True)
    payment = models.OneToOneField(
        Payment, on_delete=PROTECT, null=True, default=None, related_name="order"
    )
    failures = models.PositiveIntegerField(default=0)
    actor = models.CharField(max_length=80)

    class Meta:
        ordering = ["-created_s", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_order"], name="order_at_provider"
            )
        ]
        indexes = [
            models.Index(fields=["expires_s"], name="order_open", condition=models.Q(state="open"))
        ]

    def __str__(self) -> str:
        return f"order {self.id}: {self.state}"

    @transition(field=state, source=OrderState.OPEN, target=OrderState.EXPIRED)
    def mark_expired(self) -> None:
        """Nobody paid in time."""

    @transition(field=state, source=[OrderState.OPEN, OrderState.EXPIRED], target=OrderState.PAID)
    def mark_paid(self, payment: Payment) -> None:
        """The provider has the money; once."""
        self.payment = payment


class ProviderPayment(models.Model):
    """One payment as its provider knows it. `reference` is unique there: it counts once.

    Without a `payment` its money is in suspense (`payable:unclaimed-<provider>`): nobody knows
    whose it is, or for what; a task says so.
    """

    provider = models.ForeignKey(Provider, on_delete=PROTECT, related_name="payments")
    reference = models.CharField(max_length=64)
    amount_paise = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    order = models.ForeignKey(
        PaymentOrder, on_delete=PROTECT, null=True, default=None, related_name="attempts"
    )
    payment = models.OneToOneField(
        Payment, on_delete=PROTECT, null=True, default=None, related_name="at_provider"
    )
    suspended_paise = models.BigIntegerField(default=0)
    refunded_paise = models.BigIntegerField(default=0)
    arrived_s = models.BigIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "reference"], name="provider_payment_once")
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.reference}"


class Refund(models.Model):
    """Money that a provider has sent back of one payment; once for its reference."""

    of = models.ForeignKey(ProviderPayment, on_delete=PROTECT, related_name="refunds")
    reference = models.CharField(max_length=64)
    amount_paise = models.BigIntegerField()
    arrived_s = models.BigIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["of", "reference"], name="refund_once")]

    def __str__(self) -> str:
        return f"refund {self.reference}"


class Callback(models.Model):
    """A provider's message as it came, stored before anything is done with it."""

    class Outcome(models.TextChoices):
        """What it led to."""

        STORED = "stored", "Stored, not yet worked on"
        WAITING = "waiting", "Waits for the payment that it speaks of"
        DONE = "done", "Done"
        NOTHING = "nothing", "Told nothing new"
        CONFLICT = "conflict", "A person must decide"

    provider = models.ForeignKey(Provider, on_delete=PROTECT, related_name="callbacks")
    digest = models.CharField(max_length=64)  # of the body: the same message is one row
    event = models.CharField(max_length=64)
    reference = models.CharField(max_length=64, blank=True, default="")  # provider's payment
    body = models.BinaryField(max_length=65_536)
    received_s = models.BigIntegerField()
    copies = models.PositiveIntegerField(default=1)
    attempts = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.STORED)
    note = models.CharField(max_length=200, blank=True, default="")
    worked_s = models.BigIntegerField(null=True, default=None)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "digest"], name="callback_once")
        ]
        indexes = [
            models.Index(
                fields=["provider", "reference"],
                name="callback_open",
                condition=models.Q(outcome__in=("stored", "waiting")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.event} {self.reference}: {self.outcome}"
