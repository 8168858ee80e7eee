"""Meters, their sealed keys and counters, and the state that each last reported."""

from django.db import models


class Meter(models.Model):
    """One meter board, known by the identity on its label (1-16 characters A-Z 0-9)."""

    id = models.CharField(primary_key=True, max_length=16)
    root_key_sealed = models.BinaryField(max_length=64)
    key_epoch = models.PositiveIntegerField(default=1)
    # The last counter used towards the board; strictly increasing within a key epoch.
    downlink_counter = models.BigIntegerField(default=0)
    # The replay window of messages from the board (protocol.replay.Window), stored as it is.
    uplink_highest = models.BigIntegerField(default=0)
    uplink_window = models.BigIntegerField(default=0)
    created_s = models.BigIntegerField()
    note = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.id


class MeterState(models.Model):
    """What a meter last said of itself: the wire's status map by name, and when it said so.

    `reported_s` is the board's own time, `received_s` the controller's; 0 means never.
    `readings_through` and `events_through` are the sequences up to which all is stored.
    """

    meter = models.OneToOneField(
        Meter, on_delete=models.CASCADE, primary_key=True, related_name="state"
    )
    clock_state = models.SmallIntegerField(default=0)
    holds = models.IntegerField(default=0)
    relay = models.SmallIntegerField(default=0)
    power_w = models.BigIntegerField(default=0)
    voltage_v = models.IntegerField(default=0)
    energy_wh = models.BigIntegerField(default=0)
    balance = models.BigIntegerField(default=0)
    credit_mode = models.SmallIntegerField(default=0)
    credited_total = models.BigIntegerField(default=0)
    charged_total = models.BigIntegerField(default=0)
    programme_version = models.BigIntegerField(default=0)
    passive_version = models.BigIntegerField(default=0)
    passive_activation_s = models.BigIntegerField(default=0)
    limit_w = models.BigIntegerField(default=0)
    wait_until_s = models.BigIntegerField(default=0)
    trips_total = models.BigIntegerField(default=0)
    outages_total = models.BigIntegerField(default=0)
    supply_minutes_total = models.BigIntegerField(default=0)
    last_reading_sequence = models.BigIntegerField(default=0)
    last_event_sequence = models.BigIntegerField(default=0)
    heap_free_bytes = models.BigIntegerField(default=0)
    metering_state = models.SmallIntegerField(default=0)
    last_downlink_counter = models.BigIntegerField(default=0)
    clock_now_s = models.BigIntegerField(default=0)
    # What not every board has, by name (rules.FURTHER_FIELDS) or number; absent is 0.
    further = models.JSONField(default=dict)

    reported_s = models.BigIntegerField(default=0)
    received_s = models.BigIntegerField(default=0)
    firmware = models.CharField(max_length=64, blank=True, default="")
    boots = models.BigIntegerField(default=0)
    reset_cause = models.SmallIntegerField(default=0)
    messages_refused = models.BigIntegerField(default=0)
    readings_through = models.BigIntegerField(default=0)
    events_through = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"state of {self.meter_id}"
