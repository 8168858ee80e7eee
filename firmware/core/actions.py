"""What the core asks of whoever called it: a bit mask."""

OPEN_RELAY = 1
CLOSE_RELAY = 2
PERSIST = 4  # informative: the ledger was written
SEND_STATUS = 8
SEND_READINGS = 16
SEND_EVENTS = 32
SHOW = 64  # the display has something new to say
SET_CLOCK = 128  # `clock` was set: carry it into the real-time clock if there is one
