"""The steady second: sample, lines and relay are what they were, no timer runs, nothing falls due.

Most seconds of a meter's life are like that. Living through one of them in full would change
nothing but the time and what time adds up; so only that is done, at a tenth of the cost. Whoever
changes anything between two ticks ends the steadiness (`Board._begin`, `persist`, `set_clock`);
the next second is then lived through in full. This module must not decide anything.
"""

from array import array

from firmware.core.clock import UNSET
from firmware.core.energy import LEDGER_STEP_S
from firmware.core.inputs import COVER_OPEN, POWER_FAILING
from firmware.core.ledger import POWER_FAILED, SUPPLY_S

_PHASES = 3


class Steady:
    """Asked in every second; `board` is complete but for this."""

    def __init__(self, board, values):
        self._values = values
        self._clock = board.clock
        self._recorder = board.recorder
        self._supply = board.supply
        self._metering = board.supply.metering
        self._programmes = board.programmes
        self._schedule = board.schedule
        self.until_s = 0  # uptime at which something falls due; 0: not steady
        self._from_s = 0  # uptime of the last second lived through in full
        self._ahead_s = 0  # board time less uptime
        self._is_supplied = False
        self._live = False
        self._inputs = 0
        self._energy_wh = self._power_dw = self._voltage_dv = self._current_ma = 0
        self._apparent_dva = self._frequency_dhz = self._reverse_wh = 0
        self._phases = 1
        self._phase_power_dw = array("i", bytes(4 * _PHASES))
        self._phase_apparent_dva = array("i", bytes(4 * _PHASES))

    def passes(self, now_s, uptime_s, sample, load_side_live, inputs):
        """Live through a second before `until_s` if it is steady; else return False."""
        if (
            not sample.valid
            or sample.power_dw != self._power_dw
            or sample.voltage_dv != self._voltage_dv
            or sample.energy_wh != self._energy_wh
            or sample.current_ma != self._current_ma
            or sample.apparent_dva != self._apparent_dva
            or sample.frequency_dhz != self._frequency_dhz
            or sample.reverse_wh != self._reverse_wh
            or load_side_live != self._live
            or inputs != self._inputs
            or now_s - uptime_s != self._ahead_s
            or self._recorder.has_recorded
            or sample.phases != self._phases
            or (self._phases == _PHASES and not self._has_same_phases(sample))
        ):
            return False
        clock = self._clock
        clock.begin(now_s, uptime_s)
        if self._is_supplied:
            self._values[SUPPLY_S] += clock.elapsed_s
        return True

    def _has_same_phases(self, sample):
        return (
            sample.phase_power_dw == self._phase_power_dw
            and sample.phase_apparent_dva == self._phase_apparent_dva
        )

    def end(self):
        """Let the next second be lived through in full."""
        if self.until_s:
            self.until_s = 0
            self._metering.stand_still(self._clock.uptime_s - self._from_s)

    def judge(self, sample, load_side_live, inputs, written_s):
        """After a second in which nothing was to be done: may the next ones be like it?

        `written_s` is the uptime of the last ledger write.
        """
        if not self._metering.is_calm():
            return
        if not self._supply.is_calm(load_side_live, self._schedule.is_second_limit):
            return
        if inputs & (COVER_OPEN | POWER_FAILING) or self._values[POWER_FAILED]:
            return
        clock = self._clock
        left_s = min(
            60 - clock.time_s % 60,  # what the agenda has for a new minute
            written_s + LEDGER_STEP_S - clock.uptime_s,
            self._metering.calm_left_s(),
            self._supply.calm_left_s(),
        )
        if clock.state != UNSET:
            left_s = min(left_s, self._programmes.activation_s - clock.time_s)
        if left_s <= 1 or clock.is_slewing:
            return
        self._from_s = clock.uptime_s
        self.until_s = clock.uptime_s + left_s
        self._ahead_s = clock.time_s - clock.uptime_s
        self._is_supplied = self._supply.is_supplied()
        self._live = load_side_live
        self._inputs = inputs
        self._remember(sample)

    def _remember(self, sample):
        self._power_dw = sample.power_dw
        self._voltage_dv = sample.voltage_dv
        self._energy_wh = sample.energy_wh
        self._current_ma = sample.current_ma
        self._apparent_dva = sample.apparent_dva
        self._frequency_dhz = sample.frequency_dhz
        self._reverse_wh = sample.reverse_wh
        self._phases = sample.phases
        if sample.phases == _PHASES:
            for phase in range(_PHASES):
                self._phase_power_dw[phase] = sample.phase_power_dw[phase]
                self._phase_apparent_dva[phase] = sample.phase_apparent_dva[phase]
