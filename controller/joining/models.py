"""Poles, and who is on the way to become a consumer: what was found out, and every step (MG-4).

The number of the identity proof is sealed (`fleet.sealing`); `identity_shown` is its end.
"""

from django.db import models
from django_fsm import FSMField, transition

from controller.consumers.models import Category, Consumer, Package, Plant, Sector
from controller.joining import rules
from controller.workflow import Step, Workflow


class Pole(models.Model):
    """A pole of a plant; the place in millionths of a degree."""

    plant = models.ForeignKey(Plant, on_delete=models.PROTECT, related_name="poles")
    number = models.PositiveSmallIntegerField()
    latitude_udeg = models.IntegerField()
    longitude_udeg = models.IntegerField()

    class Meta:
        ordering = ["plant", "number"]
        constraints = [models.UniqueConstraint(fields=["plant", "number"], name="pole_once")]

    def __str__(self) -> str:
        return f"{self.plant_id} pole {self.number}"

    @property
    def place(self) -> rules.Place:
        """Where it stands."""
        return rules.Place(self.latitude_udeg, self.longitude_udeg)


class JoiningState(models.TextChoices):
    """How far somebody has come."""

    SURVEYED = "surveyed", "Surveyed"
    CONTACTED = "contacted", "Contacted"
    ACQUIRED = "acquired", "Wants to be connected"
    IDENTIFIED = "identified", "Identity proved"
    PACKAGED = "packaged", "Package chosen"
    ACCOUNT = "account", "Account opened"
    INSTALLING = "installing", "Meter assigned"
    POLE = "pole", "Work at the pole done"
    SERVICE_WIRE = "service_wire", "Service wire drawn"
    HOUSE_WIRE = "house_wire", "House wired, meter fitted"
    REVIEWED = "reviewed", "Work reviewed"
    ACTIVE = "active", "In supply"
    CANCELLED = "cancelled", "Cancelled"


S = JoiningState
UNDER_WAY = tuple(state for state in S if state not in (S.ACTIVE, S.CANCELLED))


class Joining(Workflow):
    """One prospect, up to the consumer in supply."""

    plant = models.ForeignKey(Plant, on_delete=models.PROTECT, related_name="joinings")
    state = FSMField(default=S.SURVEYED, choices=JoiningState.choices, protected=True)
    # survey
    name = models.CharField(max_length=rules.NAME_MAX)
    phone = models.CharField(max_length=20, blank=True, default="")
    pole = models.PositiveSmallIntegerField(null=True, default=None)
    distance_m = models.PositiveIntegerField(null=True, default=None)
    segment = models.CharField(max_length=12, choices=list(rules.SEGMENTS.items()))
    needs = models.CharField(max_length=rules.NEEDS_MAX, blank=True, default="")
    expected_wh = models.BigIntegerField(null=True, default=None)  # a month
    surveyed_s = models.BigIntegerField()
    # acquisition
    way = models.CharField(max_length=14, choices=list(rules.WAYS.items()), blank=True, default="")
    referrer = models.ForeignKey(
        Consumer, on_delete=models.PROTECT, null=True, default=None, related_name="referred"
    )
    agent = models.CharField(max_length=80, blank=True, default="")  # of the sales team
    # who it is
    address = models.CharField(max_length=200, blank=True, default="")
    language = models.CharField(max_length=2, blank=True, default="")
    category = models.CharField(max_length=12, choices=Category.choices, default=Category.DOMESTIC)
    sector = models.CharField(max_length=10, choices=Sector.choices, default=Sector.PRIVATE)
    identity_kind = models.CharField(max_length=10, blank=True, default="")
    identity_sealed = models.BinaryField(max_length=80, default=b"")
    identity_shown = models.CharField(max_length=20, blank=True, default="")
    commitments_s = models.BigIntegerField(null=True, default=None)  # handed over on paper
    # package
    package = models.ForeignKey(
        Package, on_delete=models.PROTECT, null=True, default=None, related_name="+"
    )
    sanctioned_load_w = models.PositiveIntegerField(null=True, default=None)
    phases = models.PositiveSmallIntegerField(default=1)
    deposit_paise = models.BigIntegerField(default=0)
    activation_charge_paise = models.BigIntegerField(default=0)
    # account, installation, activation
    consumer = models.OneToOneField(
        Consumer, on_delete=models.PROTECT, null=True, default=None, related_name="joining"
    )
    technician = models.CharField(max_length=80, blank=True, default="")
    activated_s = models.BigIntegerField(null=True, default=None)

    class Meta:
        verbose_name = "joining"
        ordering = ["-surveyed_s", "-pk"]
        indexes = [models.Index(fields=["plant", "state"], name="joining_list")]

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"

    @property
    def subject(self) -> str:
        """The consumer once there is one, for the audit trail."""
        return f"consumer {self.consumer_id}" if self.consumer_id else f"joining {self.pk}"

    @transition(field=state, source=S.SURVEYED, target=S.CONTACTED)
    def contact(self) -> None:
        """Marketing: they heard what is offered."""

    @transition(field=state, source=[S.SURVEYED, S.CONTACTED], target=S.ACQUIRED)
    def acquire(self) -> None:
        """They ask to be connected; a member of the sales team has the request."""

    @transition(field=state, source=S.ACQUIRED, target=S.IDENTIFIED)
    def identify(self) -> None:
        """Details and identity proof are taken, the supplier's commitments handed over."""

    @transition(field=state, source=[S.IDENTIFIED, S.PACKAGED], target=S.PACKAGED)
    def choose_package(self) -> None:
        """A package is chosen; they are told of deposit and activation charge."""

    @transition(field=state, source=S.PACKAGED, target=S.ACCOUNT)
    def open_account(self) -> None:
        """There is a consumer with an ID."""

    @transition(field=state, source=S.ACCOUNT, target=S.INSTALLING)
    def hand_over(self) -> None:
        """The technical team has the details, and a meter out of the inventory."""

    @transition(field=state, source=S.INSTALLING, target=S.POLE)
    def finish_pole(self) -> None:
        """What is to be done at the pole is done."""

    @transition(field=state, source=S.POLE, target=S.SERVICE_WIRE)
    def finish_service_wire(self) -> None:
        """The wire from the pole to the house is drawn."""

    @transition(field=state, source=S.SERVICE_WIRE, target=S.HOUSE_WIRE)
    def finish_house_wire(self) -> None:
        """The house is wired and its meter fitted."""

    @transition(field=state, source=S.HOUSE_WIRE, target=S.REVIEWED)
    def pass_review(self) -> None:
        """Another person has looked at the work and found it good."""

    @transition(field=state, source=S.HOUSE_WIRE, target=S.SERVICE_WIRE)
    def fail_review(self) -> None:
        """Something must be done again."""

    @transition(field=state, source=S.REVIEWED, target=S.ACTIVE)
    def activate(self) -> None:
        """The technical team confirms; the account is active, in the plant's register."""

    @transition(field=state, source=list(UNDER_WAY), target=S.CANCELLED)
    def cancel(self) -> None:
        """It comes to nothing."""


class JoiningStep(Step):
    """A step of a joining."""

    joining = models.ForeignKey(Joining, on_delete=models.CASCADE, related_name="steps")
