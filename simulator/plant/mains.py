"""The mains at one house: there or not, and at what voltage.

Outages come from the load profile or by hand; swings of the voltage from the seed. It must not
know what hangs on it.
"""

NOMINAL_DV = 2300
_SWING_DV = 120  # EN 50160 allows a tenth; rural feeders use it
_STEP_DV = 15
_HOLD_MS_MIN = 20_000
_HOLD_S_MAX = 120


class Mains:
    """`voltage_dv` is the voltage when present; `left_ms` how long it stays as it is."""

    def __init__(self, chance):
        self._chance = chance
        self.present = True  # by hand
        self.supplied = True  # by the profile
        self.measured_dv = 0  # a voltage in the profile goes before the swings
        self._swing_dv = 0
        self.left_ms = _HOLD_MS_MIN

    def voltage_dv(self):
        """Tenths of a volt at the house's terminals now."""
        if not (self.present and self.supplied):
            return 0
        return self.measured_dv or NOMINAL_DV + self._swing_dv

    def swing(self):
        """`left_ms` is over: take a small step towards or away from the nominal voltage."""
        step = self._chance.between(-_STEP_DV, _STEP_DV)
        self._swing_dv = max(-_SWING_DV, min(_SWING_DV, self._swing_dv + step))
        self.left_ms = _HOLD_MS_MIN + self._chance.below(_HOLD_S_MAX) * 1000

    def state(self):
        """Return all that it holds, as a plain list."""
        return [self.present, self.supplied, self.measured_dv, self._swing_dv, self.left_ms]

    def restore(self, state):
        """Go back to what `state` returned."""
        self.present, self.supplied, self.measured_dv, self._swing_dv, self.left_ms = state
