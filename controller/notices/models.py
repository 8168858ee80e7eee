"""The outbox, and where its messages are handed over."""

from django.db import models
from django_fsm import FSMField, FSMModelMixin, transition

from controller.consumers.models import Consumer


class MessageState(models.TextChoices):
    """Where a message stands. Sent means that the provider took it, not that it was read."""

    QUEUED = "queued", "Queued"
    SENT = "sent", "Handed to the provider"
    FAILED = "failed", "Failed, to be tried again"
    GIVEN_UP = "given_up", "Given up"


WAITING = (MessageState.QUEUED, MessageState.FAILED)


class Channel(models.TextChoices):
    """How it reaches the recipient."""

    SMS = "sms", "Text message"
    EMAIL = "email", "E-mail"


class Message(FSMModelMixin, models.Model):
    """One notice to one recipient; `key` names what it tells, so that it is told once.

    A secret message has its text in `sealed` and an empty `body`; it is forgotten when the
    message is sent or given up. `subject` is what it is about, for instance `bill …`.
    """

    key = models.CharField(max_length=120, unique=True)
    template = models.CharField(max_length=32)
    language = models.CharField(max_length=2)
    channel = models.CharField(max_length=5, choices=Channel.choices)
    recipient = models.CharField(max_length=140)
    consumer = models.ForeignKey(
        Consumer, on_delete=models.PROTECT, related_name="notices", null=True, default=None
    )
    subject = models.CharField(max_length=120, blank=True, default="")
    title = models.CharField(max_length=120)
    body = models.TextField(blank=True, default="")
    sealed = models.BinaryField(blank=True, default=b"")
    segments = models.PositiveSmallIntegerField(default=1)
    state = FSMField(default=MessageState.QUEUED, choices=MessageState.choices, protected=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_s = models.BigIntegerField()
    expires_s = models.BigIntegerField()
    made_s = models.BigIntegerField()
    finished_s = models.BigIntegerField(null=True, default=None)
    provider_reference = models.CharField(max_length=80, blank=True, default="")
    last_error = models.CharField(max_length=120, blank=True, default="")
    actor = models.CharField(max_length=80)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(
                fields=["next_try_s"],
                name="notice_waiting",
                condition=models.Q(state__in=("queued", "failed")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.key}: {self.state}"

    @transition(field=state, source=list(WAITING), target=MessageState.SENT)
    def mark_sent(self, now_s: int, provider_reference: str) -> None:
        """The provider has taken it."""
        self.finished_s = now_s
        self.provider_reference = provider_reference
        self.last_error = ""
        self.sealed = b""

    @transition(field=state, source=list(WAITING), target=MessageState.FAILED)
    def mark_failed(self, next_try_s: int, error: str) -> None:
        """The provider has not taken it; it is tried again."""
        self.next_try_s = next_try_s
        self.last_error = error

    @transition(field=state, source=list(WAITING), target=MessageState.GIVEN_UP)
    def mark_given_up(self, now_s: int, error: str) -> None:
        """It is not tried any more."""
        self.finished_s = now_s
        self.last_error = error
        self.sealed = b""


class Route(models.Model):
    """The provider of a channel: its apprise address, sealed, as it holds passwords."""

    channel = models.CharField(max_length=5, primary_key=True, choices=Channel.choices)
    sealed = models.BinaryField()
    scheme = models.CharField(max_length=40)  # which provider, without its secrets
    changed_s = models.BigIntegerField()
    actor = models.CharField(max_length=80)

    class Meta:
        ordering = ["channel"]

    def __str__(self) -> str:
        return f"{self.channel} by {self.scheme}"
