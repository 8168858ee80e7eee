"""Carries a schedule of faults out on a house, as its time comes.

A house without power cannot be acted on: what falls due then waits for the power. It must not
know which faults there are, nor choose any.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simulator.errors import NotRunning
from simulator.faults import FAULTS, Event, FaultError
from simulator.fleet import House

RETRY_S = 60  # what waits for the power looks so often whether it is there
# Actions on what is around a house, and not in it.
OUTSIDE = {
    "broker": "a broker that can be stopped",
    "broker_mode": "a proxy before the broker",
    "far_clock_s": "a far end whose clock can be set wrong",
}


class Injector:
    """`events` count from board time `start_s`; `outside` carries out actions on the far end.

    `standing` are the faults that have begun and not ended, by name.
    """

    def __init__(
        self,
        house: House,
        events: Sequence[Event],
        start_s: int,
        outside: Mapping[str, Callable[[Any], None]] | None = None,
    ) -> None:
        self.standing: dict[str, Event] = {}
        self._house = house
        self._start_s = start_s
        self._outside = outside or {}
        self._waiting = sorted(events, key=lambda event: event.at_s)
        for event in self._waiting:
            self._require(event)

    def add(self, events: Sequence[Event], now_s: int) -> None:
        """Let more events come, counted from `now_s`. Raises FaultError."""
        for event in events:
            self._require(event)
            self._waiting.append(event._replace(at_s=now_s - self._start_s + event.at_s))
        self._waiting.sort(key=lambda event: event.at_s)

    def next_s(self) -> int | None:
        """Board time of the next event, also when that is past; None when there is none."""
        return self._start_s + self._waiting[0].at_s if self._waiting else None

    def step(self, now_s: int) -> list[Event]:
        """Carry out what is due at `now_s`; return it. Raises BoardRefused."""
        done = []
        while self._waiting and self._start_s + self._waiting[0].at_s <= now_s:
            event = self._waiting[0]
            if not self._carry_out(event.action):
                break
            self._waiting.pop(0)
            done.append(event)
            if not event.begins:
                self.standing.pop(event.fault, None)
            elif FAULTS[event.fault].end is not None:
                self.standing[event.fault] = event
        return done

    def run_until(self, t_s: int) -> None:
        """Let the house live until `t_s`, and carry out what falls due. Raises SimulatorError."""
        self.step(self._house.now_s)
        while self._house.now_s < t_s:
            next_s = self.next_s()
            if next_s is None:
                next_s = t_s
            elif next_s <= self._house.now_s:
                next_s = self._house.now_s + RETRY_S
            self._house.run_until(min(t_s, next_s))
            self.step(self._house.now_s)

    def end_all(self, now_s: int) -> list[Event]:
        """Begin nothing more and end what stands and has an end; return what was carried out."""
        self._waiting = [
            event._replace(at_s=now_s - self._start_s)
            for event in self._waiting
            if not event.begins and event.fault in self.standing
        ]
        return self.step(now_s)

    def _carry_out(self, action: Mapping[str, Any]) -> bool:
        for name, value in action.items():
            if name in OUTSIDE:
                self._outside[name](value)
                return True
        try:
            self._house.act(**action)
        except NotRunning:
            if not self._house.dark:
                raise
            return False
        return True

    def _require(self, event: Event) -> None:
        for name in event.action:
            if name in OUTSIDE and name not in self._outside:
                raise FaultError(f"{event.fault} needs {OUTSIDE[name]}, which is not here.")
