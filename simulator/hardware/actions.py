"""What can be done to a house from outside, by name: its people, its mains, and every fault.

An action is a map of which one key names it and whose value says how; the other keys are options.
`simulator/faults.py` says the same in words and ranges. It must not know the firmware, nor who
asks.
"""

import machine
import network

from simulator.hardware import memories, rig
from simulator.hardware.flash import REFUSING
from simulator.hardware.torn import MIXED, MODELS
from simulator.plant.world import SENSE_DEAD, SENSE_LIVE

PRESS_MS = 200
_BOUNCE_MS_MAX = 25  # less than what the firmware takes for a press
_SENSES = {"dead": SENSE_DEAD, "live": SENSE_LIVE, "well": None}
_WARNING_MS = 100  # before the supply goes (`firmware/boards`, POWER_FAIL_PIN)
_POWER_ON = 1  # what an ESP32 says after its brown-out detector has reset it


class Actions:
    """`go_dark(power_s)` and `leave(reset_cause)` end the board's process and do not return."""

    def __init__(self, clock, go_dark, leave):
        self._clock = clock
        self._go_dark = go_dark
        self._leave = leave

    def do(self, action):
        """One thing that happens in the house now. Raises ValueError, TypeError."""
        names = [name for name in action if name in _ACTIONS]
        if len(names) != 1:
            raise ValueError(
                "nothing in a house is called %s; one of: %s"
                % (", ".join(action), ", ".join(sorted(_ACTIONS)))
            )
        value = action.pop(names[0])
        _ACTIONS[names[0]](self, value, **action)

    def mains(self, present, off_s=None, warned=False):
        """Give or take the mains; `warned`: the power-fail line announces it before."""
        if warned and not present:
            machine.announce_power_failure(True)
            self._clock.call_at(self._clock.now_ms + _WARNING_MS, lambda: self._cut(off_s))
            return
        rig.look().set_mains(present)
        if not present:
            self._cut(off_s)

    def cut_at_write(self, operations, model=MIXED, off_s=30):
        """Cut the mains in the flash operation after so many more, which it tears."""
        operations = _within(operations, 0, 100_000, "flash operations until the cut")
        if model not in MODELS:
            raise ValueError("a write is torn as one of %s" % (MODELS,))
        seed = rig.look().chance.below(30_000)
        memories.reserve = None
        flash = memories.flashes["flash"]
        flash.cut_after(operations, model, seed, lambda: self._cut(off_s))

    def flash_worn(self, worn):
        """Every block refuses to be erased or written, or they are well again."""
        rig.look().flash_worn = worn
        self.wear_flash()

    def wear_flash(self):
        """Let the flash be as the world says, as after a start."""
        flash = memories.flashes["flash"]
        flash.worn = REFUSING
        flash.endurance = 0 if rig.look().flash_worn else None

    def brown_out(self, times, on_ms=5_000, off_s=10):
        if not (0 < times <= 1000 and 50 <= on_ms <= 30_000 and 1 <= off_s <= 30_000):
            raise ValueError("brown-outs: 1 to 1000, on 50 to 30000 ms, off 1 to 30000 s")
        world = rig.look()
        world.brown_outs = [times, on_ms, off_s]
        self._go_dark(world.second + world.brown_out_s())

    def sag(self, _):
        """The voltage falls so low that the board resets, and not the metering chip."""
        rig.look().lose_power()
        self._leave(_POWER_ON)

    def generator(self, runs):
        rig.look().mains.generator = runs

    def appliance(self, name, **options):
        rig.look().switch(name, **options)

    def main_switch(self, closed):
        rig.look().turn_main_switch(closed)

    def weld(self, welded):
        rig.look().weld(welded)

    def misses(self, pulses):
        rig.look().relay.misses = _within(pulses, 0, 1000, "pulses that a relay misses")

    def bounce_ms(self, duration_ms):
        rig.look().relay.bounce_ms = _within(duration_ms, 0, 2000, "ms that contacts bounce")

    def load_sense(self, says):
        if says not in _SENSES:
            raise ValueError("a load-side sense is dead, live or well, not %s" % says)
        rig.look().load_sense = _SENSES[says]

    def chip(self, fault, value=1):
        rig.look().disturbance.set(fault, value)

    def chip_reset(self, _):
        rig.look().chip.reset_energy()

    def chip_jump_wh(self, energy_wh):
        rig.look().chip.energy_wh += _within(energy_wh, 1, 1_000_000, "Wh that a counter jumps")

    def rtc_ppm(self, ppm):
        rig.look().drift_rtc(_within(ppm, -100_000, 100_000, "ppm that a clock gains"))

    def rtc_jump_s(self, jump_s):
        world = rig.look()
        world.set_rtc(world.rtc_s() + _within(jump_s, -(10**9), 10**9, "s that a clock jumps"))

    def rtc_lost(self, _):
        rig.look().lose_rtc()

    def button(self, _, press_ms=PRESS_MS, bounces=0):
        """Press the button; its contacts bounce so often at either end of the press."""
        press_ms = _within(press_ms, 1, 60_000, "ms that a button is held")
        due_ms = self._clock.now_ms
        for down in (True, False):
            for _ in range(_within(bounces, 0, 20, "bounces of a button")):
                self._move_button(due_ms, down)
                self._move_button(due_ms + 1 + rig.world.chance.below(_BOUNCE_MS_MAX), not down)
                due_ms += _BOUNCE_MS_MAX + 1
            self._move_button(due_ms, down)
            due_ms += press_ms

    def button_stuck(self, stuck):
        rig.look().button_stuck = stuck
        machine.edge(rig.BUTTON_PIN, not stuck)

    def keys(self, keys, press_ms=PRESS_MS):
        """Type on the keypad, one key after the other."""
        press_ms = _within(press_ms, 1, 60_000, "ms that a key is held")
        due_ms = self._clock.now_ms
        for key in keys:
            self._clock.call_at(due_ms, lambda key=key: machine.press_key(key, True))
            due_ms += press_ms
            self._clock.call_at(due_ms, lambda key=key: machine.press_key(key, False))
            due_ms += press_ms

    def power_failing(self, is_failing):
        machine.announce_power_failure(is_failing)

    def cover_open(self, is_open):
        rig.look().cover_open = is_open

    def wifi(self, available):
        rig.look().has_wifi = available
        network.set_available(available)

    def access_point(self, _):
        """Another one takes its place, which the board finds when it looks for one."""
        network.replace_access_point()

    def _cut(self, off_s):
        rig.look().set_mains(False)
        self._go_dark(None if off_s is None else rig.world.second + off_s)

    def _move_button(self, due_ms, down):
        def move():
            rig.look().button_down = down
            machine.edge(rig.BUTTON_PIN, not down)

        if due_ms <= self._clock.now_ms:
            move()
        else:
            self._clock.call_at(due_ms, move)


def _within(value, low, high, what):
    if not low <= value <= high:
        raise ValueError("%s: %d to %d, not %s" % (what, low, high, value))
    return value


_ACTIONS = {
    "mains": Actions.mains,
    "cut_at_write": Actions.cut_at_write,
    "flash_worn": Actions.flash_worn,
    "brown_out": Actions.brown_out,
    "sag": Actions.sag,
    "generator": Actions.generator,
    "appliance": Actions.appliance,
    "main_switch": Actions.main_switch,
    "weld": Actions.weld,
    "misses": Actions.misses,
    "bounce_ms": Actions.bounce_ms,
    "load_sense": Actions.load_sense,
    "chip": Actions.chip,
    "chip_reset": Actions.chip_reset,
    "chip_jump_wh": Actions.chip_jump_wh,
    "rtc_ppm": Actions.rtc_ppm,
    "rtc_jump_s": Actions.rtc_jump_s,
    "rtc_lost": Actions.rtc_lost,
    "button": Actions.button,
    "button_stuck": Actions.button_stuck,
    "cover_open": Actions.cover_open,
    "keys": Actions.keys,
    "power_failing": Actions.power_failing,
    "wifi": Actions.wifi,
    "access_point": Actions.access_point,
}
