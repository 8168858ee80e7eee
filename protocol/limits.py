"""Every number that bounds a message, a record or a counter (docs/wire.md).

Values that the chip handles often stay below 2^30, where its integers need no heap.
This module must not know any rule, only the numbers.
"""

EPOCH_UNIX_S = 1_577_836_800  # 2020-01-01T00:00:00Z, second 0 of wire time
TIME_MAX_S = 0x3FFF_FFFF  # the year 2054

METER_ID_MAX = 16
KEY_BYTES = 32
KEY_EPOCH_MAX = 0x3FFF_FFFF
COUNTER_MAX = 0x3FFF_FFFF  # one message a second for 34 years
SEQUENCE_MAX = 0x3FFF_FFFF
COUNTER_BLOCK = 64  # a board reserves so many counters with one ledger write
REPLAY_WINDOW = 64

PAYLOAD_MAX_BYTES = 4096  # a whole MQTT payload, envelope included
NESTING_MAX = 8
MAP_KEY_MAX = 63

READINGS_PER_MESSAGE_MAX = 24
EVENTS_PER_MESSAGE_MAX = 32
BATCH_TIMEOUT_S = 30  # a batch without an answer is sent again
FIRMWARE_TEXT_MAX = 48
NONCE_BYTES = 8
COMMAND_ID_BYTES = 8
PURCHASE_ID_BYTES = 8
TOKEN_DIGITS = 20

ENERGY_MAX_WH = 1_000_000_000_000
POWER_MAX_W = 200_000
VOLTAGE_MAX_V = 1_000
TOTAL_MAX = 1_000_000_000_000  # a balance or a running total, paise or Wh
AMOUNT_MAX = 1_000_000_000  # one purchase, paise or Wh
COUNT_MAX = 0x3FFF_FFFF  # boots, trips, outages, minutes
EVENT_CODE_MAX = 65_535
EVENT_VALUE_MAX = TOTAL_MAX

DAYS_MAX = 3_660  # of a flat package, with one purchase
PROFILE_READINGS_MAX = 960  # ten days of 15 minute readings
MESSAGE_TEXT_MAX = 32  # two lines of sixteen
MESSAGE_MAX_S = 86_400

PROGRAMME_MAX_BYTES = 1024
PACKAGE_ID_MAX = 48
UTC_OFFSET_MIN_MIN = -720
UTC_OFFSET_MIN_MAX = 840
START_DELAY_MAX_S = 600
LIMIT_MAX_W = 100_000
BANDS_MAX = 8
BAND_MIN_PERCENT = 101
BAND_MAX_PERCENT = 1_000
BAND_MAX_S = 3_600
TRIPS_MAX = 15  # before a lockout: a board remembers the trips of that many and one more
WINDOWS_MAX = 16
RETRIES_MAX = 15  # automatic ones after a trip
RETRY_INTERVAL_MIN_S = 10
RETRY_INTERVAL_MAX_S = 3_600
FROZEN_MAX_S = 3_600
SPECIAL_DAYS_MAX = 16
SEASONS_MAX = 4
DST_EXTRA_MAX_MIN = 120
YEAR_MIN = 2020
YEAR_MAX = 2053
RECHARGE_DAYS_MAX = 3_660
