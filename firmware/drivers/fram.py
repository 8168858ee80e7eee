"""Ferroelectric memory on I2C (MB85RC256V, 32 KB): the ledger in two slots, written in turn.

It bears 10^12 writes and needs no erase, so that a ledger may be written as often as it changes. A
write that the power cuts leaves the other slot whole; each is read back, because a bus in a meter
box has noise. Registers: 16-bit address, then data, as the MB85RC256V data sheet has it.
It must not know what the ledger means.
"""

import machine
import uctypes
from micropython import const

from firmware.core import ledger

ADDRESS = const(0x50)
_ADDRESS_BITS = const(16)
_SLOT_ADDRESSES = (0, 0x1000)
_CHUNK_BYTES = const(64)
_TRIES = const(3)
_EIO = const(5)


def build(definition):
    """Return the ledger's place in the FRAM on the I2C bus of a board definition."""
    bus = machine.I2C(
        definition.I2C_BUS,
        sda=machine.Pin(definition.I2C_SDA_PIN),
        scl=machine.Pin(definition.I2C_SCL_PIN),
        freq=definition.I2C_HZ,
    )
    return FramLedger(bus, getattr(definition, "FRAM_ADDRESS", ADDRESS))


class FramLedger:
    """Two slots on `bus`, a `machine.I2C`; raises OSError when the memory does not answer."""

    def __init__(self, bus, address=ADDRESS):
        self._bus = bus
        self._address = address
        self._slot = 0  # the one to write next

    def load(self):
        """Return the newer whole record, or None on a blank memory. Raises OSError."""
        records = [self._load_slot(0), self._load_slot(1)]
        slot = ledger.newest(records[0], records[1])
        if slot is None:
            return None
        self._slot = 1 - slot
        return records[slot]

    def save(self, record):
        """Write `record` over the older slot and read it back. Raises OSError."""
        octets = memoryview(uctypes.bytearray_at(uctypes.addressof(record), ledger.BYTES))
        start = _SLOT_ADDRESSES[self._slot]
        for at in range(0, ledger.BYTES, _CHUNK_BYTES):
            self._write(start + at, octets[at : at + _CHUNK_BYTES])
        self._slot = 1 - self._slot

    def _load_slot(self, slot):
        """Return a slot's record; what does not look whole is read again, the bus has noise."""
        record = bytearray(ledger.BYTES)
        for attempt in range(_TRIES):
            try:
                self._bus.readfrom_mem_into(
                    self._address, _SLOT_ADDRESSES[slot], record, addrsize=_ADDRESS_BITS
                )
                if ledger.sequence_of(record):
                    break
            except OSError:
                if attempt == _TRIES - 1:
                    raise
        return record

    def _write(self, start, octets):
        found = bytearray(len(octets))
        for attempt in range(_TRIES):
            try:
                self._bus.writeto_mem(self._address, start, octets, addrsize=_ADDRESS_BITS)
                self._bus.readfrom_mem_into(self._address, start, found, addrsize=_ADDRESS_BITS)
                if found == octets:
                    return
            except OSError:
                if attempt == _TRIES - 1:
                    raise
        raise OSError(_EIO)
