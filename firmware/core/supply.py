"""Supply: the holds, what sets and ends each of them, and the relay that follows.

The relay is closed exactly when no hold stands. This module must not know energy registers,
messages or the store. Behaviour: docs/board.md "Holds".
"""

from firmware.core import actions, holds
from firmware.core.account import EXHAUSTED
from firmware.core.ledger import HOLDS, LOW_REPORTED, SUPPLY_ON, SUPPLY_S
from firmware.core.limiter import LOCKED_OUT, Limiter
from firmware.core.metering import OK, Metering
from firmware.core.relay import WELDED, Relay
from protocol import messages
from protocol import programme as wire

MAINS_PRESENT_DV = 500  # 50.0 V


class Supply:
    """Everything between the load that is measured and the relay."""

    def __init__(self, values, clock, recorder):
        self._values = values
        self._clock = clock
        self._recorder = recorder
        self.limiter = Limiter(values)
        self.metering = Metering()
        self.relay = Relay()
        self.holds = 0
        self.actions = 0  # asked for since the caller last cleared them
        self.changed = False  # something that must not be lost; the caller clears it
        self.load_w = 0  # in the unit of the limit: W or VA
        self.trip_w = 0
        self.voltage_dv = 0
        self._start_until_s = 0
        self._driven = False

    def configure(self, load):
        """Take the `load` record of a programme."""
        self.limiter.configure(load)
        self.metering.configure(load[wire.LOAD_SILENT_S], load[wire.LOAD_FAULT_AFTER_S])

    def load(self, passed_s, start_s):
        """Take holds and timers from the ledger and begin the start hold of `start_s` seconds.

        `passed_s` is the time since the ledger was written, 0 when the clock cannot tell.
        """
        uptime_s = self._clock.uptime_s
        self.limiter.load(uptime_s, passed_s)
        self.holds = self._values[HOLDS]
        self._start_until_s = uptime_s + start_s
        if start_s:
            self.holds |= holds.START

    def save(self):
        """Put into the ledger what must outlive a power cut."""
        self.limiter.save(self._clock.uptime_s)
        self._values[HOLDS] = self.holds & holds.LASTING

    def take_back(self):
        """Let the lasting holds be again what the ledger says."""
        self.holds = self.holds & ~holds.LASTING | self._values[HOLDS]

    def judge_load(self, sample):
        """Take a good sample: supply time, load and the limiter's verdict."""
        clock = self._clock
        self.voltage_dv = sample.voltage_dv
        load_dw = self.limiter.measure_dw(sample)
        self.load_w = load_dw // 10
        if not self._driven:
            return
        if not self.relay.closed:
            load_dw = 0  # the chip lags: what it still shows was judged before
            self._recorder.flags |= messages.FLAG_RELAY_OPEN
        elif sample.voltage_dv >= MAINS_PRESENT_DV:
            self._values[SUPPLY_S] += clock.elapsed_s
        verdict = self.limiter.judge(load_dw, clock.elapsed_s, clock.uptime_s)
        if verdict:
            self._trip(verdict)

    def _trip(self, verdict):
        self.trip_w = self.load_w
        self.set_hold(holds.OVERLOAD, True)
        self._recorder.record_event(messages.EVENT_TRIP, self.load_w)
        if verdict == LOCKED_OUT:
            self.set_hold(holds.LOCKOUT, True)
            self._recorder.record_event(messages.EVENT_LOCKOUT, self.wait_until_s())

    def wait_until_s(self):
        """Return the board time at which the button will be accepted, 0 when it is now."""
        left_s = self.limiter.wait_left_s(self._clock.uptime_s)
        return self._clock.time_s + left_s if left_s else 0

    def set_hold(self, hold, stands):
        """Let a hold stand or end."""
        if bool(self.holds & hold) != stands:
            self.holds ^= hold
            self.changed = True
            self.actions |= actions.SEND_STATUS | actions.SHOW

    def review(self, account, is_friendly):
        """Judge the holds that nobody commands; `is_friendly`: no credit cut at this time."""
        uptime_s = self._clock.uptime_s
        self._review_credit(account, is_friendly)
        if self.holds & holds.START and uptime_s >= self._start_until_s:
            self.set_hold(holds.START, False)
        if self.holds & holds.LOCKOUT and not self.limiter.is_locked_out(uptime_s):
            self.set_hold(holds.LOCKOUT, False)
        self.set_hold(holds.FAULT, self.metering.is_faulty())

    def _review_credit(self, account, is_friendly):
        level = account.low_level()
        if level > self._values[LOW_REPORTED]:
            self._values[LOW_REPORTED] = level
            code = messages.EVENT_CREDIT_LOW_1 + level - 1
            self._recorder.record_event(code, account.balance())
            self.changed = True
        if self.holds & holds.CREDIT:
            self.set_hold(holds.CREDIT, not account.is_replenished())
        elif level == EXHAUSTED and not is_friendly:
            self.set_hold(holds.CREDIT, True)

    def follow_window(self, is_open, minute):
        """Let the supply hours stand as they should be at `minute` of the local day."""
        if is_open == bool(self.holds & holds.WINDOW):
            self.set_hold(holds.WINDOW, not is_open)
            code = messages.EVENT_WINDOW_BEGUN if is_open else messages.EVENT_WINDOW_ENDED
            self._recorder.record_event(code, minute)

    def press_button(self):
        """End an overload whose wait is over; the button does nothing else (UP-6)."""
        self.actions |= actions.SHOW
        can_reset = not self.limiter.wait_left_s(self._clock.uptime_s)
        if self.holds & holds.OVERLOAD and can_reset:
            self.set_hold(holds.OVERLOAD, False)
            self._recorder.record_event(messages.EVENT_BUTTON_RESET, self.holds)
        elif self.holds:
            self._recorder.record_event(messages.EVENT_BUTTON_REFUSED, self.holds)

    def drive_relay(self):
        """Give the relay its pulse when the holds want it otherwise; at boot in any case."""
        closed = not self.holds
        if self._driven and self.relay.closed == closed:
            return
        self._driven = True
        self.relay.command(closed, self._clock.uptime_s)
        self.actions |= actions.CLOSE_RELAY if closed else actions.OPEN_RELAY
        self.actions |= actions.SEND_STATUS | actions.SHOW
        if closed != bool(self._values[SUPPLY_ON]):
            self._values[SUPPLY_ON] = 1 if closed else 0
            self.changed = True
            code = messages.EVENT_SUPPLY_ON if closed else messages.EVENT_SUPPLY_OFF
            self._recorder.record_event(code, self.holds)

    def verify_relay(self, load_side_live):
        """Compare the line behind the relay with what the relay was told; pulse again if wrong."""
        if not self._driven:
            return
        mains_present = self.metering.state == OK and self.voltage_dv >= MAINS_PRESENT_DV
        verdict = self.relay.verify(load_side_live, mains_present, self._clock.uptime_s)
        if verdict:
            welded = verdict == WELDED
            self.actions |= actions.OPEN_RELAY if welded else actions.CLOSE_RELAY
            code = messages.EVENT_RELAY_WELD if welded else messages.EVENT_RELAY_MISS
            self._recorder.record_event(code, self.relay.attempts)
