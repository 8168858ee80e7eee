"""The story that the power-cut trial cuts: a board, a house around it, and what it acknowledged.

Runs inside MicroPython: the real core on a real store. `Truth` is what an onlooker knows at every
moment: what the board has said that it did, and what truly flowed. It must not know how a power
cut is made, nor how what is left is judged.
"""

from firmware.core import holds, ledger
from firmware.core.actions import CLOSE_RELAY, OPEN_RELAY
from firmware.core.board import Board
from firmware.core.clock import HELD, SYNCED
from firmware.core.energy import Sample
from protocol import commands, programme, sts, token_keys

START_S = 200_000_000 - 200_000_000 % 86_400 - 330 * 60  # midnight in India
FAR_S = 1_000_000_000
KEPT_WH = 1_000  # of the chip's counter before it came to this house

VOUCHER = (1, 100)  # what it brings: unit, Wh

TARIFF = {
    "code": "T1",
    "tables": [[None, True, [[1, 300], [2, 450], [None, 600]]]],
    "fixed_per_kw_paise": 5000,
    "surcharge_bp": 800,
    "duty_bp": 500,
    "rate_adder_paise": [50, 100, -20],
    "rate_bands": [[127, 1080, 1320, 1]],
}
ENERGY = {"mode": 1, "low_1": 60, "low_2": 30, "emergency": 20, "emergency_below": 10}
MONEY = {"mode": 2, "low_1": 5000, "low_2": 2000, "opened_s": 0, "debt_total": 900}
METER = "CUTS0001"
ROOT_KEY = bytes(range(32))
TOKEN_KEY = bytes(range(16))
VOUCHER_TENTHS = 1
SUMMER = [60, [5, 2, 6, 120], [9, 5, 6, 180]]


def make_programme(version, activation_s, credit, **changes):
    """Return a programme's octets."""
    names = {
        "version": version, "package_id": "CUTS", "activation_s": activation_s,
        "utc_offset_min": 330, "windows": [], "supply_clock_unset": True,
        "load": {"limit_w": 1000, "wait_s": 10, "trips_max": 2, "lockout_s": 120},
        "credit": {
            "low_1": 0, "low_2": 0, "reconnect": 1, "friendly_windows": [],
            "sanctioned_load_w": 1000, "phases": 1, "opened_s": 0,
        },
        "tariff": TARIFF, "interval_s": 900, "start_delay_s": 0, "language": 0,
    }  # fmt: skip
    names["credit"].update(credit)
    names.update(changes)
    return programme.encode(programme.from_names(names))


class Truth:
    """What is so at one moment; `fork` before the next change keeps the moments apart."""

    def __init__(self):
        self.now_s = START_S
        self.counter_wh = KEPT_WH  # what the chip shows
        self.ledger = None  # the last one acknowledged, octets
        self.saving = None  # the one that is under way
        self.readings = 0  # how many records of `Told` are acknowledged
        self.events = 0
        self.versions = ((0, 0), (0, 0))  # programmes (active, waiting) before and after this act
        self.credited = ()  # purchases acknowledged: (unit, amount)
        self.command = None  # the one that is under way
        self.last_command = None
        self.token = None  # the one that is being taken
        self.last_token = None
        self.closed_from_s = 0  # the relay may not close before, whatever is pressed
        self.may_close = True  # no hold stands that only somebody else may end

    def fork(self):
        """Return a copy."""
        copy = Truth()
        for name, value in self.__dict__.items():
            setattr(copy, name, value)
        return copy


class Told:
    """The store as the board sees it, with a witness: what it acknowledged, in what order."""

    def __init__(self, store, witness):
        self._store = store
        self._witness = witness
        self.load_ledger = store.load_ledger
        self.load_programme = store.load_programme
        self.save_programme = store.save_programme
        self.read_reading = store.read_reading
        self.read_event = store.read_event
        self.readings_range = store.readings_range
        self.events_range = store.events_range

    def save_ledger(self, record):
        """Keep the ledger, and note that it was acknowledged."""
        octets = bytes(record)
        self._witness.change(saving=octets)
        self._store.save_ledger(record)
        self._witness.change(ledger=octets, saving=None)

    def append_reading(self, record):
        """Keep a reading, and note it."""
        self._witness.readings.append(bytes(record))
        self._store.append_reading(record)
        self._witness.change(readings=len(self._witness.readings))

    def append_event(self, record):
        """Keep an event, and note it."""
        self._witness.events.append(bytes(record))
        self._store.append_event(record)
        self._witness.change(events=len(self._witness.events))


class Witness:
    """Keeps every moment's truth; `readings` and `events` are all that were ever begun."""

    def __init__(self):
        self.truth = Truth()
        self.truths = [self.truth]
        self.readings = []
        self.events = []

    def change(self, **facts):
        """From now on this is so."""
        self.truth = self.truth.fork()
        for name, value in facts.items():
            setattr(self.truth, name, value)
        self.truths.append(self.truth)

    def index(self):
        """Return the number of the present moment."""
        return len(self.truths) - 1


class House:
    """A board, second by second; `make_store()` gives what the memory holds now."""

    def __init__(self, make_store, witness):
        self._make_store = make_store
        self.witness = witness
        self.sample = Sample()
        self.sample.valid = True
        self.now_s = START_S
        self.consumed_ws = 0
        self.power_w = 0
        self.closed = False
        self._identity = 0
        self.boot(SYNCED)

    def boot(self, clock_state=HELD, off_s=0):
        """Power the board after so long without."""
        self.now_s += off_s
        self.uptime_s = 0
        self.store = self._make_store()
        self.board = Board(Told(self.store, self.witness))
        self._act(lambda board: board.start(self.now_s, clock_state, 0, 0))

    def run(self, seconds, power_w=None):
        """Live through so many seconds at that load."""
        if power_w is not None:
            self.power_w = power_w
        for _ in range(seconds):
            self.leap(1)

    def leap(self, seconds):
        """One tick after so many seconds."""
        self.now_s += seconds
        self.uptime_s += seconds
        power_w = self.power_w if self.closed else 0
        self.consumed_ws += power_w * seconds
        counter_wh = KEPT_WH + self.consumed_ws // 3600
        self.witness.change(now_s=self.now_s, counter_wh=counter_wh)
        measure(self.sample, counter_wh, power_w, self.uptime_s)
        sample, closed = self.sample, self.closed
        self._act(lambda board: board.tick(self.now_s, self.uptime_s, sample, closed))

    def press(self):
        """Press the button."""
        self._act(lambda board: board.press_button(self.now_s, self.uptime_s))

    def accept_emergency(self):
        """Hold the button."""
        self._act(lambda board: board.accept_emergency(self.now_s, self.uptime_s))

    def command(self, name, arguments, identity=None):
        """Let the board apply a command; return its (stage, reason)."""
        if identity is None:
            self._identity += 1
            identity = b"%08d" % self._identity
        body = {0: identity, 1: 0, 2: 0, 3: FAR_S, 4: name, 5: arguments}
        self.witness.change(command=body)
        self._act(lambda board: board.apply(body, self.now_s, self.uptime_s))
        outcome = (self.board.receipt_stage, self.board.receipt_reason)
        credited = self.witness.truth.credited
        if name == commands.CREDIT and outcome[0] == commands.STAGE_APPLIED:
            credited += ((arguments[1], arguments[2]),)
        self.witness.change(command=None, last_command=body, credited=credited)
        return outcome

    def enter(self, digits):
        """Key in a token; return the board's answer."""
        self.witness.change(token=digits)
        self._act(lambda board: enter(board, digits, self.now_s, self.uptime_s))
        credited = self.witness.truth.credited
        if digits == make_voucher() and self.board.tokens.answer == sts.ACCEPTED:
            credited += (VOUCHER,)
        self.witness.change(token=None, last_token=digits, credited=credited)
        return self.board.tokens.answer

    def _act(self, act):
        """One act of the board, and what an onlooker knows after it."""
        first = self.witness.index()
        before = self.witness.truth.versions[1]
        wanted = act(self.board) or 0
        if wanted & OPEN_RELAY:
            self.closed = False
        if wanted & CLOSE_RELAY:
            self.closed = True
        after = versions(self.board)
        for truth in self.witness.truths[first:]:
            truth.versions = (before, after)
        standing = self.board.holds & holds.LASTING
        kept = ledger.array("i", self.witness.truth.ledger)[ledger.HOLDS]
        assert kept == standing, ("a hold is not in the ledger", kept, standing)
        left_s = self.board.supply.limiter.wait_left_s(self.uptime_s)
        self.witness.change(
            versions=(after, after),
            closed_from_s=self.now_s + left_s if left_s else 0,
            may_close=not standing & (holds.OPERATOR | holds.CREDIT),
        )


def enter(board, digits, now_s, uptime_s):
    """Let a board that knows who it is take a token; return its actions."""
    board.tokens.identify(METER, ROOT_KEY)
    return board.enter_token(digits, now_s, uptime_s)


def make_voucher():
    """Return the digits of the story's voucher."""
    return sts.encode(sts.make(sts.CREDIT, sts.ELECTRICITY, 1, VOUCHER_TENTHS, 0), TOKEN_KEY)


def versions(board):
    """Return the programmes' versions, in force and waiting."""
    programmes = board.programmes
    return programmes.active[programme.VERSION], programmes.passive_version


def measure(sample, counter_wh, power_w, uptime_s):
    """Let the chip show what flows; the mains flicker as all do."""
    sample.voltage_dv = 2300 + uptime_s // 7 % 2
    sample.power_dw = sample.apparent_dva = power_w * 10
    sample.current_ma = power_w * 1000 // 230
    sample.energy_wh = counter_wh


def tell(house, is_short=False):
    """Live through the story; `is_short`: its first part only."""
    commission(house)
    trip(house)
    if is_short:
        return
    use_up(house)
    change_programme(house)
    lose_power(house)
    end_month(house)
    change_to_summer(house)


def commission(house):
    """A package, credit by token and by command, each twice; the same command twice."""
    record = make_programme(1, 0, ENERGY)
    assert house.command(commands.SET_PROGRAMME, {0: record}) == (2, 0)
    house.run(2)
    key_in(house)
    assert house.command(commands.CREDIT, {0: b"PURCHAS1", 1: 1, 2: 50}) == (2, 0)
    assert house.command(commands.CREDIT, {0: b"PURCHAS1", 1: 1, 2: 50})[0] == 3
    body = house.witness.truth.last_command
    assert house.command(body[4], body[5], body[0])[0] == 3
    house.run(30, 600)


def key_in(house):
    """A key, a voucher whose purchase comes by command too, a mistyped one, credit cleared."""
    change = token_keys.KeyChange(TOKEN_KEY, 1, token_keys.UNIQUE, token_keys.KEN_MAX, 1, 123_457)
    first = token_keys.initial_key(ROOT_KEY, METER)
    for section in token_keys.key_sections(change):
        house.enter(sts.encode(section, first))
    assert house.enter(make_voucher()) == sts.ACCEPTED
    house.run(1)
    purchase = sts.purchase_id(METER, token_keys.INITIAL_BASE, 1)
    assert house.command(commands.CREDIT, {0: purchase, 1: 1, 2: 100}) == (3, 7)
    assert house.enter("0" * 20) == sts.BAD_CRC
    clear = sts.make(sts.MANAGEMENT, sts.CLEAR_CREDIT, 2, sts.CLEAR_ALL, 0)
    assert house.enter(sts.encode(clear, TOKEN_KEY)) == sts.ACCEPTED
    assert house.board.account.balance() == 0


def trip(house):
    """Trips, early presses, a lockout and its end; an operator in between."""
    for _ in range(3):
        house.run(3, 2500)
        assert house.board.holds & holds.OVERLOAD, house.board.holds
        house.press()
        house.run(5, 300)
        house.press()
        house.run(6)
        house.press()
        house.run(2)
    assert house.board.holds & holds.LOCKOUT, house.board.holds
    house.command(commands.DISCONNECT, {})
    house.run(30)
    house.press()
    house.run(95)
    house.command(commands.RECONNECT, {})
    house.press()
    house.run(3)
    assert house.closed


def use_up(house):
    """Credit down to nothing, emergency credit, a purchase that repays it."""
    house.run(240, 900)
    house.accept_emergency()
    house.run(60)
    house.accept_emergency()
    house.run(40)
    house.command(commands.CREDIT, {0: b"PURCHAS2", 1: 1, 2: 200})
    house.run(20, 300)
    house.press()
    house.store.release_events(house.store.events.last - 5)
    house.run(3)


def change_programme(house):
    """One is stored, replaced before its time by another, and put in force; money from now on."""
    house.command(commands.SET_PROGRAMME, {0: make_programme(2, house.now_s + 500, ENERGY)})
    house.run(5, 700)
    house.command(commands.SET_PROGRAMME, {0: make_programme(3, house.now_s + 20, MONEY)})
    house.run(40)
    assert house.board.programmes.active[programme.VERSION] == 3
    house.command(commands.CREDIT, {0: b"PURCHAS3", 1: 2, 2: 40_000})
    house.run(60, 900)
    for reason in range(1, 4):
        house.board.refuse_message(reason)
        house.run(61, 20)


def lose_power(house):
    """Outages with and without a warning, short and over a midnight."""
    house.boot(off_s=40)
    house.run(20, 900)
    house.board.power_failing(house.now_s)
    house.boot(off_s=7200)
    house.run(20)
    for _ in range(6):
        house.press()
    house.run(10)


def end_month(house):
    """The clock is set to the end of May; the month closes between two seconds."""
    month_end_s = START_S + 29 * 86_400  # the first of June
    house.command(commands.SET_CLOCK, {0: month_end_s - 950})
    house.now_s = month_end_s - 950
    house.run(20, 900)
    house.leap(20)
    for _ in range(15):
        house.leap(60)
    house.run(30)
    house.store.release_readings(house.store.readings.last - 1)


def change_to_summer(house):
    """Summer time begins under a new programme; boundaries and midnights move by an hour."""
    house.command(
        commands.SET_PROGRAMME, {0: make_programme(4, house.now_s + 5, MONEY, dst=SUMMER)}
    )
    house.run(10)
    for _ in range(8):
        house.leap(900)
    change_s = START_S + (371 * 86_400) + 120 * 60 - 960  # second Sunday of May, a year later
    house.command(commands.SET_CLOCK, {0: change_s})
    house.now_s = change_s
    for _ in range(12):
        house.leap(300)
    house.run(5)
