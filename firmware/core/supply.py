"""Supply: the holds, what sets and ends each of them, and the relay that follows.

The relay is closed exactly when no hold stands. This module must not know energy registers,
messages or the store. Behaviour: docs/board.md "Holds".
"""

from firmware.core import actions, holds
from firmware.core.account import EXHAUSTED
from firmware.core.calendar import DAY_S
from firmware.core.cover import Cover
from firmware.core.feeder import Feeder
from firmware.core.ledger import HOLDS, LOW_REPORTED, RELAY_WELDED, SUPPLY_ON, SUPPLY_S
from firmware.core.limiter import CAUSE_TOTAL, CAUSE_UNBALANCE, LOCKED_OUT, Limiter
from firmware.core.metering import OK, Metering
from firmware.core.pace import Pace
from firmware.core.relay import ALARM, MATCHED, WELDED, Relay
from firmware.core.retry import Retry
from protocol import messages
from protocol import programme as wire

MAINS_PRESENT_DV = 500  # 50.0 V
REFUSED_EVERY_S = 3600  # so often a button that is pressed in vain is told
_TIMED = holds.START | holds.LOCKOUT | holds.OVERLOAD
_ALARM_WELD = 1  # the values of event 1041
_ALARM_MISS = 2


class Supply:
    """Everything between the load that is measured and the relay."""

    def __init__(self, values, clock, recorder):
        self._values = values
        self._clock = clock
        self._recorder = recorder
        self.limiter = Limiter(values)
        self.feeder = Feeder(values, recorder)
        self.retry = Retry(values)
        self.cover = Cover(values, clock, recorder)
        self.metering = Metering(values)
        self.relay = Relay()
        self._pace = Pace()
        self.holds = 0
        self.open_now = None  # opens the relay; without it the action OPEN_RELAY asks for it
        self.actions = 0  # asked for since the caller last cleared them
        self.changed = False  # something that must not be lost; the caller clears it
        self.load_w = 0  # in the unit of the limit: W or VA
        self.trip_w = 0
        self.voltage_dv = 0
        self._load_dw = 0  # last measured with the relay closed
        self._start_until_s = 0
        self._is_suspect = False  # the last frame was whole, and its energy could not be true
        self._driven = False
        self._confirm = 0
        self._refused_holds = 0
        self._refused_until_s = 0  # uptime
        self._tamper_holds = False

    def configure(self, programme):
        """Take what a programme says of load, source and cover."""
        load = programme[wire.LOAD]
        self.limiter.configure(load)
        self.retry.configure(load)
        self.metering.configure(load)
        self.feeder.configure(programme)
        self._confirm = load[wire.LOAD_CONFIRM]
        self._tamper_holds = programme[wire.TAMPER_HOLDS]
        self.limiter.set_limit(self.feeder.limit_w(self._clock.time_s))

    def load(self, passed_s, start_s):
        """Take holds and timers from the ledger and begin the start hold of `start_s` seconds.

        `passed_s` is the time since the ledger was written, 0 when the clock cannot tell.
        """
        uptime_s = self._clock.uptime_s
        waited_s = 0 if self._clock.doubted_by_s else passed_s  # a wild clock ends no wait
        self.limiter.load(uptime_s, waited_s)
        self.retry.load(uptime_s, waited_s)
        self.metering.load()
        self.relay.is_welded = bool(self._values[RELAY_WELDED])
        self.holds = self._values[HOLDS]
        if passed_s > DAY_S and self._confirm & wire.CONFIRM_OUTAGE:
            self.holds |= holds.CONFIRM
        self._start_until_s = uptime_s + start_s
        if start_s:
            self.holds |= holds.START

    def save(self):
        """Put into the ledger what must outlive a power cut."""
        self.limiter.save(self._clock.uptime_s)
        self.retry.save(self._clock.uptime_s)
        self.metering.save()
        self._values[RELAY_WELDED] = 1 if self.relay.is_welded else 0
        self._values[HOLDS] = self.holds & holds.LASTING

    def is_supplied(self):
        """Tell whether the consumer has mains, as far as relay and chip can tell."""
        return self.relay.closed and self.voltage_dv >= MAINS_PRESENT_DV

    def is_calm(self, load_side_live, is_second_hours):
        """Tell whether no timer runs; what stands may have a deadline (`calm_left_s`)."""
        return not (
            (self.retry.has_used and self.relay.closed)
            or self.cover.is_open()
            or not self.feeder.is_calm(is_second_hours)
            or not self.limiter.is_calm()
            or not self.relay.is_calm(load_side_live)
        )

    def calm_left_s(self):
        """Return the seconds until the first deadline of what stands; CALM_MAX_S is none."""
        left_s = self.feeder.calm_left_s(self._clock.time_s)
        if self.holds & _TIMED:
            uptime_s = self._clock.uptime_s
            left_s = min(left_s, self.retry.calm_left_s(uptime_s))
            if self.holds & holds.START:
                left_s = min(left_s, self._start_until_s - uptime_s)
            if self.holds & holds.LOCKOUT:
                left_s = min(left_s, self.limiter.lockout_left_s(uptime_s))
        return left_s

    def is_write_due(self):
        """Tell whether a timer of the protection has run too far ahead of the ledger."""
        is_ahead = self.limiter.is_ahead or self.metering.is_ahead
        return is_ahead and self._pace.is_due(self._clock.uptime_s)

    def take_back(self):
        """Let the lasting holds be again what the ledger says."""
        self.holds = self.holds & ~holds.LASTING | self._values[HOLDS]

    def judge_load(self, sample, counted_wh):
        """Take a good sample: supply time, load and the limiter's verdict."""
        clock = self._clock
        self.voltage_dv = sample.voltage_dv
        load_dw = self.limiter.measure_dw(sample)
        self.load_w = load_dw // 10
        if not self._driven:
            return
        if not self.relay.closed:
            self.relay.meter(load_dw, counted_wh, clock.uptime_s)
            load_dw = 0  # the chip lags: what it still shows was judged before
            self._recorder.flags |= messages.FLAG_RELAY_OPEN
        elif sample.voltage_dv >= MAINS_PRESENT_DV:
            self._values[SUPPLY_S] += clock.elapsed_s
        self._load_dw = load_dw
        self._is_suspect = False
        verdict = self.limiter.judge(load_dw, clock.elapsed_s, clock.uptime_s)
        if self.retry.has_used:
            is_good = self.relay.closed and not (verdict or self.limiter.is_over)
            self.retry.observe(is_good, clock.elapsed_s)
        if verdict:
            self._trip(verdict)

    def suspect_load(self, sample):
        """Take a whole frame whose energy cannot be true: its load may be, if it says so again.

        A counter that jumped says nothing against the power beside it; one bad frame trips nobody.
        """
        is_again, self._is_suspect = self._is_suspect, True
        if is_again and self.relay.closed:
            self._load_dw = max(self._load_dw, self.limiter.measure_dw(sample))
            self.limiter.is_over = True
        self.outwait()

    def outwait(self):
        """Let a second pass without a measurement: an overload goes on, nothing cools down."""
        clock = self._clock
        self.relay.lose_sight()
        if self.relay.closed and self.limiter.is_over:
            verdict = self.limiter.judge(self._load_dw, clock.elapsed_s, clock.uptime_s, False)
            if verdict:
                self._trip(verdict)

    def _trip(self, verdict):
        self.trip_w = self.load_w
        self.set_hold(holds.OVERLOAD, True)
        cause = self.limiter.cause
        if cause != CAUSE_TOTAL:
            value = 0 if cause == CAUSE_UNBALANCE else cause
            self._recorder.record_event(messages.EVENT_PHASE_OVERLOAD, value)
        self._recorder.record_event(messages.EVENT_TRIP, self.load_w)
        if verdict == LOCKED_OUT:
            self.retry.cancel()
            self.set_hold(holds.LOCKOUT, True)
            self._recorder.record_event(messages.EVENT_LOCKOUT, self.wait_until_s())
        else:
            self.retry.begin(self._clock.uptime_s)

    def follow_inputs(self, inputs, is_second_hours):
        """Take the input lines: source and cover; let the limit in force be as they say."""
        if not self.feeder.watch(inputs, is_second_hours) and not self.cover.is_open():
            return
        limit_w = self.feeder.limit_w(self._clock.time_s)
        if limit_w != self.limiter.limit_w:
            self.limiter.set_limit(limit_w)
            self._recorder.record_event(messages.EVENT_LIMIT_SET, limit_w)
            self.changed = True
            self.actions |= actions.SEND_STATUS | actions.SHOW
        was_open = self.cover.is_open()
        if self.cover.watch(inputs):
            self.actions |= actions.SEND_STATUS
            if self._tamper_holds:
                self.set_hold(holds.TAMPER, True)
        if self.cover.is_open() != was_open:
            self.changed = True

    def reconnect(self):
        """End the operator's hold; a person may have to agree before the supply returns."""
        if self.holds & holds.OPERATOR and self._confirm & wire.CONFIRM_OPERATOR:
            self.set_hold(holds.CONFIRM, True)
        self.set_hold(holds.OPERATOR, False)

    def wait_until_s(self):
        """Return the board time at which the button will be accepted, 0 when it is now."""
        left_s = self.limiter.wait_left_s(self._clock.uptime_s)
        return self._clock.time_s + left_s if left_s else 0

    def set_hold(self, hold, stands):
        """Let a hold stand or end."""
        if bool(self.holds & hold) != stands:
            self.holds ^= hold
            if stands and self._driven and self.relay.closed:
                self._pulse(False)  # before anything is written: flash is slow, power may be going
            self.changed = True
            self.actions |= actions.SEND_STATUS | actions.SHOW

    def hold_for_power(self, seconds):
        """Let the start hold stand for so long from now: power is failing, or may be."""
        self._start_until_s = max(self._start_until_s, self._clock.uptime_s + seconds)
        self.set_hold(holds.START, True)

    def review(self, account, is_friendly):
        """Judge the holds that nobody commands; `is_friendly`: no credit cut at this time."""
        self._review_credit(account, is_friendly)
        if self.holds & _TIMED:
            self._end_in_time(self._clock.uptime_s)
        is_fault = self.metering.is_faulty or self.relay.is_welded
        if is_fault != bool(self.holds & holds.FAULT):
            self.set_hold(holds.FAULT, is_fault)

    def _end_in_time(self, uptime_s):
        """End what ends by itself: the start's delay, a lockout, an overload that is retried."""
        if self.holds & holds.START and uptime_s >= self._start_until_s:
            self.set_hold(holds.START, False)
        if self.holds & holds.LOCKOUT and not self.limiter.is_locked_out(uptime_s):
            self.set_hold(holds.LOCKOUT, False)
        if self.retry.is_due(uptime_s) and not self.limiter.wait_left_s(uptime_s):
            self._recorder.record_event(messages.EVENT_RETRY, self.retry.take())
            self.set_hold(holds.OVERLOAD, False)

    def _review_credit(self, account, is_friendly):
        level = account.low_level()
        if level > self._values[LOW_REPORTED]:
            self._values[LOW_REPORTED] = level
            code = messages.EVENT_CREDIT_LOW_1 + level - 1
            self._recorder.record_event(code, account.balance())
            self.changed = True
        if self.holds & holds.CREDIT:
            if account.is_replenished():
                self.set_hold(holds.CREDIT, False)
                if self._confirm & wire.CONFIRM_CREDIT:
                    self.set_hold(holds.CONFIRM, True)
        elif level == EXHAUSTED and not is_friendly:
            self.set_hold(holds.CREDIT, True)

    def follow_window(self, is_open, minute):
        """Let the supply hours stand as they should be at `minute` of the local day."""
        if is_open == bool(self.holds & holds.WINDOW):
            self.set_hold(holds.WINDOW, not is_open)
            code = messages.EVENT_WINDOW_BEGUN if is_open else messages.EVENT_WINDOW_ENDED
            self._recorder.record_event(code, minute)

    def press_button(self):
        """End an overload whose wait is over (UP-6), and confirm a re-closing when it is due."""
        self.actions |= actions.SHOW
        ending = 0
        if self.holds & holds.OVERLOAD and not self.limiter.wait_left_s(self._clock.uptime_s):
            ending = holds.OVERLOAD
            self.retry.cancel()
        if not self.holds & ~(ending | holds.CONFIRM | holds.START):
            ending |= self.holds & holds.CONFIRM
        if ending:
            self.holds &= ~ending
            self.changed = True
            self.actions |= actions.SEND_STATUS
            self._recorder.record_event(messages.EVENT_BUTTON_RESET, self.holds)
        elif self.holds:
            self._refuse_button(self._clock.uptime_s)

    def _refuse_button(self, uptime_s):
        """Tell of a press that changed nothing, but let nobody fill the ring with them."""
        if self.holds != self._refused_holds or uptime_s >= self._refused_until_s:
            self._refused_holds = self.holds
            self._refused_until_s = uptime_s + REFUSED_EVERY_S
            self._recorder.record_event(messages.EVENT_BUTTON_REFUSED, self.holds)

    def drive_relay(self):
        """Give the relay its pulse when the holds want it otherwise; at boot in any case."""
        closed = not self.holds
        if not self._driven or self.relay.closed != closed:
            self._driven = True
            self._pulse(closed)
        if closed != (self._values[SUPPLY_ON] != 0):
            self._values[SUPPLY_ON] = 1 if closed else 0
            self.changed = True
            code = messages.EVENT_SUPPLY_ON if closed else messages.EVENT_SUPPLY_OFF
            self._recorder.record_event(code, self.holds)

    def _pulse(self, closed):
        self.relay.command(closed, self._clock.uptime_s)
        self._ask_for_pulse(closed)
        self.actions |= actions.SEND_STATUS | actions.SHOW

    def _ask_for_pulse(self, closed):
        """Let the caller's actions say the last pulse that is wanted; open at once if possible."""
        self.actions &= ~(actions.OPEN_RELAY | actions.CLOSE_RELAY)
        if closed:
            self.actions |= actions.CLOSE_RELAY
        elif self.open_now:
            self.open_now()
        else:
            self.actions |= actions.OPEN_RELAY

    def verify_relay(self, load_side_live):
        """Compare the line behind the relay with what the relay was told; pulse again if wrong."""
        if not self._driven:
            return
        mains_present = self.metering.state == OK and self.voltage_dv >= MAINS_PRESENT_DV
        verdict = self.relay.verify(load_side_live, mains_present, self._clock.uptime_s)
        if verdict != MATCHED:
            self._tell_relay(verdict)

    def _tell_relay(self, verdict):
        """Tell of a relay that does not follow; what is open and live for good holds the supply.

        Whatever feeds the consumer's line, the supply must not be called off while it is on.
        """
        closed = self.relay.closed
        if verdict == ALARM:
            value = _ALARM_MISS if closed else _ALARM_WELD
            self._recorder.record_event(messages.EVENT_RELAY_ALARM, value)
            self.actions |= actions.SEND_STATUS
            return
        self._ask_for_pulse(verdict != WELDED)
        if self.relay.has_alarm:
            return
        code = messages.EVENT_RELAY_WELD if verdict == WELDED else messages.EVENT_RELAY_MISS
        self._recorder.record_event(code, self.relay.attempts)
