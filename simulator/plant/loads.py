"""What the people of a house have switched on: a recorded profile, and appliances by name.

It must not know whether the relay lets anything flow: it says what would be drawn.
"""

import struct

MAGIC = b"BLP1"
HEADER = "<4sHHI"  # magic, step in s, (unused), first second of the day; then the records
HEADER_BYTES = 12
RECORD = "<HHH"  # W, var, 0.1 V (0: not measured, NO_MAINS: outage)
RECORD_BYTES = 6
NO_MAINS = 0xFFFF
DAY_S = 86_400
APPLIANCES_MAX = 32
APPLIANCE_MAX_W = 60_000  # as much as a profile may draw (simulator.profile.POWER_W_MAX)


class Profile:
    """Steps of equal length from `file` (binary, open for reading); whole days that repeat."""

    def __init__(self, file, size_bytes):
        self._file = file
        magic, self.step_s, _, self.first_s = struct.unpack(HEADER, file.read(HEADER_BYTES))
        if magic != MAGIC:
            raise ValueError("not a load profile made by simulator.profile")
        self._count = (size_bytes - HEADER_BYTES) // RECORD_BYTES

    def at(self, elapsed_s, first_local_s):
        """Return (W, var, 0.1 V) `elapsed_s` after a start at second `first_local_s` of a day."""
        position_s = (first_local_s - self.first_s) % DAY_S + elapsed_s
        self._file.seek(HEADER_BYTES + position_s // self.step_s % self._count * RECORD_BYTES)
        return struct.unpack(RECORD, self._file.read(RECORD_BYTES))

    def left_s(self, elapsed_s, first_local_s):
        """Return how long the step at that moment lasts on, in s."""
        return self.step_s - ((first_local_s - self.first_s) % DAY_S + elapsed_s) % self.step_s


class Appliance:
    """One thing with a plug: `power_w`, an inrush, a duty cycle such as a thermostat's, a phase.

    Raises ValueError.
    """

    def __init__(self, power_w, inrush_w=0, inrush_ms=0, duty=None, phase=0):
        if not (0 <= power_w <= APPLIANCE_MAX_W and 0 <= inrush_w <= APPLIANCE_MAX_W):
            raise ValueError("an appliance draws 0 to %d W" % APPLIANCE_MAX_W)
        if duty and min(duty) < 1:
            raise ValueError("a duty cycle is at least 1 s on and 1 s off")
        if phase not in (0, 1, 2, 3):
            raise ValueError("a phase is 1 to 3, or 0 for all")
        self.power_w = power_w
        self.inrush_w = inrush_w
        self.inrush_ms = inrush_ms
        self.duty = duty  # [on_s, off_s] or None
        self.phase = phase  # 1 to 3; 0: on all alike
        self.heating = True
        self.surging = False
        self.left_ms = None  # until it changes by itself
        self.energy_wh = 0
        self.rest_dwms = 0
        self._start()

    def draws_w(self):
        """Return what it draws now, W, if there is voltage."""
        if not self.heating:
            return 0
        return self.inrush_w if self.surging else self.power_w

    def change(self):
        """`left_ms` is over: the inrush ends, or the thermostat switches."""
        if self.surging:
            self.surging = False
            self.left_ms = self.duty[0] * 1000 - self.inrush_ms if self.duty else None
        elif self.heating:
            self.heating = False
            self.left_ms = self.duty[1] * 1000
        else:
            self.heating = True
            self._start()

    def _start(self):
        self.surging = self.inrush_ms > 0
        if self.surging:
            self.left_ms = self.inrush_ms
        else:
            self.left_ms = self.duty[0] * 1000 if self.duty else None

    def state(self):
        """Return all that it holds, as a plain list."""
        return [self.power_w, self.inrush_w, self.inrush_ms, self.duty, self.heating, self.surging,
                self.left_ms, self.energy_wh, self.rest_dwms, self.phase]  # fmt: skip

    def restore(self, state):
        """Go back to what `state` returned."""
        (self.power_w, self.inrush_w, self.inrush_ms, self.duty, self.heating, self.surging,
         self.left_ms, self.energy_wh, self.rest_dwms, self.phase) = state  # fmt: skip
