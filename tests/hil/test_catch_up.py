"""The real firmware after hours without a broker: nothing is missing, and 64 KB suffice."""

import pytest

from protocol import keys
from protocol.limits import READINGS_PER_MESSAGE_MAX
from simulator.fleet import DATA_BYTES, House
from tests.hil.desk import PASSWORD, Desk
from tools.broker import HEADEND_USER, Broker

METER = "SIM1"
ROOT_KEY = bytes(range(32))
START_S = 200_000_000
INTERVAL_S = 900
OFFLINE_S = (READINGS_PER_MESSAGE_MAX + 2) * INTERVAL_S


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path / "broker")
    broker.set_user(HEADEND_USER, PASSWORD)
    broker.set_user(METER, keys.role_key(ROOT_KEY, 0, keys.ROLE_BROKER, METER).hex())
    broker.start()
    yield broker
    broker.stop()


def test_a_board_catches_up_with_full_batches_in_the_memory_of_a_chip(tmp_path, broker):
    """The interpreter has a heap of code and 64 KB, so what would not fit would end the board."""
    clock = tmp_path / "clock"
    house = House(tmp_path / "h", METER, ROOT_KEY, broker.port, 7, START_S, clock_file=clock)
    desk = Desk(broker.port, METER, ROOT_KEY, lambda: int(clock.read_text()))
    try:
        house.start()
        house.act(appliance="lamp", power_w=100)
        house.run_until(START_S + 200)
        broker.kill()
        house.run_until(START_S + OFFLINE_S)
        broker.start()
        desk.wait_until_connected()
        house.run_until(START_S + OFFLINE_S + 600)
        facts = house.observe()
        last = facts["status"]["18"]
        sequences = [desk.await_reading()[0] for _ in range(last)]
    finally:
        house.kill()
        desk.close()
    assert last > READINGS_PER_MESSAGE_MAX
    assert sequences == list(range(1, last + 1))
    assert facts["heap"]["data_bytes_peak"] < DATA_BYTES // 2
    assert "MemoryError" not in house.log.read_text()
