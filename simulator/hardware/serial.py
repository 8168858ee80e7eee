"""The board's end of a real serial line to a metering chip.

The bytes take real time and no virtual time: a collection waits for the answer to the last
request. It must not know Modbus beyond the length of a frame.
"""

import select
import struct

from simulator.hardware import rig

_ANSWER_MS = 40  # of virtual time, as at 9600 bit/s
_PATIENCE_MS = 1_000  # of real time, after which the chip counts as silent
_FRAME_MAX = 64
_EXCEPTION = 0x80
_REPEATS_MAX = 9  # of one answer, while the registers stay; then the line is asked again
_REQUESTS_MAX = 4  # different ones of which the answer is kept


class SerialLine:
    """`file` is the line; `registers` the file from which the Modbus server answers."""

    def __init__(self, file, registers):
        self._file = file
        self._registers = registers
        self._poll = select.poll()
        self._poll.register(file, select.POLLIN)
        self._input = bytearray(_FRAME_MAX)
        self._size = 0
        self._due_ms = None
        self._shown = None  # the registers that the kept answers show
        self._kept = {}  # request -> [answer, how often it was repeated]
        self._request = b""

    def write(self, frame):
        world = rig.look()
        shown = world.chip.input_registers(world.second, world.ms)
        self._size = 0
        self._due_ms = rig.clock.now_ms + _ANSWER_MS
        self._request = bytes(frame)
        if shown != self._shown:
            self._shown = shown
            self._kept = {}
        kept = self._kept.get(self._request)
        if kept and kept[1] < _REPEATS_MAX:
            kept[1] += 1
            return len(frame)
        self._kept.pop(self._request, None)
        self._registers.seek(0)
        self._registers.write(struct.pack(">%dH" % len(shown), *shown))
        return self._file.write(frame)

    def any(self):
        if self._due_ms is not None and rig.clock.now_ms >= self._due_ms:
            self._due_ms = None
            self._collect()
        return self._size

    def readinto(self, buffer):
        size = min(self.any(), len(buffer))
        if not size:
            return None
        buffer[:size] = self._input[:size]
        self._input[: self._size - size] = self._input[size : self._size]
        self._size -= size
        return size

    def _collect(self):
        kept = self._kept.get(self._request)
        if kept:
            self._size = len(kept[0])
            self._input[: self._size] = kept[0]
            return
        view = memoryview(self._input)
        while self._size < self._frame_bytes():
            if not self._poll.poll(_PATIENCE_MS):
                return
            # It fills what it is given, waiting if it must: so it is given no more than must come.
            self._size += self._file.readinto(view[self._size : self._frame_bytes()]) or 0
        if len(self._kept) < _REQUESTS_MAX:
            self._kept[self._request] = [bytes(view[: self._size]), 0]

    def _frame_bytes(self):
        """Length of the frame that has begun to come, so far as can be told."""
        if self._size < 3:
            return 3
        return 5 if self._input[1] & _EXCEPTION else min(_FRAME_MAX, self._input[2] + 5)
