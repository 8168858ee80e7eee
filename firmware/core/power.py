"""The power-fail line: open the supply and save while there is power, and see whether it goes.

Supply is opened with the last of the power: a latching relay would stay closed through the outage,
and give supply when power is back before anything has judged whether it may. A board that lives on
for a minute with its line down has a line that is stuck: it is told once, and not believed until
it was quiet. This module must not know which pin it is, nor what a cut leaves of anything.
"""

from firmware.core.inputs import POWER_FAILING
from firmware.core.ledger import POWER_FAILED
from protocol import messages

BACK_S = 10  # so long the line must have been quiet for the power to be back
STUCK_S = 60  # no supply of ours lives so long without mains
_POWER_LINE = 1  # the value of event 1039; 0 is the button


class Power:
    """`values` is the ledger; `supply` is what is opened, `persist()` writes the ledger."""

    def __init__(self, values, clock, recorder, supply, persist):
        self._values = values
        self._clock = clock
        self._recorder = recorder
        self._supply = supply
        self._persist = persist
        self._began_s = 0  # uptime
        self._failing_s = 0  # uptime at which the line last spoke
        self._is_stuck = False

    def prepare_for_cut(self):
        """The line announces a cut: open the supply and save what there is, once."""
        uptime_s = self._failing_s = self._clock.uptime_s
        if self._is_stuck:
            return
        if not self._values[POWER_FAILED]:
            self._began_s = uptime_s
        elif uptime_s - self._began_s >= STUCK_S:
            self._is_stuck = True
            self._recorder.record_event(messages.EVENT_BUTTON_STUCK, _POWER_LINE)
            return
        self._supply.hold_for_power(BACK_S)
        if not self._values[POWER_FAILED]:
            self._recorder.record_event(messages.EVENT_POWER_FAILED, 0)
            self._values[POWER_FAILED] = 1
            self._persist()

    def watch(self, inputs):
        """Look at the line: it may have been wrong, or the dip too short to stop the board."""
        if inputs & POWER_FAILING:
            self.prepare_for_cut()
        elif self._values[POWER_FAILED]:
            passed_s = self._clock.uptime_s - self._failing_s
            if passed_s >= BACK_S:
                self._values[POWER_FAILED] = 0
                self._is_stuck = False
                self._supply.changed = True
                self._recorder.record_event(messages.EVENT_POWER_RESTORED, passed_s)
