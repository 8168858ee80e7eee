"""Builds the hardware that a board definition describes; None in it is a part that is not fitted.

It must not know the network, nor in which order a board starts (`main.py`).
"""

import machine

from firmware.application import Application
from firmware.core.energy import Sample
from firmware.drivers.button import Button
from firmware.drivers.clock import RealTimeClock
from firmware.drivers.display import CharacterDisplay
from firmware.drivers.inputs import Inputs, PowerFail
from firmware.drivers.led import StatusLed
from firmware.drivers.relay import LatchingRelay
from firmware.front import Front


def load_definition(name):
    """Return the module `firmware/boards/<name>.py`."""
    return __import__("firmware.boards." + name, None, None, ("NAME",))


def build_bus(definition):
    """Return the I2C bus of display and clock."""
    return machine.I2C(
        definition.I2C_BUS,
        sda=machine.Pin(definition.I2C_SDA_PIN),
        scl=machine.Pin(definition.I2C_SCL_PIN),
        freq=definition.I2C_HZ,
    )


def build_clock(definition, bus):
    """Return the clock with a battery of its own, where one answers, else the chip's."""
    if definition.RTC_ADDRESS is not None:
        from firmware.drivers.ds3231 import Ds3231

        clock = Ds3231(bus, definition.RTC_ADDRESS)
        if clock.answers():
            return clock
    return RealTimeClock(machine.RTC())


def build_application(definition, board, chip, clock, bus, panel):
    """Return the Application on its hardware, with the core's `panel` on its display."""
    pin = machine.Pin
    sample = panel.sample = Sample()
    front = Front(
        panel,
        CharacterDisplay(bus, definition.DISPLAY_ADDRESS),
        Button(pin(definition.BUTTON_PIN, pin.IN, pin.PULL_UP)),
        StatusLed(pin(definition.LED_PIN, pin.OUT, value=0)),
    )
    relay = LatchingRelay(
        pin(definition.RELAY_OPEN_PIN, pin.OUT, value=0),
        pin(definition.RELAY_CLOSE_PIN, pin.OUT, value=0),
        pin(definition.LOAD_SIDE_PIN, pin.IN),
    )
    board.supply.open_now = relay.open
    power_fail = _input(definition.POWER_FAIL_PIN)
    inputs = Inputs(_input(definition.COVER_PIN), _input(definition.GENERATOR_PIN), power_fail)
    watchdog = machine.WDT(timeout=definition.WATCHDOG_MS) if definition.WATCHDOG_MS else None
    built = Application(board, chip, sample, relay, front, inputs, clock, watchdog)
    if power_fail is not None:
        line = PowerFail(power_fail, lambda: built.act(board.power_failing(board.now_s)))
        built.furnish("power", line.run)
    return built


def furnish(application, definition):
    """Add what a board in safe mode does without: buzzer, keypad; they are imported only now."""
    pin = machine.Pin
    front = application.front
    if definition.BUZZER_PIN is not None:
        from firmware.drivers.buzzer import Buzzer

        front.buzzer = Buzzer(pin(definition.BUZZER_PIN, pin.OUT, value=0))
        application.furnish("buzzer", front.buzzer.run)
    if definition.KEYPAD_ROW_PINS is not None:
        from firmware.drivers.keypad import Keypad

        rows = [pin(number, pin.OPEN_DRAIN, value=1) for number in definition.KEYPAD_ROW_PINS]
        columns = [pin(number, pin.IN, pin.PULL_UP) for number in definition.KEYPAD_COLUMN_PINS]
        application.furnish("keypad", Keypad(rows, columns, front.press_key).run)


def _input(number):
    return None if number is None else machine.Pin(number, machine.Pin.IN)
