"""A 16x2 character display: an HD44780 in 4 bit mode behind a PCF8574.

It shows what the octets on the bus make it show. It must not know what is written or why.
"""

_DATA = 0x01
_ENABLE = 0x04
_COLUMNS = 16
_ROW_STEP = 0x40
_CELLS = 0x80
_HELD_BYTES = 1024


class Hd44780:
    def __init__(self):
        self._cells = bytearray(b" " * _CELLS)
        self._address = 0
        self._port = 0
        self._half = -1
        self._four_bit = False
        self._held = bytearray(_HELD_BYTES)
        self._size = 0

    def write(self, buffer):
        """Take octets from the bus; what they do is found out when somebody looks."""
        end = self._size + len(buffer)
        if end > _HELD_BYTES:
            self._follow()
            end = len(buffer)
            if end > _HELD_BYTES:
                raise ValueError("a transfer to the display has at most %d octets" % _HELD_BYTES)
        self._held[self._size : end] = buffer
        self._size = end

    def _follow(self):
        """A nibble counts when enable falls."""
        size, self._size = self._size, 0
        for octet in memoryview(self._held)[:size]:
            if self._port & _ENABLE and not octet & _ENABLE:
                self._take(self._port)
            self._port = octet

    def lines(self):
        """Return the two lines as text of 16 characters."""
        self._follow()
        return [str(self._cells[at : at + _COLUMNS], "ascii") for at in (0, _ROW_STEP)]

    def _take(self, port):
        high = port & 0xF0
        if not self._four_bit:
            self._four_bit = high == 0x20
        elif self._half < 0:
            self._half = high
        else:
            octet = self._half | high >> 4
            self._half = -1
            if port & _DATA:
                self._put(octet)
            else:
                self._obey(octet)

    def _put(self, octet):
        self._cells[self._address] = octet if 0x20 <= octet < 0x7F else 0x3F
        self._address = (self._address + 1) % _CELLS

    def _obey(self, command):
        if command & 0x80:
            self._address = command & 0x7F
        elif command == 0x01:
            self._cells[:] = b" " * _CELLS
            self._address = 0
        elif command & 0xFE == 0x02:
            self._address = 0
        elif command & 0xF0 == 0x30:
            self._four_bit = False
