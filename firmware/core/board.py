"""The board as a whole, without input or output: samples, buttons and commands in, actions out.

Time, randomness and the store are arguments; a month replays exactly. This module joins the rooms
of the core; it must not know pins, files, sockets or clocks. Behaviour: docs/board.md.
"""

from firmware.core import doubts, energy, ledger, panel, recovery, report
from firmware.core.account import Account
from firmware.core.actions import (
    PERSIST,
    SEND_EVENTS,
    SEND_READINGS,
    SEND_STATUS,
    SET_CLOCK,
    SHOW,
)
from firmware.core.agenda import Agenda
from firmware.core.clock import UNSET, Clock
from firmware.core.counters import Counters
from firmware.core.door import Door
from firmware.core.metering import OK
from firmware.core.power import Power
from firmware.core.programmes import Programmes
from firmware.core.purchases import Purchases
from firmware.core.recorder import Recorder
from firmware.core.schedule import Schedule
from firmware.core.steady import Steady
from firmware.core.supervision import Supervision
from firmware.core.supply import Supply
from firmware.core.texts import WIDTH
from firmware.core.tokens import Tokens
from firmware.core.usage import Usage
from protocol import messages
from protocol import programme as wire

RECOVERY_S = 10  # so long what fell due in an outage waits for the chip to tell what it counted
WRITE_AGAIN_S = 2  # after a ledger write that failed
RESET_POWER_ON = 1  # as in the hello message; 0 is unknown and counts as a power cut too


class Board:
    """One meter board. `store` keeps its records (docs/board.md "Store") and may raise OSError."""

    def __init__(self, store):
        self._store = store
        values = self._values = ledger.create()
        self.clock = Clock()
        self.schedule = Schedule()
        zone = self.schedule.zone
        self.recorder = Recorder(values, store, self.clock, zone)
        self.energy = energy.Energy(values)
        self.account = Account(values, self.clock, zone)
        self.supply = Supply(values, self.clock, self.recorder)
        self.programmes = Programmes(values, store)
        self.counters = Counters(values, self.clock, self.recorder, self.persist)
        self.supervision = Supervision(values, self.clock, self.recorder)
        self._power = Power(values, self.clock, self.recorder, self.supply, self.persist)
        self.usage = Usage(values, self.account)
        self.purchases = Purchases(values, self.account)
        self.tokens = Tokens(self, values, self.purchases)
        self._agenda = Agenda(self, values)
        self._door = Door(self, values)
        self._steady = Steady(self, values)
        self._actions = 0
        self._recovered = False
        self._ready_s = 0  # uptime
        self._persisted_wh = 0
        self._persisted_s = 0
        self._retry_s = WRITE_AGAIN_S
        self._message = ("", "")
        self._message_until_s = 0
        self.inputs = 0  # the lines of firmware/core/inputs.py; whoever reads the pins sets them
        self.power_w = 0
        self.heap_free_bytes = 0  # whoever can measure it puts it here
        self.profile_request = None  # (first, last) sequence to send again; the uplink clears it

    def start(
        self,
        now_s,
        clock_state,
        uptime_s,
        random_s,
        reset_cause=RESET_POWER_ON,
        counter_is_new=False,
    ):
        """Recover from the store and come up with the holds that were; call once, first.

        `now_s` is board time if `clock_state` is not UNSET, else ignored: time then runs on from
        the last ledger write. `random_s` is any random number ≥ 0, for the start hold.
        `counter_is_new`: the chip's energy counter began anew with this start.
        """
        values = self._values
        found = recovery.load(values, self._store)
        if found == recovery.LOST:
            recovery.rebuild(values, self._store)
            self.purchases.close_before(values[ledger.KNOWN_S])
        written_s = values[ledger.WRITTEN_S]
        is_known = clock_state != UNSET and values[ledger.WRITTEN_CLOCK] != UNSET
        self._ready_s = uptime_s + RECOVERY_S
        self.clock.uptime_s = uptime_s
        self.clock.known_s = values[ledger.KNOWN_S]
        self.clock.set(now_s if clock_state != UNSET else written_s, clock_state)
        passed_s = max(0, self.clock.time_s - written_s) if is_known else 0
        values[ledger.BOOTS] += 1
        if counter_is_new:
            self.energy.forget_counter()
        self.counters.load()
        self.tokens.load()
        self.recorder.recover()
        self.programmes.load()
        self._agenda.configure()
        self.account.load()
        self.account.resume()
        self.supply.load(passed_s, random_s % (self.programmes.active[wire.START_DELAY_S] + 1))
        is_first = found == recovery.NEW
        recovery.record_boot(values, self.recorder, is_first, reset_cause, written_s, passed_s)
        doubts.judge_store(self, recovery.trouble_of(self._store), found == recovery.LOST)
        doubts.report(self)
        self._agenda.follow_windows()
        self.persist()

    def power_failing(self, now_s):
        """The power-fail line announces a cut: prepare for it and return the actions."""
        self._begin(now_s, self.clock.uptime_s)
        self._power.prepare_for_cut()
        return self._finish()

    def tick(self, now_s, uptime_s, sample, load_side_live):
        """Live through one second; return the actions. Allocates nothing while nothing changes.

        `sample` is what the chip said last (`valid` tells whether it said anything);
        `load_side_live` is what the sense behind the relay sees.
        """
        steady = self._steady
        if uptime_s < steady.until_s and steady.passes(
            now_s, uptime_s, sample, load_side_live, self.inputs
        ):
            return 0
        self._begin(now_s, uptime_s)
        if self.inputs or self._values[ledger.POWER_FAILED]:
            self._power.watch(self.inputs)
        self.supply.follow_inputs(self.inputs, self.schedule.is_second_limit)
        self._measure(sample)
        # Energy from before a cut belongs before everything that fell due since.
        if self._recovered or uptime_s >= self._ready_s:
            self._agenda.review()
        self.supply.verify_relay(load_side_live)
        wanted = self._finish()
        if not wanted & ~PERSIST:
            steady.judge(sample, load_side_live, self.inputs, self._persisted_s)
        return wanted

    def press_button(self, now_s, uptime_s):
        """Take a press of the button; return the actions."""
        self._begin(now_s, uptime_s)
        self.supply.review(self.account, self.schedule.is_friendly)
        self.supply.press_button()
        return self._finish()

    def accept_emergency(self, now_s, uptime_s):
        """Take the emergency credit if it is offered (a long press); return the actions."""
        self._begin(now_s, uptime_s)
        self.account.accept_emergency()
        self._actions |= SHOW
        return self._finish()

    def apply(self, command, now_s, uptime_s):
        """Apply a command body (docs/wire.md), verified and replay-checked by the caller.

        The outcome is in `receipt_stage` and `receipt_reason`; the actions are returned.
        """
        self._begin(now_s, uptime_s)
        self.clock.learn(command[1])
        self._door.apply(command)
        self.supply.follow_inputs(self.inputs, self.schedule.is_second_limit)
        self._actions |= SEND_STATUS | SHOW
        return self._finish()

    def enter_token(self, digits, now_s, uptime_s):
        """Take the 20 digits of a token; the answer is in `tokens`; the actions are returned."""
        self._begin(now_s, uptime_s)
        self.tokens.enter(digits)
        self._actions |= SEND_STATUS | SHOW
        return self._finish()

    def has_concluded(self, identity):
        """Tell whether a command with this identity would only get its last receipt again."""
        return self._door.has_concluded(identity)

    def _begin(self, now_s, uptime_s):
        if self._steady.until_s:
            self._steady.end()
        self.supply.actions = self._agenda.actions = 0
        self.clock.begin(now_s, uptime_s)
        self._actions = SET_CLOCK if self.clock.has_settled else 0

    def _finish(self):
        """Judge the holds, drive the relay and write the ledger when that is due."""
        supply = self.supply
        supply.review(self.account, self.schedule.is_friendly)
        supply.drive_relay()
        if (
            supply.changed
            or self.account.changed
            or self._values[ledger.ENERGY_WH] - self._persisted_wh >= energy.LEDGER_STEP_WH
            or self.clock.uptime_s - self._persisted_s >= energy.LEDGER_STEP_S
            or supply.is_write_due()
        ):
            self.persist()
        if self.account.notices:
            self._tell_notices()
        if self.recorder.has_recorded:
            self.recorder.has_recorded = False
            self._actions |= SEND_EVENTS
        return self._actions | supply.actions | self._agenda.actions

    def _tell_notices(self):
        """Record what the account has to tell; the ledger that says so is written already."""
        for code, value in self.account.notices:
            self.recorder.record_event(code, value)
        self.account.notices.clear()
        self._actions |= SEND_STATUS | SHOW

    def _measure(self, sample):
        elapsed_s = self.clock.elapsed_s
        metering = self.supply.metering
        before = metering.state
        self.energy.wait(elapsed_s)
        if not metering.judge(sample, elapsed_s):
            self.supply.outwait()
        else:
            self._count(sample, elapsed_s)
        if metering.state != before:
            self._report_metering(metering.state)

    def _count(self, sample, elapsed_s):
        is_fed_back = sample.reverse_wh != self._values[ledger.CHIP_REVERSE_WH]
        if is_fed_back and self.energy.count_reverse(sample.reverse_wh):
            self.supply.changed = True
        outcome = self.energy.count(sample.energy_wh, elapsed_s)
        if outcome == energy.IMPLAUSIBLE:
            self.supply.metering.doubt(elapsed_s)
            self.supply.suspect_load(sample)
            return
        self.supply.metering.accept(elapsed_s)
        self._take(sample)
        if outcome == energy.REBASED:
            self.supply.changed = True  # the chip cannot tell any more what was counted so far
            self.recorder.record_event(messages.EVENT_CHIP_REBASED, self.energy.rebased_from_wh)

    def _take(self, sample):
        self._recovered = True
        self.power_w = sample.power_dw // 10
        self.recorder.observe(sample)
        if self.energy.added_wh:
            self.account.charge(self.energy.added_wh)
        self.supply.judge_load(sample, self.energy.added_wh)

    def _report_metering(self, state):
        if state == OK:
            self.recorder.record_event(messages.EVENT_METERING_RECOVERED, 0)
        else:
            self.recorder.flags |= messages.FLAG_METERING_FAULT
            self.recorder.record_event(messages.EVENT_METERING_FAULT, state)
        self._actions |= SEND_STATUS

    def persist(self):
        """Write the ledger now; return False if the store refused (the next write tries again)."""
        values = self._values
        self._steady.end()
        self.supply.save()
        self.tokens.save()
        self.supply.changed = False
        self.account.changed = False
        values[ledger.WRITTEN_S] = self.clock.time_s
        values[ledger.WRITTEN_CLOCK] = self.clock.state
        values[ledger.KNOWN_S] = self.clock.known_s
        ledger.seal(values)
        self._persisted_wh = values[ledger.ENERGY_WH]
        self._persisted_s = self.clock.uptime_s
        self._actions |= PERSIST
        try:
            self._store.save_ledger(values)
        except OSError:
            # Soon again, if only this one failed; ever later, if the flash is dead.
            self._persisted_s -= energy.LEDGER_STEP_S - self._retry_s
            self._retry_s = min(2 * self._retry_s, energy.LEDGER_STEP_S)
            return False
        self._retry_s = WRITE_AGAIN_S
        return True

    def take_back(self, record):
        """Undo a command whose ledger write failed: `record` is the ledger of before."""
        ledger.take_back(self._values, record)
        self.account.load()
        self.programmes.load()
        self.supply.take_back()
        self.persist()

    def set_clock(self, now_s, state):
        """Take board time from an authenticated source (`state` SYNCED), or one that held it.

        A difference of a few seconds is made up bit by bit. A synced clock takes no other time.
        """
        if state < self.clock.state:
            return
        self._steady.end()
        step_s = self.clock.adjust(now_s, state)
        if step_s:
            self.recorder.record_event(messages.EVENT_CLOCK_SET, step_s)
        doubts.report(self)
        self._agenda.begin_anew()
        self._actions |= SET_CLOCK

    def resend_readings(self, first, last):
        """Ask the uplink to send readings `first` to `last` again."""
        self.profile_request = (first, last)
        self._actions |= SEND_READINGS

    def show_message(self, text, seconds):
        """Show up to 32 characters on the display for so long."""
        self._message = (text[:WIDTH], text[WIDTH:])
        self._message_until_s = self.clock.uptime_s + seconds

    @property
    def receipt_stage(self):
        """The stage of the last command: 2 applied, 3 refused, 4 expired."""
        return self._door.stage

    @property
    def receipt_reason(self):
        """The reason of the last command (docs/wire.md, "Reasons")."""
        return self._door.reason

    @property
    def now_s(self):
        """Board time of the present moment."""
        return self.clock.time_s

    @property
    def uptime_s(self):
        """Uptime of the present moment."""
        return self.clock.uptime_s

    @property
    def holds(self):
        """The standing holds, a bit mask."""
        return self.supply.holds

    @property
    def boots(self):
        """Starts since birth."""
        return self._values[ledger.BOOTS]

    @property
    def downlink_counter(self):
        """Highest downlink counter accepted; whoever verifies a message moves it on."""
        return self._values[ledger.DOWNLINK_COUNTER]

    @downlink_counter.setter
    def downlink_counter(self, counter):
        self._values[ledger.DOWNLINK_COUNTER] = counter

    def next_uplink_counter(self):
        """Return an uplink counter never used before, or 0 when the store cannot reserve any."""
        return self.counters.next_uplink()

    def refuse_message(self, reason):
        """Count a message that was refused unread; `reason` as in docs/wire.md."""
        self.counters.refuse(reason)

    @property
    def refused_messages(self):
        """Messages refused since birth."""
        return self._values[ledger.REFUSED_MESSAGES]

    def status(self, now_s):
        """Return the status map of docs/wire.md."""
        return report.status(self, self._values, now_s)

    def message_lines(self):
        """Return the two lines of a message that stands on the display now, or None."""
        return self._message if self.clock.uptime_s < self._message_until_s else None

    def display_lines(self):
        """Return two lines of at most 16 characters: why off and what to do, or load, balance."""
        return self.message_lines() or panel.explain(self)
