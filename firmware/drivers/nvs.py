"""A few values in the ESP32's NVS: what must be known before, or without, a file system.

The meter's identity, the name of the board definition, crashes in a row. Nothing that may not be
lost: MicroPython's own start erases an NVS that has no free page or another version's layout.
This module itself never erases: values that cannot be opened are absent, and `trouble` says so.
"""

import esp32

NAMESPACE = "bijli"
TEXT_BYTES_MAX = 32
METER = "meter"
BOARD = "board"
_CRASHES = "crashes"


class Values:
    """`trouble` is "" or what is wrong with the NVS; everything then has its default."""

    def __init__(self, namespace=NAMESPACE):
        self.trouble = ""
        self._nvs = None
        try:
            self._nvs = esp32.NVS(namespace)
        except OSError as error:
            self.trouble = "NVS does not open (%s): defaults are used, nothing is erased" % error

    def text(self, key, default=""):
        """Return the text kept under `key` (`METER`, `BOARD`), or `default`."""
        buffer = bytearray(TEXT_BYTES_MAX)
        try:
            size = self._nvs.get_blob(key, buffer) if self._nvs else 0
            return str(buffer[:size], "utf-8") if size else default
        except (OSError, ValueError):
            return default  # not there, or not ours: both are "unknown"

    def keep_text(self, key, text):
        """Keep `text` of at most 32 octets; return whether it could be kept."""
        octets = text.encode()
        if not 0 < len(octets) <= TEXT_BYTES_MAX:
            return False
        return self._keep(key, "set_blob", octets)

    @property
    def crashes(self):
        """Starts in a row that ended in a crash; 0 when unknown."""
        return self._number(_CRASHES)

    def keep_crashes(self, count):
        """Keep the number of crashes in a row; return whether it could be kept."""
        if count == self.crashes:
            return True  # the NVS is flash too: nothing is written that is there
        return self._keep(_CRASHES, "set_i32", count)

    def _number(self, key):
        try:
            return max(0, self._nvs.get_i32(key)) if self._nvs else 0
        except OSError:
            return 0

    def _keep(self, key, kind, value):
        if not self._nvs:
            return False
        try:
            getattr(self._nvs, kind)(key, value)
            self._nvs.commit()
        except OSError as error:
            self.trouble = "NVS does not take a value (%s)" % error
            return False
        return True
