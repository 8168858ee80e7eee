"""`esp32`: what the firmware may ask of the chip besides `machine`.

Flash partitions by label and the NVS, both on files of the house (`rig.partitions`, `rig.nvs`).
It must not know the firmware.
"""

import json

from simulator.hardware import rig

_NOT_FOUND = -0x1102  # ESP-IDF's numbers
_NO_FREE_PAGES = -0x110D


def raw_temperature():
    """Degrees Fahrenheit of the die."""
    return 128


class Partition:
    """A flash partition, a block device by itself."""

    TYPE_APP = 0
    TYPE_DATA = 1

    def __init__(self, label):
        if label not in rig.partitions:
            raise OSError(2)
        flash = rig.partitions[label]()
        self._label = label
        self.readblocks = flash.readblocks
        self.writeblocks = flash.writeblocks
        self.ioctl = flash.ioctl

    @staticmethod
    def find(type=0, subtype=0xFF, label=None, block_size=4096):  # noqa: ARG004 (the chip's)
        labels = rig.partitions if label is None else [label]
        return [Partition(name) for name in labels if name in rig.partitions]

    def info(self):
        blocks = self.ioctl(4, 0)
        return (Partition.TYPE_DATA, 0x81, 0, blocks * 4096, self._label, False)


class NVS:
    """One namespace; what was set is there at once, and after a start if `commit` was called."""

    _kept = None  # of all namespaces, by "namespace/key"

    def __init__(self, namespace):
        if rig.nvs is None:
            raise OSError(_NO_FREE_PAGES)
        self._namespace = namespace + "/"
        if NVS._kept is None:
            NVS._kept = json.loads(rig.nvs.load() or "{}")

    def get_i32(self, key):
        value = self._get(key)
        if not isinstance(value, int):
            raise OSError(_NOT_FOUND)
        return value

    def set_i32(self, key, value):
        if not -(1 << 31) <= value < 1 << 31:
            raise OverflowError("an i32 has 32 bits")
        self._set(key, value)

    def get_blob(self, key, buffer):
        value = self._get(key)
        if not isinstance(value, str):
            raise OSError(_NOT_FOUND)
        octets = bytes(int(value[at : at + 2], 16) for at in range(0, len(value), 2))
        buffer[: len(octets)] = octets
        return len(octets)

    def set_blob(self, key, octets):
        self._set(key, "".join("%02x" % octet for octet in bytes(octets)))

    def erase_key(self, key):
        self._get(key)
        del NVS._kept[self._namespace + key]

    def commit(self):
        rig.nvs.save(json.dumps(NVS._kept).encode())

    def _get(self, key):
        if self._namespace + key not in NVS._kept:
            raise OSError(_NOT_FOUND)
        return NVS._kept[self._namespace + key]

    def _set(self, key, value):
        if not 0 < len(key) <= 15:
            raise ValueError("an NVS key has 1 to 15 characters")
        NVS._kept[self._namespace + key] = value
