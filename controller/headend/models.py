"""Commands and their receipts, the signed messages as they came, and what was refused."""

from django.db import models
from django_fsm import FSMField, FSMModelMixin, transition

from controller.fleet.models import Meter


class State(models.TextChoices):
    """Where a command stands. Only a receipt of the board says what the board did."""

    QUEUED = "queued", "Queued"  # never left the controller
    SENT = "sent", "Sent"  # published; whether it arrived is unknown
    RECEIVED = "received", "Received"  # the board has it
    APPLIED = "applied", "Applied"
    REFUSED = "refused", "Refused"
    EXPIRED = "expired", "Expired"  # the board said so, or it was never sent
    UNCONFIRMED = "unconfirmed", "Unconfirmed"  # sent, its time is over, the board is silent


PENDING = (State.QUEUED, State.SENT, State.RECEIVED)
FINAL = (State.APPLIED, State.REFUSED, State.EXPIRED)
IN_FLIGHT = (State.SENT, State.RECEIVED)
# A late receipt still tells the truth about a command that was given up.
OPEN = (*PENDING, State.UNCONFIRMED)


class Command(FSMModelMixin, models.Model):
    """One order to one meter. `id` is the wire's command id in hex, `position` its turn.

    What somebody could key in who reads the database stands in `arguments_sealed` only.
    """

    id = models.CharField(primary_key=True, max_length=16)
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="commands")
    position = models.BigIntegerField()
    name = models.CharField(max_length=32)
    arguments = models.JSONField(default=dict)  # empty where they are secret
    arguments_sealed = models.BinaryField(max_length=256, blank=True, default=b"")
    state = FSMField(default=State.QUEUED, choices=State.choices, protected=True)
    reason = models.SmallIntegerField(default=0)
    issued_s = models.BigIntegerField()
    not_before_s = models.BigIntegerField()
    expires_s = models.BigIntegerField()
    sends = models.IntegerField(default=0)
    last_sent_s = models.BigIntegerField(default=0)
    next_send_s = models.BigIntegerField()
    actor = models.CharField(max_length=80)
    result = models.JSONField(null=True, default=None)

    class Meta:
        ordering = ["meter", "position"]
        constraints = [
            models.UniqueConstraint(fields=["meter", "position"], name="command_turn"),
        ]
        indexes = [
            models.Index(
                fields=["meter", "position"],
                name="command_open",
                condition=models.Q(state__in=("queued", "sent", "received")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.id} to {self.meter_id}: {self.state}"

    def note_sending(self, now_s: int, next_send_s: int) -> None:
        """It is about to be published, for the first time or again."""
        self.sends += 1
        self.last_sent_s = now_s
        self.next_send_s = next_send_s
        if self.state == State.QUEUED:
            self.mark_sent()

    @transition(field=state, source=State.QUEUED, target=State.SENT)
    def mark_sent(self) -> None:
        """It leaves the controller for the first time."""

    @transition(field=state, source=list(OPEN), target=State.RECEIVED)
    def mark_received(self) -> None:
        """The board says that it has the command."""

    @transition(field=state, source=list(OPEN), target=State.APPLIED)
    def mark_applied(self) -> None:
        """The board says that it has done it."""

    @transition(field=state, source=list(OPEN), target=State.REFUSED)
    def mark_refused(self, reason: int) -> None:
        """The board says that it will not do it, and why (the wire's table of reasons)."""
        self.reason = reason

    @transition(field=state, source=list(OPEN), target=State.EXPIRED)
    def mark_expired(self) -> None:
        """The board says that it came too late, or it never left the controller."""

    @transition(field=state, source=list(IN_FLIGHT), target=State.UNCONFIRMED)
    def mark_unconfirmed(self) -> None:
        """Its time is over and the board never said what became of it."""


class SignedMessage(models.Model):
    """A message exactly as the meter signed it: the evidence behind every reading."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="messages")
    epoch = models.PositiveIntegerField()
    counter = models.BigIntegerField()
    kind = models.SmallIntegerField()
    envelope = models.BinaryField(max_length=4096)
    received_s = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meter", "epoch", "counter"], name="message_once"),
        ]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.epoch}/{self.counter}"


class Receipt(models.Model):
    """What the board said about a command, one row for each thing said."""

    command = models.ForeignKey(Command, on_delete=models.PROTECT, related_name="receipts")
    stage = models.SmallIntegerField()
    reason = models.SmallIntegerField(default=0)
    status = models.JSONField(default=dict)
    message = models.ForeignKey(SignedMessage, on_delete=models.PROTECT)
    received_s = models.BigIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["command", "stage"], name="receipt_once"),
        ]

    def __str__(self) -> str:
        return f"receipt {self.stage} for {self.command_id}"


class Refusal(models.Model):
    """How often messages under one name were refused for one reason."""

    meter = models.CharField(max_length=16)
    reason = models.CharField(max_length=32)
    count = models.BigIntegerField(default=0)
    last_s = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meter", "reason"], name="refusal_once"),
        ]

    def __str__(self) -> str:
        return f"{self.meter} {self.reason}: {self.count}"
