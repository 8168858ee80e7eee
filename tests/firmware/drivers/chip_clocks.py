"""Runs inside MicroPython: the chip's own clock and the DS3231, as board time."""

from firmware.drivers.clock import RealTimeClock
from firmware.drivers.ds3231 import Ds3231


class Rtc:
    def __init__(self, *date):
        self.date = date

    def datetime(self, date=None):
        if date is not None:
            self.date = date
        return self.date


def check_clock_reads_what_it_was_set_to():
    for now_s, date in (
        (157_852_800, (2025, 1, 1, 2, 0, 0, 0, 0)),
        (192_240_000, (2026, 2, 3, 1, 0, 0, 0, 0)),
        (257_558_399, (2028, 2, 28, 0, 23, 59, 59, 0)),
        (257_558_400, (2028, 2, 29, 1, 0, 0, 0, 0)),
        (257_644_800, (2028, 3, 1, 2, 0, 0, 0, 0)),
        (1_073_001_599, (2053, 12, 31, 2, 23, 59, 59, 0)),
    ):
        clock = RealTimeClock(Rtc(*date))
        assert clock.read_s() == now_s, (date, clock.read_s())
        rtc = Rtc()
        RealTimeClock(rtc).set_s(now_s)
        assert tuple(rtc.date) == date, rtc.date


def check_clock_that_lost_its_power_is_unset():
    for year in (1970, 2000, 2024, 2054):
        assert RealTimeClock(Rtc(year, 1, 1, 0, 0, 0, 5, 0)).read_s() == 0


class ClockChip:
    """The registers of a DS3231; `present` tells whether it answers."""

    def __init__(self):
        self.registers = bytearray(19)
        self.registers[15] = 0x80
        self.present = True

    def readfrom_mem_into(self, address, at, buffer):
        if not self.present or address != 0x68:
            raise OSError(19)
        buffer[:] = self.registers[at : at + len(buffer)]

    def writeto_mem(self, address, at, octets):
        if not self.present or address != 0x68:
            raise OSError(19)
        self.registers[at : at + len(octets)] = octets


def check_ds3231_keeps_what_it_was_set_to_and_is_unset_when_it_stood_still():
    chip = ClockChip()
    clock = Ds3231(chip)
    assert clock.answers()
    assert clock.read_s() == 0
    for now_s, date in (
        (157_852_800, b"\x00\x00\x00\x03\x01\x01\x25"),
        (257_558_400, b"\x00\x00\x00\x02\x29\x02\x28"),
        (257_558_399, b"\x59\x59\x23\x01\x28\x02\x28"),
    ):
        clock.set_s(now_s)
        assert bytes(chip.registers[:7]) == date, bytes(chip.registers[:7])
        assert clock.read_s() == now_s
    chip.registers[15] |= 0x80
    assert clock.read_s() == 0
    chip.present = False
    assert not clock.answers()
    assert clock.read_s() == 0
    clock.set_s(257_558_399)


for name, check in sorted(globals().items()):
    if name.startswith("check_"):
        check()
        print(name)
