"""The programme in force and the one that waits, in two slots of the store.

A new programme is written whole into the slot that is not in force; only then does the ledger,
which holds the CRC of both, call it waiting. It is put in force by one ledger write that swaps the
slots. A power cut at any write leaves the programme in force whole. This module must not know what
a programme does.
"""

from firmware.core.ledger import ACTIVE_CRC, ACTIVE_SLOT, PASSIVE_CRC, checksum
from protocol import programme as wire
from protocol.errors import ProtocolError

NEVER_S = 0x3FFFFFFF

REASON_NONE = 0
REASON_NOT_NEWER = 6
REASON_STORAGE = 9

# Until the first package arrives: enough to commission a house by, and every Wh is counted.
BUILT_IN = {
    0: 0,
    1: "built-in",
    2: 0,
    3: 330,
    4: dict(wire.DEFAULT_LOAD),
    5: [],
    6: True,
    7: {0: 0, 1: 0, 2: 0, 3: 1, 4: [], 5: 500, 6: 1, 7: 0},
    8: None,
    9: 900,
    10: 0,
    11: 0,
}
BUILT_IN[4][0] = 500


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
        if programme[0] <= max(self.active[0], self.passive_version):
            return REASON_NOT_NEWER
        try:
            self._store.save_programme(1 - self._values[ACTIVE_SLOT], record)
        except OSError:
            return REASON_STORAGE
        self._values[PASSIVE_CRC] = checksum(record)
        self._note_passive(programme)
        return REASON_NONE

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
        self.passive_version = programme[0] if programme else 0
        self.activation_s = programme[2] if programme else NEVER_S

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
