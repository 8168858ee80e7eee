"""DS3231: a clock with its own battery on the display's bus, in place of the chip's RTC.

The maker's data sheet: registers 0 to 6 are the date in BCD, bit 7 of register 15 says that the
oscillator has stood still, so that the date is worth nothing.
It must not know whether the time is believed; the core does.
"""

from micropython import const

from firmware.core.calendar import LocalTime
from firmware.drivers.clock import board_time_s

ADDRESS = const(0x68)
_DATE = const(0)
_STATUS = const(15)
_STOPPED = const(0x80)
_CENTURY_YEAR = const(2000)


class Ds3231:
    """`i2c` has `readfrom_mem_into` and `writeto_mem`, which raise OSError when nobody answers."""

    def __init__(self, i2c, address=ADDRESS):
        self._i2c = i2c
        self._address = address
        self._date = bytearray(7)
        self._status = bytearray(1)

    def answers(self):
        """Return whether there is such a clock on the bus."""
        try:
            self._i2c.readfrom_mem_into(self._address, _STATUS, self._status)
        except OSError:
            return False
        return True

    def read_s(self):
        """Return board time in seconds, or 0 when the clock is unset or does not answer."""
        date = self._date
        try:
            self._i2c.readfrom_mem_into(self._address, _STATUS, self._status)
            self._i2c.readfrom_mem_into(self._address, _DATE, date)
        except OSError:
            return 0
        if self._status[0] & _STOPPED:
            return 0
        hour, day, month = date[2] & 0x3F, date[4], date[5] & 0x1F
        year = _CENTURY_YEAR + _number(date[6])
        return board_time_s(
            year, _number(month), _number(day), _number(hour), _number(date[1]), _number(date[0])
        )

    def set_s(self, now_s):
        """Set the clock to board time `now_s`; one that does not answer stays as it is."""
        local = LocalTime()
        local.refresh(now_s, 0)
        year, month = divmod(local.month, 12)
        hour, minute = divmod(local.minute, 60)
        fields = (
            now_s % 60,
            minute,
            hour,
            local.weekday + 1,
            local.day,
            month + 1,
            year - _CENTURY_YEAR,
        )
        for index, field in enumerate(fields):
            self._date[index] = field // 10 << 4 | field % 10
        try:
            self._i2c.writeto_mem(self._address, _DATE, self._date)
            self._i2c.readfrom_mem_into(self._address, _STATUS, self._status)
            self._status[0] &= ~_STOPPED & 0xFF
            self._i2c.writeto_mem(self._address, _STATUS, self._status)
        except OSError as error:
            print("clock: %r" % error)


def _number(bcd):
    return (bcd >> 4) * 10 + (bcd & 15)
