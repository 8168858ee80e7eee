"""The guided bench test of a board: metering chip, relay, display, button, LED.

The board runs its own drivers on its own pins; a person answers only what no sensor can tell.
Nothing of the board's memory is touched. This module must not decide what is a healthy grid
beyond the bounds named here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tools.board.device import Device
from tools.errors import ToolError

VOLTAGE_V = (80, 300)
FREQUENCY_HZ = (45, 65)
BUTTON_TIMEOUT_S = 20
SAMPLES = 5  # seconds the chip is listened to; it needs two until it has measured
DISPLAY_WORDS = ("BIJLI TEST", "0123456789ABCDEF")

_PREPARE = """
import time
import machine
from firmware.core.energy import Sample
from firmware.drivers.button import NOTHING, Button
from firmware.drivers.display import CharacterDisplay
from firmware.drivers.relay import LatchingRelay
from firmware.drivers import metering
definition = __import__('firmware.boards.{board}', None, None, ('NAME',))
pin = machine.Pin
relay = LatchingRelay(pin(definition.RELAY_OPEN_PIN, pin.OUT, value=0),
    pin(definition.RELAY_CLOSE_PIN, pin.OUT, value=0), pin(definition.LOAD_SIDE_PIN, pin.IN))
led = pin(definition.LED_PIN, pin.OUT, value=0)
chip = metering.build(definition)
def measure(seconds):
    sample = Sample()
    good = 0
    for _ in range(seconds):
        chip.request()
        time.sleep_ms(chip.answer_ms)
        good += bool(chip.collect(sample))
        time.sleep_ms(1000 - chip.answer_ms)
    return (good, sample.voltage_dv, sample.frequency_dhz, sample.power_dw, sample.current_ma)
def switch(closed):
    (relay.close if closed else relay.open)()
    time.sleep_ms(1500)
    return relay.load_side_live()
def show(line1, line2):
    bus = machine.I2C(definition.I2C_BUS, sda=pin(definition.I2C_SDA_PIN),
        scl=pin(definition.I2C_SCL_PIN), freq=definition.I2C_HZ)
    display = CharacterDisplay(bus, definition.DISPLAY_ADDRESS)
    display.show(line1, line2)
    return display.present
def wait_for_press(seconds):
    button = Button(pin(definition.BUTTON_PIN, pin.IN, pin.PULL_UP))
    for _ in range(seconds * 20):
        time.sleep_ms(50)
        if button.take():
            return True
    return False
"""


@dataclass(frozen=True)
class Result:
    """One part of the board: whether it is well, and what was seen."""

    part: str
    passed: bool
    seen: str


def run(
    device: Device,
    board: str,
    say: Callable[[str], None],
    confirm: Callable[[str], bool],
) -> Iterator[Result]:
    """Test part by part; `confirm` asks the person at the bench. Raises ToolError."""
    if not board.isidentifier():
        raise ToolError(f"{board!r} is no board.", "name one that `bijli board pins` knows.")
    device.run(_PREPARE.format(board=board))
    yield _test_chip(device)
    say("The relay switches now: have a lamp behind it, and mains before it.")
    yield _test_relay(device, closed=True)
    yield _test_relay(device, closed=False)
    yield _test_display(device, confirm)
    device.run("led.value(1)")
    lit = confirm("Is the status LED lit?")
    device.run("led.value(0)")
    yield Result("status LED", lit, "seen by you" if lit else "not seen lit")
    say(f"Press the button once, within {BUTTON_TIMEOUT_S} s.")
    pressed = device.ask_slowly(f"wait_for_press({BUTTON_TIMEOUT_S})", BUTTON_TIMEOUT_S + 10)
    yield Result("button", bool(pressed), "one press" if pressed else "no press came")


def _test_chip(device: Device) -> Result:
    answer = device.ask_slowly(f"measure({SAMPLES})", SAMPLES + 10)
    if not isinstance(answer, tuple):
        raise ToolError(f"The board answered {answer!r}.", "install its firmware anew.")
    good, voltage_dv, frequency_dhz, power_dw, current_ma = answer
    seen = (
        f"{good} of {SAMPLES} answers, {voltage_dv / 10:.1f} V, {frequency_dhz / 10:.1f} Hz,"
        f" {power_dw / 10:.1f} W, {current_ma / 1000:.3f} A"
    )
    is_sane = (
        VOLTAGE_V[0] <= voltage_dv / 10 <= VOLTAGE_V[1]
        and FREQUENCY_HZ[0] <= frequency_dhz / 10 <= FREQUENCY_HZ[1]
    )
    return Result("metering chip", good >= SAMPLES - 1 and is_sane, seen)


def _test_relay(device: Device, *, closed: bool) -> Result:
    live = bool(device.ask(f"switch({closed})"))
    word = "close" if closed else "open"
    return Result(f"relay, {word}", live == closed, f"line behind it {'live' if live else 'dead'}")


def _test_display(device: Device, confirm: Callable[[str], bool]) -> Result:
    line1, line2 = DISPLAY_WORDS
    if not device.ask(f"show({line1!r}, {line2!r})"):
        return Result("display", False, "nobody answers on the bus")
    shown = confirm(f"Does the display show {line1!r} over {line2!r}?")
    return Result("display", shown, "read by you" if shown else "not as it should be")
