"""The ledger: everything that must survive a power cut, as one array of 32-bit integers.

The array is at once the board's working state and, with its CRC, the record that goes to flash:
nothing is packed or copied once a second, and one write moves registers, credit, holds and the
identities of what was applied together. Entries are named by the constants below. This module
must not know what the numbers mean to their owners, nor where the record is kept.
"""

from array import array
from binascii import crc32

FORMAT_1 = 0x4A4C0001  # "JL", layout 1: 225 words, the last of them its CRC
FORMAT_2 = 0x4A4C0002  # layout 2: 288 words
FORMAT_3 = 0x4A4C0003  # layout 3; another layout needs another number and a conversion

FORMAT = 0
SEQUENCE = 1  # of ledger writes; the newer of two slots is the one to load
WRITTEN_S = 2  # board time of the last write, for what passed since
WRITTEN_CLOCK = 3  # clock state at the last write
BOOTS = 4
OUTAGES = 5
POWER_FAILED = 6  # 1: the power-fail line announced the cut, its event is in the ring

ENERGY_WH = 7
RATE_WH = 8  # four registers, rates 0–3; they sum to ENERGY_WH
RATE = 12  # in force at the last write: energy recovered after a cut belongs to it
CHIP_WH = 13  # the chip's counter up to which energy is in the registers; -1 unknown
SUPPLY_S = 14  # seconds with the relay closed and mains present

HOLDS = 15  # lasting holds only
SUPPLY_ON = 16
WAIT_LEFT_S = 17
LOCKOUT_LEFT_S = 18
TRIPS = 19  # since birth
TRIP_LEFT_S = 20  # sixteen: how long each recent trip still counts
TRIPS_REMEMBERED = 16  # one more than limits.TRIPS_MAX, so that the one too many is known

CREDITED_WH = 36
CHARGED_WH = 37
CREDITED_PAISE = 38
CHARGED_PAISE = 39
LOW_REPORTED = 40  # 0 none, 1, 2 the low-credit levels, 3 exhausted
MONTH = 41  # calendar month being rated, 0 none
MONTH_DAY = 42  # last day of it that is charged
MONTH_FIRST_DAY = 43  # first day that the present rating covers
MONTH_PAISE = 44  # rated so far, and already in CHARGED_PAISE
MONTH_RATE_WH = 45  # four registers of the month so far

ACTIVE_SLOT = 49  # 0–2
ACTIVE_CRC = 50  # 0: no programme, the built-in one is in force
PASSIVE_CRC = 51  # 0: nothing waits in PASSIVE_SLOT

READING_SEQUENCE = 52  # last written
READING_END_S = 53
READING_SUPPLY_S = 54  # SUPPLY_S at the last reading
EVENT_SEQUENCE = 55
UPLINK_RESERVED = 56  # uplink counters up to this one may have been used
DOWNLINK_COUNTER = 57  # highest accepted
REFUSED_MESSAGES = 58

PASSIVE_SLOT = 59  # the same as ACTIVE_SLOT in records from when there were two slots
PURCHASE_NEXT = 60  # where the next identity goes, modulo REMEMBERED
COMMAND_NEXT = 61
PREVIOUS_CRC = 62  # of the programme that was in force before; its slot is found by it
RATED_CRC = 63  # of the programme under whose terms the month is rated
PURCHASES = 64  # REMEMBERED pairs of words
COMMANDS = 128  # REMEMBERED triples: identity in two words, stage × 256 + reason
REMEMBERED = 32

# Protection
BAND_TIMER_S = 224  # eight, as they stood at the last write
UNBALANCE_S = 232
RETRIES = 233  # automatic ones since the last good minute
RETRY_LEFT_S = 234  # 0: none is due
EMERGENCY_LIMIT_W = 235  # 0: none
EMERGENCY_UNTIL_S = 236
SOURCE = 237  # 0 mains, 1 generator, as commanded
SOURCE_UNTIL_S = 238
TAMPERS = 239  # since birth
DEMAND_W = 240  # highest mean of an interval in the month of DEMAND_S
DEMAND_S = 241
REVERSE_WH = 242
CHIP_REVERSE_WH = 243  # as CHIP_WH
ENERGY_REST = 244  # what calibration left over, in the unit of firmware/core/energy.py
METERING_BAD_S = 245  # how long measurements could not be believed, less the good seconds since
RELAY_WELDED = 246  # 1: the consumer's line stayed live although open, retries and all
COVER_OPEN = 247  # as it was at the last write
DEMAND_BASE_WH = 248  # ENERGY_WH when the present interval of the demand began
DEMAND_BASE_S = 249  # and when that was
DEMAND_MONTH = 250  # months since year 0, of DEMAND_W
METERING_SAME_S = 251  # for how long the chip has shown the same
METERING_FRAME = 252  # a sum over what that was

# Account
EMERGENCY_GIVEN = 256  # emergency credit accepted: how far below 0 it lets the balance go
DEBT_PAID = 258  # of all debts ever laid on the energy account
DEBT_PAID_PAISE = 259  # and on the money account
CHARGED_DAY = 260  # local day number up to which instalments and daily charges are taken
PAID_UNTIL_S = 261  # flat packages
DAYS_CREDITED = 262
LIFELINE_GIVEN = 263  # the same for the lifeline advance (UP-8)
LAST_CREDIT_S = 264  # for the four-month rule (UP-10)
RECHARGE_WARNED = 265
MONTH_WH = 266  # energy of the local month MONTH_WH_MONTH in any mode
MONTH_WH_MONTH = 267
DAYS_CHARGED = 268  # of DAYS_CREDITED
KNOWN_S = 269  # it is at least so late: clock.py

# Supervision
CRASHES = 272  # since birth
CRASHES_RECENT = 273  # in a row, without a quarter of an hour of good running
RESET_CAUSE = 274  # of the present start
TASK_RESTARTS = 275  # since birth
WATCHDOG_RESETS = 276
SAFE_S = 277  # in safe mode since the last crash

# How long the balance lasts (firmware/core/usage.py)
USE_DAY = 278  # local day number × 4 and the account's mode
USE_FROM = 279  # what was charged when that day began
USE_PER_DAY = 280  # mean of whole days; 0 unknown, -1: the present day is not a whole one

# Tokens: the rules stand in firmware/core/tokens.py and purchases.py
TOKEN_KEY = 281  # four words; while TOKEN_KEY_FACTS is 0 the first key is in force
TOKEN_KEY_FACTS = 285
TOKEN_SGC = 286  # supply group code of the key
TOKEN_BASE = 287  # roll-overs of the base date since birth
TOKEN_BAD = 288  # bad entries in a row
TOKEN_LOCK_LEFT_S = 289
TOKEN_LAST = 290  # the last answer + 1, 0: none
TOKEN_LAST_TENTHS = 291  # what it brought
TOKEN_SECTIONS = 292  # four pairs: the sections of a key change that came so far
TOKEN_IDS = 300  # fifty identities of 24 bits, five in four words

CRC = 340
WORDS = 341  # three records in a block of a raw partition
BYTES = WORDS * 4
_CRC_OF = {FORMAT_1: 224, FORMAT_2: 287, FORMAT_3: CRC}

VALUE_MAX = 0x3FFFFFFF  # the largest small integer of the 32-bit interpreter


def create():
    """Return the ledger of a board that has never run."""
    values = array("i", bytes(BYTES))
    values[FORMAT] = FORMAT_3
    values[CHIP_WH] = -1
    values[CHIP_REVERSE_WH] = -1
    return values


def seal(values):
    """Give the record its next sequence number and its CRC; it is then ready to be written."""
    values[SEQUENCE] += 1
    values[CRC] = checksum(memoryview(values)[:CRC])


def checksum(data):
    """Return the CRC-32 of `data` as a signed 32-bit integer, never 0 (0 means "none")."""
    crc = crc32(data)
    return (crc - (1 << 32) if crc >> 31 else crc) or 1


def sequence_of(record):
    """Return the sequence number of a stored record, 0 for a torn, foreign or missing one."""
    if record is None or len(record) < 4 or len(record) % 4:
        return 0
    values = array("i", record)
    crc = _CRC_OF.get(values[FORMAT], len(values))
    # A place of fixed size may hold an older record, which is shorter.
    if len(values) <= crc or values[crc] != checksum(memoryview(values)[:crc]):
        return 0
    return values[SEQUENCE]


def newest(first, second):
    """Return 0 or 1, the slot that holds the newer valid record, or None when neither does."""
    sequences = (sequence_of(first), sequence_of(second))
    if not any(sequences):
        return None
    return 1 if sequences[1] > sequences[0] else 0


def restore(values, record):
    """Fill `values` from a stored record; return False, changing nothing, if it is not valid.

    Older layouts had the same words up to their CRC; what came after it starts as at birth.
    """
    if not sequence_of(record):
        return False
    stored = array("i", record)
    for index in range(_CRC_OF[stored[FORMAT]]):
        values[index] = stored[index]
    values[FORMAT] = FORMAT_3
    return True


def take_back(values, record):
    """Put `values` back to the copy `record`; sequences that others may have seen only go on."""
    for index, value in enumerate(array("i", record)):
        if index not in (SEQUENCE, EVENT_SEQUENCE):
            values[index] = value
