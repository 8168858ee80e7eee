"""Builds the meter board's application out of its parts, and runs it.

The only module that constructs. A configuration that is missing or wrong costs the network, never
the metering: the board then runs with the programme it holds, or the built-in one.
"""

import asyncio
import os
import random

import machine
from micropython import const

# An import within an import within an import takes stack, of which a chip has little: the modules
# that many others import come first.
import protocol.commands
import protocol.messages  # noqa: F401

# isort: split
from firmware.application import Application
from firmware.config import DEFAULT_BOARD, Config, ConfigError, board_name, read_settings
from firmware.core.board import Board
from firmware.core.clock import HELD, UNSET
from firmware.drivers import metering
from firmware.drivers.button import Button
from firmware.drivers.clock import RealTimeClock
from firmware.drivers.display import CharacterDisplay
from firmware.drivers.led import StatusLed
from firmware.drivers.relay import LatchingRelay
from firmware.drivers.store import Store
from firmware.net.certificate import load_context
from firmware.net.downlink import Downlink
from firmware.net.mqtt import Client
from firmware.net.sntp import TimeSource
from firmware.net.uplink import Uplink
from firmware.net.wifi import Wifi
from protocol import keys, messages

FIRMWARE = "bijli 0.1.0"
TROUBLE_SHOWN_S = const(60)

_BROKER_EPOCH = const(0)
_RESET_UNKNOWN = const(0)  # reset causes of the hello message (docs/wire.md)
_RESET_POWER_ON = const(1)
_RESET_BUTTON = const(2)
_RESET_WATCHDOG = const(3)

application = None  # the one that runs, for a debugger or the simulator to look at


def run(name=None):
    """Run the board for ever; `name` is a board definition, by default that of config.json."""
    global application  # noqa: PLW0603 (an interpreter runs one board)
    application = build(name)
    asyncio.run(application.run())


def build(name=None):
    """Return the Application for this hardware and its config.json, started but not running."""
    config, named, trouble = _read_config()
    folder = os.getcwd()
    store = Store("" if folder == "/" else folder)
    board = Board(store)
    definition = load_definition(name or named)
    clock = RealTimeClock(machine.RTC())
    cause = find_reset_cause()
    chip = metering.build(definition)
    board.energy.gain_ppm = chip.calibration.power_ppm
    start_board(board, clock, cause, not chip.keeps_counter)
    built = build_application(definition, board, chip, clock)
    if config:
        try:
            connect(built, store, config, cause)
        except ConfigError as error:
            trouble = error
    if trouble:
        print("configuration: %s" % trouble)
        board.show_message("NOT CONFIGURED  See console", TROUBLE_SHOWN_S)
    return built


def _read_config():
    """Return (Config or None, name of the board definition, trouble or None)."""
    named = DEFAULT_BOARD
    try:
        settings = read_settings()
        named = board_name(settings)
        return Config(settings), named, None
    except ConfigError as error:
        return None, named, error


def load_definition(name):
    """Return the module `firmware/boards/<name>.py`."""
    return __import__("firmware.boards." + name, None, None, ("NAME",))


def start_board(board, clock, cause, counter_is_new=False):
    """Let the board recover; a real-time clock that ran on is held time, not trusted time."""
    now_s = clock.read_s()
    state = HELD if now_s else UNSET
    board.start(now_s, state, 0, random.getrandbits(30), cause, counter_is_new)


def find_reset_cause():
    """Return why the chip started, as the hello message numbers it."""
    cause = machine.reset_cause()
    if cause == machine.PWRON_RESET:
        return _RESET_POWER_ON
    if cause == machine.WDT_RESET:
        return _RESET_WATCHDOG
    if cause in (machine.HARD_RESET, machine.SOFT_RESET):
        return _RESET_BUTTON
    return _RESET_UNKNOWN


def build_application(definition, board, chip, clock):
    """Return the Application on the hardware that a board definition describes."""
    pin = machine.Pin
    relay = LatchingRelay(
        pin(definition.RELAY_OPEN_PIN, pin.OUT, value=0),
        pin(definition.RELAY_CLOSE_PIN, pin.OUT, value=0),
        pin(definition.LOAD_SIDE_PIN, pin.IN),
    )
    return Application(
        board,
        chip,
        relay,
        Button(pin(definition.BUTTON_PIN, pin.IN, pin.PULL_UP)),
        StatusLed(pin(definition.LED_PIN, pin.OUT, value=0)),
        build_display(definition),
        clock,
        machine.WDT(timeout=definition.WATCHDOG_MS) if definition.WATCHDOG_MS else None,
    )


def build_display(definition):
    """Return the display at the address that a board definition gives, on its I2C bus."""
    bus = machine.I2C(
        definition.I2C_BUS,
        sda=machine.Pin(definition.I2C_SDA_PIN),
        scl=machine.Pin(definition.I2C_SCL_PIN),
        freq=definition.I2C_HZ,
    )
    return CharacterDisplay(bus, definition.DISPLAY_ADDRESS)


def connect(built, store, config, cause):
    """Give the application its connection to the controller."""
    meter, root, epoch = config.meter, config.root_key, config.epoch
    password = keys.role_key(root, _BROKER_EPOCH, keys.ROLE_BROKER, meter).hex()
    tls = load_context() if config.tls else None
    client = Client(config.host, config.port, tls, meter, password)
    key = keys.role_key(root, epoch, keys.ROLE_UPLINK, meter)
    uplink = Uplink(built.board, store, client, meter, epoch, key, FIRMWARE, cause)
    key = keys.role_key(root, epoch, keys.ROLE_DOWNLINK, meter)
    downlink = Downlink(built.board, uplink, meter, epoch, key, built.act)
    wifi = build_wifi(config)
    topics = "bijli/1/%s/%s/#" % (meter, messages.DOWN)
    client.attach(topics, downlink.receive, wifi, uplink.begin)
    time_source = None
    if config.sntp:
        time_source = TimeSource(built.board, config.sntp, wifi, built.act)
    built.connect(client, uplink, wifi, time_source)


def build_wifi(config):
    """Return what brings the network up, or None where it is there by itself."""
    return Wifi(config.wifi[0], config.wifi[1]) if config.wifi else None
