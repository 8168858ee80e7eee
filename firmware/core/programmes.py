"""The programme in force and the one that waits, in two slots of the store.

A new programme is written whole into the slot that is not in force; only then does the ledger,
which holds the CRC of both, call it waiting. It is put in force by one ledger write that swaps the
slots. A power cut at any write leaves the programme in force whole. This module must not know what
a programme does.
"""

from firmware.core.ledger import ACTIVE_CRC, ACTIVE_SLOT, PASSIVE_CRC, checksum
from protocol import commands
from protocol import programme as wire
from protocol.errors import ProtocolError

NEVER_S = 0x3FFFFFFF

# Until the first package arrives: enough to commission a house by, and every Wh is counted.
BUILT_IN = {
    wire.VERSION: 0,
    wire.PACKAGE_ID: "built-in",
    wire.ACTIVATION_S: 0,
    wire.UTC_OFFSET_MIN: 330,
    wire.LOAD: dict(wire.DEFAULT_LOAD),
    wire.WINDOWS: [],
    wire.SUPPLY_CLOCK_UNSET: True,
    wire.CREDIT: {
        wire.CREDIT_MODE: wire.MODE_POSTPAID,
        wire.CREDIT_LOW_1: 0,
        wire.CREDIT_LOW_2: 0,
        wire.CREDIT_RECONNECT: 1,
        wire.CREDIT_FRIENDLY_WINDOWS: [],
        wire.CREDIT_SANCTIONED_LOAD_W: 500,
        wire.CREDIT_PHASES: 1,
        wire.CREDIT_OPENED_S: 0,
    },
    wire.TARIFF: None,
    wire.INTERVAL_S: 900,
    wire.START_DELAY_S: 0,
    wire.LANGUAGE: 0,
}
BUILT_IN[wire.LOAD][wire.LOAD_LIMIT_W] = 500
wire.fill(BUILT_IN)


class Programmes:
    """`active` is a decoded programme, always; of a waiting one version and time are known."""

    def __init__(self, values, store):
        self._values = values
        self._store = store
        self.active = BUILT_IN
        self.passive_version = 0
        self.activation_s = NEVER_S

    def load(self):
        """Read both slots after the ledger was restored; a damaged one counts as absent."""
        values = self._values
        self.active = self._read(values[ACTIVE_SLOT], values[ACTIVE_CRC]) or BUILT_IN
        self._note_passive(self._read(1 - values[ACTIVE_SLOT], values[PASSIVE_CRC]))

    def keep(self, record):
        """Check `record` (bytes) and store it as waiting; return 0 or the reason of refusal.

        The ledger is changed but not yet written: that is the caller's to do.
        """
        try:
            programme = wire.decode(record)
        except ProtocolError as error:
            return error.reason
        if programme[wire.VERSION] <= max(self.active[wire.VERSION], self.passive_version):
            return commands.REASON_NOT_NEWER
        try:
            self._store.save_programme(1 - self._values[ACTIVE_SLOT], record)
        except OSError:
            return commands.REASON_STORAGE_FAILED
        self._values[PASSIVE_CRC] = checksum(record)
        self._note_passive(programme)
        return commands.REASON_NONE

    def activate(self):
        """Put the waiting programme in force; return False if its slot cannot be read.

        The ledger is changed but not yet written; a cut before that only repeats the activation.
        """
        values = self._values
        waiting = self._read(1 - values[ACTIVE_SLOT], values[PASSIVE_CRC])
        self._note_passive(None)
        if waiting:
            values[ACTIVE_SLOT] = 1 - values[ACTIVE_SLOT]
            values[ACTIVE_CRC] = values[PASSIVE_CRC]
            self.active = waiting
        values[PASSIVE_CRC] = 0
        return bool(waiting)

    def _note_passive(self, programme):
        self.passive_version = programme[wire.VERSION] if programme else 0
        self.activation_s = programme[wire.ACTIVATION_S] if programme else NEVER_S

    def _read(self, slot, crc):
        if not crc:
            return None
        try:
            record = self._store.load_programme(slot)
            if record is None or checksum(record) != crc:
                return None
            return wire.decode(record)
        except (OSError, ProtocolError):
            return None
