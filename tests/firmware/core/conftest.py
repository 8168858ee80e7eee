"""A bench for the core: a board, a chip that counts, a relay line, and a store that can fail."""

import pytest

from firmware.core import journal
from firmware.core.actions import CLOSE_RELAY, OPEN_RELAY
from firmware.core.board import Board
from firmware.core.clock import SYNCED
from firmware.core.energy import Sample
from protocol import programme

START_S = 200_000_000 - 200_000_000 % 86_400 - 330 * 60  # midnight in India, 2026-05-03
FAR_S = 1_000_000_000


class PowerCut(BaseException):
    """The power fails in the middle of a write: nothing of the board's code runs any more."""


class FakeStore:
    """Keeps records as a flash would; `cut_at` counts writes down, the one at 0 never happens."""

    def __init__(self):
        self.slots = [None, None]
        self.next_slot = 0
        self.programmes = [None, None, None]
        self.readings = []
        self.events = []
        self.cut_at = None
        self.is_broken = False
        self.is_torn = False

    def _write(self):
        if self.is_broken:
            raise OSError(5)
        if self.cut_at is not None:
            if self.cut_at == 0:
                raise PowerCut
            self.cut_at -= 1

    def load_ledger(self):
        from firmware.core import ledger

        slot = ledger.newest(*self.slots)
        if slot is None:
            return None
        self.next_slot = 1 - slot
        return self.slots[slot]

    def save_ledger(self, record):
        data = bytes(record)
        try:
            self._write()
        except PowerCut:
            self.slots[self.next_slot] = data[:400] + bytes(len(data) - 400)
            raise
        self.slots[self.next_slot] = data
        self.next_slot = 1 - self.next_slot

    def load_programme(self, slot):
        return self.programmes[slot]

    def save_programme(self, slot, record):
        try:
            self._write()
        except PowerCut:
            self.programmes[slot] = bytes(record)[: len(record) // 2]
            raise
        self.programmes[slot] = bytes(record)

    def append_reading(self, record):
        self._write()
        self.readings.append(bytes(record))

    def append_event(self, record):
        self._write()
        self.events.append(bytes(record))

    def readings_range(self):
        return (1, len(self.readings)) if self.readings else (0, 0)

    def events_range(self):
        return (1, len(self.events)) if self.events else (0, 0)

    def read_reading(self, sequence, buffer):
        buffer[:] = self.readings[sequence - 1]
        return True


class Bench:
    """Drives one board second by second; the world goes on while the board is off."""

    def __init__(self, now_s=START_S):
        self.store = FakeStore()
        self.sample = Sample()
        self.sample.valid = True
        self.sample.voltage_dv = 2300
        self.sample.frequency_dhz = 500
        self.now_s = now_s
        self.uptime_s = 0
        self.power_w = 0
        self.consumed_ws = 0  # what truly flowed, all of it through the chip
        self.chip_offset_wh = 0
        self.is_closed = False
        self.is_frozen = False  # the chip repeats itself; no living feeder does
        self.identity = 0
        self.boot()

    def boot(self, clock_state=SYNCED, random_s=0, reset_cause=1, counter_is_new=False):
        self.board = Board(self.store)
        self.uptime_s = 0
        self.board.start(self.now_s, clock_state, 0, random_s, reset_cause, counter_is_new)

    def cut(self, seconds=0, **boot):
        """Cut the power for so long; no power flows meanwhile."""
        self.now_s += seconds
        self.store.cut_at = None
        self.boot(**boot)

    def run(self, seconds, power_w=None):
        if power_w is not None:
            self.power_w = power_w
        for _ in range(seconds):
            self.second()

    def second(self):
        self.second_with_line(None)

    def second_with_line(self, is_live):
        """Live through a second; `is_live`: what the sense says, None as the relay stands."""
        flowing_w = self.power_w if self.is_closed else 0
        self.consumed_ws += flowing_w
        self.now_s += 1
        self.uptime_s += 1
        if not self.is_frozen:
            self.measure(flowing_w)
        is_live = self.is_closed if is_live is None else is_live
        self.drive(self.board.tick(self.now_s, self.uptime_s, self.sample, is_live))

    def measure(self, flowing_w):
        """Let the chip show what flows; the mains flicker as all do."""
        if self.sample.voltage_dv in (2300, 2301):
            self.sample.voltage_dv = 2300 + self.uptime_s // 7 % 2
        self.sample.power_dw = self.sample.apparent_dva = flowing_w * 10
        self.sample.current_ma = flowing_w * 1000 // 230
        self.sample.energy_wh = self.consumed_ws // 3600 + self.chip_offset_wh

    def drive(self, actions):
        if actions & OPEN_RELAY:
            self.is_closed = False
        if actions & CLOSE_RELAY:
            self.is_closed = True
        return actions

    def press(self):
        return self.drive(self.board.press_button(self.now_s, self.uptime_s))

    def command(self, name, arguments, identity=None, not_before_s=0, expires_s=FAR_S):
        """Apply a command; return (stage, reason)."""
        if identity is None:
            self.identity += 1
            identity = b"%08d" % self.identity
        body = {0: identity, 1: 0, 2: not_before_s, 3: expires_s, 4: name, 5: arguments}
        self.drive(self.board.apply(body, self.now_s, self.uptime_s))
        return self.board.receipt_stage, self.board.receipt_reason

    def install(self, version=1, **changes):
        """Put a programme in force at once."""
        outcome = self.command(3, {0: programme.encode(make_programme(version, **changes))})
        assert outcome == (2, 0)
        self.run(1)

    def codes(self):
        return [journal.unpack_event(record)[3] for record in self.store.events]

    def events(self, code):
        """The values of every event with this code."""
        records = [journal.unpack_event(record) for record in self.store.events]
        return [record[4] for record in records if record[3] == code]

    def readings(self):
        return [journal.unpack_reading(record) for record in self.store.readings]

    @property
    def holds(self):
        return self.board.holds

    def status(self, key):
        return self.board.status(self.now_s)[key]


TARIFF = {
    "code": "T1",
    "tables": [[None, True, [[100, 300], [200, 450], [None, 600]]]],
    "fixed_per_kw_paise": 5000,
    "surcharge_bp": 800,
    "duty_bp": 500,
    "rate_adder_paise": [50, 100, -20],
    "rate_bands": [[127, 1080, 1320, 1]],
}


def make_programme(version=1, load=None, credit=None, **changes):
    """A programme record from names, with everything that a test does not care for."""
    names = {
        "version": version,
        "package_id": "TEST",
        "activation_s": 0,
        "utc_offset_min": 330,
        "load": {"limit_w": 1000, **(load or {})},
        "windows": [],
        "supply_clock_unset": True,
        "credit": {
            "mode": 0,
            "low_1": 0,
            "low_2": 0,
            "reconnect": 1,
            "friendly_windows": [],
            "sanctioned_load_w": 1000,
            "phases": 1,
            "opened_s": 0,
            **(credit or {}),
        },
        "tariff": None,
        "interval_s": 900,
        "start_delay_s": 0,
        "language": 0,
        **changes,
    }
    return programme.from_names(names)


@pytest.fixture
def bench():
    """A board of 1 kW, commissioned at midnight, closed and running."""
    made = Bench(START_S - 1)
    made.install()
    made.run(2)
    return made


@pytest.fixture
def make_bench():
    return Bench


@pytest.fixture
def build_programme():
    return make_programme


@pytest.fixture
def power_cut():
    return PowerCut


@pytest.fixture
def tariff():
    return TARIFF


@pytest.fixture
def midnight_s():
    return START_S


@pytest.fixture
def start():
    """Commission a board with an account, at noon unless told."""

    def commission(now_s=START_S + 43_200, **credit):
        bench = Bench(now_s)
        tariff = TARIFF if credit.get("mode") == 2 else None
        bench.install(credit={"mode": 1, **credit}, tariff=tariff)
        bench.run(2)
        return bench

    return commission
