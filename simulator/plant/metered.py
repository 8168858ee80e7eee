"""What every metering chip's model has: a lag, an energy count without one, and a gain error.

A chip samples the load every `PERIOD_MS` and shows the sample `LATENCY_MS` later; energy is
counted at once. It must not know relay, mains or firmware: it is told what flows.

Time is a pair (second, millisecond), so that every number stays a small integer of the chip.
"""

FREQUENCY_DHZ = 500
WH_DWMS = 36_000_000  # one watt-hour in tenths of a watt times milliseconds
# Phases of a feeder never have the same voltage: what phases 2 and 3 have more than phase 1.
PHASE_OFFSET_DV = (0, 13, -9)
_HISTORY_S = 4  # changes older than this have been shown; one a second is kept


def current_ma(power_dw, voltage_dv, power_factor_pct):
    """Current in mA that goes with a power in 0.1 W at a voltage in 0.1 V."""
    if not voltage_dv or not power_factor_pct:
        return 0
    return abs(power_dw) * 100_000 // (voltage_dv * power_factor_pct)


class Metered:
    """`phase_ms` is when it samples; `gain_bp` its error in 0.01 %; `phases` 1 or 3."""

    LATENCY_MS = 0
    PERIOD_MS = 1000
    baud = 9600  # of its serial line, if it has one

    def __init__(self, phase_ms=0, gain_bp=0, phases=1):
        self.phases = phases
        self._phase_ms = phase_ms % self.PERIOD_MS
        self._gain_bp = gain_bp
        self.energy_wh = 0
        self.reverse_wh = 0
        self._rest_dwms = 0
        self._reverse_rest_dwms = 0
        self._power_dw = 0
        self._dark = (0, (0,) * phases, 100)
        self._history = [(0, 0, self._dark)]

    def flow(self, second, ms, voltage_dv, phase_dw, power_factor_pct):
        """From now on phase n takes `phase_dw[n]` (0.1 W, negative: gives) at `voltage_dv`."""
        shown_dw = tuple([dw + dw * self._gain_bp // 10_000 for dw in phase_dw])
        self._power_dw = sum(shown_dw)
        values = (voltage_dv, shown_dw, power_factor_pct)
        history = self._history
        if history[-1][:2] == (second, ms):
            history[-1] = (second, ms, values)
        elif history[-1][2] != values:
            history.append((second, ms, values))
        while len(history) > 1 and history[1][0] < second - _HISTORY_S:
            history.pop(0)

    def count(self, duration_ms):
        """The load has flowed for `duration_ms`."""
        if self._power_dw < 0:
            rest = self._reverse_rest_dwms - self._power_dw * duration_ms
            self.reverse_wh += rest // WH_DWMS
            self._reverse_rest_dwms = rest % WH_DWMS
            return
        rest = self._rest_dwms + self._power_dw * duration_ms
        if rest >= WH_DWMS:
            self.energy_wh += rest // WH_DWMS
            rest %= WH_DWMS
        self._rest_dwms = rest

    def answer(self, _request, _second, _ms):
        """Return the frame that answers one on a serial line; b"": it has none, or is silent."""
        return b""

    def transfer(self, _request, _second, _ms):
        """Return what four octets on an SPI bus read: 16 ones where nobody listens."""
        return 0xFFFF

    def reset_energy(self):
        """Somebody has zeroed its counters."""
        self.energy_wh = 0
        self.reverse_wh = 0
        self._rest_dwms = 0
        self._reverse_rest_dwms = 0

    def go_dark(self):
        """Mains are gone: only the energy counters survive."""
        self._history = [(0, 0, self._dark)]
        self._power_dw = 0

    def state(self):
        """Return all that it holds, as plain lists."""
        energy = [self.energy_wh, self._rest_dwms, self.reverse_wh, self._reverse_rest_dwms]
        return [energy, self._power_dw, list(self._history)]

    def restore(self, state):
        """Go back to what `state` returned."""
        energy, self._power_dw, history = state
        self.energy_wh, self._rest_dwms, self.reverse_wh, self._reverse_rest_dwms = energy
        self._history = []
        for second, ms, (voltage_dv, phase_dw, factor_pct) in history:
            self._history.append((second, ms, (voltage_dv, tuple(phase_dw), factor_pct)))

    def shown(self, second, ms):
        """Return (0.1 V, 0.1 W by phase, power factor in %) as the chip shows them now."""
        history = self._history
        if len(history) == 1:
            return history[0][2]
        period_ms = self.PERIOD_MS
        since_ms = (ms - self._phase_ms - self.LATENCY_MS) // period_ms * period_ms
        sampled_ms = since_ms + self._phase_ms
        sampled = (second + sampled_ms // 1000, sampled_ms % 1000)
        while len(history) > 1 and history[1][:2] <= sampled:
            history.pop(0)
        return history[0][2]


def phase_voltage_dv(voltage_dv, phase):
    """Return the voltage of phase 0, 1 or 2 of a feeder whose first has `voltage_dv`."""
    return voltage_dv + PHASE_OFFSET_DV[phase] if voltage_dv else 0
