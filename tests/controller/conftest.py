"""What the controller's tests share: a meter's other end, made with the wire's own functions."""

import os

import pytest

from protocol import keys, messages
from protocol.limits import NONCE_BYTES

NOW_S = 200_000_000
INTERVAL_S = 900


class FakeBoard:
    """The far end of one meter: seals what goes up, opens what comes down."""

    def __init__(self, meter_id: str, root_key: bytes):
        self.meter_id = meter_id
        self.root_key = root_key
        self.counter = 0

    def send(self, kind: int, body: object, counter: int | None = None, sent_s: int = NOW_S):
        """Topic and payload of an uplink message, with the next counter unless one is given."""
        if counter is None:
            self.counter += 1
            counter = self.counter
        key = keys.role_key(self.root_key, 1, "uplink", self.meter_id)
        payload = messages.seal_message(
            key, self.meter_id, 1, messages.UP, kind, counter, sent_s, body
        )
        return messages.topic(self.meter_id, messages.UP, kind), payload

    def readings(self, *sequences: int, **options):
        """A readings message; reading n ends at n intervals and stands at 100 n Wh."""
        records = [
            [n, NOW_S + n * INTERVAL_S, 0, 100 * n, 100 * n, 0, 0, 0, *self._others(n)]
            for n in sequences
        ]
        return self.send(messages.READINGS, {0: records}, **options)

    @staticmethod
    def _others(n: int) -> list[int]:
        return [500, 225, 235, INTERVAL_S, 2, 10_000 - n, 3, n]

    def events(self, *sequences: int, code: int = 1001, value: int = 0):
        """An events message of one code."""
        return self.send(messages.EVENTS, {0: [[n, NOW_S, 0, code, value] for n in sequences]})

    def status(self, **named: int) -> dict[int, int]:
        """A status map: all zero but the clock, and what is named by its key, e.g. `k1=8`."""
        values = dict.fromkeys(range(24), 0) | {0: 2, 23: NOW_S}
        return values | {int(name[1:]): value for name, value in named.items()}

    def hello(self, first_reading: int = 1, first_event: int = 1, **named: int):
        """A hello with the fixed nonce of eight sevens."""
        body = {0: "bijli 0.1", 1: b"7" * NONCE_BYTES, 2: 1, 3: 5, 4: self.status(**named)}
        return self.send(messages.HELLO, body | {5: 0, 6: first_reading, 7: first_event})

    def receipt(self, command_id: bytes, stage: int, reason: int = 0, result: object = None):
        """A receipt for a command."""
        body = {0: command_id, 1: stage, 2: reason, 3: self.status()}
        return self.send(messages.RECEIPT, body if result is None else body | {4: result})

    def open(self, publication: tuple[str, bytes]):
        """(kind, counter, body) of the controller's message. Raises when it is not genuine."""
        key = keys.role_key(self.root_key, 1, "downlink", self.meter_id)
        _epoch, kind, counter, _sent_s, body = messages.open_message(
            key, self.meter_id, messages.DOWN, publication[1]
        )
        assert publication[0] == messages.topic(self.meter_id, messages.DOWN, kind)
        return kind, counter, body


@pytest.fixture
def far_end() -> type[FakeBoard]:
    """The class, for tests that keep their meters elsewhere."""
    return FakeBoard


@pytest.fixture
def make_board(db):
    """Registers a meter and returns its far end."""
    from controller.fleet import services

    def make(meter_id: str) -> FakeBoard:
        root_key = os.urandom(32)
        services.add_meter(meter_id, root_key=root_key, actor="test")
        return FakeBoard(meter_id, root_key)

    return make


@pytest.fixture
def board(make_board) -> FakeBoard:
    """The far end of meter BHK01, registered."""
    return make_board("BHK01")


@pytest.fixture
def clock(settings, tmp_path):
    """A clock that stands at NOW_S; call it to set another time."""
    settings.BIJLI_CLOCK_FILE = tmp_path / "clock"

    def set_s(now_s: int) -> None:
        settings.BIJLI_CLOCK_FILE.write_text(str(now_s))

    set_s(NOW_S)
    return set_s


@pytest.fixture
def village(make_board, clock):
    """Plant KATS, tariffs and packages of 2025; the clock stands before January. Adds homes."""
    from datetime import date

    from controller.consumers import services
    from controller.tariffs import services as tariffs
    from tests.controller.homes import CLERK, DAY_S, DEARER, JANUARY, SLABS, Home

    clock(JANUARY.start_s - 10 * DAY_S)
    services.add_plant("KATS", "BH", "Katsa", **CLERK)
    for code, record in (("SLABS", SLABS), ("DEARER", DEARER)):
        tariffs.add_tariff(code, code, **CLERK)
        tariffs.add_version(code, date(2025, 1, 1), record, **CLERK)
        for kind in ("B2.1", "A2.2"):
            services.design_package(kind, "FD", 2000, tariff_code=code, **CLERK)
    services.design_package("A2.1", "FD", 2000, price_paise=650, **CLERK)

    def add_home(number: int, package_id: str = "B2.1 (FD) / 2000 / 0 / SLABS"):
        meter_id = f"BHK{number:02}"
        make_board(meter_id)
        return Home(number, meter_id, package_id)

    return add_home


@pytest.fixture
def close(village, clock):
    """Closes January, seen from the first minute of February, and returns the bills by number."""
    from controller.billing import queries, services
    from tests.controller.homes import JANUARY

    def close(month: str = "2026-01"):
        clock(JANUARY.end_s + 60)
        services.close_period("KATS", month, actor="clerk")
        return list(queries.bills_of("KATS", month))

    return close
