"""UP-11: whatever the order, repetitions and power cuts, a purchase of two ways counts once."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware.core.conftest import START_S, Bench, PowerCut
from tests.firmware.core.prepaid import ENERGY
from tests.firmware.core.vending import command_for, enter, give_key, identify, voucher

TOKEN, COMMAND, CUT = "token", "command", "cut"
FIRST_TID = 6_000_000
BALANCE = 6

ways = st.sampled_from((TOKEN, COMMAND, CUT))
steps = st.lists(st.tuples(ways, st.integers(0, 9), st.integers(0, 4)), max_size=40)


def deliver(bench, way, purchase):
    """Bring a purchase of its own amount; purchase n is worth n + 1 kWh."""
    if way == TOKEN:
        enter(bench, voucher(FIRST_TID + purchase, 10 * (purchase + 1)))
    elif way == COMMAND:
        bench.command(4, command_for(FIRST_TID + purchase, 10 * (purchase + 1)))


def live(bench, way, purchase, write):
    """One step; a cut comes at one of the writes of the next token."""
    if way != CUT:
        deliver(bench, way, purchase)
        return
    bench.store.cut_at = write
    try:
        deliver(bench, TOKEN if purchase % 2 else COMMAND, purchase)
    except PowerCut:
        bench.cut(3)
        identify(bench)
    bench.store.cut_at = None
    bench.run(2)


@settings(deadline=None, max_examples=300)
@given(steps=steps)
def test_no_purchase_is_lost_and_none_counts_twice(steps):
    bench = Bench(START_S + 43_200)
    bench.install(credit={"mode": ENERGY})
    give_key(bench)
    bought = set()
    for way, purchase, write in steps:
        live(bench, way, purchase, write)
        bought.add(purchase)
        balance_wh = bench.status(BALANCE)
        assert balance_wh <= 1000 * sum(number + 1 for number in bought)
    for purchase in bought:
        deliver(bench, TOKEN, purchase)
        deliver(bench, COMMAND, purchase)
    assert bench.status(BALANCE) == 1000 * sum(number + 1 for number in bought)
