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
        self._asked = None  # the last frame and the registers that its answer shows
        self._answer = b""
        self._repeats = 0  # of that answer, since it came over the line

    def write(self, frame):
        world = rig.look()
        asked = (frame, world.chip.input_registers(world.second, world.ms))
        self._size = 0
        self._due_ms = rig.clock.now_ms + _ANSWER_MS
        if self._answer and asked == self._asked and self._repeats < _REPEATS_MAX:
            self._repeats += 1
            return len(frame)
        self._asked = asked
        self._answer = b""
        self._repeats = 0
        self._registers.seek(0)
        self._registers.write(struct.pack(">10H", *asked[1]))
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
        if self._answer:
            self._size = len(self._answer)
            self._input[: self._size] = self._answer
            return
        view = memoryview(self._input)
        while self._size < self._frame_bytes():
            if not self._poll.poll(_PATIENCE_MS):
                return
            # It fills what it is given, waiting if it must: so it is given no more than must come.
            self._size += self._file.readinto(view[self._size : self._frame_bytes()]) or 0
        self._answer = bytes(view[: self._size])

    def _frame_bytes(self):
        """Length of the frame that has begun to come, so far as can be told."""
        if self._size < 3:
            return 3
        return 5 if self._input[1] & _EXCEPTION else min(_FRAME_MAX, self._input[2] + 5)
