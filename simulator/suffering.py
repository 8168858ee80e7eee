"""What a house has to bear, in the words of the inspector: which faults stand, and their price.

It turns the faults and commands of a life into a `Truth`. It must not know a board from inside,
nor choose any fault.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from protocol import commands
from simulator.excuses import Endings, RelayIllness
from simulator.far_end import Order
from simulator.faults import FAULTS, Event
from simulator.judgements import ENERGY_WH, MODE, RELAY
from simulator.truth import Truth

# From the most blinding on; the rest leaves a board something true.
_BLINDING = {
    "chip_silent": "silent",
    "chip_address": "address",
    "chip_zeroed": "zeroed",
    "chip_frozen": "frozen",
}
_CHIP_OTHERS = {"chip_noise": "noisy", "chip_echo": "echoing"}
_COUNTER = ("chip_reset", "chip_jump")
COUNTER_SETTLES_S = 130  # until a jumped counter is the new baseline
_SENSE = ("sense_dead", "sense_live")
_PRESSES = ("button_bounce", "button_stuck")
SETTING_BACK = ("rtc_jump", "far_clock")  # when put right, a clock may go back
_CLOCK = ("rtc_drift", "rtc_jump", "rtc_lost", "far_clock")


class Suffering:
    """Follows one house; `truth` is what the inspector is shown."""

    def __init__(self) -> None:
        self.truth = Truth()
        self._standing: set[str] = set()
        self._relay = RelayIllness()
        self._counter_s = 0.0  # until then the chip's counter is not to be believed
        self._orders: list[Order] = []
        self._bought = {commands.UNIT_ENERGY: 0, commands.UNIT_MONEY: 0, commands.UNIT_DAYS: 0}
        self._emergency_w = 0
        self._booted_s = 0.0
        self._status: Mapping[int, int] | None = None
        self._was_dark = False
        self._endings = Endings()

    def note(self, event: Event, now_s: int, observed: Mapping[str, Any]) -> None:
        """A fault begins or ends now; `observed` is the house just before."""
        if not event.begins:
            self._standing.discard(event.fault)
        elif FAULTS[event.fault].end is not None:
            self._standing.add(event.fault)
        if event.fault in _COUNTER:
            self._counter_s = now_s + COUNTER_SETTLES_S
            self._declare_loss(observed)
        if event.fault in _PRESSES:
            self.press(now_s)
        self.truth.clock_fault = self.truth.clock_fault or event.fault in _CLOCK

    def _declare_loss(self, observed: Mapping[str, Any]) -> None:
        """What the chip has counted and the board not yet registered goes with the counter."""
        if not self._status:
            return
        unread_mwh = observed["delivered_mwh"] - self._status[ENERGY_WH] * 1000
        self.truth.loss_mwh = max(self.truth.loss_mwh, unread_mwh) + 2_000
        # Until the jump is believed, what flows is the jump's.
        self.truth.loss_mwh += observed.get("power_dw", 0) * 100 * COUNTER_SETTLES_S // 3600

    def press(self, now_s: float) -> None:
        """The button was pressed: what it may end may be gone after a cut."""
        self._endings.press(now_s)

    def order(self, order: Order) -> None:
        """A command is on its way, or done."""
        self._orders.append(order)

    def tell(
        self,
        observed: Mapping[str, Any],
        now_s: float,
        pending: Sequence[Order],
        status: Mapping[int, int] | None,
    ) -> Truth:
        """Return the truth of this moment; `pending` are the commands not concluded."""
        truth = self.truth
        truth.mains = observed["mains"]
        truth.relay_closed = observed["relay_closed"]
        truth.load_dw = observed.get("power_dw", 0) if observed["mains"] else 0
        truth.delivered_mwh = observed["delivered_mwh"]
        if status is None:
            truth.cuts += not self._was_dark
        else:
            self._follow_start(now_s - observed["uptime_s"])
        self._was_dark = status is None
        self._tell_chip(now_s)
        truth.relay_fault = self._relay.follow(
            now_s,
            truth,
            is_stuck=observed["relay_stuck"],
            is_sense_wrong=bool(self._standing.intersection(_SENSE)),
            told=None if status is None else bool(status[RELAY]),
        )
        self._tell_orders(pending, status, now_s)
        truth.faults = tuple(sorted(self._standing))
        return truth

    def seen(self, status: Mapping[int, int] | None, now_s: float) -> None:
        """The inspector has looked."""
        if status is not None:
            self._status = status
            self._endings.seen(now_s)

    def _follow_start(self, booted_s: float) -> None:
        """A start that nobody saw coming was a cut too: brown-outs, sags, the watchdog."""
        if booted_s > self._booted_s + 1:
            if self._booted_s and not self._was_dark:
                self.truth.cuts += 1
            self._booted_s = booted_s
        self.truth.booted_s = self._booted_s

    def _tell_chip(self, now_s: float) -> None:
        truth = self.truth
        kinds = [kind for name, kind in _BLINDING.items() if name in self._standing]
        kinds += [kind for name, kind in _CHIP_OTHERS.items() if name in self._standing]
        if now_s < self._counter_s:
            kinds.append("counter")
        kind = kinds[0] if kinds else ""
        if kind != truth.chip_fault:
            truth.chip_fault_s = now_s
            if not kind:
                truth.chip_well_s = now_s
        truth.chip_fault = kind

    def _tell_orders(
        self, pending: Sequence[Order], status: Mapping[int, int] | None, now_s: float
    ) -> None:
        truth = self.truth
        left = []
        for order in self._orders:
            if not order.stage:
                left.append(order)
            elif order.stage == commands.STAGE_APPLIED:
                self._apply(order)
                self._endings.conclude(order.name, now_s)
        self._orders = left
        unit = commands.UNIT_MONEY if status and status[MODE] == 2 else commands.UNIT_ENERGY
        truth.credited = self._bought[unit]
        truth.pending = tuple(
            order.arguments[2] for order in pending if order.name == commands.CREDIT
        )
        truth.emergency_limits_w = (
            self._emergency_w,
            *(o.arguments[0] for o in pending if o.name == commands.SET_EMERGENCY_LIMIT),
        )
        truth.may_end = self._endings.tell(order.name for order in pending)

    def _apply(self, order: Order) -> None:
        if order.name == commands.CREDIT:
            self._bought[order.arguments[1]] += order.arguments[2]
        elif order.name == commands.SET_EMERGENCY_LIMIT:
            self._emergency_w = order.arguments[0]
