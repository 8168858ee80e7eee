"""Runs inside MicroPython: lives days of writing on a real store over flash that counts its wear.

What a board writes in a steady day: the ledger every minute, a reading every 15 minutes, some
events, an acknowledgement of each batch. `tools/bench/wear.py` starts it.
"""

import json

import vfs

from firmware.core import journal, ledger
from firmware.drivers.ring_partition import PartitionStore
from firmware.drivers.store import Store
from simulator.hardware.flash import Flash, RamMedium, Wear

DAY_S = 86_400
MINUTE_S = 60
READING_S = 900
EVENT_S = 1_440  # 60 a day: trips, buttons, supply on and off, boots


def measure(kind, days, blocks):
    """Return the writes and erases of each block after so many days on `kind` of store."""
    flash = Flash(RamMedium(blocks * 4096), blocks, Wear(blocks))
    if kind == "files":
        vfs.VfsLfs2.mkfs(flash)
        vfs.mount(vfs.VfsLfs2(flash), "/wear")
        store = Store("/wear")
    else:
        for block in range(blocks):
            flash.ioctl(6, block)
        store = PartitionStore(flash)
    values = ledger.array("i", store.load_ledger() or ledger.create())
    live(store, values, 1)  # the file system's own beginning is not a steady day's
    flash.wear = Wear(blocks)
    live(store, values, days)
    return {"writes": list(flash.wear.writes), "erases": list(flash.wear.erases)}


def live(store, values, days):
    """Write what so many days write, from midnight to midnight."""
    reading = bytearray(journal.READING_BYTES)
    event = bytearray(journal.EVENT_BYTES)
    for second in range(0, days * DAY_S, MINUTE_S):
        values[ledger.ENERGY_WH] = second
        ledger.seal(values)
        store.save_ledger(values)
        if second % READING_S == 0:
            journal.pack_reading(reading, store.readings.last + 1, second, *([0] * 14))
            store.append_reading(reading)
            store.release_readings(store.readings.last)
        if second % EVENT_S == 0:
            journal.pack_event(event, store.events.last + 1, second, 0, 301, 0)
            store.append_event(event)
            store.release_events(store.events.last)


def main(parameters):
    """Print the counts as JSON."""
    asked = json.loads(parameters)
    print(json.dumps(measure(asked["store"], asked["days"], asked["blocks"])))
