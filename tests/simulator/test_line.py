"""A metering chip behind a real serial line, read by a Modbus client that is not ours."""

import os
import struct

import pytest
from pymodbus.client import ModbusSerialClient

from simulator.line import SerialLine
from simulator.plant.chip import sealed
from simulator.plant.world import World

READ_ALL = sealed(bytes((1, 4, 0, 0, 0, 10)))


@pytest.fixture
def loaded_world():
    world = World(200_000_000, seed=3)
    world.relay.weld()
    world.switch("heater", 1234)
    world.advance(3_600_000)
    return world


def test_the_modbus_server_sends_the_same_octets_as_the_chip_model(tmp_path, loaded_world):
    world = loaded_world
    line = SerialLine(tmp_path / "registers.bin", 10)
    registers = world.chip.input_registers(world.second, world.ms)
    (tmp_path / "registers.bin").write_bytes(struct.pack(">10H", *registers))
    os.write(line.board_end, READ_ALL)
    received = b""
    while len(received) < 25:
        received += os.read(line.board_end, 25)
    line.close()
    assert received == world.answer(READ_ALL)


def test_a_modbus_client_reads_the_chip_model(loaded_world):
    """The client's own framing judges our frames: what it accepts is Modbus."""
    world = loaded_world

    class Client(ModbusSerialClient):
        """A client whose wire ends in the model."""

        def connect(self):
            return True

        def send(self, request, addr=None):
            self.answer = world.answer(bytes(request))
            return len(request)

        def recv(self, size):
            answer, self.answer = self.answer, b""
            return answer

    client = Client(port="none")
    client.socket = object()
    answer = client.read_input_registers(0, count=10, device_id=1)
    assert answer.registers == list(world.chip.input_registers(world.second, world.ms))
    assert answer.registers[3] == 12_340
    assert client.read_input_registers(8, count=5, device_id=1).exception_code == 2
