"""Runs inside MicroPython: display, relay, button, LED and clock on pins that keep a record."""

import time

from firmware.drivers import button as button_module
from firmware.drivers import relay as relay_module
from firmware.drivers.button import Button
from firmware.drivers.clock import RealTimeClock
from firmware.drivers.display import CharacterDisplay
from firmware.drivers.led import FAULT, PRESS_BUTTON, StatusLed
from firmware.drivers.relay import LatchingRelay

ADDRESS = 0x27


class Bus:
    """An I2C bus with a display on it that notes what it is told."""

    def __init__(self):
        self.present = True
        self.characters = []
        self.commands = []

    def writeto(self, address, octets):
        if not self.present:
            raise OSError(19)
        assert address == ADDRESS
        assert len(octets) == 4
        octet = octets[0] & 0xF0 | octets[2] >> 4
        (self.characters if octets[0] & 1 else self.commands).append(octet)

    def take(self):
        """The characters and the number of commands since the last look."""
        seen = bytes(self.characters).decode(), len(self.commands)
        self.characters = []
        self.commands = []
        return seen


def check_display_writes_only_what_changed():
    bus = Bus()
    display = CharacterDisplay(bus, ADDRESS)
    for line1, line2, characters, moves in (
        ("640/1000 W", "", "640/1000 W" + " " * 22, None),
        ("640/1000 W", "", "", 0),
        ("645/1000 W", "", "5", 1),
        ("645/1000 W", "Bal 5", "Bal5", 2),
        ("640/1001 W", "Bal 5", "01", 2),
        ("far too long for sixteen", "Bal 5", "far too longfor", 2),
    ):
        display.show(line1, line2)
        seen, commands = bus.take()
        assert seen == characters, (line1, seen)
        assert moves is None or commands == moves, (line1, commands)


def check_display_that_was_gone_is_written_anew():
    bus = Bus()
    display = CharacterDisplay(bus, ADDRESS)
    display.show("A", "B")
    bus.present = False
    display.show("C", "D")
    assert not display.present
    bus.present = True
    bus.take()
    display.show("C", "D")
    assert len(bus.take()[0]) == 32
    assert display.present


class Coil:
    """An output pin; the record is shared, so that the order of both coils can be seen."""

    def __init__(self, name, record):
        self.name = name
        self.record = record
        self.level = 0

    def value(self, level):
        self.level = level
        self.record.append((self.name, level))


class Sense:
    level = 0

    def value(self):
        return self.level


def check_relay_never_drives_both_coils():
    record = []
    opening, closing, sense = Coil("open", record), Coil("close", record), Sense()
    relay = LatchingRelay(opening, closing, sense)
    driven = set()
    for pulse, coil in ((relay.open, "open"), (relay.close, "close"), (relay.open, "open")):
        del record[:]
        pulse()
        for name, level in record:
            (driven.add if level else driven.discard)(name)
            assert len(driven) <= 1, record
        assert [name for name, level in record if level] == [coil]
        assert not driven
        assert not opening.level
        assert not closing.level
    sense.level = 1
    assert relay.load_side_live()


def check_relay_releases_its_coil_whatever_happens():
    record = []

    class Interrupted(Exception):
        pass

    class Clock:
        def sleep_ms(self, duration_ms):
            raise Interrupted

    relay = LatchingRelay(Coil("open", record), Coil("close", record), Sense())
    real = relay_module.time
    relay_module.time = Clock()
    try:
        relay.close()
        raise AssertionError("the pulse was not interrupted")
    except Interrupted:
        pass
    finally:
        relay_module.time = real
    assert record[-2:] == [("open", 0), ("close", 0)]


class ButtonPin:
    IRQ_FALLING = IRQ_RISING = 1

    def __init__(self):
        self.level = 1

    def irq(self, handler, trigger):
        self.handler = handler

    def value(self):
        return self.level


class Ticks:
    ticks_diff = staticmethod(time.ticks_diff)

    def __init__(self):
        self.now_ms = 0

    def ticks_ms(self):
        return self.now_ms


def count_presses(story):
    """How many presses are taken; a story is (milliseconds later, "down", "up" or "look")."""
    pin, ticks = ButtonPin(), Ticks()
    real = button_module.time
    button_module.time = ticks
    try:
        button = Button(pin)
        presses = 0
        for later_ms, what in story:
            ticks.now_ms += later_ms
            if what == "look":
                presses += button.take_press()
            else:
                pin.level = 0 if what == "down" else 1
                pin.handler(pin)
        return presses
    finally:
        button_module.time = real


def check_button_tells_presses_from_bounces():
    bouncing, press, look = (
        [(1, "down"), (1, "up")] * 8,
        [(1, "down"), (200, "up")],
        [(700, "look")],
    )
    for story, presses in (
        ([(0, "down"), (200, "up"), (700, "look")], 1),
        ([(0, "down"), (20, "up"), (700, "look")], 0),
        (bouncing + look, 0),
        (bouncing + press + bouncing + look, 1),
        ([(0, "down"), (500, "look"), (1000, "look"), (1000, "look"), (1, "up"), (9, "look")], 1),
        ([(0, "down"), (500, "look"), (1, "up"), (500, "down"), (500, "look")], 2),
        ([(1000, "look"), (1000, "look")], 0),
        ([(0, "down"), (29, "look"), (1, "look")], 1),
    ):
        assert count_presses(story) == presses, story


def check_led_shows_its_pattern():
    class Lamp:
        def __init__(self):
            self.levels = []

        def value(self, level):
            self.levels.append(level)

    for pattern, levels in ((PRESS_BUTTON, [0, 1] * 4), (FAULT, [0, 0, 0, 0, 0, 1, 0, 1])):
        lamp = Lamp()
        led = StatusLed(lamp)
        led.pattern = pattern
        for _ in range(16):
            led.step()
        assert lamp.levels == levels * 2, (pattern, lamp.levels)


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


for name, check in sorted(globals().items()):
    if name.startswith("check_"):
        check()
        print(name)
