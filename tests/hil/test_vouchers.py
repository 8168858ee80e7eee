"""UP-11: one purchase, two ways to the real firmware: keyed in while offline, and by command.

The controller's own services vend; what travels by command is told the board by a desk of its own.
"""

import pytest

from protocol import commands, keys, programme
from simulator.fleet import House
from tests.hil.desk import PASSWORD, Desk
from tests.hil.test_bad_input import APPLIED, NAMES, RECEIVED, ROOT_KEY, START_S
from tools.broker import HEADEND_USER, Broker

pytestmark = pytest.mark.django_db

METER = "SIM1"
BALANCE, TOKEN_KEY = "6", "36"
HOLD_MS = 15  # a broker that is away need not hold the clock for long
TYPING_S = 15  # twenty digits and #
CLERK = {"actor": "clerk"}
CREDITED_ALREADY = (commands.STAGE_REFUSED, commands.REASON_CREDITED_ALREADY)


class Counter:
    """Broker, desk and a house whose meter is prepaid, and who sells for it."""

    def __init__(self, folder):
        self.broker = Broker(folder / "broker")
        self.broker.set_user(HEADEND_USER, PASSWORD)
        self.broker.set_user(METER, keys.role_key(ROOT_KEY, 0, keys.ROLE_BROKER, METER).hex())
        self.broker.start()
        clock = folder / "clock"
        self.house = House(
            folder / "house", METER, ROOT_KEY, self.broker.port, 7, START_S,
            clock_file=clock, hold_ms=HOLD_MS,
        )  # fmt: skip
        self.desk = Desk(self.broker.port, METER, ROOT_KEY, lambda: int(clock.read_text()))
        self.house.start()
        self.live(90)
        record = programme.encode(programme.from_names(NAMES))
        assert self.desk.order(commands.SET_PROGRAMME, {0: record}) == [RECEIVED, APPLIED]
        self.live(5)

    def end(self):
        self.house.kill()
        self.desk.close()
        self.broker.stop()

    def live(self, seconds):
        self.house.run_until(self.house.now_s + seconds)

    def go_offline(self):
        self.broker.stop()
        self.live(30)

    def come_back(self):
        self.broker.start()
        self.desk.wait_until_connected()
        self.live(600)

    def key_in(self, token):
        """Type a token; what the display answers."""
        self.house.act(keys=token.replace(" ", "") + "#")
        self.live(TYPING_S)
        return [line.strip() for line in self.house.observe()["display"]]

    def order(self, voucher):
        """Send the credit command of the same purchase; its receipts."""
        arguments = {0: bytes.fromhex(voucher.purchase_id), 1: 1, 2: voucher.amount_tenths * 100}
        return self.desk.order(commands.CREDIT, arguments)

    def balance_wh(self):
        return self.house.observe()["status"][BALANCE]


@pytest.fixture
def counter(tmp_path):
    counter = Counter(tmp_path)
    yield counter
    counter.end()


def sell(tenths):
    from controller.vouchers import services

    return services.issue(meter_id=METER, amount_tenths=tenths, **CLERK)


def test_a_purchase_keyed_in_and_sent_counts_once_whichever_comes_first(counter):
    """UP-11: token while offline and the command later; then the other way round, over a cut."""
    from controller.fleet.services import add_meter
    from controller.vouchers import services

    add_meter(METER, root_key=ROOT_KEY, **CLERK)
    services.add_key(supply_group="123457", revision=1, base_year=2014, **CLERK)
    first, second = sell(256), sell(100)
    counter.go_offline()
    assert counter.key_in(first.token) == ["TOKEN REFUSED", "Check digits"]
    answers = [counter.key_in(token) for token in first.key_change]
    assert answers == [["KEY TOKEN TAKEN", "Enter the next"]] * 3 + [["TOKEN ACCEPTED", "Done"]]
    assert counter.key_in(first.token) == ["TOKEN ACCEPTED", "+25.6 kWh"]
    assert counter.balance_wh() == 25_600
    counter.come_back()
    assert counter.order(first) == [RECEIVED, CREDITED_ALREADY]
    assert counter.order(second) == [RECEIVED, APPLIED]
    assert counter.balance_wh() == 35_600
    counter.house.act(mains=False)
    counter.live(60)
    counter.house.act(mains=True)
    counter.live(90)
    for voucher in (first, second):
        assert counter.key_in(voucher.token) == ["TOKEN REFUSED", "Used already"]
    status = counter.house.observe()["status"]
    assert (status[BALANCE], status[TOKEN_KEY]) == (35_600, 1_234_571)


def test_a_meter_on_the_network_gets_its_key_by_command(counter):
    """The next voucher then needs no other token before it."""
    from controller.fleet.services import add_meter
    from controller.vouchers import services

    add_meter(METER, root_key=ROOT_KEY, **CLERK)
    services.add_key(supply_group="123457", revision=1, base_year=2014, **CLERK)
    tokens = services.issue_key_change(meter_id=METER, **CLERK)
    digits = "".join(tokens).replace(" ", "")
    assert counter.desk.order(commands.SET_TOKEN_KEY, {0: digits}) == [RECEIVED, APPLIED]
    assert counter.key_in(sell(10).token) == ["TOKEN ACCEPTED", "+1.0 kWh"]


def test_bad_entries_lock_the_keypad_and_a_power_cut_does_not_unlock_it(counter):
    """A token takes 15 s to type here: the fourth locks for longer than that."""
    answers = [counter.key_in("0" * 20)[0] for _ in range(5)]
    assert answers == ["TOKEN REFUSED"] * 4 + ["ENTRY LOCKED"]
    counter.house.act(mains=False)
    counter.live(300)
    counter.house.act(mains=True)
    counter.live(1)
    assert counter.key_in("0" * 20)[0] == "ENTRY LOCKED"
