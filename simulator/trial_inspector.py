"""Shows the checker what a house around the core tells: facts into truth, receipts into sums.

It knows what was sold and what was sent, as a controller does, and which faults excuse what. It
must not know the firmware.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from protocol import messages
from simulator.bill_audit import BillAudit
from simulator.excuses import ENDS, RelayIllness
from simulator.invariants import Checker
from simulator.judgements import ENERGY_WH, HOLDS, LIMIT_W, MODE, PASSIVE_VERSION, RELAY
from simulator.trial_plan import COMMANDS, Plan
from simulator.truth import Truth

METERING_STATE = 21
IMPLAUSIBLE = 2
UNWRITTEN_MWH = 11_000  # a step of the ledger, and the chip's own
APPLIED = 2  # stage of a receipt
STORE_HEALS_S = 70.0  # after worn flash: until the ledger has been written again
LATE_S = 7200.0  # readings written in this time before may have been refused at theirs
FORGIVE_AT_WRITE = messages.HOLD_OVERLOAD | messages.HOLD_LOCKOUT | messages.HOLD_CONFIRM
TIMELINE_MAX = 20_000

Facts = Mapping[str, Any]


class Inspector:
    """Looks at one run; `checker` has the outcome, `timeline` what one could have seen."""

    def __init__(self, plan: Plan, keep_timeline: bool = False) -> None:
        self.checker = Checker(gain_bp=abs(plan.gain_bp), is_clock_true=plan.is_clock_true)
        self.bills = BillAudit(plan.programmes) if plan.is_clock_true else None
        self.timeline: list[tuple[float, int, int, bool, int, str]] = []
        self.looks = 0
        self._plan = plan
        self._keeps_timeline = keep_timeline
        self._bought: dict[tuple[int, str], int] = {}  # unit and purchase, to amount
        self._chip_fault = ""
        self._chip_fault_s = 0.0
        self._chip_well_s = float("-inf")
        self._worn_until_s = float("-inf")
        self._relay = RelayIllness()
        self._jump = 0  # 1: the counter has jumped, 2: and the board has seen it
        self._loss_mwh = 0
        self._energy_wh = 0
        self._released = 0
        self._emergency_w = 0
        for programme in plan.programmes:
            self.checker.learn(programme)

    def take(self, facts: Facts) -> None:
        """Judge one look at the house."""
        self.looks += 1
        at_s = facts["at"][0] + facts["at"][1] / 1000
        status: Mapping[int, int] | None = facts["status"]
        for second, ms, load_dw in facts["flows"]:
            self.checker.flow(second + ms / 1000, load_dw)
        for reading in facts["readings"]:
            self.checker.store(reading)
            self._audit(reading)
        self._count_purchases(facts)
        truth = self._truth(facts, status, at_s)
        self.checker.see(truth, status, at_s)
        if status is not None:
            self._energy_wh = status[ENERGY_WH]
        if self._keeps_timeline and len(self.timeline) < TIMELINE_MAX:
            self._note(truth, status, at_s)

    def _audit(self, reading: Sequence[int]) -> None:
        if self.bills is None:
            return
        is_late = self.checker.now_s < self._worn_until_s + LATE_S
        verdict = self.bills.take(reading, is_late)
        if verdict is not None:
            self.checker.count("charges", verdict)

    def _truth(self, facts: Facts, status: Mapping[int, int] | None, at_s: float) -> Truth:
        faults = facts["faults"]
        self._follow_chip(facts, status, at_s)
        if "worn" in faults:
            self._worn_until_s = at_s + STORE_HEALS_S
        released = facts["released"]
        acknowledged = range(self._released + 1, released + 1)
        self._released = released
        mode = status[MODE] if status else 0
        pending = self._pending(facts, mode)
        booted = facts["booted"]
        truth = Truth(
            powered=facts["powered"],
            mains=facts["mains"],
            relay_closed=facts["closed"],
            load_dw=facts["load_dw"],
            delivered_mwh=facts["delivered_mwh"],
            loss_mwh=self._loss_mwh + self._rounded_mwh(at_s),
            cuts=facts["cuts"],
            booted_s=booted[0] + booted[1] / 1000,
            chip_fault=self._chip_fault,
            chip_fault_s=self._chip_fault_s,
            chip_well_s=self._chip_well_s,
            clock_fault="rtc" in faults or "far clock" in faults,
            store_fault=at_s < self._worn_until_s,
            emergency_limits_w=(self._emergency_w,),
            credited=sum(a for (unit, _), a in self._bought.items() if unit == mode),
            pending=pending,
            may_end=self._may_end(facts),
            acknowledged=acknowledged,
            faults=tuple(faults),
        )
        truth.relay_fault = self._relay.follow(
            at_s,
            truth,
            is_stuck="weld" in faults or facts["misses"] > 0,
            is_sense_wrong="sense" in faults,
            told=None if status is None else bool(status[RELAY]),
        )
        return truth

    def _rounded_mwh(self, at_s: float) -> int:
        """What a chip with an error of gain loses at most by counting in steps of 0.1 W."""
        plan = self._plan
        return int((at_s - plan.start_s) * 100 / 3600) if plan.gain_bp else 0

    def _follow_chip(self, facts: Facts, status: Mapping[int, int] | None, at_s: float) -> None:
        """Which fault the chip has, and since when."""
        kinds = [name for name in facts["faults"] if name.startswith("chip ")]
        if "chip echo" in kinds:
            kinds.remove("chip echo")  # the drivers' business
        self._follow_counter(facts, status, bool(kinds))
        if "chip noise_pct" in kinds:
            kind = "noise"  # it also delays the notice of whatever else there is
        else:
            kind = kinds[0].removeprefix("chip ") if kinds else "jump" if self._jump else ""
        if kind and kind != self._chip_fault:
            self._chip_fault_s = at_s
        if self._chip_fault and not kind:
            self._chip_well_s = at_s
        self._chip_fault = kind

    def _follow_counter(
        self, facts: Facts, status: Mapping[int, int] | None, is_blind: bool
    ) -> None:
        """What a counter that was zeroed, or jumped, may have cost."""
        for note in facts["notes"]:
            if note == "chip_jump":
                self._jump = 1
            self._lose(facts)
        if self._jump == 1 and (is_blind or status is None):
            self._lose(facts)  # what flows until the jump is seen cannot be told from the jump
        if self._jump and status is not None:
            if status[METERING_STATE] == IMPLAUSIBLE:
                self._jump = 2
            elif self._jump == 2 and not status[METERING_STATE]:
                self._jump = 0
                self._loss_mwh += 2000  # between the last good look and the jump

    def _lose(self, facts: Facts) -> None:
        """Everything that is not in the written registers yet may be lost."""
        unseen_mwh = facts["delivered_mwh"] - self._energy_wh * 1000
        self._loss_mwh = max(self._loss_mwh, unseen_mwh + UNWRITTEN_MWH)

    def _count_purchases(self, facts: Facts) -> None:
        for _identity, name, arguments, stage, _reason in facts["receipts"]:
            if name == COMMANDS["credit"] and stage == APPLIED:
                self._bought[arguments["1"], arguments["0"]] = arguments["2"]
        for _identity, name, arguments, *_outcome in (*facts["sent"], *facts["receipts"]):
            if name == COMMANDS["emergency"]:
                self._emergency_w = arguments["0"]

    def _pending(self, facts: Facts, mode: int) -> tuple[int, ...]:
        """What is sold and may or may not have arrived."""
        open_ones = {
            (arguments["1"], arguments["0"]): arguments["2"]
            for _identity, name, arguments in facts["sent"]
            if name == COMMANDS["credit"] and arguments["1"] == mode
        }
        return tuple(amount for key, amount in open_ones.items() if key not in self._bought)

    def _may_end(self, facts: Facts) -> int:
        """Holds that something under way at the cut may have ended, safe in the ledger."""
        forgiven = 0
        for _identity, name, _arguments in facts["sent"]:
            forgiven |= ENDS.get(name, 0)
        if facts["fell"]:
            forgiven |= FORGIVE_AT_WRITE
            if self.checker.before.get(PASSIVE_VERSION):
                forgiven |= messages.HOLD_CREDIT
        return forgiven

    def _note(self, truth: Truth, status: Mapping[int, int] | None, at_s: float) -> None:
        holds = status[HOLDS] if status else 0
        limit_w = status[LIMIT_W] if status else self.timeline[-1][2] if self.timeline else 0
        names = [*truth.faults, "counter jump"] if self._jump else list(truth.faults)
        if not truth.powered:
            names.append("dark")
        entry = (at_s, truth.load_dw // 10, limit_w, truth.relay_closed, holds, "; ".join(names))
        self.timeline.append(entry)
