"""The programme in force, the one that waits, and the one before, in three slots of the store.

A new programme is written whole into a slot that holds neither the one in force nor the one that
waits; only then does the ledger, which holds their CRCs, call it waiting. It is put in force by
one ledger write. A power cut at any write leaves the programme in force whole, and the waiting one
that was receipted too. This module must not know what a programme does.
"""

from firmware.core.ledger import (
    ACTIVE_CRC,
    ACTIVE_SLOT,
    PASSIVE_CRC,
    PASSIVE_SLOT,
    PREVIOUS_CRC,
    checksum,
)
from protocol import commands
from protocol import programme as wire
from protocol.errors import ProtocolError

NEVER_S = 0x3FFFFFFF
SLOTS = 3
RETRY_S = 60  # a waiting programme that the store cannot read is tried again so often
BOOT_READS_MAX = 3  # of the one in force, before another stands in for it

_LOAD = dict(wire.DEFAULT_LOAD)
_LOAD[wire.LOAD_LIMIT_W] = 500

# Until the first package arrives: enough to commission a house by, and every Wh is counted.
BUILT_IN = wire.fill(
    {
        wire.VERSION: 0,
        wire.PACKAGE_ID: "built-in",
        wire.ACTIVATION_S: 0,
        wire.UTC_OFFSET_MIN: 330,
        wire.LOAD: _LOAD,
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
)


class Programmes:
    """`active` is a decoded programme, always; of a waiting one version and time are known."""

    def __init__(self, values, store):
        self._values = values
        self._store = store
        self.active = BUILT_IN
        self.crc = 0  # of `active`; 0 for the built-in one
        self.passive_version = 0
        self.activation_s = NEVER_S
        self.is_troubled = False  # a slot failed or held no whole programme; the caller clears it
        self._waiting = None  # fetched for activation
        self._retry_at_s = 0  # uptime

    def load(self):
        """Read the slots after the ledger was restored.

        For a programme in force that cannot be read the one before stands in, if it is whole,
        else the built-in one; the next start looks again.
        """
        values = self._values
        self.active, self.crc = None, values[ACTIVE_CRC]
        for _ in range(BOOT_READS_MAX if self.crc else 0):
            self.active = self.active or self._try(values[ACTIVE_SLOT], self.crc)
        self.is_troubled = bool(self.crc) and self.active is None
        if self.active is None:
            self._substitute(values[PREVIOUS_CRC] if self.is_troubled else 0)
        self._note_passive(None)
        if values[PASSIVE_CRC]:
            self._retry_at_s = self.activation_s = 0
            self.fetch(NEVER_S, 0)
            self._waiting = None

    def _substitute(self, before):
        """Let the programme with the CRC `before` be in force, or the built-in one."""
        for slot in range(SLOTS):
            self.active = self._try(slot, before)
            if self.active:
                self.crc = before
                return
        self.active = BUILT_IN
        self.crc = 0

    def keep(self, record):
        """Check `record` (bytes) and store it as waiting; return 0 or the reason of refusal.

        The ledger is changed but not yet written: that is the caller's to do.
        """
        values = self._values
        try:
            programme = wire.decode(record)
        except ProtocolError as error:
            return error.reason
        if programme[wire.VERSION] <= max(self.active[wire.VERSION], self.passive_version):
            return commands.REASON_NOT_NEWER
        slot = self._free_slot()
        try:
            self._store.save_programme(slot, record)
        except OSError:
            return commands.REASON_STORAGE_FAILED
        values[PASSIVE_SLOT] = slot
        values[PASSIVE_CRC] = checksum(record)
        self._note_passive(programme)
        return commands.REASON_NONE

    def fetch(self, calendar_s, uptime_s):
        """Read the waiting programme if it is due; return whether `activate` may follow.

        A store that fails is asked again in a minute; a record that is not whole is given up.
        """
        if calendar_s < self.activation_s or uptime_s < self._retry_at_s:
            return False
        values = self._values
        try:
            self._waiting = self._read(self._waiting_slot(), values[PASSIVE_CRC])
        except OSError:
            self.is_troubled = not self._retry_at_s  # told once
            self._retry_at_s = uptime_s + RETRY_S
            return False
        self._retry_at_s = 0
        self._note_passive(self._waiting)
        if self._waiting is None:
            values[PASSIVE_CRC] = 0
            self.is_troubled = True
        elif calendar_s < self.activation_s:
            self._waiting = None
        return self._waiting is not None

    def activate(self):
        """Put the programme just fetched in force.

        The ledger is changed but not yet written; a cut before that only repeats the activation.
        """
        values = self._values
        values[PREVIOUS_CRC] = values[ACTIVE_CRC]
        values[ACTIVE_SLOT] = self._waiting_slot()
        values[ACTIVE_CRC] = self.crc = values[PASSIVE_CRC]
        values[PASSIVE_CRC] = 0
        self.active = self._waiting
        self._waiting = None
        self._note_passive(None)

    def _waiting_slot(self):
        active, waiting = self._values[ACTIVE_SLOT], self._values[PASSIVE_SLOT]
        # The same: nothing waits, or it is a ledger of two slots, in which slot 1 waits on 0.
        return (active + 1) % SLOTS if waiting == active else waiting

    def _free_slot(self):
        """Return a slot of neither; without a waiting programme, not that of the one before."""
        values = self._values
        other = self._waiting_slot()
        if not values[PASSIVE_CRC] and self._try(other, values[PREVIOUS_CRC]) is None:
            return other
        return SLOTS - values[ACTIVE_SLOT] - other

    def _note_passive(self, programme):
        self.passive_version = programme[wire.VERSION] if programme else 0
        self.activation_s = programme[wire.ACTIVATION_S] if programme else NEVER_S

    def _try(self, slot, crc):
        """Return the programme of a slot, or None when it cannot be had."""
        try:
            return self._read(slot, crc)
        except OSError:
            return None

    def _read(self, slot, crc):
        """Return the programme of a slot, None when it is not whole. Raises OSError."""
        record = self._store.load_programme(slot) if crc else None
        if record is None or checksum(record) != crc:
            return None
        try:
            return wire.decode(record)
        except ProtocolError:
            return None
