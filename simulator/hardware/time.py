"""`time` of an ESP32 on virtual time: seconds since 2000, ticks that wrap at 2^30.

Takes the place of the interpreter's built-in module. It must not know who asks.
"""

import utime as _real

from simulator.hardware import rig as _rig

_TICKS_MASK = 0x3FFFFFFF
_2000_UNIX_S = 946_684_800
_2020_S = 631_152_000  # 2020-01-01, counted from 2000

ticks_add = _real.ticks_add
ticks_diff = _real.ticks_diff


def ticks_ms():
    return _rig.clock.uptime_ms() & _TICKS_MASK


def ticks_us():
    return _rig.clock.uptime_ms() * 1000 & _TICKS_MASK


ticks_cpu = ticks_us


def sleep_ms(duration_ms):
    _rig.clock.sleep(max(0, duration_ms))


def sleep_us(duration_us):
    _rig.clock.sleep(max(0, duration_us) // 1000)


def sleep(duration_s):
    sleep_ms(int(duration_s * 1000))


def time():
    """Seconds since 2000-01-01 by the board's real-time clock."""
    return _rig.look().rtc_s() + _2020_S


def time_ns():
    return time() * 1_000_000_000 + _rig.clock.now_ms % 1000 * 1_000_000


def gmtime(seconds=None):
    return _real.gmtime((time() if seconds is None else seconds) + _2000_UNIX_S)[:8]


localtime = gmtime


def mktime(civil):
    return _real.mktime(tuple(civil) + (0,)) - _2000_UNIX_S
