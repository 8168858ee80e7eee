"""What a start finds in the store: the ledger, nothing at all, or the ruins of one.

When the ledger is gone although readings or programmes are there, the board is not new.
Registers, balance and programme come back from the last reading, which is at most an interval old;
nobody can bring back which commands were seen, so an operator has to look at it before supply
returns.
This module must not know holds or the clock.
"""

from firmware.core import journal, ledger
from firmware.core.calendar import DAY_S, LocalTime
from firmware.core.programmes import SLOTS
from firmware.core.zone import Zone
from protocol import messages
from protocol import programme as wire
from protocol.errors import ProtocolError

FOUND = 0
NEW = 1  # a board that never ran
LOST = 2


def load(values, store):
    """Fill the ledger `values` from the store; return FOUND, NEW or LOST."""
    try:
        if ledger.restore(values, store.load_ledger()):
            return FOUND
        if store.readings_range()[1]:
            return LOST
        if all(store.load_programme(slot) is None for slot in range(SLOTS)):
            return NEW
    except OSError:
        pass  # a store that says nothing does not say that the board is new
    return LOST


def trouble_of(store):
    """Return the part that the store itself could not read or mount at its start, or 0."""
    return getattr(store, "trouble", 0)


def rebuild(values, store):
    """Bring back what the last reading tells; a store that cannot be read leaves `values`."""
    buffer = bytearray(journal.READING_BYTES)
    try:
        last = store.readings_range()[1]
        if not last or not store.read_reading(last, buffer):
            return
    except OSError:
        return
    reading = journal.unpack_reading(buffer)
    if reading:
        _take_registers(values, reading)
        _take_programme(values, store, reading)


def _take_registers(values, reading):
    values[ledger.ENERGY_WH] = reading[3]
    for rate in range(4):
        values[ledger.RATE_WH + rate] = reading[4 + rate]
    balance, charged = reading[13], reading[15]
    if reading[12] == wire.MODE_ENERGY:
        values[ledger.CREDITED_WH] = charged + balance
        values[ledger.CHARGED_WH] = charged
    elif reading[12] == wire.MODE_MONEY:
        values[ledger.CREDITED_PAISE] = charged + balance
        values[ledger.CHARGED_PAISE] = charged
    end_s = reading[1]
    if reading[12] == wire.MODE_FLAT:
        values[ledger.DAYS_CREDITED] = charged + balance
        values[ledger.DAYS_CHARGED] = charged
        values[ledger.PAID_UNTIL_S] = end_s + balance * DAY_S
    values[ledger.KNOWN_S] = end_s
    is_unset = reading[2] & messages.FLAG_CLOCK_UNSET
    values[ledger.WRITTEN_S] = end_s
    values[ledger.WRITTEN_CLOCK] = messages.CLOCK_UNSET if is_unset else messages.CLOCK_HELD
    # No board sends a message a second for years: counters up to here cover all that were used.
    values[ledger.UPLINK_RESERVED] = end_s + DAY_S


def _take_programme(values, store, reading):
    """Let the programme of the last reading be in force again, and its month go on."""
    for slot in range(SLOTS):
        try:
            record = store.load_programme(slot)
            programme = wire.decode(record) if record else None
        except (OSError, ProtocolError):
            continue
        if programme and programme[wire.VERSION] == reading[14]:
            values[ledger.ACTIVE_SLOT] = slot
            values[ledger.ACTIVE_CRC] = values[ledger.RATED_CRC] = ledger.checksum(record)
            # What was paid of a debt is not known: none is taken until more is laid on.
            debt = programme[wire.CREDIT][wire.CREDIT_DEBT_TOTAL]
            values[ledger.DEBT_PAID] = values[ledger.DEBT_PAID_PAISE] = debt
            zone = Zone()
            zone.configure(programme[wire.UTC_OFFSET_MIN], programme[wire.DST])
            _go_on_with_month(values, reading[1] - 1, zone)
            return


def _go_on_with_month(values, last_s, zone):
    """No day is charged again; slabs begin anew, as after any change of terms."""
    local = LocalTime()
    local.refresh(last_s, zone.offset_min_at(last_s))
    values[ledger.MONTH] = local.month
    values[ledger.MONTH_DAY] = local.day
    values[ledger.MONTH_FIRST_DAY] = local.day + 1
    values[ledger.CHARGED_DAY] = local.day_number


def record_boot(values, recorder, is_first, reset_cause, written_s, passed_s):
    """Tell of the start, and of the outage before it unless the board only reset."""
    if not is_first and reset_cause <= 1:  # power on, or nobody knows
        if not values[ledger.POWER_FAILED]:
            recorder.record_event(messages.EVENT_POWER_FAILED, 0, written_s)
        values[ledger.OUTAGES] += 1
        recorder.record_event(messages.EVENT_POWER_RESTORED, passed_s)
        recorder.flags |= messages.FLAG_POWER_FAILED
    values[ledger.POWER_FAILED] = 0
    recorder.record_event(messages.EVENT_BOOT, reset_cause)
