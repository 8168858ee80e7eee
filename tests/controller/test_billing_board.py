"""The real firmware core lives through months; the controller's statements agree to the paisa.

No wire and no chip in between: the board's own `firmware.core`, programmed by the controller's
own services, leaves its readings; the month is closed on them. Loads, outages, purchases and
package changes are drawn from a seed.
"""

import random
from datetime import date

import pytest

from controller.billing import rules as billing
from firmware.core import journal, ledger
from firmware.core.actions import CLOSE_RELAY, OPEN_RELAY
from firmware.core.board import Board
from firmware.core.clock import HELD, SYNCED, UNSET
from firmware.core.energy import Sample
from protocol import commands, messages

CLERK = {"actor": "clerk"}
JANUARY = billing.read_month("2026-01", 330)
FEBRUARY = billing.read_month("2026-02", 330)
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
SANCTIONED_W = 2_000

# A dearer evening, slabs, fixed charge, surcharge, duty, rebate: every kind of line at once.
TARIFF = {
    "tables": [[None, True, [[30, 300], [100, 450], [None, 625]]]],
    "fixed_per_kw_paise": 5_350,
    "minimum_per_kw": [[None, 4_000]],
    "surcharge_bp": 238,
    "duty_bp": 500,
    "rebate_bp": 200,
    "rate_adder_paise": [75, -50, 0],
    "rate_bands": [[127, 1080, 1320, 1], [127, 0, 360, 2]],
}
DEARER = {**TARIFF, "tables": [[None, True, [[50, 500], [None, 700]]]]}


class Flash:
    """Keeps what a board writes; nothing here fails."""

    def __init__(self):
        self.slots = [None, None]
        self.programmes = [None, None, None]
        self.readings: list[bytes] = []
        self.events: list[bytes] = []

    def load_ledger(self):
        newest = ledger.newest(*self.slots)
        return None if newest is None else self.slots[newest]

    def save_ledger(self, record):
        newest = ledger.newest(*self.slots)
        self.slots[0 if newest is None else 1 - newest] = bytes(record)

    def load_programme(self, slot):
        return self.programmes[slot]

    def save_programme(self, slot, record):
        self.programmes[slot] = bytes(record)

    def append_reading(self, record):
        self.readings.append(bytes(record))

    def append_event(self, record):
        self.events.append(bytes(record))

    def readings_range(self):
        return (min(1, len(self.readings)), len(self.readings))

    def events_range(self):
        return (min(1, len(self.events)), len(self.events))

    def read_reading(self, sequence, buffer):
        buffer[:] = self.readings[sequence - 1]
        return True


class House:
    """A board at a meter of the controller, its loads, and the world's clock."""

    def __init__(self, connection, set_clock, now_s: int, seed: int):
        self.connection = connection
        self.set_clock = set_clock
        self.chance = random.Random(seed)
        self.now_s = now_s
        self.uptime_s = 0
        self.delivered_ws = 0
        self.is_closed = False
        self.power_w = 0
        self.delivered_events = 0
        self.sample = Sample()
        self.sample.valid = True
        self.sample.voltage_dv = 2_300
        self.sample.frequency_dhz = 500
        self.flash = Flash()
        self.board = Board(self.flash)
        self.board.start(now_s, SYNCED, 0, 0)

    def live_until(self, end_s: int) -> None:
        """Minutes with a load that changes now and then; the last step ends at `end_s`."""
        while self.now_s < end_s:
            step_s = min(MINUTE_S - self.now_s % MINUTE_S, end_s - self.now_s)
            if self.chance.random() < 0.05:
                self.power_w = self.chance.choice((0, 15, 60, 240, 900, 1_600))
            self._pass(step_s)
            self._tick()

    def _pass(self, step_s: int) -> None:
        self.now_s += step_s
        self.uptime_s += step_s
        self.delivered_ws += self.power_w * step_s if self.is_closed else 0

    def _tick(self) -> None:
        flowing_w = self.power_w if self.is_closed else 0
        self.sample.voltage_dv = 2_300 + self.uptime_s // 60 % 2  # no feeder stands still
        self.sample.power_dw = flowing_w * 10
        self.sample.current_ma = flowing_w * 1_000 // 230
        self.sample.energy_wh = self.delivered_ws // 3_600
        self._drive(self.board.tick(self.now_s, self.uptime_s, self.sample, self.is_closed))

    def _drive(self, actions: int) -> None:
        if actions & OPEN_RELAY:
            self.is_closed = False
        if actions & CLOSE_RELAY:
            self.is_closed = True

    def lose_mains(self, until_s: int, clock_state: int) -> None:
        """Dark until then; a minute later the controller tells the time, as in the field."""
        self.now_s = until_s
        self.uptime_s = 0
        self.board = Board(self.flash)
        self.board.start(self.now_s, clock_state, 0, self.chance.randrange(60))
        self._tick()
        if clock_state != SYNCED:
            self._pass(50)
            self._tick()
            assert self.obey(commands.SET_CLOCK, {0: self.now_s}) == (commands.STAGE_APPLIED, 0)

    def obey(self, name: int, arguments: dict) -> tuple[int, int]:
        """A command applied now; stage and reason."""
        identity = self.chance.randbytes(8)
        body = {0: identity, 1: 0, 2: 0, 3: self.now_s + HOUR_S, 4: name, 5: arguments}
        self._drive(self.board.apply(body, self.now_s, self.uptime_s))
        return self.board.receipt_stage, self.board.receipt_reason

    def assign(self, package_id: str, activation_s: int = 0) -> None:
        """The clerk assigns a package, the board takes its programme."""
        from controller.consumers import services

        self.set_clock(self.now_s)
        row = services.assign_package(self.connection.pk, package_id, activation_s, **CLERK)
        outcome = self.obey(commands.SET_PROGRAMME, {0: bytes(row.programme)})
        assert outcome == (commands.STAGE_APPLIED, 0)

    def buy(self, amount: int, unit: str) -> None:
        """Credit is sold, and credited by the board."""
        from controller.headend.signals import command_finished
        from controller.prepay import services

        self.report()  # what the board runs decides what may be sold
        self.set_clock(self.now_s)
        purchase = services.sell_credit(
            self.connection.meter_id, amount, unit, paid_paise=amount, **CLERK
        )
        number = services.rules.read_unit(unit)
        arguments = {0: bytes.fromhex(purchase.id), 1: number, 2: amount}
        assert self.obey(commands.CREDIT, arguments) == (commands.STAGE_APPLIED, 0)
        purchase.command.mark_applied()
        purchase.command.save()
        command_finished.send(sender=type(purchase.command), command=purchase.command)

    def report(self) -> None:
        """The events that the controller has not heard of yet reach it."""
        from controller.consumers import services

        fresh = self.flash.events[self.delivered_events :]
        self.delivered_events += len(fresh)
        for record in fresh:
            _sequence, time_s, _flags, code, value = journal.unpack_event(record)
            if code == messages.EVENT_PROGRAMME_ACTIVATED:
                services.programme_activated(self.connection.meter_id, value, time_s)

    def deliver_readings(self) -> None:
        """All readings reach the controller, in one signed message."""
        from controller.headend.models import SignedMessage
        from controller.readings import rules
        from controller.readings.models import Reading

        message = SignedMessage.objects.create(
            meter=self.connection.meter, epoch=1, counter=1, kind=messages.READINGS,
            envelope=b"signed", received_s=self.now_s,
        )  # fmt: skip
        rows = [
            dict(zip(rules.READING_FIELDS, journal.unpack_reading(record), strict=True))
            for record in self.flash.readings
        ]
        Reading.objects.bulk_create(
            Reading(meter=self.connection.meter, message=message, **row) for row in rows
        )


@pytest.fixture
def settle(make_board, clock):
    """A connection of 2 kW whose board runs a package since 30 December."""
    from controller.consumers import services
    from controller.tariffs import services as tariffs

    begin_s = JANUARY.start_s - 2 * DAY_S + 5 * HOUR_S
    clock(begin_s)
    services.add_plant("KATS", "BH", "Katsa", **CLERK)
    for code, record in (("DAYS", TARIFF), ("DEARER", DEARER)):
        tariffs.add_tariff(code, code, **CLERK)
        tariffs.add_version(code, date(2025, 1, 1), record, **CLERK)
        for kind in ("B2.1", "A2.2"):
            services.design_package(kind, "FD", SANCTIONED_W, tariff_code=code, **CLERK)
    services.design_package("A2.2", "DD", 900, tariff_code="DAYS", **CLERK)
    services.design_package("A2.1", "FD", SANCTIONED_W, price_paise=650, **CLERK)
    make_board("BHK01")
    consumer = services.add_consumer("KATS", "Asha", 1, 1, SANCTIONED_W, **CLERK)
    connection = services.fit_meter(consumer.id, "BHK01", **CLERK)

    def settle(seed: int, package_id: str) -> House:
        house = House(connection, clock, begin_s, seed)
        house.assign(package_id)
        house.live_until(begin_s + MINUTE_S)
        return house

    return settle


def close(house: House, *months: str):
    """The bills of the months, seen from where the house's time stands."""
    from controller.billing import queries, services

    house.report()
    house.deliver_readings()
    house.set_clock(house.now_s)
    for month in months:
        services.close_period("KATS", month, **CLERK)
    return [queries.bills_of("KATS", month).get() for month in months]


MONEY = "A2.2 (FD) / 2000 / 0 / DAYS"
MONEY_DEARER = "A2.2 (FD) / 2000 / 0 / DEARER"
MONEY_BY_DAY = "A2.2 (DD) / 900 / 0 / DAYS"
ENERGY = "A2.1 (FD) / 2000 / 0 / 650p"
POSTPAID = "B2.1 (FD) / 2000 / 0 / DAYS"


def random_month(house: House, change_to: str, unit: str) -> None:
    """From 30 December to the early hours of 1 February, full of what happens."""
    chance = house.chance
    outages = sorted(chance.sample(range(2, 29), 3))
    change_s = JANUARY.start_s + chance.randrange(3 * DAY_S, 27 * DAY_S)
    house.buy(chance.randrange(50_000, 90_000), unit)
    moments = [(JANUARY.start_s + day * DAY_S - chance.randrange(4 * HOUR_S), "dark")
               for day in outages]  # fmt: skip
    moments += [(JANUARY.start_s + chance.randrange(2 * DAY_S, 30 * DAY_S), "buy")
                for _ in range(4)]  # fmt: skip
    moments += [(change_s - 7, "assign")]
    for at_s, what in sorted(moments):
        house.live_until(max(at_s, house.now_s))
        if what == "dark":
            until_s = house.now_s + chance.randrange(HOUR_S, 9 * HOUR_S)
            house.lose_mains(until_s, chance.choice((HELD, UNSET)))
        elif what == "buy":
            house.buy(chance.randrange(1_000, 40_000), unit)
        else:
            house.assign(change_to, max(change_s, house.now_s + 1))
    house.live_until(JANUARY.end_s - chance.randrange(MINUTE_S, 5 * HOUR_S))
    house.lose_mains(JANUARY.end_s + chance.randrange(MINUTE_S, 30 * HOUR_S), HELD)
    house.live_until(house.now_s + HOUR_S)


@pytest.mark.parametrize(
    ("seed", "package_id", "change_to", "unit"),
    [
        (1, MONEY, MONEY_DEARER, "money"),
        (2, MONEY, MONEY_DEARER, "money"),
        (3, MONEY, MONEY_BY_DAY, "money"),
        (4, ENERGY, ENERGY, "energy"),
    ],
)
def test_the_statement_of_any_month_is_what_the_board_charged(
    settle, seed, package_id, change_to, unit
):
    house = settle(seed, package_id)
    random_month(house, change_to, unit)
    december, january = close(house, "2025-12", "2026-01")
    assert january.units_wh > 20_000
    for bill in (december, january):
        assert (bill.kind, bill.difference, bill.note) == ("statement", 0, "")
        assert bill.sold == bill.bought
        if unit == "money":
            assert bill.used == bill.total_paise
    assert january.bought + december.bought == sold(house)
    assert december.balance + january.bought == january.used + january.balance
    assert (december.bought, december.used + december.balance) == (december.bought,) * 2


def sold(house: House) -> int:
    from django.db.models import Sum

    total: int = house.connection.purchases.aggregate(total=Sum("amount"))["total"]
    return total


@pytest.mark.parametrize(
    ("before", "after", "unit", "kind"),
    [
        (POSTPAID, MONEY, "money", "bill"),
        (POSTPAID, ENERGY, "energy", "bill"),
        (ENERGY, MONEY, "money", "statement"),
        (MONEY, ENERGY, "energy", "statement"),
    ],
)
def test_a_change_of_credit_mode_at_any_second_is_split_exactly(settle, before, after, unit, kind):
    house = settle(7, before)
    if before != POSTPAID:
        house.buy(60_000, "money" if before == MONEY else "energy")
    change_s = JANUARY.start_s + 11 * DAY_S + 12_345
    house.live_until(change_s - HOUR_S)
    house.assign(after, change_s)
    house.live_until(change_s + MINUTE_S)
    house.buy(90_000, unit)
    house.live_until(JANUARY.end_s + HOUR_S)
    _december, january = close(house, "2025-12", "2026-01")
    assert (january.kind, january.difference, january.note) == (kind, 0, "")
    assert (january.bought, january.sold) == (90_000, 90_000)
    assert january.used + january.balance == 90_000


def test_a_package_that_begins_while_the_house_is_dark_is_split_where_the_board_began_it(settle):
    house = settle(8, MONEY)
    house.buy(80_000, "money")
    house.live_until(JANUARY.start_s + 9 * DAY_S + 20 * HOUR_S)
    house.assign(MONEY_DEARER, JANUARY.start_s + 10 * DAY_S + HOUR_S)
    house.lose_mains(JANUARY.start_s + 12 * DAY_S + 5 * HOUR_S + 77, HELD)
    house.live_until(JANUARY.end_s + HOUR_S)
    _december, january = close(house, "2025-12", "2026-01")
    assert (january.difference, january.note) == (0, "")


def test_a_house_dark_for_a_whole_month_pays_each_months_fixed_charge_in_its_month(settle):
    house = settle(9, MONEY)
    house.buy(80_000, "money")
    house.live_until(JANUARY.start_s + 20 * DAY_S)
    house.lose_mains(FEBRUARY.end_s + 7 * HOUR_S, HELD)
    house.live_until(house.now_s + HOUR_S)
    bills = close(house, "2025-12", "2026-01", "2026-02")
    assert [(bill.difference, bill.note) for bill in bills] == [(0, "")] * 3
    assert bills[2].used == 10_700 - 214  # 2 kW × ₹53.50, less 2 %


def test_a_package_that_falls_due_in_the_dark_after_a_months_end_changes_no_month_before(settle):
    house = settle(11, MONEY)
    house.buy(80_000, "money")
    house.live_until(JANUARY.start_s + 20 * DAY_S)
    house.assign(MONEY_DEARER, JANUARY.end_s + DAY_S + 5 * HOUR_S)
    house.lose_mains(JANUARY.end_s + 2 * DAY_S + 7 * HOUR_S, HELD)
    house.live_until(house.now_s + HOUR_S)
    bills = close(house, "2025-12", "2026-01")
    assert [(bill.difference, bill.note) for bill in bills] == [(0, "")] * 2
