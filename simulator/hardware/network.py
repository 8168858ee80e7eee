"""`network`: a wireless station that connects some time after it is told to.

The sockets behind it are the computer's own (`simulator/hardware/socket.py`). It must not know who
connects to what.
"""

from simulator.hardware import rig

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
_CONNECT_MS = 3_000
_NOWHERE = "0.0.0.0"  # noqa: S104 (a station's word; the computer's own look-up finds names)

available = True  # False: the access point is gone
joins = 0  # how often the firmware told its station to connect
_back_ms = 0  # when the access point was there again
_stations = []


def set_available(there):
    """The access point goes, and with it what stands through it; or it comes back."""
    global available, _back_ms
    if there and not available:
        _back_ms = rig.clock.now_ms
    available = there
    if not there:
        import socket

        socket.cut()


def replace_access_point():
    """Another access point takes the place of the one that stations had joined."""
    set_available(False)
    set_available(True)
    for station in _stations:
        station.disconnect()  # they find the new one when they are told to look


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
        _stations.append(self)

    def active(self, wanted=None):
        if wanted is not None:
            self._active = bool(wanted)
            if not wanted:
                self._ready_ms = None
        return self._active

    def config(self, *_names, **_values):
        return None

    def connect(self, ssid=None, key=None, **_options):
        global joins
        if not self._active:
            raise OSError("WiFi is not active")
        joins += 1
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
        ready_ms = max(self._ready_ms, _back_ms + _CONNECT_MS)
        return STAT_GOT_IP if rig.clock.now_ms >= ready_ms else STAT_CONNECTING

    def ifconfig(self):
        if not self.isconnected():
            return (_NOWHERE,) * 4
        return ("127.0.0.1", "255.0.0.0", "127.0.0.1", _NOWHERE)

    def scan(self):
        return []
