"""The front of a simulated board: keypad and buzzer, and the clock on its bus.

Each answers to the pins and addresses of `rig`. It must not know the firmware.
"""

from simulator.hardware import rig

_KEYS = "123456789*0#"
_SOUNDS_KEPT = 20
_SECONDS, _STATUS = 0, 15
_REGISTERS = 19
_STOPPED = 0x80


class Keypad:
    """Contacts between rows and columns, with the ghosts that several of them make."""

    def __init__(self):
        self._down = []  # (row, column)
        self._low = [False] * len(rig.KEYPAD_ROW_PINS)  # rows that are driven

    def press(self, key, down):
        """Push `key` or let it go; return the columns whose level changed."""
        contact = divmod(_KEYS.index(key), len(rig.KEYPAD_COLUMN_PINS))
        before = self._levels()
        if down and contact not in self._down:
            self._down.append(contact)
        elif not down and contact in self._down:
            self._down.remove(contact)
        after = self._levels()
        return [
            (pin, after[at])
            for at, pin in enumerate(rig.KEYPAD_COLUMN_PINS)
            if before[at] != after[at]
        ]

    def drive(self, number, level):
        """The firmware drives the row on pin `number`."""
        self._low[rig.KEYPAD_ROW_PINS.index(number)] = not level

    def read(self, number):
        """Return the level of the column on pin `number`."""
        return self._levels()[rig.KEYPAD_COLUMN_PINS.index(number)] if self._down else 1

    def _levels(self):
        """Return each column's level: low if any path of contacts leads to a row that is low."""
        low_rows = list(self._low)
        low_columns = [False] * len(rig.KEYPAD_COLUMN_PINS)
        for _ in self._down:
            for row, column in self._down:
                joined = low_rows[row] or low_columns[column]
                low_rows[row] = low_columns[column] = joined
        return [0 if low else 1 for low in low_columns]


class Buzzer:
    """Remembers when it sounded: [milliseconds of house time, level]."""

    def __init__(self):
        self.heard = []

    def drive(self, level):
        """The firmware drives the buzzer's pin."""
        self.heard.append([rig.clock.now_ms, level])
        del self.heard[:-_SOUNDS_KEPT]


class Ds3231:
    """The real-time clock on I2C: the world's own, in the registers of the data sheet."""

    def read_memory(self, at, buffer):
        """Answer a read of registers from `at` on."""
        registers = self._registers()
        for index in range(len(buffer)):
            buffer[index] = registers[(at + index) % _REGISTERS]

    def write_memory(self, at, octets):
        """Take a write of registers from `at` on; a whole date sets the clock."""
        if at != _SECONDS or len(octets) < 7:
            return
        import time

        second, minute, hour, _, day, month, year = [
            (octet >> 4) * 10 + (octet & 15) for octet in octets[:7]
        ]
        seconds = time.mktime((2000 + year, month, day, hour, minute, second, 0, 0))
        rig.look().set_rtc(seconds - 631_152_000)
        rig.checkpoint(force=True)

    def _registers(self):
        import time

        registers = bytearray(_REGISTERS)
        year, month, day, hour, minute, second, weekday, _ = time.gmtime()
        date = (second, minute, hour, weekday + 1, day, month, year - 2000)
        for index, field in enumerate(date):
            registers[index] = field // 10 << 4 | field % 10
        registers[_STATUS] = 0 if year >= 2020 else _STOPPED
        return registers


def plug():
    """Put all of it on the board."""
    rig.keypad = Keypad()
    rig.buzzer = Buzzer()
    rig.memories[rig.RTC_ADDRESS] = Ds3231()
