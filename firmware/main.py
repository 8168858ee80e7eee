"""Builds the meter board's application out of its parts, and runs it.

With `parts` and `link` the only module that constructs. A configuration that is missing or wrong
costs the network, never the metering: the board then runs with the programme it holds, or the
built-in one. After four crashes in a row it builds only what meters and limits, and the rest when
that has run well for long enough (`firmware.core.supervision`).
"""

import asyncio
import random

import machine
from micropython import const

# An import within an import within an import takes stack, of which a chip has little: the modules
# that many others import come first.
import protocol.commands
import protocol.messages  # noqa: F401

# isort: split
from firmware import parts
from firmware.config import DEFAULT_BOARD, Config, ConfigError, board_name, read_settings
from firmware.core import supervision
from firmware.core.board import Board
from firmware.core.clock import HELD, UNSET
from firmware.core.panel import Panel
from firmware.drivers import metering, nvs
from firmware.drivers.store import build_store

FIRMWARE = "bijli 0.1.0"
TROUBLE_SHOWN_S = const(60)

application = None  # the one that runs, for a debugger or the simulator to look at


def run(name=None):
    """Run the board for ever; `name` is a board definition, by default that of config.json."""
    global application  # noqa: PLW0603 (an interpreter runs one board)
    application = build(name)
    asyncio.run(application.run())


def build(name=None):
    """Return the Application for this hardware and its config.json, started but not running."""
    cause = find_reset_cause()
    values = nvs.Values()
    crashes = count_crash(values, cause)
    config, named, trouble = _read_config()
    definition = parts.load_definition(name or named)
    store = build_store(definition)
    board = Board(store)
    if config:
        board.tokens.identify(config.meter, config.root_key)
    bus = parts.build_bus(definition)
    clock = parts.build_clock(definition, bus)
    chip = metering.build(definition)
    board.energy.gain_ppm = chip.calibration.power_ppm
    start_board(board, clock, cause, not chip.keeps_counter)
    board.supervision.begin(cause, crashes)
    if crashes:
        board.persist()  # it may crash again before the ledger's minute is over
    panel = Panel(board, config.meter if config else "", FIRMWARE)
    panel.store = store
    built = parts.build_application(definition, board, chip, clock, bus, panel)
    built.complete = lambda: complete(built, definition, store, config, cause, trouble)
    built.forgive = lambda: values.keep_crashes(0)
    if board.supervision.is_safe:
        print("safe mode after %d crashes in a row" % board.supervision.crashes_in_a_row)
    else:
        built.complete()
    return built


def complete(built, definition, store, config, cause, trouble):
    """Add everything that a board in safe mode does without, the network last."""
    parts.furnish(built, definition)
    if config:
        from firmware import link

        try:
            link.connect(built, store, config, FIRMWARE, cause)
        except ConfigError as error:
            trouble = error
    if trouble:
        print("configuration: %s" % trouble)
        built.board.show_message("NOT CONFIGURED  See console", TROUBLE_SHOWN_S)


def count_crash(values, cause):
    """Return the crashes in a row as the NVS knows them, this start's included."""
    if cause not in supervision.CRASHES_ARE:
        return 0
    crashes = values.crashes + 1
    values.keep_crashes(crashes)
    return crashes


def _read_config():
    """Return (Config or None, name of the board definition, trouble or None)."""
    named = DEFAULT_BOARD
    try:
        settings = read_settings()
        named = board_name(settings)
        return Config(settings), named, None
    except ConfigError as error:
        return None, named, error


def start_board(board, clock, cause, counter_is_new=False):
    """Let the board recover; a real-time clock that ran on is held time, not trusted time."""
    now_s = clock.read_s()
    state = HELD if now_s else UNSET
    board.start(now_s, state, 0, random.getrandbits(30), cause, counter_is_new)


def find_reset_cause():
    """Return why the chip started, as the hello message numbers it.

    An ESP32 says HARD_RESET after a panic and after `machine.reset()`, which ours calls only when
    the firmware has died (`boot.py`). Its reset button is a power-on.
    """
    cause = machine.reset_cause()
    if cause == machine.PWRON_RESET:
        return supervision.CAUSE_POWER_ON
    if cause == machine.WDT_RESET:
        return supervision.CAUSE_WATCHDOG
    if cause == machine.HARD_RESET:
        return supervision.CAUSE_CRASH
    return supervision.CAUSE_RESET if cause == machine.SOFT_RESET else supervision.CAUSE_UNKNOWN
