"""Runs inside MicroPython: golden octets of a PZEM-004T, and what its driver sends."""

import binascii

from firmware.core.energy import Sample
from firmware.drivers.calibration import Calibration
from firmware.drivers.modbus import Line, crc16
from firmware.drivers.pzem004t import Pzem004t

# 230.1 V, 4.567 A, 1050.7 W, 70,000 Wh (a low word first), 50.0 Hz, 0.99, no alarm.
GOLDEN = binascii.unhexlify("01041408fd11d70000290b00001170000101f400630000")


def sealed(frame):
    crc = crc16(frame, 0, len(frame))
    return bytes(frame) + bytes((crc & 0xFF, crc >> 8))


class Uart:
    """A UART whose far end says what the test wants."""

    def __init__(self):
        self.waiting = b""
        self.sent = b""

    def write(self, data):
        self.sent = data

    def readinto(self, buffer):
        count = min(len(buffer), len(self.waiting))
        buffer[:count] = self.waiting[:count]
        self.waiting = self.waiting[count:]
        return count or None

    def flush(self):
        pass


class Direction:
    """Notes what level a pin had when."""

    def __init__(self, uart):
        self._uart = uart
        self.levels = []

    def value(self, level):
        self.levels.append((level, bool(self._uart.sent)))


def collect(octets):
    uart = Uart()
    chip = Pzem004t(Line(uart), 1, Calibration())
    sample = Sample()
    chip.request()
    uart.waiting = octets
    return chip.collect(sample), sample, uart


def check_golden():
    good, sample, _ = collect(sealed(GOLDEN))
    assert good
    seen = (sample.voltage_dv, sample.current_ma, sample.power_dw, sample.energy_wh)
    assert seen == (2301, 4567, 10507, 70000), seen
    assert (sample.frequency_dhz, sample.power_factor_pct) == (500, 99)
    assert sample.apparent_dva == 10508


def check_request():
    _, _, uart = collect(b"")
    assert uart.sent == binascii.unhexlify("01040000000a700d"), uart.sent


def check_an_alarm_of_the_chip_changes_nothing():
    good, sample, _ = collect(sealed(GOLDEN[:-2] + b"\xff\xff"))
    assert good
    assert sample.power_dw == 10507


def check_stale_answer_is_dropped():
    uart = Uart()
    chip = Pzem004t(Line(uart), 1, Calibration())
    uart.waiting = sealed(GOLDEN)
    chip.request()
    assert not chip.collect(Sample())


def check_each_sample_object_is_filled():
    uart = Uart()
    chip = Pzem004t(Line(uart), 1, Calibration())
    for _ in range(2):
        sample = Sample()
        uart.waiting = sealed(GOLDEN)
        assert chip.collect(sample)
        assert sample.voltage_dv == 2301


def check_direction_pin_is_high_while_sending():
    uart = Uart()
    direction = Direction(uart)
    Pzem004t(Line(uart, direction), 1, Calibration()).request()
    assert direction.levels == [(0, False), (1, False), (0, True)], direction.levels


def check_address():
    for address in (-1, 249, 300):
        try:
            Pzem004t(Line(Uart()), address, Calibration())
        except ValueError:
            continue
        raise AssertionError(address)


for name, check in sorted(globals().items()):
    if name.startswith("check_"):
        check()
        print(name)
