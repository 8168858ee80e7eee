"""What goes wrong between a metering chip and the board: silence, noise, echo, a chip that hangs.

It works on Modbus frames as such (address, function, count, data, CRC), so it suits every chip
that speaks Modbus, in this process or behind a real line; chips on another bus ask `word`. It must
not know what a register means.
"""

from simulator.plant.chip import sealed

_READS = (3, 4)
_KEPT_MAX = 32  # different requests of which a frozen chip remembers its answer
_HEADER_BYTES = 3
_CRC_BYTES = 2
# In the order of `state`.
_NAMES = ("silent", "frozen", "zeroed", "address", "noise_pct", "echo")


class Disturbance:
    """Every field is 0 when all is well: `silent`, `frozen`, `zeroed` and `echo` are 1 or 0;
    `noise_pct` is how many answers in a hundred arrive damaged; `address` is that of the device
    which answers in the chip's place.
    """

    def __init__(self, chance):
        self._chance = chance
        self.active = False
        self._kept = {}
        for name in _NAMES:
            setattr(self, name, 0)

    def set(self, name, value):
        """Let fault `name` have `value`, 0 to end it. Raises ValueError."""
        most = {"noise_pct": 100, "address": 247}.get(name, 1)
        if name not in _NAMES or not 0 <= value <= most:
            raise ValueError(
                "a chip's faults are %s: 0 or 1, noise_pct 0 to 100, address 0 to 247"
                % ", ".join(_NAMES)
            )
        setattr(self, name, int(value))
        if name == "frozen":
            self._kept = {}
        self.active = any(self.state())

    def spoil(self, request, answer):
        """Return what arrives at the board when the chip gives `answer` to `request`."""
        if self.silent or not answer:
            return b""
        if self.frozen:
            answer = self._keep(bytes(request), answer)
        if self.zeroed and answer[1] in _READS:
            answer = sealed(answer[:_HEADER_BYTES] + bytes(answer[2]))
        if self.address:
            answer = sealed(bytes((self.address,)) + answer[1:-_CRC_BYTES])
        if self.noise_pct and self._chance.below(100) < self.noise_pct:
            answer = self._damage(answer)
        return bytes(request) + answer if self.echo else answer

    def word(self, register, value):
        """Return what a chip on another bus shows for `register` when it holds `value`."""
        if self.silent:
            return 0xFFFF  # nobody drives the line
        if self.frozen:
            value = self._keep(register, value)
        if self.zeroed:
            return 0
        if self.noise_pct and self._chance.below(100) < self.noise_pct:
            value ^= 1 << self._chance.below(16)
        return value

    def state(self):
        """Return all that outlives a power cut, as a plain list."""
        return [getattr(self, name) for name in _NAMES]

    def restore(self, state):
        """Go back to what `state` returned; a frozen chip freezes anew."""
        for index, name in enumerate(_NAMES):
            setattr(self, name, state[index])
        self._kept = {}
        self.active = any(state)

    def _keep(self, key, value):
        kept = self._kept
        if key not in kept and len(kept) < _KEPT_MAX:
            kept[key] = value
        return kept.get(key, value)

    def _damage(self, frame):
        """Turn a bit over, lose the end, or put a stray octet before it."""
        chance = self._chance
        kind = chance.below(3)
        if kind == 0:
            damaged = bytearray(frame)
            damaged[chance.below(len(frame))] ^= 1 << chance.below(8)
            return bytes(damaged)
        if kind == 1:
            return frame[: chance.below(len(frame))]
        return bytes((chance.below(256),)) + frame
