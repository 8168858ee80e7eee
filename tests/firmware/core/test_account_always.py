"""Whatever happens to an account, in whatever order: credited less charged is the balance.

Random stories of credits, use, days without power, cuts at a write, emergency credit and other
packages, against a model that only adds up.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware.core import ledger
from tests.firmware.core.conftest import START_S, TARIFF, Bench, PowerCut

DAY_S = 86_400
CREDIT = 4
DAILY, DEBT, PER_DAY, SHARE_PCT = 3, 120, 8, 30
ENERGY, MONEY, FLAT = 1, 2, 3
TERMS = {
    "low_1": 40,
    "low_2": 10,
    "emergency": 25,
    "emergency_below": 5,
    "debt_total": DEBT,
    "debt_per_day": PER_DAY,
    "debt_share_pct": SHARE_PCT,
    "daily_charge": DAILY,
    "lifeline_wh": 30,
    "lifeline_advance": 15,
    "recharge_days": 2,
}

STEPS = st.one_of(
    st.tuples(st.just("buy"), st.integers(1, 200)),
    st.tuples(st.just("use"), st.integers(1, 240)),
    st.tuples(st.just("sleep"), st.integers(1, 3 * DAY_S)),
    st.tuples(st.just("emergency"), st.just(0)),
)
# A step, and at which of its writes the power fails (beyond the last one: not at all).
STORY = st.lists(st.tuples(STEPS, st.integers(0, 12)), max_size=14)
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Story:
    """One board whose owner, weather and shop are random."""

    def __init__(self, mode):
        self.mode = mode
        self.bench = Bench(START_S + DAY_S - 3600)
        self.install(1, mode)
        self.bought = 0
        self.purchases = 0

    def install(self, version, mode):
        tariff = TARIFF if mode == MONEY else None
        self.bench.install(version, credit={**TERMS, "mode": mode}, tariff=tariff)
        self.mode = mode
        self.bench.run(62)

    def live(self, step, cut_at):
        name, amount = step
        bench = self.bench
        bench.store.cut_at = cut_at
        try:
            getattr(self, name)(amount)
        except PowerCut:
            bench.cut(3)
            bench.run(3)  # until the chip has told what the ledger did not know
            if name == "buy":
                self.pay(amount)
        bench.store.cut_at = None

    def buy(self, amount):
        self.purchases += 1
        self.pay(amount)

    def pay(self, amount):
        """The same command until there is a receipt, as a controller would."""
        arguments = {0: b"%08d" % self.purchases, 1: self.mode, 2: amount}
        outcome = self.bench.command(CREDIT, arguments, identity=b"buy%05d" % self.purchases)
        assert outcome == (2, 0)
        self.bought += amount

    def use(self, seconds):
        self.bench.run(seconds, 1000)

    def sleep(self, seconds):
        self.bench.cut(seconds)
        self.bench.run(70, 0)

    def emergency(self, _):
        self.bench.drive(self.bench.board.accept_emergency(self.bench.now_s, self.bench.uptime_s))

    def totals(self):
        status = self.bench.board.status(self.bench.now_s)
        assert status[8] - status[9] == status[6]
        return status[8], status[9]


@given(STORY)
@SETTINGS
def test_every_watt_hour_day_and_instalment_is_charged_once_and_every_purchase_credited_once(
    story,
):
    house = Story(ENERGY)
    before_wh = house.bench.board._values[ledger.ENERGY_WH]
    for step, cut_at in story:
        house.live(step, cut_at)
    house.bench.run(130, 0)
    values = house.bench.board._values
    credited, charged = house.totals()
    used_wh = values[ledger.ENERGY_WH] - before_wh
    local_days = (house.bench.now_s + 330 * 60) // DAY_S - (START_S + 330 * 60) // DAY_S + 1
    assert credited == house.bought
    assert values[ledger.DEBT_PAID] <= DEBT
    assert charged == used_wh + local_days * DAILY + values[ledger.DEBT_PAID]
    assert values[ledger.DEBT_PAID] >= min(DEBT, local_days * PER_DAY)
    assert used_wh == house.bench.consumed_ws // 3600 - before_wh


@given(STORY, st.lists(st.sampled_from([0, ENERGY, MONEY, FLAT]), min_size=3, max_size=3))
@SETTINGS
def test_an_account_that_is_not_in_use_does_not_move_and_none_ever_falls(story, modes):
    house = Story(ENERGY)
    pairs = {
        ENERGY: (ledger.CREDITED_WH, ledger.CHARGED_WH),
        MONEY: (ledger.CREDITED_PAISE, ledger.CHARGED_PAISE),
        FLAT: (ledger.DAYS_CREDITED, ledger.DAYS_CHARGED),
    }
    third = len(story) // 3 + 1
    for number, mode in enumerate(modes):
        house.install(number + 2, mode)
        before = list(house.bench.board._values)
        for step, cut_at in story[number * third : (number + 1) * third]:
            if step[0] == "buy" and not mode:
                continue
            credited, charged = house.totals()
            house.live(step, cut_at)
            assert house.totals()[0] >= credited
            assert house.totals()[1] >= charged
        for other, registers in pairs.items():
            for register in registers:
                if other != mode:
                    assert house.bench.board._values[register] == before[register]


@pytest.mark.parametrize("mode", [ENERGY, MONEY])
@given(st.lists(st.integers(1, 500), min_size=1, max_size=8), st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_what_a_credit_repays_and_what_it_leaves_are_together_the_credit(mode, amounts, used):
    """The available sum rises by the credit less what it repaid and less the instalment."""
    house = Story(mode)
    house.bench.run(used, 1000)
    account = house.bench.board.account
    for amount in amounts:
        house.emergency(0)
        values = house.bench.board._values
        before = account.available()
        given = values[ledger.EMERGENCY_GIVEN] + values[ledger.LIFELINE_GIVEN]
        register = ledger.DEBT_PAID if mode == ENERGY else ledger.DEBT_PAID_PAISE
        paid = values[register]
        house.buy(amount)
        repaid = given - values[ledger.EMERGENCY_GIVEN] - values[ledger.LIFELINE_GIVEN]
        instalment = values[register] - paid
        assert account.available() == before + amount - repaid - instalment
        assert 0 <= instalment <= amount * SHARE_PCT // 100
        house.bench.run(37, 1000)
