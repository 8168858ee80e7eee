"""What LED and buzzer say, as tables, and which of it is due now.

A LED pattern is eight seconds, one bit each. A sound is milliseconds on, off, on, … of the buzzer.
This module must not know pins, nor why anything stands.
"""

from firmware.core import holds
from firmware.core.clock import UNSET
from firmware.core.schedule import Schedule
from protocol import programme as wire

LED_ON = 0b11111111  # supply
LED_PRESS = 0b10101010  # blinking: the consumer can end this
LED_WAIT = 0b11110000  # slow: supply hours, credit or the operator decides
LED_CALL = 0b10100000  # two short flashes, then dark: call the technician
LED_LOW = 0b11111110  # supply, with a wink: the credit runs low

LEDS = {
    0: LED_ON,
    holds.FAULT: LED_CALL,
    holds.TAMPER: LED_CALL,
    holds.OVERLOAD: LED_PRESS,
    holds.CONFIRM: LED_PRESS,
}

CLICK = (15,)
REFUSED = (500,)
ACCEPTED = (80, 80, 80)
TRIP = (400, 200, 400, 200, 400)
LOW_CREDIT = (100, 100, 100)
ENDING = (200, 200, 200, 200, 200, 200, 200)  # supply or credit end soon

WARN_MIN = 5  # before the supply hours end
_LAST_LEVEL = 2  # of low credit: the cut is next


def choose_led(board):
    """Return the LED's pattern for what stands now."""
    hold = holds.explain(board.holds)
    if not hold and board.account.low_level():
        return LED_LOW
    return LEDS.get(hold, LED_WAIT)


class Listener:
    """Notices what the buzzer must tell; ask it once a second."""

    def __init__(self):
        self._tripped = True  # what stood before the start is no news
        self._level = 0
        self._ends_min = 0

    def hear(self, board, ends_min):
        """Return the sound of what has just happened, or None. Allocates nothing."""
        tripped = bool(board.holds & holds.OVERLOAD)
        level = board.account.low_level()
        has_tripped = tripped and not self._tripped
        is_ending = ends_min and not self._ends_min
        is_lower = level > self._level and not board.holds
        self._tripped = tripped
        self._level = level
        self._ends_min = ends_min
        if has_tripped:
            return TRIP
        if is_ending or (is_lower and level == _LAST_LEVEL):
            return ENDING
        return LOW_CREDIT if is_lower else None


class Forecast:
    """Looks some minutes ahead in the calendar: do the supply hours end soon?"""

    def __init__(self):
        self._ahead = Schedule()
        self._programme = None

    def supply_ends_min(self, board):
        """Return in how many minutes (1 to WARN_MIN) supply hours end, 0 when not so soon."""
        if board.clock.state == UNSET or not board.schedule.is_open:
            return 0
        programme = board.programmes.active
        if programme is not self._programme:
            self._programme = programme
            self._ahead.configure(programme)
        if not programme[wire.WINDOWS]:
            return 0
        for minutes in range(1, WARN_MIN + 1):
            self._ahead.refresh(board.now_s + minutes * 60)
            if not self._ahead.is_open:
                return minutes
        return 0
