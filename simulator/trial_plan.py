"""Stories for the core gear of the trials: what happens in one house, by a seed.

A plan is data: programmes, and a list of [second, action] (`simulator/core_actions.py`). One seed
is one plan on every machine. It must not know how a house lives through it.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from protocol import programme as wire
from protocol.limits import EPOCH_UNIX_S
from simulator import faults
from simulator.core_store import AFTER, BEFORE, TORN

DAY_S = 86_400
YEAR_MIN, YEAR_MAX = 2026, 2053
DAYS_MAX = 366
SESSION_S = 120  # between two talks with the far end
COMMANDS = {"disconnect": 1, "reconnect": 2, "set_programme": 3, "credit": 4, "emergency": 5,
            "clear_tamper": 6}  # fmt: skip
OF_THE_CORE = (
    faults.MAINS,
    faults.RELAY,
    faults.CHIP,
    faults.NETWORK,
    faults.COVER,
    "rtc_drift",
    "rtc_lost",
)
WRONG_CLOCKS = ("rtc_jump", "far_clock")
JUMP_WH_MIN = 60_000  # less may have flowed while a chip was silent for an hour

# Zones and their summer time as docs/wire.md writes it: [extra minutes, begin, end].
ZONES: tuple[tuple[int, list[Any] | None], ...] = (
    (330, None),
    (345, None),
    (0, None),
    (-300, None),
    (60, [60, [3, 5, 6, 120], [10, 5, 6, 180]]),
    (570, [60, [10, 1, 6, 120], [4, 1, 6, 180]]),
)
# Moments at which counters of time have broken elsewhere (UTC).
EDGES = (
    datetime(2034, 1, 10, 13, 37, 4, tzinfo=UTC),  # 2^30 s from 2000: the ESP32's own count
    datetime(2037, 1, 4, 21, 55, 12, tzinfo=UTC),  # 2^29 s from 2020
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),  # 2^31 s from 1970
    datetime(2036, 2, 7, 6, 28, 16, tzinfo=UTC),  # 2^32 s from 1900: SNTP
    datetime(2028, 2, 29, 12, tzinfo=UTC),
    datetime(2032, 3, 1, tzinfo=UTC),
    datetime(2033, 12, 31, 20, tzinfo=UTC),
    datetime(2029, 3, 25, 1, tzinfo=UTC),  # summer time begins in Europe
    datetime(2029, 10, 28, 1, tzinfo=UTC),
    datetime(2030, 4, 6, 16, 30, tzinfo=UTC),  # and ends in Adelaide
    datetime(2030, 10, 5, 16, 30, tzinfo=UTC),
    datetime(2053, 12, 30, tzinfo=UTC),  # the last days that a real-time clock may say
)
TARIFFS: tuple[dict[str, Any], ...] = (
    {
        "code": "T1",
        "tables": [[None, True, [[2, 300], [5, 450], [None, 600]]]],
        "fixed_per_kw_paise": 5000,
        "surcharge_bp": 800,
        "duty_bp": 500,
        "rate_adder_paise": [50, 100, -20],
        "rate_bands": [[127, 1080, 1320, 1]],
    },
    {"code": "T2", "tables": [[None, False, [[3, 250], [None, 700]]]]},
)


@dataclass
class Plan:
    """One house's story from `start_s` to `end_s`; `is_clock_true`: no clock goes wrong in it."""

    run: str
    seed: int
    start_s: int
    end_s: int
    phases: int = 1
    gain_bp: int = 0
    is_clock_true: bool = True
    programmes: list[dict[int, Any]] = field(default_factory=list)
    actions: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    told: list[tuple[int, str]] = field(default_factory=list)  # faults that begin, by name


def wire_s(moment: datetime) -> int:
    """Board time of a moment."""
    return int(moment.timestamp()) - EPOCH_UNIX_S


def parse(run: str) -> tuple[str, int, int]:
    """Kind, seed and days of `KIND:SEED:DAYS`. Raises ValueError, saying what to give."""
    parts = run.split(":")
    told = f"{run!r}: give KIND:SEED:DAYS, such as mix:7:3, edge:7:2 or 2034:7:365"
    if len(parts) != 3 or not (parts[1].isdigit() and parts[2].isdigit()):
        raise ValueError(told)
    kind, seed, days = parts[0], int(parts[1]), int(parts[2])
    is_year = kind.isdigit() and YEAR_MIN <= int(kind) <= YEAR_MAX
    if not (is_year or kind in ("mix", "edge")) or not 1 <= days <= DAYS_MAX:
        raise ValueError(f"{told}; years {YEAR_MIN} to {YEAR_MAX}, 1 to {DAYS_MAX} days")
    return kind, seed, days


def make(run: str) -> Plan:
    """The plan of a run `KIND:SEED:DAYS`; KIND is mix, edge, or the year of a whole one.

    Raises ValueError.
    """
    kind, seed, days = parse(run)
    chance = random.Random(f"trial {run}")  # noqa: S311 - a story, no secret
    start_s = _start(chance, kind, seed, days)
    plan = Plan(run, seed, start_s, start_s + days * DAY_S)
    plan.phases = chance.choice((1, 1, 3))
    plan.gain_bp = chance.choice((0, 0, -30, 30))
    _Author(chance, plan).write()
    plan.actions.sort(key=lambda entry: entry[0])
    return plan


def _start(chance: random.Random, kind: str, seed: int, days: int) -> int:
    if kind == "edge":
        edge_s = wire_s(EDGES[seed % len(EDGES)])
        return edge_s - days * DAY_S // 2 - chance.randrange(3600)
    if kind == "mix":
        return wire_s(datetime(2026, 1, 1, tzinfo=UTC)) + chance.randrange(7 * 365 * DAY_S)
    return wire_s(datetime(int(kind) - 1, 12, 31, tzinfo=UTC)) + chance.randrange(DAY_S)


class _Author:
    """Writes the actions of one plan, subject after subject."""

    def __init__(self, chance: random.Random, plan: Plan) -> None:
        self._chance = chance
        self._plan = plan
        self._days = (plan.end_s - plan.start_s) // DAY_S
        self._limit_w = chance.choice((200, 500, 1000, 2300))
        self._zone = chance.choice(ZONES)
        self._mode = chance.choice((0, 1, 1, 2, 2, 2, 3))
        self._commands = 0

    def write(self) -> None:
        """All of it."""
        self._sign_contract()
        self._live()
        self._overload()
        self._buy()
        self._order()
        self._break()
        self._cut_writes()
        for at_s in range(self._plan.start_s + 30, self._plan.end_s, SESSION_S):
            self._add(at_s, session=self._chance.choice((0,) * 8 + (1, 2)))

    def _add(self, at_s: int, **action: Any) -> None:
        if at_s < self._plan.end_s:
            self._plan.actions.append((at_s, action))

    def _moments(self, a_day: float) -> list[int]:
        """Random moments, `a_day` of them on the average day."""
        plan = self._plan
        count = max(1, int(a_day * self._days + self._chance.random()))
        return [self._chance.randrange(plan.start_s + 60, plan.end_s) for _ in range(count)]

    def _order_at(self, at_s: int, name: str, arguments: dict[str, Any]) -> None:
        self._commands += 1
        identity = f"x{self._commands:08x}{self._chance.getrandbits(32):08x}"
        self._add(at_s, command=identity, name=COMMANDS[name], arguments=arguments)

    def _sign_contract(self) -> None:
        """A programme at once; now and then another one, in force at a later moment."""
        plan, chance = self._plan, self._chance
        self._send_programme(plan.start_s + 20, 0)
        for at_s in sorted(self._moments(0.15)):
            self._limit_w = chance.choice((self._limit_w, 300, 800))
            if chance.random() < 0.2:
                self._mode = chance.choice((0, 1, 2, 3))
            self._send_programme(at_s, at_s + chance.choice((0, 600, 7200)))

    def _send_programme(self, at_s: int, activation_s: int) -> None:
        programme = self._programme(len(self._plan.programmes) + 1, activation_s)
        self._plan.programmes.append(programme)
        record = wire.encode(programme).hex()
        self._order_at(at_s, "set_programme", {"0": f"x{record}"})

    def _programme(self, version: int, activation_s: int) -> dict[int, Any]:
        chance = self._chance
        offset_min, dst = self._zone
        names = {
            "version": version,
            "package_id": "TRIAL",
            "activation_s": activation_s,
            "utc_offset_min": offset_min,
            "dst": dst,
            "load": self._load(),
            "windows": chance.choice(
                ([], [], [[127, 300, 1380]], [[31, 1080, 300], [96, 420, 1380]])
            ),
            "supply_clock_unset": chance.random() < 0.8,
            "credit": self._credit(),
            "tariff": chance.choice(TARIFFS) if self._mode == wire.MODE_MONEY else None,
            "interval_s": chance.choice((300, 900, 1800, 3600)),
            "start_delay_s": chance.choice((0, 0, 20, 60)),
            "language": 0,
            "second_limit": chance.choice((None, None, [self._limit_w * 2 // 3, []])),
            "tamper_holds": chance.random() < 0.3,
        }
        return wire.from_names(names)

    def _load(self) -> dict[str, Any]:
        chance = self._chance
        load: dict[str, Any] = {
            "limit_w": self._limit_w,
            "basis": chance.choice((0, 0, 1)),
            "wait_s": chance.choice((10, 10, 60)),
            "trips_max": chance.choice((2, 3, 5)),
            "lockout_s": chance.choice((600, 1800)),
            "retries_max": chance.choice((0, 0, 0, 2)),
            "retry_interval_s": chance.choice((20, 60)),
            "confirm": chance.choice((0, 0, 7)),
        }
        if self._plan.phases == 3 and chance.random() < 0.5:
            load |= {"phase_limit_w": self._limit_w * 2 // 3, "unbalance_pct": 60}
        if chance.random() < 0.3:
            load["bands"] = [[110, 120], [130, 20], [160, 5], [250, 1]]
        return load

    def _credit(self) -> dict[str, Any]:
        chance = self._chance
        credit: dict[str, Any] = {
            "mode": self._mode,
            "low_1": 500,
            "low_2": 100,
            "reconnect": chance.choice((1, 50)),
            "friendly_windows": chance.choice(([], [[127, 1320, 360]])),
            "sanctioned_load_w": self._limit_w,
            "phases": 1,
            "opened_s": 0,
        }
        if self._mode in (wire.MODE_ENERGY, wire.MODE_MONEY) and chance.random() < 0.3:
            credit |= {"emergency": 300, "emergency_below": 100, "debt_total": 5000}
            credit |= {"debt_per_day": 100, "debt_share_pct": 20, "daily_charge": 30}
        return credit

    def _live(self) -> None:
        """A base load, appliances that come and go, one with a thermostat."""
        chance, limit_w = self._chance, self._limit_w
        for at_s in [self._plan.start_s + 40, *self._moments(4)]:
            self._add(at_s, appliance="base", power_w=chance.randrange(limit_w // 2))
        for at_s in self._moments(10):
            power_w = chance.randrange(limit_w // 3)
            self._add(at_s, appliance="tool", power_w=power_w)
            self._add(at_s + chance.randrange(10, 4000), appliance="tool", power_w=0)
        for at_s in self._moments(2):
            duty = [chance.randrange(1, 60), chance.randrange(1, 60)]
            power_w = int(limit_w * chance.uniform(0.1, 1.6))
            self._add(at_s, appliance="iron", power_w=power_w, duty=duty)
            self._add(at_s + chance.randrange(60, 3000), appliance="iron", power_w=0)
        for at_s in self._moments(2):
            self._add(at_s, appliance="pump", power_w=limit_w // 4, inrush_w=limit_w * 3,
                      inrush_ms=chance.randrange(50, 900))  # fmt: skip
            self._add(at_s + chance.randrange(60, 3000), appliance="pump", power_w=0)

    def _overload(self) -> None:
        """Too much at once, for a while; then, mostly, the button."""
        chance = self._chance
        for at_s in self._moments(6):
            times = chance.choice((1.06, 1.3, 1.7, 2.2, 4.0))
            self._add(at_s, appliance="heater", power_w=int(self._limit_w * times) + 2)
            off_s = at_s + chance.choice((2, 8, 20, 90, 400))
            self._add(off_s, appliance="heater", power_w=0)
            for _ in range(chance.randrange(6)):
                self._add(off_s + chance.randrange(90), button=True)
        for at_s in self._moments(6):
            self._add(at_s, button=True)

    def _buy(self) -> None:
        """Credit, now and then the same purchase twice."""
        chance = self._chance
        for at_s in [self._plan.start_s + 60, *self._moments(3)]:
            purchase = f"x{chance.getrandbits(64):016x}"
            unit = self._mode or 1
            amount = chance.randrange(1, 10) if unit == 3 else chance.randrange(100, 6000)
            for later_s in (0, 500) if chance.random() < 0.2 else (0,):
                arguments = {"0": purchase, "1": unit, "2": amount}
                self._order_at(at_s + later_s, "credit", arguments)

    def _order(self) -> None:
        """The operator's commands."""
        for at_s in self._moments(0.5):
            self._order_at(at_s, "disconnect", {})
            self._order_at(at_s + self._chance.randrange(60, 9000), "reconnect", {})
        for at_s in self._moments(1):
            self._order_at(at_s, "clear_tamper", {})
        for at_s in self._moments(0.2):
            self._order_at(at_s, "emergency", {"0": self._limit_w // 2, "1": at_s + 3600})

    def _break(self) -> None:
        """Faults of the catalogue; in every third run clocks go wrong too."""
        plan, chance = self._plan, self._chance
        kinds: tuple[str, ...] = OF_THE_CORE
        if chance.random() < 1 / 3:
            plan.is_clock_true = False
            kinds += WRONG_CLOCKS
        gap_s = chance.choice((1, 3, 8)) * faults.HOUR_S
        length_s = plan.end_s - plan.start_s - 600
        schedule = faults.Schedule.random(plan.seed, length_s, kinds, gap_s)
        for event in schedule:
            action = dict(event.action)
            if "chip_jump_wh" in action:
                action["chip_jump_wh"] = max(action["chip_jump_wh"], JUMP_WH_MIN)
            self._add(plan.start_s + 600 + event.at_s, **action)
            if event.begins:
                plan.told.append((plan.start_s + 600 + event.at_s, event.fault))
        for at_s in self._moments(0.1):
            self._add(at_s, worn=1)
            self._add(at_s + chance.randrange(5, 900), worn=0)
            plan.told.append((at_s, "flash_worn"))

    def _cut_writes(self) -> None:
        """Power that fails in the middle of a write."""
        chance = self._chance
        for at_s in self._moments(2):
            off_s = chance.choice((1, 5, 60, 4000))
            tear = chance.choice((BEFORE, TORN, AFTER))
            self._add(at_s, cut_write=chance.randrange(30), tear=tear, off_s=off_s)
            self._plan.told.append((at_s, "cut_at_write"))
