"""`network`: a wireless station that connects some time after it is told to.

The sockets behind it are the computer's own. It must not know who connects to what.
"""

from simulator.hardware import rig

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
_CONNECT_MS = 3_000

available = True  # False: the access point is gone


def hostname(name=None):
    return name


def country(code=None):
    return code


class WLAN:
    IF_STA = STA_IF
    IF_AP = AP_IF
    PM_NONE = 0

    def __init__(self, interface=STA_IF):
        self._active = False
        self._ready_ms = None

    def active(self, wanted=None):
        if wanted is not None:
            self._active = bool(wanted)
        return self._active

    def config(self, *_names, **_values):
        return None

    def connect(self, ssid=None, key=None, **_options):
        if not self._active:
            raise OSError("WiFi is not active")
        self._ready_ms = rig.clock.now_ms + _CONNECT_MS

    def disconnect(self):
        self._ready_ms = None

    def isconnected(self):
        return self.status() == STAT_GOT_IP

    def status(self, what=None):
        if what == "rssi":
            return -60
        if not available or self._ready_ms is None:
            return STAT_IDLE
        return STAT_GOT_IP if rig.clock.now_ms >= self._ready_ms else STAT_CONNECTING

    def ifconfig(self):
        return ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")

    def scan(self):
        return []
