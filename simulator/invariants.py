"""The invariants of a meter board: what must hold after every event, whatever has been broken.

A `Checker` is shown what is really so (`simulator.truth`) and what the board says (its status map
by the numbers of docs/wire.md), again and again, and collects what does not hold. Both gears of
the trials use it. It must not know the firmware: it sees a board as an inspector does.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from protocol import messages
from simulator import judgements as judge
from simulator.judgements import ENERGY_WH, HOLDS, LIMIT_W, TICK_S, TRIPS, VERSION
from simulator.overload import OverloadWatch
from simulator.truth import BUILT_IN, CHIP_LAG_S, Limits, Truth

VIOLATIONS_MAX = 50  # of one run: who has seen fifty has seen enough


@dataclass(frozen=True)
class Violation:
    """One invariant that did not hold at `at_s` (true board time)."""

    name: str
    at_s: float
    text: str


@dataclass(frozen=True)
class Invariant:
    """A name, the sentence that must hold, and the function that looks.

    `judge` returns "" when it holds, the reason when it does not, and None when this moment
    cannot tell.
    """

    name: str
    sentence: str
    judge: Callable[["Checker", Truth, Mapping[int, int]], str | None]


class Checker:
    """The inspector of one house. `violations`, `checks` by name and `worst` margins by name."""

    def __init__(
        self, *, chip_lag_s: float = CHIP_LAG_S, gain_bp: int = 0, is_clock_true: bool = True
    ) -> None:
        self.is_clock_true = (
            is_clock_true  # until a clock goes wrong, the far end's or the board's
        )
        self.violations: list[Violation] = []
        self.checks: Counter[str] = Counter()
        self.worst: dict[str, tuple[float, float, float]] = {}
        self.chip_lag_s = chip_lag_s
        self.gain_bp = gain_bp
        self.limits = BUILT_IN
        self.now_s = 0.0
        self.before: Mapping[int, int] = {}  # the status at the last look, also before a cut
        self.told_wh = 0  # the highest register in any reading that is stored
        self.highest_wh = 0
        self.not_before_s = 0.0  # no closing earlier than this
        self.closed_before = False
        self.has_cut = False  # since the last look
        self._is_dark = False
        self._dark_s = 0.0  # since when, while it is
        self.charged_base: tuple[int, int] | None = None
        self._programmes: dict[int, Limits] = {0: BUILT_IN}
        self._watch = OverloadWatch(gain_bp)
        self._cuts = 0
        self._was_ill = False
        self._standing: set[str] = set()  # violated at the last look: told once
        self.stored: dict[int, Sequence[int]] = {}
        self.mismatch_s: float | None = None  # since when contacts are not as told

    def learn(self, programme: Mapping[int, object]) -> None:
        """A programme (decoded) is on its way to the board: from now on it may be in force."""
        limits = Limits.of(programme)
        self._programmes[limits.version] = limits

    def flow(self, at_s: float, load_dw: int) -> None:
        """At `at_s` the load through the relay changed to `load_dw`; may be called at any time."""
        self._watch.flow(at_s, load_dw)

    def opened(self, at_s: float) -> None:
        """The contacts opened at `at_s`, or the power was cut: overloads begin anew."""
        self._watch.reset(at_s)
        self._watch.flow(at_s, 0)

    def store(self, reading: Sequence[int]) -> None:
        """The far end stores a reading (the array of the wire) before it acknowledges it."""
        self.checks["stored"] += 1
        sequence = reading[0]
        known = self.stored.setdefault(sequence, list(reading))
        if list(known) != list(reading):
            self._violate("stored", f"reading {sequence} came twice, and not the same")
        for first in (self.stored.get(sequence - 1), reading):
            second = self.stored.get(first[0] + 1) if first else None
            if first and second:
                self._judge_ends_of(first, second)
        self._judge_registers_of(reading)

    def _judge_ends_of(self, first: Sequence[int], second: Sequence[int]) -> None:
        """Readings ascend, so that no moment has two; where they began anew, one says so."""
        began_anew = second[2] & messages.FLAG_CLOCK_STEPPED and not self.is_clock_true
        if second[1] <= first[1] and not began_anew:
            self._violate(
                "stored",
                f"reading {second[0]} ends {second[1]}, and {first[0]} before it {first[1]}",
            )

    def _judge_registers_of(self, reading: Sequence[int]) -> None:
        sequence, energy_wh = reading[0], reading[3]
        if sum(reading[4:8]) != energy_wh:
            self._violate("registers", f"rates of reading {sequence} do not sum to {energy_wh} Wh")
        before = self.stored.get(sequence - 1)
        if before and any(reading[at] < before[at] for at in range(3, 8)):
            self._violate("registers", f"a register of reading {sequence} is below the one before")
        self.told_wh = max(self.told_wh, energy_wh)

    def see(self, truth: Truth, status: Mapping[int, int] | None, now_s: float) -> list[Violation]:
        """Judge one moment; return what was newly violated. `status` is None in the dark."""
        found = len(self.violations)
        self.now_s = now_s
        self.has_cut = self.has_cut or truth.cuts != self._cuts
        self._cuts = truth.cuts
        self._follow(truth, status, now_s)
        if not truth.powered or status is None:
            if not self._is_dark:
                self._is_dark, self._dark_s = True, now_s
            self._judge(DARK, truth, {})
            self.closed_before = truth.relay_closed
            return self.violations[found:]
        self._judge(INVARIANTS, truth, status)
        self.before = dict(status)
        self.closed_before = truth.relay_closed
        self.highest_wh = max(self.highest_wh, status[ENERGY_WH])
        self.has_cut = self._is_dark = False
        return self.violations[found:]

    def _follow(self, truth: Truth, status: Mapping[int, int] | None, now_s: float) -> None:
        """Move the clocks that run beside the board's own."""
        if status is not None:
            self.limits = self._programmes.get(status[VERSION], self.limits)
            self._watch.configure(self.limits, status[LIMIT_W], now_s)
        if self.has_cut or not truth.relay_closed or truth.relay_fault or self._was_ill:
            self._watch.reset(now_s)
        elif truth.chip_fault == "noise":
            self._watch.sight(now_s, 1 / self.limits.silent_s)
        elif truth.chip_fault or now_s - truth.chip_well_s < CHIP_LAG_S + TICK_S:
            self._watch.sight(now_s, 0.0)
        else:
            self._watch.sight(now_s, 1.0)
        self._was_ill = truth.relay_fault or not truth.powered
        self._watch.flow(now_s, truth.load_dw)
        if status is not None:
            self._forbid_closing(truth, status, now_s)

    def _forbid_closing(self, truth: Truth, status: Mapping[int, int], now_s: float) -> None:
        """A new trip or lockout forbids closing for the time that the programme says."""
        before = self.before
        # What is first seen after a cut was so before it: the board died in telling of it.
        trip_s = self._dark_s if self._is_dark else now_s
        if before and status[TRIPS] > before[TRIPS]:
            self.not_before_s = max(self.not_before_s, trip_s + self.limits.wait_s - TICK_S)
        new = status[HOLDS] & ~before.get(HOLDS, 0) if before else 0
        if new & messages.HOLD_LOCKOUT:
            self.not_before_s = max(self.not_before_s, trip_s + self.limits.lockout_s - TICK_S)
        if self.has_cut and (truth.clock_fault or truth.store_fault):
            # A clock that jumped in the dark says that the wait is over, or it was never written.
            self.not_before_s = 0.0

    def margin(self, name: str, value: float, bound: float) -> None:
        """Keep the worst of `value` against `bound`, with its moment."""
        worst = self.worst.get(name)
        if worst is None or bound - value < worst[1] - worst[0]:
            self.worst[name] = (value, bound, self.now_s)

    def count(self, name: str, reason: str) -> None:
        """One more check of `name`, made elsewhere; `reason` is "" when it holds."""
        self.checks[name] += 1
        if reason:
            self._violate(name, reason)

    def overrun_s(self, now_s: float) -> float:
        """How long an overload has outlived its band; negative: it has not."""
        return self._watch.overrun_s(now_s)

    def knows(self, version: int) -> Limits | None:
        """The promises of a programme that was sent, or the built-in one."""
        return self._programmes.get(version)

    def _judge(self, table: Sequence[Invariant], truth: Truth, status: Mapping[int, int]) -> None:
        for invariant in table:
            reason = invariant.judge(self, truth, status)
            if reason is None:
                continue
            self.checks[invariant.name] += 1
            if not reason:
                self._standing.discard(invariant.name)
            elif invariant.name not in self._standing:
                self._standing.add(invariant.name)
                self._violate(invariant.name, reason)

    def _violate(self, name: str, text: str) -> None:
        if len(self.violations) < VIOLATIONS_MAX:
            self.violations.append(Violation(name, self.now_s, text))


INVARIANTS = (
    Invariant("registers", "Registers never fall.", judge.registers),
    Invariant("not above", "Energy registered is at most the energy delivered.", judge.not_above),
    Invariant(
        "not below", "It is at least that, less the declared loss of each cut.", judge.not_below
    ),
    Invariant("relay", "The relay is closed exactly when nothing holds it.", judge.relay),
    Invariant("wait", "No closing before a wait or lockout ends, over any cuts.", judge.wait),
    Invariant("outage", "What stood before an outage stands after it.", judge.outage),
    Invariant("overload", "An overload opens within its band and the chip's lag.", judge.overload),
    Invariant("blind", "A chip that tells nothing true never keeps supply on.", judge.blind),
    Invariant("credit", "Credited less charged is the balance; credited is bought.", judge.credit),
    Invariant("charges", "Charged is what the registered energy costs.", judge.charges),
    Invariant("stored", "An acknowledged reading is stored, none twice.", judge.stored),
    Invariant("programme", "One complete programme at every moment.", judge.programme),
    Invariant("tasks", "No task is dead.", judge.tasks),
    Invariant("heap", "The heap is within its budget.", judge.heap),
)
DARK = (Invariant("outage", "What is off stays off in the dark.", judge.dark),)


def tell(
    checks: Mapping[str, int],
    broken: Mapping[str, int],
    worst: Mapping[str, tuple[float, float, float]],
) -> dict[str, Any]:
    """What both gears tell of every invariant and of the worst margins, as plain values."""
    return {
        "invariants": [
            {
                "name": invariant.name,
                "sentence": invariant.sentence,
                "checks": checks[invariant.name],
                "violations": broken[invariant.name],
            }
            for invariant in INVARIANTS
        ],
        "worst": {
            name: {"value": value, "bound": bound, "at_s": at_s}
            for name, (value, bound, at_s) in sorted(worst.items())
        },
    }
