"""One house as a whole: mains, relay, loads, chip and what has been delivered.

`advance` goes from one change to the next; between changes everything is constant, so energy is
exact: tenths of a watt times milliseconds, in whole watt-hours and a rest. All numbers but sums
stay small integers of a 32-bit chip. It must not know the firmware, and does no I/O but reading
its profile.
"""

from simulator.plant import chips
from simulator.plant.atm90 import ENERGY_END, LAST_DATA, MEASURED
from simulator.plant.chance import Chance
from simulator.plant.disturbance import Disturbance
from simulator.plant.loads import APPLIANCES_MAX, DAY_S, NO_MAINS, Appliance
from simulator.plant.mains import Mains
from simulator.plant.relay import Relay

_WH_DWMS = 36_000_000
_MWH_DWMS = 36_000
_LONGEST_MS = 600_000  # at most this far in one step
_MILLION = 1_000_000
BROWN_OUT_MS_MIN = 50
UTC_OFFSET_S = 19_800
SENSE_DEAD, SENSE_LIVE = 0, 1  # what a broken load-side sense says, whatever the line does


class World:
    """A house at board time `start_s`; everything by chance comes from `seed`."""

    def __init__(self, start_s, seed, profile=None, gain_bp=0, chip=chips.DEFAULT):
        self.second = start_s
        self.ms = 0
        self.button_down = False
        self.button_stuck = False
        self.cover_open = False
        self.has_wifi = True
        self.flash_worn = False
        self.load_sense = None  # SENSE_DEAD or SENSE_LIVE when it is broken
        self.brown_outs = None  # [times left, longest on in ms, longest off in s]
        self._main_switch = True
        self._rtc_offset_s = 0
        self._rtc_ppm = 0  # how much the board's own clock gains
        self._rtc_from_s = start_s  # since when
        self._start_s = start_s
        self.lose_rtc()
        self._profile = profile
        chance = Chance(seed)
        self.mains = Mains(chance)
        self.chance = chance
        self.relay = Relay()
        self.chip = chips.build(chip, chance.below(1000), gain_bp)
        self.disturbance = Disturbance(chance)
        self.appliances = {}
        self._profile_w = 0
        self._profile_var = 0
        self._profile_left_ms = None
        self._energy_wh = 0
        self._rest_dwms = 0
        self._power_dw = 0
        self._phase_dw = (0,) * self.chip.phases
        self.witness = None  # told (second, ms, 0.1 W, contacts closed) at every change of these
        self._witnessed = None
        self._left_ms = 0  # until anything changes
        self._step_ms = 0  # what it was when it was set
        self._load_profile()
        self._changed()

    def advance(self, duration_ms):
        """Let `duration_ms` pass."""
        while duration_ms:
            left_ms = self._left_ms
            step_ms = left_ms if left_ms < duration_ms else duration_ms
            duration_ms -= step_ms
            self._pass(step_ms)
            if step_ms == left_ms:
                self._change()

    def load_side_live(self):
        """Whether the sense behind the contacts says that there is voltage."""
        if self.load_sense is not None:
            return self.load_sense == SENSE_LIVE
        return self.relay.closed and self.mains.voltage_dv() > 0

    def answer(self, request):
        """The metering chip's answer to a frame; nothing when it has no mains."""
        if not self.mains.voltage_dv():
            return b""
        answer = self.chip.answer(request, self.second, self.ms)
        if self.disturbance.active:
            return self.disturbance.spoil(request, answer)
        return answer

    def transfer(self, request):
        """What four octets of SPI to the metering chip read, as a number of 16 bits."""
        disturbance = self.disturbance
        if not self.mains.voltage_dv() or disturbance.silent:
            return 0xFFFF  # nobody drives the line
        chip = self.chip
        value = chip.transfer(request, self.second, self.ms)
        if value is None:
            return 0
        if disturbance.active:
            register = request[1]
            if disturbance.frozen and MEASURED <= register < ENERGY_END:
                value = 0  # what hangs counts nothing
            if register >= MEASURED or (register != LAST_DATA and disturbance.noise_pct):
                value = disturbance.word(register, value)
            if register >= MEASURED and not disturbance.noise_pct:
                chip.last_data = value  # frozen or zeroed it is in the chip, not on the line
        return value

    def rtc_s(self):
        """Board time by the board's own clock, which nobody need have set."""
        gained_s = (self.second - self._rtc_from_s) * self._rtc_ppm // _MILLION
        return self.second + self._rtc_offset_s + gained_s

    def set_rtc(self, board_s):
        """Set the board's own clock, s of board time."""
        self._rtc_offset_s = board_s - self.second
        self._rtc_from_s = self.second

    def lose_rtc(self):
        """The clock's battery is empty: a clock that was never set says 2000."""
        self.set_rtc(-DAY_S * 7305)

    def drift_rtc(self, ppm):
        """From now on the board's own clock gains `ppm` seconds in a million."""
        self.set_rtc(self.rtc_s())
        self._rtc_ppm = ppm

    def lose_power(self):
        """The board goes dark, or resets, at this moment: whatever it held, it lets go."""
        self._settle()
        self.relay.release(self.second % DAY_S * 1000 + self.ms)
        self._changed()

    def next_brown_out_ms(self):
        """Return how long the power that came just now will last, or None: it stays."""
        if not self.brown_outs:
            return None
        self.brown_outs[0] -= 1
        return self.chance.between(BROWN_OUT_MS_MIN, self.brown_outs[1])

    def brown_out_s(self):
        """Return how long the power is away now, or None outside brown-outs."""
        if not self.brown_outs:
            return None
        left, _, off_s_max = self.brown_outs
        if left <= 0:
            self.brown_outs = None
        return self.chance.between(1, off_s_max)

    def drive_coil(self, closing, level):
        """Put current (`level`) through the relay's closing or opening coil, or stop it."""
        now_ms = self.second % DAY_S * 1000 + self.ms
        self._settle()
        self.relay.drive(closing, level, now_ms)
        self._changed()

    def switch(self, name, power_w, inrush_w=0, inrush_ms=0, duty=None, phase=0):
        """Switch the appliance `name` on with `power_w`, or off with 0.

        In a house of three phases it hangs on `phase` 1 to 3, or evenly on all (0).
        """
        self._settle()
        old = self.appliances.get(name)
        if old is None and len(self.appliances) >= APPLIANCES_MAX:
            raise ValueError("a house holds %d appliances" % APPLIANCES_MAX)
        new = Appliance(power_w, inrush_w, inrush_ms, duty, phase)
        if old:
            new.energy_wh = old.energy_wh
            new.rest_dwms = old.rest_dwms
        self.appliances[name] = new
        self._changed()

    def weld(self, welded=True):
        """Weld the relay's contacts shut, or repair them."""
        self._settle()
        self.relay.weld(welded)
        self._changed()

    def set_mains(self, present):
        """Give or take mains by hand; the profile may take them too."""
        self._settle()
        self.mains.present = present
        self._changed()

    def turn_main_switch(self, closed):
        """The consumer's own switch behind the meter: open, the whole house draws nothing."""
        self._settle()
        self._main_switch = closed
        self._changed()

    def delivered_mwh(self):
        """Energy that has passed the relay, in mWh."""
        return self._energy_wh * 1000 + self._rest_dwms // _MWH_DWMS

    def observe(self):
        """Facts of the moment, for people and tests."""
        self._settle()
        self._changed()
        by_name = {}
        for name, appliance in self.appliances.items():
            by_name[name] = appliance.energy_wh * 1000 + appliance.rest_dwms // _MWH_DWMS
        return {
            "t_s": self.second,
            "t_ms": self.ms,
            "relay_closed": self.relay.closed,
            "relay_operations": self.relay.operations,
            "relay_stuck": self.relay.welded or self.relay.misses > 0,
            "mains": self.mains.voltage_dv() > 0,
            "voltage_dv": self.mains.voltage_dv(),
            "generator": self.mains.generator,
            "power_w": self._power_dw // 10,
            "power_dw": self._power_dw,
            "delivered_mwh": self.delivered_mwh(),
            "delivered_by_appliance_mwh": by_name,
            "chip_energy_wh": self.chip.energy_wh,
        }

    def state(self):
        """Everything that must outlive the process, as plain lists."""
        self._settle()
        self._changed()
        appliances = [[name, thing.state()] for name, thing in self.appliances.items()]
        return [
            [self.second, self.ms, self._start_s, self._main_switch],
            [self._rtc_offset_s, self._rtc_ppm, self._rtc_from_s],
            [
                self.button_stuck,
                self.cover_open,
                self.load_sense,
                self.brown_outs,
                self.has_wifi,
                self.flash_worn,
            ],
            self.disturbance.state(),
            [self._energy_wh, self._rest_dwms],
            [self._profile_w, self._profile_var, self._profile_left_ms],
            self.chance.state,
            self.mains.state(),
            self.relay.state(),
            self.chip.state(),
            appliances,
        ]

    def restore(self, state):
        """Go back to what `state` was taken from."""
        (moment, rtc, faults, disturbance,
         energy, profile, chance, mains, relay, chip, appliances) = state  # fmt: skip
        self.second, self.ms, self._start_s, self._main_switch = moment
        self._rtc_offset_s, self._rtc_ppm, self._rtc_from_s = rtc
        self.button_stuck, self.cover_open, self.load_sense, self.brown_outs = faults[:4]
        self.has_wifi, self.flash_worn = faults[4:]
        self.disturbance.restore(disturbance)
        self._energy_wh, self._rest_dwms = energy
        self._profile_w, self._profile_var, self._profile_left_ms = profile
        self.chance.state = chance
        self.mains.restore(mains)
        self.relay.restore(relay)
        self.chip.restore(chip)
        self.appliances = {}
        for name, kept in appliances:
            self.appliances[name] = Appliance(0)
            self.appliances[name].restore(kept)
        self._changed()

    def next_power_s(self):
        """Return the second at which the profile brings mains back to this dark house."""
        elapsed_s = self.second - self._start_s
        for _ in range(DAY_S * 60):
            elapsed_s += self._profile.left_s(elapsed_s, self._first_local_s())
            if self._profile.at(elapsed_s, self._first_local_s())[2] != NO_MAINS:
                break
        return self._start_s + elapsed_s

    def _pass(self, step_ms):
        """`step_ms` in which nothing changes."""
        ms = self.ms + step_ms
        if ms >= 1000:
            self.second += ms // 1000
            ms %= 1000
        self.ms = ms
        self._left_ms -= step_ms
        if self._power_dw:
            rest = self._rest_dwms + self._power_dw * step_ms
            if rest >= _WH_DWMS:
                self._energy_wh += rest // _WH_DWMS
                rest %= _WH_DWMS
            self._rest_dwms = rest
            self.chip.count(step_ms)

    def _change(self):
        """Something's time is over: settle, let it change, look at the whole again."""
        self._settle()
        if self.mains.left_ms == 0:
            self.mains.swing()
        if self.relay.left_ms == 0:
            self.relay.move()
        if self._profile_left_ms == 0:
            self._load_profile()
        for appliance in self.appliances.values():
            if appliance.left_ms == 0:
                appliance.change()
        self._changed()

    def _settle(self):
        """Take the time since the last change off every countdown; count appliances' energy."""
        passed_ms = self._step_ms - self._left_ms
        self._step_ms = self._left_ms
        self.mains.left_ms -= passed_ms
        if self.relay.left_ms is not None:
            self.relay.left_ms -= passed_ms
        if self._profile_left_ms is not None:
            self._profile_left_ms -= passed_ms
        for appliance in self.appliances.values():
            if appliance.left_ms is not None:
                appliance.left_ms -= passed_ms
            if self._power_dw:
                rest = appliance.rest_dwms + appliance.draws_w() * 10 * passed_ms
                appliance.energy_wh += rest // _WH_DWMS
                appliance.rest_dwms = rest % _WH_DWMS

    def _changed(self):
        """Work out what flows now, tell the chip, and when the next change comes."""
        left_ms = min(_LONGEST_MS, self.mains.left_ms)
        demand_w = self._profile_w
        for appliance in self.appliances.values():
            demand_w += appliance.draws_w()
            if appliance.left_ms is not None:
                left_ms = min(left_ms, appliance.left_ms)
        for countdown_ms in (self.relay.left_ms, self._profile_left_ms):
            if countdown_ms is not None:
                left_ms = min(left_ms, countdown_ms)
        self._left_ms = self._step_ms = left_ms
        voltage_dv = self.mains.voltage_dv()
        flows = voltage_dv and self.relay.closed and self._main_switch
        self._power_dw = demand_w * 10 if flows else 0
        if self.witness:
            self._bear_witness()
        self._phase_dw = self._split(demand_w) if flows else (0,) * self.chip.phases
        self._tell_chip(voltage_dv, demand_w)

    def _bear_witness(self):
        flow = (self._power_dw, self.relay.closed)
        if flow != self._witnessed:
            self._witnessed = flow
            self.witness(self.second, self.ms, self._power_dw, self.relay.closed)

    def _tell_chip(self, voltage_dv, demand_w):
        if not voltage_dv:
            self.chip.go_dark()
            return
        factor_pct = 100
        if self._profile_var and demand_w:
            factor_pct = _power_factor_pct(demand_w, self._profile_var)
        self.chip.flow(self.second, self.ms, voltage_dv, self._phase_dw, factor_pct)

    def _split(self, demand_w):
        """Return the load by phase: what hangs on one, and of the rest a third each."""
        if self.chip.phases == 1:
            return (demand_w * 10,)
        by_phase_dw = [0, 0, 0]
        for appliance in self.appliances.values():
            if appliance.phase:
                by_phase_dw[appliance.phase - 1] += appliance.draws_w() * 10
        spread_dw = demand_w * 10 - sum(by_phase_dw)
        for phase in range(3):
            by_phase_dw[phase] += (spread_dw + phase) // 3
        return tuple(by_phase_dw)

    def _load_profile(self):
        if self._profile is None:
            return
        elapsed_s = self.second - self._start_s
        first_s = self._first_local_s()
        self._profile_w, self._profile_var, voltage_dv = self._profile.at(elapsed_s, first_s)
        self.mains.supplied = voltage_dv != NO_MAINS
        self.mains.measured_dv = voltage_dv if self.mains.supplied else 0
        self._profile_left_ms = self._profile.left_s(elapsed_s, first_s) * 1000 - self.ms

    def _first_local_s(self):
        return (self._start_s + UTC_OFFSET_S) % DAY_S


def _power_factor_pct(power_w, reactive_var):
    square = power_w * power_w + reactive_var * reactive_var
    apparent = power_w + reactive_var
    while apparent * apparent > square:  # Newton's root of an integer, from above
        apparent = (apparent + square // apparent) // 2
    return power_w * 100 // apparent
