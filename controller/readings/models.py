"""Interval readings and events as the meters recorded them, and what was lost for good."""

from django.db import models

from controller.fleet.models import Meter
from controller.headend.models import SignedMessage


class Reading(models.Model):
    """One interval's record. Energies are registers (cumulative, Wh) at `end_s`."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="readings")
    sequence = models.BigIntegerField()
    end_s = models.BigIntegerField()
    flags = models.IntegerField()
    energy_wh = models.BigIntegerField()
    rate0_wh = models.BigIntegerField()
    rate1_wh = models.BigIntegerField()
    rate2_wh = models.BigIntegerField()
    rate3_wh = models.BigIntegerField()
    power_w_max = models.BigIntegerField()
    voltage_v_min = models.IntegerField()
    voltage_v_max = models.IntegerField()
    supply_s = models.IntegerField()
    credit_mode = models.SmallIntegerField()
    balance = models.BigIntegerField()
    programme_version = models.BigIntegerField()
    charged_total = models.BigIntegerField()
    message = models.ForeignKey(SignedMessage, on_delete=models.PROTECT, db_index=False)

    class Meta:
        ordering = ["meter", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["meter", "sequence"], name="reading_once"),
        ]
        indexes = [models.Index(fields=["meter", "end_s", "sequence"], name="reading_time")]

    def __str__(self) -> str:
        return f"{self.meter_id} reading {self.sequence}: {self.energy_wh} Wh"


class Event(models.Model):
    """Something that happened at the meter; the codes stand in docs/wire.md."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="events")
    sequence = models.BigIntegerField()
    time_s = models.BigIntegerField()
    flags = models.IntegerField()
    code = models.IntegerField()
    value = models.BigIntegerField()
    message = models.ForeignKey(SignedMessage, on_delete=models.PROTECT, db_index=False)

    class Meta:
        ordering = ["meter", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["meter", "sequence"], name="event_once"),
        ]
        indexes = [models.Index(fields=["meter", "time_s"], name="event_time")]

    def __str__(self) -> str:
        return f"{self.meter_id} event {self.sequence}: {self.code}"


class Gap(models.Model):
    """Records `first` to `last` that the meter no longer has and never sent."""

    class Kind(models.TextChoices):
        """Which of the meter's two rings."""

        READINGS = "readings", "Readings"
        EVENTS = "events", "Events"

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="gaps")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    first = models.BigIntegerField()
    last = models.BigIntegerField()

    class Meta:
        ordering = ["meter", "kind", "first"]
        constraints = [
            models.UniqueConstraint(fields=["meter", "kind", "first"], name="gap_once"),
        ]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.kind} {self.first}-{self.last} lost"
