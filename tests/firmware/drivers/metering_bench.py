"""Runs inside MicroPython: every driver in front of its chip's model, with a spoilt line between.

Time is the bench's own; a driver that sleeps at boot moves it.
"""

from firmware.core.energy import Sample
from firmware.drivers import atm90e32, calibration, modbus, pzem004t, sdm
from simulator.plant import atm90, chip, chips, eastron
from simulator.plant.modbus import sealed

NAMES = ("pzem004t", "sdm120", "sdm630", "atm90e32", "atm90e32 of three phases")


class Clock:
    """Takes the place of `time` in the drivers."""

    def __init__(self):
        self.second = 1000
        self.ms = 0
        self.slept_ms = 0

    def sleep_ms(self, duration_ms):
        self.slept_ms += duration_ms
        self.bench.let_pass(duration_ms)


class SerialBus:
    """A UART; `spoil(request, answer)` returns what arrives. Counts what it is asked for."""

    def __init__(self, bench):
        self._bench = bench
        self.waiting = b""
        self.spoil = None
        self.operations = 0

    def write(self, request):
        clock = self._bench.clock
        answer = self._bench.model.answer(request, clock.second, clock.ms)
        self.waiting += self.spoil(request, answer) if self.spoil else answer

    def readinto(self, buffer):
        self.operations += 1
        count = min(len(buffer), len(self.waiting))
        buffer[:count] = self.waiting[:count]
        self.waiting = self.waiting[count:]
        return count or None


class SpiBus:
    """An SPI; `spoil(register, value)` returns what arrives."""

    def __init__(self, bench):
        self._bench = bench
        self.spoil = None
        self.operations = 0
        self.selected = False

    def write_readinto(self, out, into):
        assert self.selected
        self.operations += 1
        clock = self._bench.clock
        value = self._bench.model.transfer(out, clock.second, clock.ms) or 0
        if self.spoil and out[0] & 0x80:
            value = self.spoil(out[1], value)
        into[2] = value >> 8
        into[3] = value & 0xFF

    def value(self, level):
        """It is its own select pin, low when selected."""
        self.selected = not level


class Bench:
    """One driver, its chip and what is between; `pass_second` is one second of the board."""

    def __init__(self, name, gains=None, address=1, answers_at=1):
        self.clock = Clock()
        self.clock.bench = self
        self.is_serial = not name.startswith("atm")
        if name.endswith("phases"):
            self.model = atm90.Atm90e32(0, 0, 3)
        else:
            self.model = chips.build(name, 0, 0)
        self.bus = SerialBus(self) if self.is_serial else SpiBus(self)
        self.driver = self._drive(name, gains or calibration.Calibration(), address)
        if self.is_serial:
            self.model.address = answers_at
        self.sample = Sample()
        self.load((0,) * self.model.phases)

    def _drive(self, name, gains, address):
        for module in (pzem004t, sdm, atm90e32):
            module.time = self.clock
        if not self.is_serial:
            phases = self.model.phases
            return atm90e32.Atm90e32(self.bus, self.bus, phases, (0x8000, 0x8000), gains)
        line = modbus.Line(self.bus)
        if name == "pzem004t":
            return pzem004t.Pzem004t(line, address, gains)
        return sdm.Sdm(line, address, self.model.phases, 9600, gains)

    def load(self, phase_dw, voltage_dv=2300, factor_pct=100):
        """From now on so much flows."""
        self.model.flow(self.clock.second, self.clock.ms, voltage_dv, phase_dw, factor_pct)

    def let_pass(self, duration_ms):
        clock = self.clock
        self.model.count(duration_ms)
        clock.second += (clock.ms + duration_ms) // 1000
        clock.ms = (clock.ms + duration_ms) % 1000

    def pass_second(self):
        """Ask, wait, collect as the application does; return whether there is a sample."""
        self.driver.request()
        self.let_pass(self.driver.answer_ms)
        good = self.driver.collect(self.sample)
        assert good == self.sample.valid
        self.let_pass(1000 - self.driver.answer_ms)
        return good

    def settle(self):
        """Pass the seconds that a chip needs to show what flows, and a driver to read it all."""
        for _ in range(4):
            self.pass_second()

    def counter_wraps_at(self):
        """Where the chip's own counter begins again, Wh; None where it has no such counter."""
        if not self.is_serial:
            return None
        return chip.ENERGY_WRAP_WH if self.driver.name == "pzem004t" else eastron.ENERGY_WRAP_WH


def started(name, **options):
    """Return a bench whose driver has found its chip."""
    bench = Bench(name, **options)
    assert bench.driver.detect(), name
    bench.settle()
    return bench


def reseal(frame, address=None, function=None):
    """Return a frame with another address or function, and a right CRC."""
    body = bytearray(frame[:-2])
    if address is not None:
        body[0] = address
    if function is not None:
        body[1] = function
    return sealed(body)
