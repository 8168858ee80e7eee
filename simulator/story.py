"""What happens in and around a house by chance: loads, presses of the button, commands.

One seed is one story. Faults are told elsewhere (`simulator/faults.py`). It must not know how a
board takes any of it.
"""

import random
from dataclasses import dataclass
from typing import Any

from protocol import commands
from protocol import programme as wire

DAY_S = 86_400
HOUR_S = 3600
ACTIONS_MEAN_S = 2_400  # between two things that people switch on or off
PRESSES_MEAN_S = 5_400
COMMANDS_MEAN_S = 7_200
FIRST_CREDIT = 20_000
PROFILES = (None, "low", "middle", "high", "shop")
_APPLIANCES = ("lamp", "fan", "iron", "heater", "pump")
_LIMITS_W = (250, 500, 1000, 2000)
_LOADS_PCT = (10, 30, 60, 95, 107, 130, 160, 220, 600)  # of the highest limit of the story
_BANDS = (
    [[105, 60], [125, 10], [150, 3], [200, 0]],
    [[110, 120], [150, 5]],
    [[101, 10]],
)


@dataclass(frozen=True)
class Happening:
    """At `at_s` from the start: an action on the house, or a command (`name`, `arguments`)."""

    at_s: int
    action: dict[str, Any] | None = None
    name: int = 0
    arguments: dict[int, Any] | None = None
    programme: dict[int, Any] | None = None  # the one that the command carries


class Story:
    """All of it, in order; `profile` is what the house draws beside its appliances."""

    def __init__(self, seed: int, duration_s: int, start_s: int) -> None:
        self._chance = random.Random(f"story {seed}")  # noqa: S311 - a story, no secret
        self._start_s = start_s
        self._purchases = 0
        self._version = 0
        self._seed = seed
        self.limit_w = self._chance.choice(_LIMITS_W)
        self.profile = self._chance.choice(PROFILES)
        self.unit = self._chance.choice((commands.UNIT_ENERGY, commands.UNIT_ENERGY, 0))
        told = [Happening(300, **self._programme(300, begins=True))]
        if self.unit:
            told.append(Happening(360, **self._credit(360, FIRST_CREDIT)))
        told += self._again(duration_s, ACTIONS_MEAN_S, self._load)
        told += self._again(duration_s, PRESSES_MEAN_S, self._press)
        told += self._again(duration_s, COMMANDS_MEAN_S, self._command)
        self.happenings = sorted(told, key=lambda happening: happening.at_s)

    def _again(self, duration_s: int, mean_s: int, tell: Any) -> list[Happening]:
        told = []
        at_s = 600
        while (at_s := at_s + 1 + int(self._chance.expovariate(1 / mean_s))) < duration_s:
            told.append(Happening(at_s, **tell(at_s)))
        return told

    def _load(self, _at_s: int) -> dict[str, Any]:
        chance = self._chance
        name = chance.choice(_APPLIANCES)
        if chance.random() < 0.45:
            return {"action": {"appliance": name, "power_w": 0}}
        power_w = self.limit_w * chance.choice(_LOADS_PCT) // 100
        action: dict[str, Any] = {"appliance": name, "power_w": power_w}
        if chance.random() < 0.4:
            action["duty"] = [chance.randint(1, 90), chance.randint(1, 90)]
        elif chance.random() < 0.3:
            action |= {"inrush_w": min(60_000, 5 * power_w), "inrush_ms": chance.randint(50, 2000)}
        return {"action": action}

    def _press(self, _at_s: int) -> dict[str, Any]:
        if self._chance.random() < 0.15:
            return {"action": {"main_switch": self._chance.random() < 0.6}}
        long_press = self._chance.random() < 0.2
        return {"action": {"button": True, "press_ms": 3_500 if long_press else 200}}

    def _command(self, at_s: int) -> dict[str, Any]:
        tell = self._chance.choice((
            self._credit, self._credit, self._credit, self._programme, self._operate,
            self._operate, self._limit, self._source, self._ask,
        ))  # fmt: skip
        told: dict[str, Any] = tell(at_s)
        return told

    def _credit(self, _at_s: int, amount: int | None = None) -> dict[str, Any]:
        self._purchases += 1
        amount = amount or self._chance.choice((100, 500, 2_000, 10_000))
        purchase = self._seed.to_bytes(4, "big") + self._purchases.to_bytes(4, "big")
        unit = self.unit or commands.UNIT_ENERGY
        return {"name": commands.CREDIT, "arguments": {0: purchase, 1: unit, 2: amount}}

    def _operate(self, _at_s: int) -> dict[str, Any]:
        name = commands.DISCONNECT if self._chance.random() < 0.4 else commands.RECONNECT
        return {"name": name, "arguments": {}}

    def _limit(self, at_s: int) -> dict[str, Any]:
        limit_w = self._chance.choice((0, 100, 200))
        until_s = self._start_s + at_s + self._chance.choice((600, 7_200))
        return {"name": commands.SET_EMERGENCY_LIMIT, "arguments": {0: limit_w, 1: until_s}}

    def _source(self, at_s: int) -> dict[str, Any]:
        until_s = self._start_s + at_s + self._chance.choice((600, 7_200))
        source = self._chance.choice((commands.SOURCE_MAINS, commands.SOURCE_GENERATOR))
        return {"name": commands.SET_SOURCE, "arguments": {0: source, 1: until_s}}

    def _ask(self, at_s: int) -> dict[str, Any]:
        return self._chance.choice((
            {"name": commands.READ_REGISTERS, "arguments": {}},
            {"name": commands.SHOW_MESSAGE, "arguments": {0: "hello", 1: 60}},
            {"name": commands.READ_PROFILE, "arguments": {0: 1, 1: 4}},
            {"name": commands.CLEAR_TAMPER, "arguments": {}},
            {"name": commands.SET_CLOCK, "arguments": {0: self._start_s + at_s}},
        ))  # fmt: skip

    def _programme(self, at_s: int, *, begins: bool = False) -> dict[str, Any]:
        chance = self._chance
        self._version += 1
        second = [chance.choice(_LIMITS_W), []] if chance.random() < 0.3 else None
        later = not begins and chance.random() < 0.4
        programme = {
            wire.VERSION: self._version,
            wire.PACKAGE_ID: f"TRIAL-{self._version}",
            wire.ACTIVATION_S: self._start_s + at_s + chance.randint(60, 7200) if later else 0,
            wire.UTC_OFFSET_MIN: 330,
            wire.LOAD: self._load_record(),
            wire.WINDOWS: chance.choice(([], [], [[127, 330, 90]], [[127, 960, 600]])),
            wire.SUPPLY_CLOCK_UNSET: True,
            wire.CREDIT: self._credit_record(),
            wire.TARIFF: None,
            wire.INTERVAL_S: chance.choice((900, 1800, 3600)),
            wire.START_DELAY_S: chance.choice((0, 60)),
            wire.LANGUAGE: chance.choice((0, 1)),
            wire.SPECIAL_DAYS: [],
            wire.SEASONS: [],
            wire.DST: None,
            wire.SECOND_LIMIT: second,
            wire.TAMPER_HOLDS: chance.random() < 0.3,
        }
        arguments = {0: wire.encode(programme)}
        told = {"name": commands.SET_PROGRAMME, "arguments": arguments}
        return told | {"programme": wire.decode(arguments[0])}

    def _load_record(self) -> dict[int, Any]:
        chance = self._chance
        other = chance.random() < 0.3
        return {
            **wire.DEFAULT_LOAD,
            wire.LOAD_LIMIT_W: chance.choice(_LIMITS_W) if other else self.limit_w,
            wire.LOAD_BANDS: chance.choice(_BANDS),
            wire.LOAD_WAIT_S: chance.choice((10, 60)),
            wire.LOAD_TRIPS_MAX: chance.choice((1, 3)),
            wire.LOAD_LOCKOUT_S: chance.choice((300, 1800)),
            wire.LOAD_RETRIES_MAX: chance.choice((0, 0, 3)),
            wire.LOAD_RETRY_INTERVAL_S: 60,
            wire.LOAD_PHASE_LIMIT_W: 0,
            wire.LOAD_UNBALANCE_PCT: 0,
            wire.LOAD_FROZEN_S: 300,
            wire.LOAD_CONFIRM: chance.choice((0, 0, 7)),
        }

    def _credit_record(self) -> dict[int, Any]:
        return {
            wire.CREDIT_MODE: wire.MODE_ENERGY if self.unit else wire.MODE_POSTPAID,
            wire.CREDIT_LOW_1: 2000,
            wire.CREDIT_LOW_2: 500,
            wire.CREDIT_RECONNECT: 1,
            wire.CREDIT_FRIENDLY_WINDOWS: self._chance.choice(([], [[127, 1320, 360]])),
            wire.CREDIT_SANCTIONED_LOAD_W: 1000,
            wire.CREDIT_PHASES: 1,
            wire.CREDIT_OPENED_S: 0,
        }
