"""A simulated house around the firmware's core alone: plant, chip, relay and memory, no drivers.

The same source runs on CPython, where a day takes half a second, and on the 32-bit interpreter,
where integers are the chip's. A house lives through a plan, a list of [second, action], and shows
what is so (`facts`) after every event. It must not know the invariants, nor who made the plan.
"""

from firmware.core import actions, inputs
from firmware.core.board import Board
from firmware.core.clock import HELD, UNSET
from firmware.core.energy import Sample
from simulator import core_actions
from simulator.core_link import Link
from simulator.core_store import MemoryStore, PowerCut
from simulator.plant.chip import current_ma
from simulator.plant.world import World

PULSE_MS = 60
RTC_SET_FROM_S = 157_852_800  # 2025: what the firmware takes for a clock that was set
RTC_SET_UNTIL_S = 1_073_001_600  # 2054
POWER_ON = 1  # reset cause
PHASES_SHARE_PCT = (50, 30, 20)
CUT_OFF_S = 30
_DARK_STEP_S = 600
_NOTHING = (0,) * 10


class WatchedWorld(World):
    """A world that keeps every change of what flows, to the millisecond."""

    flowing_dw = 0
    flows = None

    def is_dark(self):
        """Whether there is no voltage at the house."""
        return not (self.mains.present and self.mains.supplied)

    def _changed(self):
        World._changed(self)
        if self._power_dw != self.flowing_dw:
            self.flowing_dw = self._power_dw
            if self.flows is not None:
                self.flows.append((self.second, self.ms, self._power_dw))


class CoreHouse:
    """`look(facts)` is called after every event; `phases` is 1 or 3."""

    def __init__(self, start_s, seed, look, profile=None, phases=1, gain_bp=0, make_board=Board):
        self.world = WatchedWorld(start_s, seed, profile, gain_bp)
        self.world.flows = []
        self.world.advance(seed * 37 % 1000)  # its second is not the chip's
        self.store = MemoryStore()
        self.link = Link(self)
        self.board = None
        self.uptime_s = 0
        self.cuts = 0
        self.fell = False  # the last cut was at a write
        self.faults = {}  # name: value, as the plan has set them
        self.cut_off_s = CUT_OFF_S  # how long power is away after a cut at a write
        self._look = look
        self._make_board = make_board
        self._seed = seed
        self._phases = phases
        self._sample = Sample()
        self._sample.phases = phases
        self._last = None  # registers of the chip that the sample shows
        self._frozen = None  # those at which it hangs
        self._late_ms = 0
        self._booted = (start_s, 0)
        self._power_s = None  # when it comes back, in the dark
        self._lasts_ms = None  # of a power that will not stay
        self._power_on()

    def live(self, plan, end_s):
        """Live through `plan`, ascending, up to `end_s`."""
        for at_s, action in plan:
            self._run_until(at_s)
            core_actions.do(self, action)
            self.show()
        self._run_until(end_s)
        self.show()

    def show(self):
        """Something has happened: let it be looked at."""
        self._look(self.facts())

    def facts(self):
        """Everything an inspector needs, as plain values; what gathered is handed over once."""
        world = self.world
        facts = {
            "at": (world.second, world.ms),
            "powered": self.board is not None,
            "booted": self._booted,
            "mains": not world.is_dark(),
            "closed": world.relay.closed,
            "misses": world.relay.misses,
            "load_dw": world.flowing_dw,
            "delivered_mwh": world.delivered_mwh(),
            "cuts": self.cuts,
            "fell": self.fell,
            "faults": self.faults,
            "flows": world.flows,
            "status": self.board.status(self.board.now_s) if self.board else None,
        }
        world.flows = []
        self.link.report(facts)
        return facts

    def tell(self, act):
        """Let `act(board, now_s, uptime_s)` happen outside the tick; False: the power failed."""
        board = self.board
        if not board:
            return False
        try:
            wanted = act(board, board.clock.now_s(self.uptime_s), self.uptime_s)
        except PowerCut:
            self._fall()
            return False
        if wanted:
            self._obey(wanted)
        return True

    def lose_power(self, off_s):
        """The mains go between two writes; they come back after `off_s` seconds."""
        if self.board:
            self.fell = False
            self.world.lose_power()
            self.world.set_mains(False)
            self._go_dark(self.world.second + off_s)

    def follow_inputs(self):
        """Let the board see the lines of its inputs."""
        if self.board:
            world = self.world
            self.board.inputs = (inputs.GENERATOR if world.mains.generator else 0) | (
                inputs.COVER_OPEN if world.cover_open else 0
            )

    def reset(self):
        """The board loses its power and the chip does not."""
        if self.board:
            self.fell = False
            self.world.lose_power()
            self._go_dark(None)
            self._power_on()

    def set_fault(self, name, value):
        """Note for the inspector that something is broken, or well again (0, "")."""
        if value:
            self.faults[name] = value
        else:
            self.faults.pop(name, None)

    def _run_until(self, at_s):
        world = self.world
        while world.second < at_s:
            if self.board:
                self._second()
            else:
                self._sit_in_the_dark(at_s)

    def _second(self):
        """One second of a running board; a cut in it leaves the house dark."""
        world = self.world
        world.advance(1000 - self._late_ms)
        self._late_ms = 0
        if (world.is_dark() or self._lasts_ms is not None) and self._meet_the_dark():
            return
        self.uptime_s = uptime_s = self.uptime_s + 1
        board = self.board
        self._read_chip()
        try:
            wanted = board.tick(
                board.clock.now_s(uptime_s), uptime_s, self._sample, world.load_side_live()
            )
        except PowerCut:
            self._fall()
            return
        if wanted:
            self._obey(wanted)
            self.show()

    def _meet_the_dark(self):
        """The profile has taken the mains, or a brown-out's power does not last; else False."""
        if self._lasts_ms is None:
            self.fell = False
            self.world.lose_power()
            self._go_dark(None)
            return True
        self._lasts_ms -= 1000
        if self._lasts_ms > 0:
            return False
        self.lose_power(self.world.brown_out_s() or CUT_OFF_S)
        return True

    def _read_chip(self):
        """Fill the sample as a driver would out of the ten registers."""
        world = self.world
        if world.disturbance.active:
            self._read_ill_chip(world.disturbance)
            return
        self._frozen = None
        registers = world.chip.input_registers(world.second, world.ms)
        if registers != self._last:
            self._take(registers)

    def _take(self, registers):
        self._last = registers
        sample = self._sample
        sample.valid = True
        sample.voltage_dv = registers[0]
        sample.current_ma = registers[1] | registers[2] << 16
        sample.power_dw = registers[3] | registers[4] << 16
        sample.energy_wh = registers[5] | registers[6] << 16
        sample.frequency_dhz = registers[7]
        sample.power_factor_pct = registers[8]
        sample.apparent_dva = sample.voltage_dv * sample.current_ma // 1000
        if self._phases == 3:
            for phase in range(3):
                power_dw = sample.power_dw * PHASES_SHARE_PCT[phase] // 100
                sample.phase_voltage_dv[phase] = sample.voltage_dv
                sample.phase_power_dw[phase] = power_dw
                sample.phase_apparent_dva[phase] = power_dw
                sample.phase_current_ma[phase] = current_ma(power_dw, sample.voltage_dv, 100)

    def _read_ill_chip(self, disturbance):
        """What a driver makes of a chip with a fault: nothing, zeros, or what it froze at."""
        world = self.world
        registers = world.chip.input_registers(world.second, world.ms)
        if not disturbance.frozen:
            self._frozen = None
        else:
            registers = self._frozen = self._frozen or registers
        is_noise = disturbance.noise_pct and world.chance.below(100) < disturbance.noise_pct
        if disturbance.silent or disturbance.address or is_noise:
            self._sample.valid = False
            self._last = None
        else:
            self._take(_NOTHING if disturbance.zeroed else registers)

    def _obey(self, wanted):
        if wanted & actions.OPEN_RELAY:
            self._pulse(False)
        elif wanted & actions.CLOSE_RELAY:
            self._pulse(True)
        if wanted & actions.SET_CLOCK:
            self.world.set_rtc(self.board.now_s)

    def _pulse(self, closing):
        self.world.drive_coil(closing, 1)
        self.world.advance(PULSE_MS)
        self.world.drive_coil(closing, 0)
        self._late_ms += PULSE_MS

    def _power_on(self):
        world = self.world
        self._power_s = None
        self._lasts_ms = world.next_brown_out_ms()
        self.uptime_s = 0
        self._late_ms = 0
        self._last = None
        self._sample.valid = False
        self._booted = (world.second, world.ms)
        self.link.begin()
        board = self._make_board(self.store)
        rtc_s = world.rtc_s()
        is_set = RTC_SET_FROM_S <= rtc_s < RTC_SET_UNTIL_S
        # Random as a chip's: another number at every start.
        random_s = (self._seed * 7919 + self.cuts * 104_729) % 1_000_003
        try:
            board.start(rtc_s if is_set else 0, HELD if is_set else UNSET, 0, random_s, POWER_ON)
        except PowerCut:
            self._fall()
            return
        self.board = board
        self.follow_inputs()
        self.show()

    def _fall(self):
        """The power has failed in the middle of a write."""
        self.fell = True
        self.world.lose_power()
        self.world.set_mains(False)
        self._go_dark(self.world.second + self.cut_off_s)

    def _go_dark(self, power_s):
        """Nothing of the board runs any more; `power_s`: the second at which mains return."""
        self.board = None
        self.cuts += 1
        self.store.cut_after = None
        self._power_s = power_s
        self.show()

    def _sit_in_the_dark(self, at_s):
        """Until mains return, by the plan or by the profile, or until `at_s`."""
        world = self.world
        if self._power_s is None:
            if world.is_dark():
                world.advance(1000 - world.ms)
            else:
                self._power_on()
            return
        until_s = min(at_s, self._power_s)
        while world.second < until_s:
            world.advance(min(until_s - world.second, _DARK_STEP_S) * 1000 - world.ms)
        if world.second >= self._power_s:
            world.set_mains(True)
            self._power_on()
