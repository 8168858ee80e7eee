"""A village to show in the console: meters in all their moods, with a week of readings.

Written straight into the tables, as the headend would have left them; the same seed, the same
village.
"""

import random

from controller import clock
from controller.billing.models import Bill, Period
from controller.consumers.models import (
    AssignmentState,
    Connection,
    Consumer,
    Package,
    PackageAssignment,
    Plant,
)
from controller.consumers.services import design_package
from controller.fleet import sealing
from controller.fleet.models import Meter, MeterState
from controller.fleet.rules import ROOT_KEY_BYTES
from controller.headend.models import Command, SignedMessage, State
from controller.readings.models import Event, Reading

INTERVAL_S = 900
DAY_S = 86_400
WEEK_READINGS = 7 * DAY_S // INTERVAL_S

GIVEN = ("Sunita", "Ramesh", "Anjali", "Mohan", "Farida", "Vijay", "Lakshmi", "Abdul", "Geeta")
FAMILY = ("Devi", "Kumar", "Paswan", "Mahto", "Khatoon", "Yadav", "Sharma", "Ansari", "Thakur")

# How the meters stand: relay, holds, share of the limit drawn in percent, minutes since heard.
MOODS = (
    (1, 0, 35, 3),
    (1, 0, 8, 11),
    (1, 0, 71, 1),
    (0, 2, 0, 6),  # credit used up
    (1, 0, 52, 9),
    (0, 8, 0, 2),  # tripped
    (1, 0, 94, 1),
    (0, 1 | 2, 0, 14),  # disconnected by the operator, and no credit either
    (1, 0, 0, 5),
    (1, 0, 20, 3 * 24 * 60),  # silent for three days
)
PACKAGES = (  # kind, timing, limit in W, rupees a month, paise a unit
    ("B2.1", "NN", 17, 160, 400),
    ("A2.2", "FD", 250, 0, 650),
    ("A2.1", "EE", 800, 0, 700),
)

LINES = (  # as in controller/billing/rules.py
    ("energy", 100_000, 450, 45_000),
    ("energy", 23_456, 600, 14_074),
    ("fixed", 250, 10_000, 2_500, 0, 31),
    ("duty", 59_074, 300, 1_772),
    ("rebate", 80_900, -200, -1_618),
)


def settle_village(meters: int = 50, with_readings: int = 1, seed: int = 1) -> Plant:
    """Adds a plant with so many meters; the first `with_readings` get a week of readings."""
    chance = random.Random(seed)
    plant = Plant.objects.create(code="KATS", state="BH", name="Katsa")
    packages = [design_package(*facts, actor="village") for facts in PACKAGES]
    for number in range(1, meters + 1):
        mood = MOODS[number % len(MOODS)]
        package = packages[number % len(packages)]
        meter = _add_meter(number, mood, package, chance)
        connection = _add_consumer(plant, number, meter, package, chance)
        _assign(connection, package)
        if number <= with_readings:
            record_week(meter, chance)
    return plant


def _add_meter(
    number: int, mood: tuple[int, int, int, int], package: Package, chance: random.Random
) -> Meter:
    relay, holds, load_percent, minutes = mood
    meter_id = f"BJ24{number:05d}"
    key = sealing.seal(meter_id, bytes([number % 256]) * ROOT_KEY_BYTES)
    meter = Meter.objects.create(
        id=meter_id, root_key_sealed=key, created_s=clock.now_s() - 30 * DAY_S
    )
    MeterState.objects.create(
        meter=meter,
        relay=relay,
        holds=holds,
        limit_w=package.limit_w,
        power_w=package.limit_w * load_percent // 100 + chance.randrange(5) * relay,
        voltage_v=chance.randrange(205, 245),
        energy_wh=chance.randrange(2_000, 900_000),
        credit_mode=package.mode,
        balance=0 if holds & 2 else chance.randrange(100, 60_000),
        programme_version=1,
        supply_minutes_total=chance.randrange(10_000, 40_000),
        trips_total=chance.randrange(4),
        outages_total=chance.randrange(30),
        received_s=clock.now_s() - minutes * 60,
        reported_s=clock.now_s() - minutes * 60,
        firmware="0.1.0",
    )
    return meter


def _add_consumer(
    plant: Plant, number: int, meter: Meter, package: Package, chance: random.Random
) -> Connection:
    pole, place = divmod(number, 20)
    consumer = Consumer.objects.create(
        id=f"BHKATS{pole + 1:03d}{place:02d}",
        plant=plant,
        name=f"{chance.choice(GIVEN)} {chance.choice(FAMILY)}",
    )
    return Connection.objects.create(
        consumer=consumer,
        meter=meter,
        pole=pole + 1,
        number=place,
        sanctioned_load_w=package.limit_w,
    )


def _assign(connection: Connection, package: Package) -> None:
    now_s = clock.now_s()
    command = Command.objects.create(
        id=f"{connection.pk:016x}",
        meter=connection.meter,
        position=1,
        name="set_programme",
        state=State.APPLIED,
        issued_s=now_s - 20 * DAY_S,
        not_before_s=0,
        next_send_s=0,
        expires_s=now_s,
        actor="village",
    )
    PackageAssignment.objects.create(
        connection=connection,
        meter=connection.meter,
        package=package,
        programme_version=1,
        programme=b"",
        opened_s=0,
        command=command,
        state=AssignmentState.ACTIVE,
        assigned_s=now_s - 20 * DAY_S,
        actor="village",
    )


def record_week(meter: Meter, chance: random.Random) -> None:
    """Readings of the last seven days: an evening peak, nightly outages, a day not reported."""
    now_s = clock.now_s()
    first_s = now_s // INTERVAL_S * INTERVAL_S - WEEK_READINGS * INTERVAL_S
    message = SignedMessage.objects.create(
        meter=meter, epoch=1, counter=1, kind=2, envelope=b"", received_s=now_s
    )
    energy_wh, readings = 40_000, []
    for index in range(1, WEEK_READINGS + 1):
        end_s = first_s + index * INTERVAL_S
        hour = (end_s // 3600 + 5) % 24
        dark = hour in (2, 3) or (hour == 14 and index % 5 == 0)
        share = (80 if 18 <= hour <= 22 else 25 if hour >= 6 else 6) + chance.randrange(20)
        load_w = 0 if dark else meter.state.limit_w * share // 100
        energy_wh += load_w // 6
        if WEEK_READINGS // 2 < index < WEEK_READINGS * 4 // 7:
            continue
        readings.append(
            _reading(
                meter,
                message,
                sequence=index,
                end_s=end_s,
                energy_wh=energy_wh,
                load_w=load_w,
                dark=dark,
            )
        )
    Reading.objects.bulk_create(readings)
    _record_events(meter, message, now_s)


def _reading(
    meter: Meter,
    message: SignedMessage,
    *,
    sequence: int,
    end_s: int,
    energy_wh: int,
    load_w: int,
    dark: bool,
) -> Reading:
    return Reading(
        meter=meter,
        message=message,
        sequence=sequence,
        end_s=end_s,
        flags=0,
        energy_wh=energy_wh,
        rate0_wh=energy_wh,
        rate1_wh=0,
        rate2_wh=0,
        rate3_wh=0,
        power_w_max=load_w,
        voltage_v_min=210,
        voltage_v_max=238,
        supply_s=0 if dark else INTERVAL_S,
        credit_mode=meter.state.credit_mode,
        balance=0,
        programme_version=1,
        charged_total=0,
    )


def _record_events(meter: Meter, message: SignedMessage, now_s: int) -> None:
    story = (
        (101, 0, 31_000),
        (102, 5_400, 25_600),
        (1001, meter.state.limit_w * 2, 7_300),
        (301, 8, 7_299),
        (1003, 8, 7_100),
        (302, 0, 7_099),
        (1005, 4_000, 900),
    )
    Event.objects.bulk_create(
        Event(
            meter=meter,
            message=message,
            sequence=sequence,
            time_s=now_s - before_s,
            flags=0,
            code=code,
            value=value,
        )
        for sequence, (code, value, before_s) in enumerate(story, start=1)
    )


def close_last_month(plant: Plant) -> Period:
    """A closed period with a bill for each of the first three connections."""
    now_s = clock.now_s()
    period = Period.objects.create(plant=plant, month="2026-10", state="closed", closed_s=now_s)
    for connection in plant_connections(plant)[:3]:
        readings = list(connection.meter.readings.order_by("sequence"))
        Bill.objects.create(
            number=f"{connection.consumer_id}-2026-10",
            kind=Bill.Kind.BILL,
            connection=connection,
            period=period,
            first_reading=readings[0] if readings else None,
            last_reading=readings[-1] if readings else None,
            meter=connection.meter,
            begin_wh=[0, 0, 0, 0],
            end_wh=[123_456, 0, 0, 0],
            units_wh=123_456,
            total_paise=sum(line[3] for line in LINES),
            lines=LINES,
            issued_s=now_s,
        )
    return period


def plant_connections(plant: Plant) -> list[Connection]:
    """The plant's connections by consumer."""
    found = Connection.objects.filter(consumer__plant=plant).select_related("meter")
    return list(found.order_by("consumer"))
