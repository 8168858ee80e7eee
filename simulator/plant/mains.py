"""The mains at one house: there or not, and at what voltage.

Outages come from the load profile or by hand; swings of the voltage from the seed. It must not
know what hangs on it.
"""

NOMINAL_DV = 2300
_SWING_DV = 120  # EN 50160 allows a tenth; rural feeders use it
_STEP_DV = 15
# No feeder stands still: the voltage moves at least every two minutes, by at least 0.1 V, also
# where a profile has measured it. A chip whose numbers do not move is not well.
_HOLD_MS_MIN = 20_000
_HOLD_S_MAX = 100
_FLICKERS = 3


class Mains:
    """`voltage_dv` is the voltage when present; `left_ms` how long it stays as it is."""

    def __init__(self, chance):
        self._chance = chance
        self.present = True  # by hand
        self.supplied = True  # by the profile
        self.measured_dv = 0  # a voltage in the profile goes before the swings
        self.generator = False  # the line that says where the supply comes from
        self._swing_dv = 0
        self._flicker_dv = 0  # on top of a measured voltage
        self.left_ms = _HOLD_MS_MIN

    def voltage_dv(self):
        """Tenths of a volt at the house's terminals now."""
        if not (self.present and self.supplied):
            return 0
        if self.measured_dv:
            return self.measured_dv + self._flicker_dv
        return NOMINAL_DV + self._swing_dv

    def swing(self):
        """`left_ms` is over: take a small step towards or away from the nominal voltage."""
        step = self._chance.between(1, _STEP_DV)
        if self._chance.below(2):
            step = -step
        if abs(self._swing_dv + step) > _SWING_DV:
            step = -step
        self._swing_dv += step
        self._flicker_dv = (self._flicker_dv + 1 + self._chance.below(_FLICKERS - 1)) % _FLICKERS
        self.left_ms = _HOLD_MS_MIN + self._chance.below(_HOLD_S_MAX) * 1000

    def state(self):
        """Return all that it holds, as a plain list."""
        return [self.present, self.supplied, self.measured_dv, self._swing_dv, self.left_ms,
                self.generator, self._flicker_dv]  # fmt: skip

    def restore(self, state):
        """Go back to what `state` returned."""
        (self.present, self.supplied, self.measured_dv, self._swing_dv, self.left_ms,
         self.generator, self._flicker_dv) = state  # fmt: skip
