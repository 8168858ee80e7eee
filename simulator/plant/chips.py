"""Which metering chips a simulated house can have, by the names of the board definitions."""

from simulator.plant.atm90 import Atm90e32
from simulator.plant.chip import Chip
from simulator.plant.eastron import Eastron

DEFAULT = "pzem004t"
_MODELS = {
    "pzem004t": (Chip, 1),
    "sdm120": (Eastron, 1),
    "sdm630": (Eastron, 3),
    "atm90e32": (Atm90e32, 1),
}
NAMES = tuple(_MODELS)
REGISTERS = {"pzem004t": Chip.REGISTERS, "sdm120": Eastron.REGISTERS, "sdm630": Eastron.REGISTERS}


def build(name, phase_ms, gain_bp):
    """Return the model called `name`; `phase_ms` and `gain_bp` as in `metered.Metered`."""
    if name not in _MODELS:
        raise ValueError("a metering chip is one of %s, not %s" % (", ".join(NAMES), name))
    model, phases = _MODELS[name]
    return model(phase_ms, gain_bp, phases)
