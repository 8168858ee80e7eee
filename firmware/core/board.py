"""The board as a whole, without input or output: samples, buttons and commands in, actions out.

Time, randomness and the store are arguments; a month replays exactly. This module joins the rooms
of the core and owns the holds; it must not know pins, files, sockets or clocks.
Behaviour: docs/board.md.
"""

from firmware.core import calendar, holds, ledger, panel
from firmware.core.account import EXHAUSTED, Account
from firmware.core.clock import UNSET, Clock
from firmware.core.door import Door
from firmware.core.energy import (
    IMPLAUSIBLE,
    LEDGER_STEP_S,
    LEDGER_STEP_WH,
    REBASED,
    Energy,
)
from firmware.core.limiter import LOCKED_OUT, Limiter
from firmware.core.metering import OK, Metering
from firmware.core.programmes import NEVER_S, Programmes
from firmware.core.recorder import Recorder
from firmware.core.relay import Relay, WELDED
from protocol import messages, rating, windows
from protocol.limits import COUNTER_BLOCK

OPEN_RELAY = 1
CLOSE_RELAY = 2
PERSIST = 4
SEND_STATUS = 8
SEND_READINGS = 16
SEND_EVENTS = 32
SHOW = 64
SET_CLOCK = 128  # `clock` was set: carry it into a real-time clock if there is one

RECOVERY_S = 10  # so long the boundaries of an outage wait for the chip to tell what it counted
MAINS_PRESENT_DV = 500
REFUSALS_PER_EVENT_S = 60  # refused messages are all counted, but may not flood the ring
RESET_POWER_ON = 1


class Board:
    """One meter board. `store` keeps its records (docs/board.md "Store") and may raise OSError."""

    def __init__(self, store):
        self._store = store
        self._values = ledger.create()
        self.clock = Clock()
        self.energy = Energy(self._values)
        self.metering = Metering()
        self.limiter = Limiter(self._values)
        self.account = Account(self._values)
        self.relay = Relay()
        self.programmes = Programmes(self._values, store)
        self.recorder = Recorder(self._values, store)
        self._door = Door(self, self._values)
        self._local = calendar.LocalTime()
        self.holds = 0
        self.now_s = 0
        self.uptime_s = 0
        self.heap_free_bytes = 0  # whoever can measure it puts it here
        self.profile_request = None  # (first, last) sequence to send again; the uplink clears it
        self.power_w = 0
        self.voltage_v = 0
        self._load_w = 0
        self._trip_w = 0
        self._actions = 0
        self._elapsed_s = 0
        self._start_until_s = 0
        self._minute = -1
        self._recovered = False
        self._relay_driven = False
        self._is_friendly = False
        self._must_persist = False
        self._persisted_wh = 0
        self._persisted_s = 0
        self._uplink_counter = 0
        self._refusal_until_s = 0
        self._message = ("", "")
        self._message_until_s = 0

    # Life

    def start(self, now_s, clock_state, uptime_s, random_s, reset_cause=RESET_POWER_ON):
        """Recover from the store and come up with the holds that were; call once, first.

        `now_s` is board time if `clock_state` is not UNSET, else ignored: time then runs on from
        the last ledger write. `random_s` is any random number ≥ 0 for the start hold.
        `reset_cause` is that of the hello message: 0, 1 count as a power cut.
        """
        values = self._values
        is_new = not self._load_ledger()
        written_s = values[ledger.WRITTEN_S]
        known = clock_state != UNSET and values[ledger.WRITTEN_CLOCK] != UNSET
        passed_s = max(0, now_s - written_s) if known else 0
        self.now_s = now_s if clock_state != UNSET else written_s
        self.uptime_s = uptime_s
        self.clock.set(self.now_s, uptime_s, clock_state)
        values[ledger.BOOTS] += 1
        self._uplink_counter = values[ledger.UPLINK_RESERVED]
        self._persisted_wh = values[ledger.ENERGY_WH]
        self.recorder.recover()
        self.programmes.load()
        self._configure()
        self.account.load()
        self.limiter.load(uptime_s, passed_s)
        self.holds = values[ledger.HOLDS]
        self._begin_start_hold(random_s)
        self._record_boot(is_new, reset_cause, written_s, passed_s)
        self._follow_windows()
        self.persist()

    def _load_ledger(self):
        try:
            return ledger.restore(self._values, self._store.load_ledger())
        except OSError:
            return False

    def _begin_start_hold(self, random_s):
        delay_s = random_s % (self.programmes.active[10] + 1)
        self._start_until_s = self.uptime_s + delay_s
        if delay_s:
            self.holds |= holds.START

    def _record_boot(self, is_new, reset_cause, written_s, passed_s):
        values = self._values
        if not is_new and reset_cause <= RESET_POWER_ON:
            if not values[ledger.POWER_FAILED]:
                self._record_at(written_s, messages.EVENT_POWER_FAILED, 0)
            values[ledger.OUTAGES] += 1
            self._record(messages.EVENT_POWER_RESTORED, passed_s)
            self.recorder.flags |= messages.FLAG_POWER_FAILED
        values[ledger.POWER_FAILED] = 0
        self._record(messages.EVENT_BOOT, reset_cause)

    def power_failing(self, now_s):
        """Save what there is: the power-fail line announces a cut."""
        self.now_s = self._believe(now_s)
        if not self._values[ledger.POWER_FAILED]:
            self._record(messages.EVENT_POWER_FAILED, 0)
            self._values[ledger.POWER_FAILED] = 1
        self.persist()

    def tick(self, now_s, uptime_s, sample, load_side_live):
        """Live through one second; return the actions. Allocates nothing while nothing changes.

        `sample` is what the chip said last (its `valid` tells whether it said anything);
        `load_side_live` what the sense behind the relay sees.
        """
        self._begin(now_s, uptime_s)
        self._measure(sample)
        if self.now_s >= self.programmes.activation_s and self.clock.state != UNSET:
            self._activate()
        if self.now_s // 60 != self._minute:
            self._begin_minute()
        self._verify_relay(load_side_live)
        self._review_holds()
        return self._finish()

    def press_button(self, now_s, uptime_s):
        """Take a press: it ends an overload whose wait is over, and nothing else."""
        self._begin(now_s, uptime_s)
        self._actions |= SHOW
        self._review_holds()
        if self.holds & holds.OVERLOAD and not self.limiter.wait_left_s(uptime_s):
            self._set_hold(holds.OVERLOAD, False)
            self._record(messages.EVENT_BUTTON_RESET, self.holds)
        elif self.holds:
            self._record(messages.EVENT_BUTTON_REFUSED, self.holds)
        return self._finish()

    def apply(self, command, now_s, uptime_s):
        """Apply a command body (docs/wire.md), verified and replay-checked by the caller.

        The outcome is in `receipt_stage` and `receipt_reason`; the actions are returned.
        """
        self._begin(now_s, uptime_s)
        self._door.apply(command)
        self._review_holds()
        return self._finish()

    def _begin(self, now_s, uptime_s):
        self._actions = 0
        elapsed_s = uptime_s - self.uptime_s
        self._elapsed_s = elapsed_s if elapsed_s > 0 else 0
        self.uptime_s = uptime_s
        self.now_s = self._believe(now_s)

    def _believe(self, now_s):
        """Return the time to work with: an unset clock runs on from the last ledger."""
        return self.clock.now_s(self.uptime_s) if self.clock.state == UNSET else now_s

    def _finish(self):
        """Drive the relay as the holds want it and write the ledger when it is due."""
        self._drive_relay()
        values = self._values
        if (
            self._must_persist
            or values[ledger.ENERGY_WH] - self._persisted_wh >= LEDGER_STEP_WH
            or self.uptime_s - self._persisted_s >= LEDGER_STEP_S
        ):
            self.persist()
        return self._actions

    # Energy, load and account

    def _measure(self, sample):
        elapsed_s = self._elapsed_s
        metering = self.metering
        before = metering.state
        self.energy.wait(elapsed_s)
        if metering.judge(sample, elapsed_s):
            outcome = self.energy.count(sample.energy_wh, elapsed_s)
            if outcome == IMPLAUSIBLE:
                metering.doubt(elapsed_s)
            else:
                metering.accept()
                self._take(sample)
                if outcome == REBASED:
                    self._record(messages.EVENT_CHIP_REBASED, self.energy.rebased_from_wh)
        if metering.state != before:
            self._tell_metering(metering.state)

    def _take(self, sample):
        values = self._values
        self._recovered = True
        self.power_w = sample.power_dw // 10
        self.voltage_v = sample.voltage_dv // 10
        self.recorder.observe(sample)
        if self.energy.added_wh:
            self.account.charge(self.energy.added_wh)
        load_dw = self.limiter.measure_dw(sample)
        self._load_w = load_dw // 10
        if not self.relay.closed and self._relay_driven:
            load_dw = 0
            self.recorder.flags |= messages.FLAG_RELAY_OPEN
        elif sample.voltage_dv >= MAINS_PRESENT_DV:
            values[ledger.SUPPLY_S] += self._elapsed_s
        verdict = self.limiter.judge(load_dw, self._elapsed_s, self.uptime_s)
        if verdict:
            self._trip(verdict)

    def _trip(self, verdict):
        self._trip_w = self._load_w
        self._set_hold(holds.OVERLOAD, True)
        self._record(messages.EVENT_TRIP, self._load_w)
        if verdict == LOCKED_OUT:
            self._set_hold(holds.LOCKOUT, True)
            self._record(messages.EVENT_LOCKOUT, self._wait_until_s())

    def _tell_metering(self, state):
        if state == OK:
            self._record(messages.EVENT_METERING_RECOVERED, 0)
        else:
            self.recorder.flags |= messages.FLAG_METERING_FAULT
            self._record(messages.EVENT_METERING_FAULT, state)
        self._actions |= SEND_STATUS

    # Holds and relay

    def _review_holds(self):
        self._review_credit()
        if self.holds & holds.START and self.uptime_s >= self._start_until_s:
            self._set_hold(holds.START, False)
        if self.holds & holds.LOCKOUT and not self.limiter.is_locked_out(self.uptime_s):
            self._set_hold(holds.LOCKOUT, False)
        self._set_hold(holds.FAULT, self.metering.is_faulty())

    def _review_credit(self):
        account = self.account
        level = account.low_level()
        if level > self._values[ledger.LOW_REPORTED]:
            self._values[ledger.LOW_REPORTED] = level
            code = messages.EVENT_CREDIT_LOW_1 + level - 1
            self._record(code, account.balance())
            self._must_persist = True
        if self.holds & holds.CREDIT:
            self._set_hold(holds.CREDIT, not account.is_replenished())
        elif level == EXHAUSTED and not self._is_friendly:
            self._set_hold(holds.CREDIT, True)

    def _set_hold(self, hold, stands):
        if bool(self.holds & hold) != stands:
            self.holds ^= hold
            self._must_persist = True
            self._actions |= SEND_STATUS | SHOW

    def _drive_relay(self):
        closed = not self.holds
        if self._relay_driven and self.relay.closed == closed:
            return
        self._relay_driven = True
        self.relay.command(closed, self.uptime_s)
        self._actions |= SEND_STATUS | SHOW | (CLOSE_RELAY if closed else OPEN_RELAY)
        if closed != bool(self._values[ledger.SUPPLY_ON]):
            self._values[ledger.SUPPLY_ON] = 1 if closed else 0
            self._must_persist = True
            code = messages.EVENT_SUPPLY_ON if closed else messages.EVENT_SUPPLY_OFF
            self._record(code, self.holds)

    def _verify_relay(self, load_side_live):
        if not self._relay_driven:
            return
        mains_present = self.metering.state == OK and self.voltage_v * 10 >= MAINS_PRESENT_DV
        verdict = self.relay.verify(load_side_live, mains_present, self.uptime_s)
        if verdict:
            welded = verdict == WELDED
            self._actions |= OPEN_RELAY if welded else CLOSE_RELAY
            code = messages.EVENT_RELAY_WELD if welded else messages.EVENT_RELAY_MISS
            self._record(code, self.relay.attempts)

    # Once a minute: windows, rates, months, readings

    def _begin_minute(self):
        self._follow_windows()
        if not self._recovered and self.uptime_s < self._start_until_s + RECOVERY_S:
            return  # energy of before the cut belongs before the boundaries that passed since
        self._minute = self.now_s // 60
        self._follow_calendar()
        self._write_readings()

    def _follow_windows(self):
        programme = self.programmes.active
        local = self._local
        local.refresh(self.now_s, programme[3])
        if self.clock.state == UNSET:
            is_open = programme[6]
            self._is_friendly = False
        else:
            is_open = not programme[5] or windows.inside(
                programme[5], local.weekday, local.minute
            )
            self._is_friendly = windows.inside(programme[7][4], local.weekday, local.minute)
        if is_open == bool(self.holds & holds.WINDOW):
            self._set_hold(holds.WINDOW, not is_open)
            code = messages.EVENT_WINDOW_BEGUN if is_open else messages.EVENT_WINDOW_ENDED
            self._record(code, local.minute)

    def _follow_calendar(self):
        if self.clock.state == UNSET:
            return
        tariff = self.programmes.active[8]
        local = self._local
        self.account.follow(local)
        rate = rating.rate_at(tariff, local.weekday, local.minute) if tariff else 0
        self._values[ledger.RATE] = rate

    def _write_readings(self):
        programme = self.programmes.active
        recorder = self.recorder
        if not recorder.is_reading_due(self.now_s, self.clock.state, programme[3], programme[9]):
            return
        self.persist()  # a reading may tell nothing that a cut could take back
        try:
            recorder.write_readings(self.now_s, self.clock.state, programme, self.account)
        except OSError:
            self._minute = -1  # try again
        self._actions |= SEND_READINGS

    # What commands and the network ask for

    @property
    def receipt_stage(self):
        """The stage of the last command: 2 applied, 3 refused, 4 expired."""
        return self._door.stage

    @property
    def receipt_reason(self):
        """The reason of the last command (docs/wire.md, "Reasons")."""
        return self._door.reason

    def disconnect(self):
        """Open the relay until the operator says otherwise."""
        if not self.holds & holds.OPERATOR:
            self._set_hold(holds.OPERATOR, True)
            self._record(messages.EVENT_OPERATOR_DISCONNECTED, 0)

    def reconnect(self):
        """End the operator's hold, no other."""
        if self.holds & holds.OPERATOR:
            self._set_hold(holds.OPERATOR, False)
            self._record(messages.EVENT_OPERATOR_RECONNECTED, 0)

    def keep_programme(self, record):
        """Store a programme for its time; return 0 or the reason of refusal."""
        reason = self.programmes.keep(record)
        if not reason:
            self._record(messages.EVENT_PROGRAMME_STORED, self.programmes.passive_version)
        return reason

    def add_credit(self, amount):
        """Add to the active account; return False when its register would not hold it."""
        if not self.account.credit(amount):
            return False
        self._record(messages.EVENT_CREDIT_ADDED, amount)
        self._actions |= SEND_STATUS | SHOW
        return True

    def resend_readings(self, first, last):
        """Ask the uplink to send readings `first` to `last` again."""
        self.profile_request = (first, last)
        self._actions |= SEND_READINGS

    def show_message(self, text, seconds):
        """Show up to 32 characters on the display for so long."""
        self._message = (text[: panel.WIDTH], text[panel.WIDTH :])
        self._message_until_s = self.uptime_s + seconds
        self._actions |= SHOW

    def set_clock(self, now_s, state):
        """Take board time from an authenticated source, or from a clock that held it."""
        step_s = now_s - self.now_s
        if step_s or self.clock.state == UNSET:
            self._record(messages.EVENT_CLOCK_SET, step_s)
        self.clock.set(now_s, self.uptime_s, state)
        self.now_s = now_s
        self._minute = -1  # windows and boundaries are judged anew
        self._actions |= SET_CLOCK

    @property
    def downlink_counter(self):
        """Highest downlink counter accepted; whoever verifies a message moves it on."""
        return self._values[ledger.DOWNLINK_COUNTER]

    @downlink_counter.setter
    def downlink_counter(self, counter):
        self._values[ledger.DOWNLINK_COUNTER] = counter

    def next_uplink_counter(self):
        """Return a counter never used before, or 0 when the store cannot reserve any."""
        values = self._values
        if self._uplink_counter >= values[ledger.UPLINK_RESERVED]:
            values[ledger.UPLINK_RESERVED] = self._uplink_counter + COUNTER_BLOCK
            if not self.persist():
                values[ledger.UPLINK_RESERVED] = self._uplink_counter
                return 0
        self._uplink_counter += 1
        return self._uplink_counter

    def refuse_message(self, reason):
        """Count a message that was refused unread; `reason` as in docs/wire.md."""
        self._values[ledger.REFUSED_MESSAGES] += 1
        if self.uptime_s >= self._refusal_until_s:
            self._refusal_until_s = self.uptime_s + REFUSALS_PER_EVENT_S
            self._record(messages.EVENT_MESSAGE_REFUSED, reason)

    @property
    def refused_messages(self):
        """Messages refused since birth."""
        return self._values[ledger.REFUSED_MESSAGES]

    @property
    def boots(self):
        """Starts since birth."""
        return self._values[ledger.BOOTS]

    def persist(self):
        """Write the ledger now; return False if the store refused (the next write tries again)."""
        values = self._values
        self.limiter.save(self.uptime_s)
        values[ledger.HOLDS] = self.holds & holds.LASTING
        values[ledger.WRITTEN_S] = self.now_s
        values[ledger.WRITTEN_CLOCK] = self.clock.state
        ledger.seal(values)
        self._must_persist = False
        self._persisted_wh = values[ledger.ENERGY_WH]
        self._persisted_s = self.uptime_s
        self._actions |= PERSIST
        try:
            self._store.save_ledger(values)
        except OSError:
            return False
        return True

    # What can be seen

    def status(self, now_s):
        """Return the status map of docs/wire.md."""
        values = self._values
        account = self.account
        programmes = self.programmes
        waiting = programmes.passive_version
        return {
            0: self.clock.state,
            1: self.holds,
            2: 1 if self.relay.closed else 0,
            3: self.power_w,
            4: self.voltage_v,
            5: values[ledger.ENERGY_WH],
            6: account.balance(),
            7: account.mode,
            8: account.credited_total(),
            9: account.charged_total(),
            10: programmes.active[0],
            11: waiting,
            12: programmes.activation_s if waiting else 0,
            13: self.limiter.limit_w,
            14: self._wait_until_s(),
            15: values[ledger.TRIPS],
            16: values[ledger.OUTAGES],
            17: values[ledger.SUPPLY_S] // 60,
            18: values[ledger.READING_SEQUENCE],
            19: values[ledger.EVENT_SEQUENCE],
            20: self.heap_free_bytes,
            21: self.metering.state,
            22: values[ledger.DOWNLINK_COUNTER],
            23: self._believe(now_s),
        }

    def display_lines(self):
        """Return two lines of at most 16 characters: why off and what to do, or load and balance."""
        account = self.account
        balance = panel.word_balance(account.balance(), account.mode)
        if self.uptime_s < self._message_until_s:
            lines = self._message
        elif self.holds:
            wait_left_s = self.limiter.wait_left_s(self.uptime_s)
            lines = panel.describe_off(self.holds, self._trip_w, wait_left_s, balance)
        else:
            is_low = account.low_level() > 0
            lines = panel.describe_on(
                self._load_w, self.limiter.limit_w, account.mode, balance, is_low
            )
        return lines[0][: panel.WIDTH], lines[1][: panel.WIDTH]

    def _wait_until_s(self):
        left_s = self.limiter.wait_left_s(self.uptime_s)
        return self.now_s + left_s if left_s else 0

    # Programme

    def _activate(self):
        self.account.close_months(self._local)
        if self.programmes.activate():
            if self._configure():
                self.account.restart_month()
            self.recorder.flags |= messages.FLAG_PROGRAMME_CHANGED
            self._record(messages.EVENT_PROGRAMME_ACTIVATED, self.programmes.active[0])
            self._record(messages.EVENT_LIMIT_SET, self.limiter.limit_w)
            self._minute = -1
            self._actions |= SEND_STATUS | SHOW
        self._must_persist = True

    def _configure(self):
        """Let the programme in force take effect; return whether the terms of rating changed."""
        programme = self.programmes.active
        load = programme[4]
        self.limiter.configure(load)
        self.metering.configure(load[7], load[8])
        credit = programme[7]
        return self.account.configure(credit, programme[8], credit[7] or programme[2], programme[3])

    def take_back(self, record):
        """Undo a command whose ledger write failed: `record` is the ledger of before."""
        for index, value in enumerate(ledger.array("i", record)):
            self._values[index] = value
        self.account.load()
        self.holds = self.holds & ~holds.LASTING | self._values[ledger.HOLDS]

    # Events

    def _record(self, code, value):
        self._record_at(self.now_s, code, value)

    def _record_at(self, time_s, code, value):
        self.recorder.record_event(time_s, self.clock.state, code, value)
        self._actions |= SEND_EVENTS
