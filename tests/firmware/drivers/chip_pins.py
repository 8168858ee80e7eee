"""Runs inside MicroPython: display, relay, button and LED on pins that keep a record."""

import asyncio
import time

from firmware.core.inputs import COVER_OPEN, GENERATOR, POWER_FAILING
from firmware.core.signals import LED_CALL, LED_PRESS
from firmware.drivers import button as button_module
from firmware.drivers import relay as relay_module
from firmware.drivers.button import LONG_PRESS, PRESS, STUCK, Button
from firmware.drivers.buzzer import Buzzer
from firmware.drivers.display import CharacterDisplay
from firmware.drivers.inputs import Inputs, PowerFail
from firmware.drivers.led import StatusLed
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
        assert len(octets) % 4 == 0
        for at in range(0, len(octets), 4):
            octet = octets[at] & 0xF0 | octets[at + 2] >> 4
            (self.characters if octets[at] & 1 else self.commands).append(octet)

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


def take_all(story, down_at_start=False):
    """What the button says, in order; a story is (milliseconds later, "down", "up" or "look").

    "lost" is a release whose interrupt the chip never saw.
    """
    pin, ticks = ButtonPin(), Ticks()
    pin.level = 0 if down_at_start else 1
    real = button_module.time
    button_module.time = ticks
    try:
        button = Button(pin)
        said = []
        for later_ms, what in story:
            ticks.now_ms += later_ms
            if what == "look":
                said.append(button.take())
            else:
                pin.level = 0 if what == "down" else 1
                if what != "lost":
                    pin.handler(pin)
        return [word for word in said if word]
    finally:
        button_module.time = real


LOOK = [(1000, "look")]
BOUNCING = [(1, "down"), (1, "up")] * 8


def check_button_tells_presses_from_bounces():
    press = [(1, "down"), (200, "up")]
    for story, said in (
        ([(0, "down"), (200, "up"), (700, "look")], [PRESS]),
        ([(0, "down"), (20, "up"), (700, "look")], []),
        (BOUNCING + LOOK, []),
        (BOUNCING + press + BOUNCING + LOOK + LOOK, [PRESS]),
        ([(0, "down"), (500, "look"), (1000, "look"), (1, "up"), (9, "look")], []),
        ([(0, "down"), (500, "look"), (1, "up"), (40, "look"), (40, "look")], [PRESS]),
        (press + LOOK + press + LOOK, [PRESS, PRESS]),
        (LOOK + LOOK, []),
        ([(0, "down"), (400, "up"), (3, "down"), (400, "up"), (900, "look")], [PRESS]),
        ([(0, "down"), (400, "lost"), (900, "look"), (900, "look")], [PRESS]),
    ):
        assert take_all(story) == said, (story, take_all(story))


def check_button_held_for_three_seconds_is_a_long_press_and_no_short_one():
    story = [(0, "down")] + LOOK * 10 + [(1, "up")] + LOOK + LOOK
    assert take_all(story) == [LONG_PRESS]
    story = [(0, "down"), (2990, "up")] + LOOK
    assert take_all(story) == [PRESS]


def check_button_that_is_stuck_is_told_once_and_works_again_when_it_was_up():
    press = [(1, "down"), (200, "up")]
    story = [(0, "down")] + LOOK * 300 + [(1, "up")] + LOOK + press + LOOK
    assert take_all(story) == [LONG_PRESS, STUCK, PRESS]


def check_button_that_is_down_at_the_start_does_nothing_until_it_was_up():
    press = [(1, "down"), (200, "up")]
    story = LOOK * 30 + [(1, "up")] + LOOK + press + LOOK
    assert take_all(story, True) == [PRESS]
    assert take_all(LOOK * 100, True) == [STUCK]


class Line:
    """An input or output that a test sets and looks at."""

    IRQ_FALLING = 1

    def __init__(self, level=1):
        self.level = level

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = level
        return None

    def irq(self, handler, trigger):
        self.handler = handler


def check_inputs_count_when_two_looks_agree_and_failing_power_at_once():
    cover, generator, power = Line(0), Line(0), Line(1)
    inputs = Inputs(cover, generator, power)
    for levels, mask in (
        ((0, 0, 1), 0),
        ((1, 0, 1), 0),
        ((1, 1, 1), COVER_OPEN),
        ((0, 1, 1), COVER_OPEN | GENERATOR),
        ((1, 0, 1), COVER_OPEN | GENERATOR),
        ((1, 0, 1), COVER_OPEN),
        ((0, 0, 0), COVER_OPEN | POWER_FAILING),
        ((0, 0, 1), 0),
    ):
        cover.level, generator.level, power.level = levels
        assert inputs.look() == mask, (levels, mask)
    assert Inputs(None, None, None).look() == 0


def check_power_that_falls_is_saved_by_a_task_and_not_by_the_interrupt():
    saved = []
    power = Line()
    line = PowerFail(power, lambda: saved.append(1))

    async def fall():
        task = asyncio.create_task(line.run())
        for count in (1, 2):
            await asyncio.sleep_ms(1)
            power.handler(power)
            assert len(saved) == count - 1
            while len(saved) < count:
                await asyncio.sleep_ms(1)
        task.cancel()

    asyncio.run(fall())


def check_a_power_line_that_falls_without_end_does_not_starve_the_metering():
    falls = []
    power = Line()

    def save():
        falls.append(1)
        if len(falls) > 1000:
            raise RuntimeError("nobody else came to run")
        power.handler(power)  # the next fall comes while this one is handled

    line = PowerFail(power, save)

    async def measure():
        task = asyncio.create_task(line.run())
        await asyncio.sleep_ms(1)
        power.handler(power)
        for _ in range(10):
            await asyncio.sleep_ms(1)
        assert 1 <= len(falls) < 10, len(falls)
        task.cancel()

    asyncio.run(measure())


def check_buzzer_plays_its_sound_and_is_silent_afterwards():
    class Sounder(Line):
        levels = []

        def value(self, level):
            self.levels.append(level)

    sounder = Sounder()
    buzzer = Buzzer(sounder)

    async def listen():
        task = asyncio.create_task(buzzer.run())
        buzzer.play((1, 1, 1))
        await asyncio.sleep_ms(20)
        assert sounder.levels == [1, 0, 1, 0], sounder.levels
        buzzer.play((1000,))
        await asyncio.sleep_ms(2)
        buzzer.play((1,))
        await asyncio.sleep_ms(0)
        task.cancel()
        await asyncio.sleep_ms(1)
        assert sounder.levels[-1] == 0

    asyncio.run(listen())


def check_led_shows_its_pattern():
    class Lamp:
        def __init__(self):
            self.levels = []

        def value(self, level):
            self.levels.append(level)

    for pattern, levels in ((LED_PRESS, [0, 1] * 4), (LED_CALL, [0, 0, 0, 0, 0, 1, 0, 1])):
        lamp = Lamp()
        led = StatusLed(lamp)
        led.pattern = pattern
        for _ in range(16):
            led.step()
        assert lamp.levels == levels * 2, (pattern, lamp.levels)


for name, check in sorted(globals().items()):
    if name.startswith("check_"):
        check()
        print(name)
