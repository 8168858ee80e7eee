"""Who is supplied where (MG-5), with which package (MG-1), and what their boards confirmed."""

from django.db import models
from django_fsm import FSMField, FSMModelMixin, transition

from controller.fleet.models import Meter
from controller.headend.models import Command
from controller.readings.models import Reading
from controller.tariffs.models import Tariff


class Plant(models.Model):
    """A mini-grid or a feeder: four letters, in a state of two letters. Its clock is local.

    `capacity_w` is what it can supply at once (MG-6); 0 where nobody has said.
    """

    code = models.CharField(primary_key=True, max_length=4)
    state = models.CharField(max_length=2)
    name = models.CharField(max_length=80)
    utc_offset_min = models.SmallIntegerField(default=330)
    capacity_w = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.name} ({self.state}{self.code})"


class Category(models.TextChoices):
    """What the supply is for: it decides which tariffs and packages may be given (UP-1, UP-2)."""

    DOMESTIC = "domestic", "Domestic"
    COMMERCIAL = "commercial", "Commercial"
    INDUSTRY = "industry", "Industry"
    AGRICULTURE = "agriculture", "Agriculture"
    INSTITUTION = "institution", "Public institution"
    PUBLIC_WORKS = "public_works", "Street light or public water works"


class Sector(models.TextChoices):
    """Whether a person or firm, or an office of the government, is the consumer."""

    PRIVATE = "private", "Private"
    GOVERNMENT = "government", "Government"


class Consumer(models.Model):
    """A person or office with a supply contract; the id is constructed (MG-5)."""

    class Status(models.TextChoices):
        """Whether the consumer is supplied (MG-6). The `changes` app decides it by rules."""

        ACTIVE = "active", "Active"
        INACTIVE = "inactive", "Inactive"  # not yet connected, or at the consumer's wish
        BANNED = "banned", "Banned"  # for debts, or because the plant's capacity does not suffice

    id = models.CharField(primary_key=True, max_length=11)
    plant = models.ForeignKey(Plant, on_delete=models.PROTECT, related_name="consumers")
    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=20, blank=True, default="")
    email = models.CharField(max_length=120, blank=True, default="")
    address = models.CharField(max_length=200, blank=True, default="")
    language = models.CharField(max_length=2, blank=True, default="")  # blank: the utility's first
    category = models.CharField(max_length=12, choices=Category.choices, default=Category.DOMESTIC)
    sector = models.CharField(max_length=10, choices=Sector.choices, default=Sector.PRIVATE)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.id} {self.name}"


class Connection(models.Model):
    """One supply point: connection `number` at pole `pole`, with the largest load agreed."""

    consumer = models.OneToOneField(Consumer, on_delete=models.PROTECT, related_name="connection")
    meter = models.OneToOneField(
        Meter, on_delete=models.PROTECT, related_name="connection", null=True, default=None
    )
    fitted_s = models.BigIntegerField(default=0)  # when the meter was fitted; board time
    pole = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField()
    phases = models.PositiveSmallIntegerField(default=1)
    sanctioned_load_w = models.PositiveIntegerField()

    class Meta:
        ordering = ["consumer"]

    def __str__(self) -> str:
        return f"connection of {self.consumer_id}"


class Fitting(models.Model):
    """A meter at a connection, from its fitting until its removal (None: it is there); board time.

    A connection's energy is the sum over its meters, each between its fitting and its removal.
    The readings are the meter's last ones up to these moments (None: it had none). What somebody
    read off the display at the removal, `closing_wh`, is beyond `last_reading` where the board's
    last intervals never came. `closing_balance` is the account as the board last reported it.
    """

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="fittings")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="fittings")
    fitted_s = models.BigIntegerField()
    first_reading = models.ForeignKey(
        Reading, on_delete=models.PROTECT, null=True, default=None, related_name="+"
    )
    removed_s = models.BigIntegerField(null=True, default=None)
    last_reading = models.ForeignKey(
        Reading, on_delete=models.PROTECT, null=True, default=None, related_name="+"
    )
    closing_wh = models.BigIntegerField(null=True, default=None)
    closing_balance = models.BigIntegerField(default=0)
    credit_mode = models.SmallIntegerField(default=0)  # the unit of that balance, as on the wire
    reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["connection", "fitted_s", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["meter"], condition=models.Q(removed_s=None), name="meter_fitted_once"
            ),
            models.UniqueConstraint(
                fields=["connection"],
                condition=models.Q(removed_s=None),
                name="connection_has_one_meter",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meter_id} at {self.connection} since {self.fitted_s}"


class Package(models.Model):
    """Load limit, supply hours and price (MG-1). The id says all of it (docs/packages.md).

    `mode` is the wire's credit mode. Exactly one of `price_paise` (a unit) and `tariff` is set,
    or neither for a flat package, which costs `monthly_paise` and nothing else. `parameters`
    holds what differs from the programme's defaults.
    """

    class Mode(models.IntegerChoices):
        """How supply is paid for, numbered as the wire's credit mode."""

        POSTPAID = 0, "Postpaid"
        ENERGY = 1, "Prepaid, energy"
        MONEY = 2, "Prepaid, money"
        FLAT = 3, "Prepaid, days"

    id = models.CharField(primary_key=True, max_length=48)
    kind = models.CharField(max_length=4)
    timing = models.CharField(max_length=2)
    limit_w = models.PositiveIntegerField()
    monthly_paise = models.PositiveIntegerField(default=0)
    mode = models.SmallIntegerField(choices=Mode.choices)
    price_paise = models.PositiveIntegerField(null=True, default=None)
    tariff = models.ForeignKey(
        Tariff, on_delete=models.PROTECT, null=True, default=None, related_name="packages"
    )
    windows = models.JSONField(default=list)
    parameters = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.id


class AssignmentState(models.TextChoices):
    """How far a package has come. Only the board's word moves it on (MG-14)."""

    PENDING = "pending", "Pending"  # command queued; the board has not answered
    STORED = "stored", "Stored"  # in the board's passive slot
    ACTIVE = "active", "Active"  # the board says that it runs it
    REFUSED = "refused", "Refused"  # by the board, or it came too late
    SUPERSEDED = "superseded", "Superseded"


WAITING = (AssignmentState.PENDING, AssignmentState.STORED)


class PackageAssignment(FSMModelMixin, models.Model):
    """One package programmed into one connection's meter, as one version of its programme."""

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="assignments"
    )
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="assignments")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="assignments")
    programme_version = models.BigIntegerField()
    programme = models.BinaryField(max_length=1024)
    tariff_record = models.JSONField(null=True, default=None)  # in rating.md names
    activation_s = models.BigIntegerField(default=0)
    sanctioned_load_w = models.PositiveIntegerField(default=0)  # as it was then, for the bill
    phases = models.PositiveSmallIntegerField(default=1)
    opened_s = models.BigIntegerField()  # since when this account pays its fixed charge
    activated_s = models.BigIntegerField(null=True, default=None)
    command = models.OneToOneField(Command, on_delete=models.PROTECT, related_name="assignment")
    state = FSMField(
        default=AssignmentState.PENDING, choices=AssignmentState.choices, protected=True
    )
    assigned_s = models.BigIntegerField()
    actor = models.CharField(max_length=80)

    class Meta:
        ordering = ["connection", "id"]  # versions count by meter, which may be exchanged
        constraints = [
            models.UniqueConstraint(
                fields=["meter", "programme_version"], name="programme_version_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.package_id} for {self.meter_id} v{self.programme_version}: {self.state}"

    @transition(field=state, source=AssignmentState.PENDING, target=AssignmentState.STORED)
    def mark_stored(self) -> None:
        """The board has stored and checked the programme."""

    @transition(field=state, source=AssignmentState.PENDING, target=AssignmentState.REFUSED)
    def mark_refused(self) -> None:
        """The board will not run the programme, or it came too late."""

    @transition(field=state, source=list(WAITING), target=AssignmentState.ACTIVE)
    def mark_active(self, at_s: int) -> None:
        """The board runs the programme since `at_s` (its event may overtake the receipt)."""
        self.activated_s = at_s

    @transition(
        field=state,
        source=[*WAITING, AssignmentState.ACTIVE],
        target=AssignmentState.SUPERSEDED,
    )
    def mark_superseded(self) -> None:
        """A later programme took its place."""


class Batch(models.Model):
    """A group of connections that is programmed again, one after the other (MG-14).

    `package` is what all of them get; null: each its own anew, as when its tariff has changed.
    `asked` says by which words the group was chosen.
    """

    package = models.ForeignKey(
        Package, on_delete=models.PROTECT, null=True, default=None, related_name="batches"
    )
    asked = models.JSONField(default=dict)
    begun_s = models.BigIntegerField()
    actor = models.CharField(max_length=80)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"batch {self.pk}"


class ItemState(models.TextChoices):
    """How far a connection of a batch has come; once queued, its assignment says the rest."""

    WAITING = "waiting", "Waiting"
    QUEUED = "queued", "Queued"
    REFUSED = "refused", "Refused"  # at the desk: nothing was sent


class BatchItem(models.Model):
    """One connection of a batch. `reason` says why nothing was sent to it."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="items")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    activation_s = models.BigIntegerField(default=0)
    assignment = models.OneToOneField(
        PackageAssignment, on_delete=models.PROTECT, null=True, default=None, related_name="item"
    )
    state = models.CharField(max_length=7, choices=ItemState.choices, default=ItemState.WAITING)
    reason = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        ordering = ["batch", "id"]
        indexes = [models.Index(fields=["batch", "state"], name="batch_item_by_state")]
        constraints = [
            models.UniqueConstraint(fields=["batch", "connection"], name="batch_item_once"),
        ]

    def __str__(self) -> str:
        return f"{self.connection} in {self.batch}: {self.state}"
