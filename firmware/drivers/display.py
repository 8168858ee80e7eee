"""16×2 character display: HD44780 in 4 bit mode behind a PCF8574 I2C expander.

Only characters that changed are written. A display that is missing or falls off the bus is left
alone and tried again at the next `show`: supply never depends on it.
It must not know what the text means.
"""

import time

from micropython import const

COLUMNS = const(16)
ROWS = const(2)

# Expander bits: P0 register select, P2 enable, P3 backlight, P4-P7 data.
_DATA = const(0x01)
_ENABLE = const(0x04)
_BACKLIGHT = const(0x08)
_COMMAND = const(0x00)

_WAKE = (0x33, 0x32)  # 8 bit mode three times, then 4 bit mode: the maker's reset by instruction
_SETTINGS = (0x28, 0x0C, 0x06)  # two lines; display on, no cursor; move to the right
_CLEAR = const(0x01)
_CLEAR_MS = const(2)
_MOVE = const(0x80)
_ROW_STEP = const(0x40)
_ROW_OCTETS = const(72)  # a whole row and a move, four octets each
_UNKNOWN = const(0)  # a character that is never asked for, so that it will be written


class CharacterDisplay:
    """`i2c` has `writeto(address, buffer)` and raises OSError when nobody answers."""

    def __init__(self, i2c, address):
        self._i2c = i2c
        self._address = address
        self._octets = bytearray(_ROW_OCTETS)
        self._view = memoryview(self._octets)
        self._used = 0
        self._shown = bytearray(ROWS * COLUMNS)
        self.present = False

    def show(self, line1, line2):
        """Show two lines of ASCII, cut or padded to 16 characters."""
        try:
            if not self.present:
                self._prepare()
            self._write_row(0, line1)
            self._write_row(1, line2)
        except OSError:
            self.present = False

    def _prepare(self):
        for command in _WAKE:
            self._send(command, _COMMAND)
            time.sleep_ms(5)
        for command in _SETTINGS:
            self._send(command, _COMMAND)
        self._send(_CLEAR, _COMMAND)
        time.sleep_ms(_CLEAR_MS)
        for index in range(len(self._shown)):
            self._shown[index] = _UNKNOWN
        self.present = True

    def _write_row(self, row, line):
        """Write what changed in a row, in one go: 72 octets on a 100 kHz bus take 7 ms."""
        cursor = -1  # where the display would write next; -1: somewhere else
        shown = self._shown
        self._used = 0
        for column in range(COLUMNS):
            code = ord(line[column]) if column < len(line) else 0x20
            index = row * COLUMNS + column
            if shown[index] == code:
                continue
            if self._used > _ROW_OCTETS - 8:
                self._flush()
            if cursor != column:
                self._put(_MOVE | row * _ROW_STEP | column, _COMMAND)
            self._put(code, _DATA)
            shown[index] = code
            cursor = column + 1
        self._flush()

    def _send(self, octet, register):
        self._used = 0
        self._put(octet, register)
        self._flush()

    def _put(self, octet, register):
        """One octet as two halves, each taken by the display when enable falls.

        An octet of the bus takes 0.09 ms; the display needs 0.04 ms for a command.
        """
        at = self._used
        octets = self._octets
        register |= _BACKLIGHT
        high = octet & 0xF0 | register
        low = octet << 4 & 0xF0 | register
        octets[at] = high | _ENABLE
        octets[at + 1] = high
        octets[at + 2] = low | _ENABLE
        octets[at + 3] = low
        self._used = at + 4

    def _flush(self):
        if self._used:
            self._i2c.writeto(self._address, self._view[: self._used])
            self._used = 0
