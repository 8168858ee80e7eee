"""How long an overload may last: the load that truly flows, judged by the bands of a programme.

A chip looks once a second and shows what it saw later; so of every stretch over a threshold one
second may have escaped it, and of every stretch under it one second may have been added. What is
left after that is an overload that no board may miss, however it measures. This module must not
know the firmware.
"""

from dataclasses import dataclass

from simulator.truth import CHIP_LAG_S, Limits

MISSED_S = 1.0  # of each stretch, by looking once a second
NEVER_S = float("inf")


@dataclass
class Band:
    """One band: at or over `threshold_dw` for `seconds`, with the leaky timer of this load."""

    threshold_dw: float
    seconds: int
    timer_s: float = 0.0
    is_over: bool = False

    def pass_time(self, load_dw: float, passed_s: float) -> None:
        """The load was `load_dw` for `passed_s`."""
        is_over = load_dw >= self.threshold_dw
        if is_over != self.is_over:
            self.is_over = is_over
            # The first look at a new overload may be late: that is in the chip's lag already.
            if self.timer_s > 0:
                self.timer_s -= MISSED_S
        self.timer_s = self.timer_s + passed_s if is_over else max(0.0, self.timer_s - passed_s)

    def left_s(self) -> float:
        """How long the load may go on as it is; NEVER_S while it is under the threshold."""
        return self.seconds - self.timer_s if self.is_over else NEVER_S


class OverloadWatch:
    """The bands' timers for one house; `gain_bp` is how much less the chip may show, in 0.01 %."""

    def __init__(self, gain_bp: int = 0) -> None:
        self._gain_bp = gain_bp
        self._bands: list[Band] = []
        self._load_dw = 0.0
        self._at_s = 0.0
        self._limits: Limits | None = None
        self._limit_w = 0
        self._part = 1.0

    def configure(self, limits: Limits, limit_w: int, at_s: float) -> None:
        """Judge by these bands of `limit_w` from `at_s` on; every timer then starts anew."""
        if limits is self._limits and limit_w == self._limit_w:
            return
        self._pass(at_s)
        self._limits = limits
        self._limit_w = limit_w
        part = 1 + self._gain_bp / 10_000
        self._bands = [
            # A watt over the threshold: the chip rounds, and its volts and amperes do too.
            Band(limit_w * percent / 10 * part + 10, seconds)
            for percent, seconds in limits.bands
        ]

    def flow(self, at_s: float, load_dw: float) -> None:
        """From `at_s` on `load_dw` (0.1 W, or 0.1 VA) flows through the relay."""
        self._pass(at_s)
        self._load_dw = load_dw

    def sight(self, at_s: float, part: float) -> None:
        """From `at_s` on the chip tells the truth in at least this `part` of the seconds."""
        self._pass(at_s)
        if part < self._part:
            for band in self._bands:  # what it had not shown yet, it will not show
                band.timer_s = max(0.0, band.timer_s - CHIP_LAG_S)
        self._part = part

    def reset(self, at_s: float) -> None:
        """The relay has opened, or the power was cut: every timer starts from zero."""
        self._at_s = at_s
        for band in self._bands:
            band.timer_s = 0.0
            band.is_over = False

    def overrun_s(self, at_s: float) -> float:
        """Return for how long at `at_s` a band has been over; negative: it is not."""
        self._pass(at_s)
        return -min((band.left_s() for band in self._bands), default=NEVER_S)

    def _pass(self, at_s: float) -> None:
        passed_s = at_s - self._at_s
        if passed_s <= 0:
            return
        self._at_s = at_s
        passed_s *= self._part
        for band in self._bands if self._part else ():
            band.pass_time(self._load_dw, passed_s)
