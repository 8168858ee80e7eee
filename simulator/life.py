"""One house with the real firmware lives a story under faults, with an inspector beside it.

The inspector (`simulator.invariants`) looks before and after everything that happens, whenever
the relay has moved, and every `LOOK_S`. One seed is one life. It must not know what a board makes
of anything, nor who plays the far end.
"""

import os
import struct
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from protocol import commands
from simulator import judgements as judge
from simulator.errors import BoardDied
from simulator.far_end import OpenFarEnd
from simulator.faults import Event
from simulator.fleet import DATA_BYTES, House, heap_budget
from simulator.injection import RETRY_S, Injector
from simulator.invariants import Checker, Violation
from simulator.story import Happening, Story
from simulator.suffering import SETTING_BACK, Suffering

METER = "TRIAL1"
ROOT_KEY = bytes(range(32))
START_S = 200_000_000
LOOK_S = 900
RECOVERY_S = 5_400  # without faults at the end: what is still to come must come then
NOTICE_S = 5.0  # real time in which a board at a standing clock sees that its broker is gone
# Bytecode loaded into the heap leaves holes in it, which a chip that runs from flash has not; the
# smallest heap that will do is `tools.bench.firmware`'s to find. Here counts what is live.
HEAP_SPARE_BYTES = 48 * 1024
_TRACE = struct.Struct("<IHIB")  # `simulator/board.py`, TRACE_RECORD


@dataclass
class Record:
    """What came of a life; `checks` and `worst` as the `Checker` keeps them."""

    seed: int
    days: float
    violations: list[Violation] = field(default_factory=list)
    checks: Counter[str] = field(default_factory=Counter)
    worst: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    looks: int = 0
    readings: int = 0
    starts: int = 0
    trips: int = 0
    cpu_s: float = 0.0  # of everything: board, simulator, broker, far end, inspector


class Life:
    """Seed `seed` for `duration_s` in `folder`; `faults` count from its start."""

    def __init__(
        self,
        folder: Path,
        seed: int,
        duration_s: int,
        faults: Sequence[Event],
        open_far_end: OpenFarEnd,
        build: Path | None = None,
    ) -> None:
        self.record = Record(seed, duration_s / 86_400)
        self.checker = Checker()
        self._end_s = START_S + duration_s
        self._story = Story(seed, duration_s, START_S)
        self._told = list(self._story.happenings)
        self._far_end = open_far_end(folder, METER, ROOT_KEY)
        self._trace_path = folder / "trace"
        self._trace_path.touch()
        self._trace_at = 0
        self._closed = False
        self.house = House(
            folder / "house", METER, ROOT_KEY, self._far_end.port, seed, START_S,
            profile=self._story.profile, build=build, clock_file=self._far_end.clock_file,
            trace=self._trace_path, heap_bytes=heap_budget(build) + HEAP_SPARE_BYTES,
        )  # fmt: skip
        self._suffering = Suffering()
        self._log_at = 0
        self._explained = 0
        self._has_broker = True
        self._observed: dict[str, Any] = {}
        outside = {"broker": self._set_broker, "far_clock_s": self._set_far_clock}
        self._injector = Injector(self.house, faults, START_S, outside)

    def live(self) -> Record:
        """Live it all; what does not hold is in the record."""
        began_s = _cpu_s()
        try:
            self._far_end.connect()
            self.house.start()
            self._live_until(self._end_s)
            self._recover()
            self._require_everything_came()
        except BoardDied as death:
            self._violate("tasks", str(death))
        finally:
            self.house.kill()
            self._far_end.end()
        record, checker = self.record, self.checker
        record.cpu_s = _cpu_s() - began_s
        record.violations += checker.violations
        record.checks = checker.checks
        record.worst = checker.worst
        record.readings = len(checker.stored)
        record.starts = self._suffering.truth.cuts + 1
        record.trips = checker.before.get(judge.TRIPS, 0)
        return record

    def _live_until(self, end_s: int) -> None:
        while self.house.now_s < end_s:
            self._happen()
            waits = [end_s, self.house.now_s + LOOK_S]
            if self._told:
                waits.append(START_S + self._told[0].at_s)
            next_fault_s = self._injector.next_s()
            if next_fault_s is not None:
                overdue = next_fault_s <= self.house.now_s  # it waits for the power
                waits.append(self.house.now_s + RETRY_S if overdue else next_fault_s)
            self.house.run_until_relay(max(min(waits), self.house.now_s + 1))
            self._look()

    def _happen(self) -> None:
        """Everything that is due now, each with a look after it."""
        now_s = self.house.now_s
        for event in self._injector.step(now_s):
            self.record.faults[event.fault] += event.begins
            self._note(event, now_s)
            self._look()
        while self._told and START_S + self._told[0].at_s <= now_s:
            self._do(self._told.pop(0))
            self._look()

    def _note(self, event: Event, now_s: int) -> None:
        self._suffering.note(event, now_s, self._observed)
        if event.fault in SETTING_BACK:
            self.checker.is_clock_true = False

    def _do(self, happening: Happening) -> None:
        if happening.action is None:
            self._command(happening)
        elif not self.house.dark:  # nobody switches anything on, or presses, without power
            self.house.act(**happening.action)
            if "button" in happening.action:
                self._suffering.press(self.house.now_s)

    def _command(self, happening: Happening) -> None:
        arguments = dict(happening.arguments or {})
        if happening.name == commands.SET_CLOCK:
            arguments[0] = self.house.now_s + self._far_end.clock_ahead_s
        if happening.programme:
            self.checker.learn(happening.programme)
        connected = self._has_broker and bool(self._observed.get("connected"))
        order = self._far_end.order(happening.name, arguments, connected=connected)
        self._suffering.order(order)
        self.record.commands[str(order.stage)] += 1

    def _look(self) -> None:
        """Let the inspector see the present moment, and what flowed since the last one."""
        observed = self._observed = self.house.observe()
        self.record.looks += 1
        now_s = observed["t_s"] + observed.get("t_ms", 0) / 1000 * (not self.house.dark)
        status = None
        if not self.house.dark:
            status = {int(key): value for key, value in observed["status"].items()}
        was_ill = self._suffering.truth.relay_fault
        truth = self._suffering.tell(observed, now_s, self._far_end.pending, status)
        truth.powered = not self.house.dark
        truth.tasks_dead = self._deaths()
        self._follow_trace(now_s, truth.chip_fault != "" or truth.relay_fault or was_ill)
        arrived = self._far_end.arrived
        for reading in arrived[:]:
            self.checker.store(reading)
        del arrived[: len(arrived)]
        if status is not None:
            truth.heap_bytes = observed["heap"]["data_bytes_peak"]
            truth.heap_budget_bytes = DATA_BYTES
        truth.acknowledged = tuple(self.checker.stored)
        self.checker.see(truth, status, now_s)
        self._suffering.seen(status, now_s)
        self._explain(status)

    def _explain(self, status: Mapping[int, int] | None) -> None:
        """Put beside every new violation what was broken and what the board said."""
        violations = self.checker.violations
        for index in range(self._explained, len(violations)):
            found = violations[index]
            holds = f"holds {status[judge.HOLDS]}" if status else "dark"
            faults = ", ".join(self._suffering.truth.faults) or "no fault"
            text = f"{found.text} ({holds}; {faults})"
            violations[index] = replace(found, text=text)
        self._explained = len(violations)

    def _follow_trace(self, now_s: float, is_unfair: bool) -> None:
        """Tell the inspector at which moment what flowed; judge what moved the contacts."""
        checker = self.checker
        with self._trace_path.open("rb") as file:
            file.seek(self._trace_at)
            octets = file.read()
        self._trace_at += len(octets)
        for second, ms, power_dw, closed in _TRACE.iter_unpack(octets):
            at_s = min(second + ms / 1000, now_s)
            if is_unfair:
                pass  # `see` leaves the time out
            elif closed:
                checker.flow(at_s, power_dw)
            elif self._closed:
                self._judge_opening(at_s)
                checker.opened(at_s)
            if closed and not self._closed and not is_unfair and at_s < checker.not_before_s:
                self._violate("wait", f"closed {checker.not_before_s - at_s:.1f} s too early")
            self._closed = bool(closed)

    def _judge_opening(self, at_s: float) -> None:
        overrun_s = self.checker.overrun_s(at_s)
        if 0 < overrun_s < judge.RECOVER_S * 1000:
            self.checker.margin("overload beyond its band, s", overrun_s, self.checker.chip_lag_s)
            if overrun_s > self.checker.chip_lag_s:
                self._violate("overload", f"opened {overrun_s:.1f} s after its band had ended")

    def _deaths(self) -> int:
        """How many tasks died since the last look, by what the firmware printed."""
        with self.house.log.open("rb") as file:
            file.seek(self._log_at)
            printed = file.read()
        self._log_at += len(printed)
        return printed.count(b": died")

    def _set_broker(self, present: bool) -> None:
        if present == self._has_broker:
            return
        self._has_broker = present
        if present:
            self._far_end.connect()
            return
        self._far_end.disconnect()
        deadline_s = time.monotonic() + NOTICE_S
        while not self.house.dark and time.monotonic() < deadline_s:
            if not self.house.observe()["connected"]:
                return
            time.sleep(0.005)

    def _set_far_clock(self, ahead_s: int) -> None:
        self._far_end.clock_ahead_s = ahead_s

    def _recover(self) -> None:
        """Repair everything, and let the board hand in what it has."""
        self._told = []
        while self.house.dark:
            self.house.run_until(self.house.now_s + 60)
        for event in self._injector.end_all(self.house.now_s):
            self._note(event, self.house.now_s)
        self._set_broker(present=True)
        self._live_until(self.house.now_s + RECOVERY_S)
        self.house.settle()
        self._look()

    def _require_everything_came(self) -> None:
        """Every reading that the board has written is stored now, and no record contradicts."""
        last = self.checker.before[judge.READING]
        missing = [number for number in range(1, last + 1) if number not in self.checker.stored]
        if missing:
            self._violate("stored", f"{len(missing)} readings never came, the first {missing[0]}")
        if self._far_end.contradicted:
            self._violate("stored", f"{self._far_end.contradicted} records came in two versions")

    def _violate(self, name: str, text: str) -> None:
        self.record.violations.append(Violation(name, self.house.now_s, text))


def _cpu_s() -> float:
    """CPU time of this process and of those that it has started and seen end."""
    return sum(os.times()[:4])
