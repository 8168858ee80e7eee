"""A real serial line to a metering chip: a pty with a pymodbus server behind it.

Framing, CRC and bytes are pymodbus's; the registers are the chip model's, which the board's
process puts into a small file before each request. It must not know the world.
"""

import asyncio
import logging
import os
import pty
import struct
import threading
import tty
from pathlib import Path

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from simulator.errors import SimulatorError

CHIP_ADDRESS = 1
BAUD = 9600
START_TIMEOUT_S = 5

# A board may be killed between request and answer; pymodbus prints its traffic when that happens.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)


class SerialLine:
    """The line of one house to a chip with so many input registers from 0.

    `board_end` is the descriptor that its process talks through.
    """

    def __init__(self, registers: Path, count: int) -> None:
        self._count = count
        registers.write_bytes(bytes(2 * count))
        self._registers = os.open(registers, os.O_RDONLY)
        self.board_end, self._chip_end = pty.openpty()
        tty.setraw(self._chip_end)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._server: ModbusSerialServer | None = None
        self._thread = threading.Thread(target=self._run, name="modbus", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_TIMEOUT_S) or self._server is None:
            raise SimulatorError(
                "the Modbus server of a metering chip did not start; see its warnings above"
            )

    def close(self) -> None:
        """End the server and the line."""
        if self._server is None:
            return
        shutdown = self._server.shutdown()  # type: ignore[no-untyped-call]
        asyncio.run_coroutine_threadsafe(shutdown, self._loop).result(START_TIMEOUT_S)
        self._thread.join(START_TIMEOUT_S)
        self._server = None
        for descriptor in (self.board_end, self._chip_end, self._registers):
            os.close(descriptor)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self) -> None:
        block = [SimData(0, count=self._count, datatype=DataType.REGISTERS)]
        chip = SimDevice(CHIP_ADDRESS, simdata=block, action=self._show)
        self._server = ModbusSerialServer(chip, port=os.ttyname(self._chip_end), baudrate=BAUD)
        await self._server.serve_forever(background=True)
        self._ready.set()
        await self._server.serving

    async def _show(
        self,
        _function_code: int,
        _start_address: int,
        _address: int,
        _count: int,
        current_registers: list[int],
        set_values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """Bring the registers up to date; the chip's measurements cannot be written."""
        if set_values is not None:
            return ExcCodes.ILLEGAL_ADDRESS
        measured = os.pread(self._registers, 2 * self._count, 0)
        current_registers[: self._count] = struct.unpack(f">{self._count}H", measured)
        return None
