"""The first of our code that runs: the file system, and the relay before anything else.

A frozen image starts here (`firmware/frozen/_boot.py`), in place of MicroPython's own start, which
formats a blank file system and stops for ever at a damaged one. This one never formats and never
stops: without a file system the board runs with what it has (docs/memory.md). A latching relay
stays as it was through an outage; if the ledger says that supply was off, or cannot be read, it is
opened here, before the rest of the firmware is even loaded.
It must not know why supply is off: `firmware.core` decides about everything after this.
"""

import gc
import json
import sys
import time
from array import array

import machine
import vfs
from micropython import const

from firmware.core import ledger
from firmware.drivers import nvs
from firmware.drivers.store import build_store

PARTITION = "vfs"
DEFAULT_BOARD = "esp32_devkit"
PULSE_MS = const(60)  # of the relay's coil
RESTART_MS = const(5000)
# Code that is not frozen comes into the heap: collecting often while it does keeps the rest of the
# heap in one piece, for the ledger, the MQTT input and other long buffers.
IMPORT_THRESHOLD_BYTES = const(2048)

trouble = ""  # why there is no file system


def start(name=None):
    """Mount the file system and bring the relay to its safe side; `name` is a board definition.

    Raises nothing: what cannot be done is told on the console.
    """
    global trouble  # noqa: PLW0603 (a chip has one file system)
    trouble = mount()
    if trouble:
        print("no file system (%s): nothing is formatted, the board runs without" % trouble)
    try:
        secure_relay(load_definition(name or board_name()))
    except Exception as error:  # noqa: BLE001 (metering must begin whatever this died of)
        sys.print_exception(error)


def run():
    """Run the firmware; whatever it dies of, the chip starts again after a pause."""
    gc.threshold(IMPORT_THRESHOLD_BYTES)  # the application sets its own when it runs
    try:
        from firmware.main import run as run_board

        run_board()
    except Exception as error:  # noqa: BLE001 (there is nobody else to catch it)
        sys.print_exception(error)
    try:
        # Nobody measures until the next start has looked at everything anew.
        pulse_open(coils(load_definition(board_name())))
    except Exception as error:  # noqa: BLE001 (the restart is the last that can help)
        sys.print_exception(error)
    time.sleep_ms(RESTART_MS)
    machine.reset()


def mount(label=PARTITION):
    """Mount the littlefs of the partition `label` at /; return "" or why that cannot be."""
    import esp32

    try:
        found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label=label)
        if not found:
            return "no partition is called %s" % label
        vfs.mount(vfs.VfsLfs2(found[0]), "/")
    except OSError as error:
        return "it does not mount: %s" % error
    return ""


def board_name():
    """Return the board definition's name: of config.json, else of the NVS, else the usual one."""
    try:
        with open("/config.json") as file:
            name = json.load(file)["board"]
        if isinstance(name, str):
            return name
    except (OSError, ValueError, KeyError, TypeError):
        pass  # `firmware.main` tells the person what is wrong with it
    return nvs.Values().text(nvs.BOARD, DEFAULT_BOARD)


def load_definition(name):
    """Return the module `firmware/boards/<name>.py`, or the usual one when there is none."""
    try:
        return __import__("firmware.boards." + name, None, None, ("NAME",))
    except ImportError as error:
        print("board %s: %s" % (name, error))
        return __import__("firmware.boards." + DEFAULT_BOARD, None, None, ("NAME",))


def secure_relay(definition):
    """Open the relay if the ledger wants supply off, or cannot tell."""
    opening = coils(definition)
    try:
        is_wanted = must_open(build_store(definition))
    except Exception as error:  # noqa: BLE001 (whatever it is, nobody can tell that supply was on)
        sys.print_exception(error)
        is_wanted = True
    if is_wanted:
        pulse_open(opening)


def coils(definition):
    """Return the opening coil's pin; no coil burns then, whatever came before."""
    pin = machine.Pin
    pin(definition.RELAY_CLOSE_PIN, pin.OUT, value=0)
    return pin(definition.RELAY_OPEN_PIN, pin.OUT, value=0)


def pulse_open(opening):
    """Open the relay. Takes PULSE_MS."""
    opening.value(1)
    time.sleep_ms(PULSE_MS)
    opening.value(0)


def must_open(store):
    """Tell whether supply was off at the last ledger write, or may have been.

    A board that never ran is left as it is: its first second decides.
    """
    try:
        record = store.load_ledger()
    except OSError:
        return True
    if record is None:
        return bool(store.trouble)
    values = array("i", record)
    return bool(values[ledger.HOLDS]) or not values[ledger.SUPPLY_ON]
