"""Runs inside MicroPython: what the driver makes of golden, broken and foreign octets."""

import binascii

import micropython

from firmware.core.energy import Sample
from firmware.drivers.pzem004t import Pzem004t, crc16

# 230.1 V, 4.567 A, 1050.7 W, 70,000 Wh (a low word first), 50.0 Hz, 0.99, no alarm.
GOLDEN = binascii.unhexlify("01041408fd11d70000290b00001170000101f400630000")


def sealed(frame):
    crc = crc16(frame, 0, len(frame))
    return bytes(frame) + bytes((crc & 0xFF, crc >> 8))


class Line:
    """A UART whose far end says what the test wants."""

    def __init__(self):
        self.waiting = b""
        self.sent = b""

    def write(self, data):
        self.sent = data

    def readinto(self, buffer):
        count = min(len(buffer), len(self.waiting))
        if not count:
            return None
        for index in range(count):
            buffer[index] = self.waiting[index]
        self.waiting = self.waiting[count:]
        return count


def collect(octets, address=1):
    line = Line()
    chip = Pzem004t(line, address)
    sample = Sample()
    chip.request()
    line.waiting = octets
    return chip.collect(sample), sample, chip


def check_golden():
    frame = sealed(GOLDEN)
    good, sample, _ = collect(frame)
    assert good
    assert sample.valid
    seen = (sample.voltage_dv, sample.current_ma, sample.power_dw, sample.energy_wh)
    assert seen == (2301, 4567, 10507, 70000), seen
    assert (sample.frequency_dhz, sample.power_factor_pct) == (500, 99)


def check_request():
    _, _, chip = collect(b"")
    assert chip._uart.sent == binascii.unhexlify("01040000000a700d"), chip._uart.sent


def check_what_is_no_frame():
    frame = sealed(GOLDEN)
    flipped = bytearray(frame)
    flipped[5] ^= 1
    cases = {
        "silence": b"",
        "a frame cut short": frame[:-1],
        "a flipped bit": bytes(flipped),
        "noise": bytes(range(40)),
        "an echo alone": binascii.unhexlify("01040000000a700d"),
        "another address": sealed(b"\x02" + GOLDEN[1:]),
        "another function": sealed(b"\x01\x03" + GOLDEN[2:]),
        "an error answer": sealed(b"\x01\x84\x02"),
    }
    for name, octets in cases.items():
        good, sample, chip = collect(octets)
        assert not good, name
        assert not sample.valid, name
        assert chip.faults == (1 if octets else 0), name


def check_frame_amid_noise():
    frame = sealed(GOLDEN)
    for before in (b"\x00", b"\x01\x04", binascii.unhexlify("01040000000a700d"), frame[:9]):
        good, sample, _ = collect(before + frame + b"\xff")
        assert good, before
        assert sample.energy_wh == 70000, before


def check_stale_answer_is_dropped():
    line = Line()
    chip = Pzem004t(line)
    sample = Sample()
    line.waiting = sealed(GOLDEN)
    chip.request()
    assert not chip.collect(sample)


def check_equal_frames_and_changed_ones():
    line = Line()
    chip = Pzem004t(line)
    sample = Sample()
    changed = bytearray(GOLDEN)
    changed[4] += 1
    for octets, voltage_dv in ((GOLDEN, 2301), (GOLDEN, 2301), (changed, 2302), (GOLDEN, 2301)):
        line.waiting = sealed(octets)
        assert chip.collect(sample)
        assert sample.voltage_dv == voltage_dv
    line.waiting = b""
    assert not chip.collect(sample)
    assert not sample.valid
    line.waiting = sealed(GOLDEN)
    assert chip.collect(sample)
    assert sample.valid


def check_no_allocation():
    line = Line()
    chip = Pzem004t(line)
    sample = Sample()
    frames = [sealed(GOLDEN), sealed(GOLDEN[:-1] + b"\x01"), sealed(GOLDEN[:-1] + b"\x01")]
    buffer = bytearray(64)

    class Quiet:
        frame = None

        def write(self, _):
            return 8

        def readinto(self, target):
            frame = Quiet.frame
            if frame is None:
                return None
            for index in range(25):
                target[index] = frame[index]
            Quiet.frame = None
            return 25

    chip._uart = Quiet()
    assert len(buffer) == 64
    for frame in frames:
        micropython.heap_lock()
        try:
            chip.request()
            Quiet.frame = frame
            good = chip.collect(sample)
        finally:
            micropython.heap_unlock()
        assert good


def check_address():
    for address in (0, 249):
        try:
            Pzem004t(Line(), address)
        except ValueError:
            continue
        raise AssertionError(address)


for name, check in sorted(globals().items()):
    if name.startswith("check_"):
        check()
        print(name)
