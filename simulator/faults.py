"""The catalogue of faults: what can be broken in and around a house, for how long, and how.

A fault is data: an action that begins it and one that ends it (`House.act` takes both). It must
not know how a house carries an action out, nor what a firmware makes of it.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from simulator import proxy
from simulator.errors import SimulatorError

Action = dict[str, Any]

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86_400
EVENTS_MAX = 10_000  # of one schedule

MAINS, RELAY, CHIP, CLOCK, BUTTON, FLASH, NETWORK, COVER = (
    "mains", "relay", "chip", "clock", "button", "flash", "network", "cover",
)  # fmt: skip
KINDS = (MAINS, RELAY, CHIP, CLOCK, BUTTON, FLASH, NETWORK, COVER)

_SPEC = re.compile(
    r"(?P<name>[a-z_]+)(=(?P<value>-?\d+))?(@(?P<at>\d+)(?P<at_unit>[smhd]?))?"
    r"(/(?P<for>\d+)(?P<for_unit>[smhd]?))?"
)
_UNITS_S = {"": 1, "s": 1, "m": MINUTE_S, "h": HOUR_S, "d": DAY_S}


class FaultError(SimulatorError):
    """There is no such fault, or not with that value; the text lists what there is."""


@dataclass(frozen=True)
class Parameter:
    """The one number of a fault: what it counts, from where to where, and what it is untold.

    `by_chance` is the narrower range of what comes by chance.
    """

    what: str
    low: int
    high: int
    default: int
    by_chance: tuple[int, int] | None = None


@dataclass(frozen=True)
class Fault:
    """`begin(value)` and `end` are actions; without `end` the fault is over by itself.

    `lasts_s` is the range from which a random duration is taken, also for those that end by
    themselves: until then the same fault does not come again.
    """

    name: str
    kind: str
    what: str
    begin: Callable[[int], Action]
    end: Action | None
    lasts_s: tuple[int, int]
    parameter: Parameter | None = None

    def check(self, value: int | None) -> int:
        """`value`, or the default. Raises FaultError."""
        parameter = self.parameter
        if parameter is None:
            if value is not None:
                raise FaultError(f"{self.name} takes no value: write only {self.name}.")
            return 1
        if value is None:
            return parameter.default
        if not parameter.low <= value <= parameter.high:
            raise FaultError(
                f"{self.name}={value}: {parameter.what}, {parameter.low} to {parameter.high}."
            )
        return value


class Event(NamedTuple):
    """At `at_s` (from the schedule's start) `action` happens; `fault` begins or ends with it."""

    at_s: int
    action: Action
    fault: str
    begins: bool
    value: int


def _chip(fault: str) -> tuple[Callable[[int], Action], Action]:
    return lambda value: {"chip": fault, "value": value}, {"chip": fault, "value": 0}


def _switch(name: str, begun: Any, ended: Any) -> tuple[Callable[[int], Action], Action]:
    return lambda _value: {name: begun}, {name: ended}


def _number(name: str, ended: int = 0) -> tuple[Callable[[int], Action], Action]:
    return lambda value: {name: value}, {name: ended}


def _spoil(mode: str) -> Callable[[int], Action]:
    counts = proxy.MODES[mode][2] > 0
    return lambda value: {"broker_mode": [mode, value if counts else 0]}


_CATALOGUE = (
    Fault("power_cut", MAINS, "the mains go, and come back after so long",
          lambda off_s: {"mains": False, "off_s": off_s}, None, (5, 6 * HOUR_S),
          Parameter("seconds without mains", 1, 30 * DAY_S, 600)),
    Fault("brown_out", MAINS, "power comes for 50 ms to 5 s and goes again, so many times",
          lambda times: {"brown_out": times}, None, (MINUTE_S, 10 * MINUTE_S),
          Parameter("times", 1, 100, 10, (1, 12))),
    Fault("power_fail", MAINS, "the mains go, and the power-fail line says so 100 ms before",
          lambda off_s: {"mains": False, "off_s": off_s, "warned": True}, None, (5, HOUR_S),
          Parameter("seconds without mains", 1, 30 * DAY_S, 600)),
    Fault("sag", MAINS, "the voltage dips: the board resets, its metering chip does not",
          lambda _: {"sag": True}, None, (1, MINUTE_S)),
    Fault("generator", MAINS, "a generator feeds the house, and the line that tells so says it",
          *_switch("generator", True, False), (10 * MINUTE_S, 6 * HOUR_S)),
    Fault("relay_weld", RELAY, "the contacts are welded shut",
          *_switch("weld", True, False), (MINUTE_S, 2 * HOUR_S)),
    Fault("relay_bounce", RELAY, "worn contacts bounce for so long when they close",
          *_number("bounce_ms"), (MINUTE_S, DAY_S), Parameter("milliseconds", 1, 1000, 200)),
    Fault("relay_miss", RELAY, "the armature does not follow the next pulses",
          *_number("misses"), (MINUTE_S, HOUR_S), Parameter("pulses", 1, 20, 2)),
    Fault("sense_dead", RELAY, "the load-side sense never sees voltage",
          *_switch("load_sense", "dead", "well"), (MINUTE_S, 2 * HOUR_S)),
    Fault("sense_live", RELAY, "the load-side sense always sees voltage",
          *_switch("load_sense", "live", "well"), (MINUTE_S, 2 * HOUR_S)),
    Fault("chip_silent", CHIP, "the metering chip does not answer",
          *_chip("silent"), (5, HOUR_S)),
    Fault("chip_frozen", CHIP, "it answers what it answered when it froze",
          *_chip("frozen"), (MINUTE_S, HOUR_S)),
    Fault("chip_zeroed", CHIP, "it answers whole frames of zeros",
          *_chip("zeroed"), (5, HOUR_S)),
    Fault("chip_address", CHIP, "another device answers in its place, at this address",
          *_chip("address"), (5, HOUR_S), Parameter("address", 2, 247, 2)),
    Fault("chip_noise", CHIP, "so many of a hundred answers arrive damaged",
          *_chip("noise_pct"), (5, 2 * HOUR_S), Parameter("of a hundred", 1, 100, 20)),
    Fault("chip_echo", CHIP, "the line gives back the request before the answer",
          *_chip("echo"), (5, 2 * HOUR_S)),
    Fault("chip_reset", CHIP, "its energy counter starts again from 0",
          lambda _: {"chip_reset": True}, None, (MINUTE_S, 10 * MINUTE_S)),
    Fault("chip_jump", CHIP, "its energy counter jumps ahead by so much, and goes on from there",
          lambda energy_wh: {"chip_jump_wh": energy_wh}, None, (2 * MINUTE_S, 10 * MINUTE_S),
          # By chance more than can have flowed while the chip told nothing.
          Parameter("Wh", 100, 1_000_000, 50_000, (200_000, 1_000_000))),
    Fault("rtc_drift", CLOCK, "the board's own clock gains (less than 0: loses)",
          *_number("rtc_ppm"), (HOUR_S, DAY_S), Parameter("ppm", -50_000, 50_000, 200)),
    Fault("rtc_jump", CLOCK, "the board's own clock jumps",
          lambda jump_s: {"rtc_jump_s": jump_s}, None, (1, MINUTE_S),
          Parameter("seconds", -10 * DAY_S, 10 * DAY_S, 3600)),
    Fault("rtc_lost", CLOCK, "the board's own clock loses its battery",
          lambda _: {"rtc_lost": True}, None, (1, MINUTE_S)),
    Fault("far_clock", CLOCK, "the clock of the far end is wrong",
          *_number("far_clock_s"), (MINUTE_S, 6 * HOUR_S),
          # By chance less than a day: a life lasts a week and has to come back to its own time.
          Parameter("seconds ahead", -10 * DAY_S, 10 * DAY_S, 7200, (1, DAY_S // 2))),
    Fault("button_bounce", BUTTON, "a press whose contacts bounce so often at either end",
          lambda bounces: {"button": True, "bounces": bounces}, None, (1, 5),
          Parameter("bounces", 1, 20, 5)),
    Fault("button_stuck", BUTTON, "the button is stuck, pressed",
          *_switch("button_stuck", True, False), (10, HOUR_S)),
    Fault("torn_write", FLASH, "the power fails in a flash operation, after so many, and tears it",
          lambda operations: {"cut_at_write": operations}, None, (MINUTE_S, 5 * MINUTE_S),
          Parameter("operations", 0, 1000, 1, (0, 40))),
    Fault("flash_worn", FLASH, "the flash refuses every write and erase",
          *_switch("flash_worn", True, False), (MINUTE_S, 2 * HOUR_S)),
    Fault("access_point", NETWORK, "another access point takes the place of this one",
          lambda _: {"access_point": True}, None, (MINUTE_S, HOUR_S)),
    Fault("wifi_lost", NETWORK, "the access point is gone",
          *_switch("wifi", False, True), (MINUTE_S, 6 * HOUR_S)),
    Fault("broker_lost", NETWORK, "the broker is gone",
          *_switch("broker", False, True), (MINUTE_S, 6 * HOUR_S)),
    *(Fault(f"broker_{mode}", NETWORK, what,
            _spoil(mode), {"broker_mode": [proxy.PASS, 0]}, (MINUTE_S, HOUR_S),
            Parameter(what, least, most, usual) if most else None)
      for mode, (what, least, most, usual) in proxy.MODES.items() if mode != proxy.PASS),
    Fault("cover_open", COVER, "somebody opens the meter's cover",
          *_switch("cover_open", True, False), (MINUTE_S, HOUR_S)),
)  # fmt: skip

# Not by chance: a file that littlefs cannot close is closed again by the collector, within which
# no simulated flash can answer; the process dies (docs/simulator.md, "Faults"). And a broker that
# keeps a board waiting does so in real time, which no seed decides.
ONLY_BY_HAND = ("flash_worn", *(f"broker_{mode}" for mode in proxy.MODES if mode != proxy.PASS))
_CUTS = ("power_cut", "power_fail")  # their value is how long they last
FAULTS = {fault.name: fault for fault in _CATALOGUE}


def find(name: str) -> Fault:
    """The fault of that name. Raises FaultError."""
    fault = FAULTS.get(name)
    if fault is None:
        raise FaultError(f"There is no fault {name!r}; there are:\n{describe()}")
    return fault


def describe() -> str:
    """The catalogue, one line a fault."""
    return "\n".join(f"  {_usage(fault):<16} {fault.what}" for fault in FAULTS.values())


def _usage(fault: Fault) -> str:
    return f"{fault.name}=N" if fault.parameter else fault.name


def parse(spec: str) -> list[Event]:
    """The events of `NAME[=VALUE][@TIME][/DURATION]`, as in `chip_noise=30@10m/90s`.

    TIME is from the start, by default 0; without DURATION a fault stays until told. Both take s,
    m, h or d. Raises FaultError.
    """
    match = _SPEC.fullmatch(spec.strip())
    if match is None:
        raise FaultError(
            f"{spec!r} is not NAME[=VALUE][@TIME][/DURATION], such as chip_noise=30@10m/90s; "
            f"there are:\n{describe()}"
        )
    value = None if match["value"] is None else int(match["value"])
    at_s = int(match["at"] or 0) * _UNITS_S[match["at_unit"] or ""]
    lasts_s = None
    if match["for"]:
        lasts_s = int(match["for"]) * _UNITS_S[match["for_unit"]]
    return events(match["name"], value, at_s, lasts_s)


def events(name: str, value: int | None, at_s: int, lasts_s: int | None) -> list[Event]:
    """How fault `name` begins at `at_s` and ends `lasts_s` later. Raises FaultError."""
    fault = find(name)
    number = fault.check(value)
    told = [Event(at_s, fault.begin(number), name, True, number)]
    if lasts_s is not None and fault.end is not None:
        told.append(Event(at_s + lasts_s, dict(fault.end), name, False, number))
    return told


class Schedule:
    """Faults by chance. One seed is one schedule, whatever the machine."""

    @staticmethod
    def random(
        seed: int,
        duration_s: int,
        kinds: Sequence[str] = KINDS,
        mean_gap_s: int = 2 * HOUR_S,
        without: Sequence[str] = (),
    ) -> list[Event]:
        """Faults of these kinds (or names) in `duration_s`, a new one every `mean_gap_s` or so.

        Several stand at once, but never the same twice. Raises FaultError.
        """
        chance = random.Random(f"faults {seed}")  # noqa: S311 - a story, no secret
        catalogue = [fault for fault in _chosen(kinds) if fault.name not in without]
        free_s = dict.fromkeys(FAULTS, 0)
        told: list[Event] = []
        at_s = 0
        while catalogue and len(told) < EVENTS_MAX:
            at_s += 1 + int(chance.expovariate(1 / mean_gap_s))
            if at_s >= duration_s:
                break
            fault = chance.choice(catalogue)
            lasts_s = _some(chance, *fault.lasts_s)
            value = _value(chance, fault)
            if at_s < free_s[fault.name]:
                continue
            if fault.name in _CUTS and value:
                lasts_s = value
            free_s[fault.name] = at_s + lasts_s + 1
            told += events(fault.name, value, at_s, lasts_s)
        return sorted(told, key=lambda event: event.at_s)


def _chosen(kinds: Sequence[str]) -> list[Fault]:
    for kind in kinds:
        if kind not in KINDS:
            find(kind)
    return [
        fault
        for fault in _CATALOGUE
        if fault.name in kinds or (fault.kind in kinds and fault.name not in ONLY_BY_HAND)
    ]


def _some(chance: random.Random, low: int, high: int) -> int:
    """A number from `low` to `high`, each order of magnitude as likely as the next."""
    return min(high, int(low * (high / low) ** chance.random()))


def _value(chance: random.Random, fault: Fault) -> int | None:
    parameter = fault.parameter
    if parameter is None:
        return None
    if fault.name in _CUTS:
        return _some(chance, *fault.lasts_s)
    low, high = parameter.by_chance or (max(0, parameter.low), parameter.high)
    value = _some(chance, low + 1, high + 1) - 1
    return value if parameter.low >= 0 else chance.choice((1, -1)) * value
