"""What happens to a board with an account (the fixture `start` of conftest.py)."""

CREDIT = 4
ENERGY, MONEY, FLAT = 1, 2, 3
DAY_S = 86_400


def buy(bench, amount, unit=ENERGY):
    bench.purchases = getattr(bench, "purchases", 0) + 1
    assert bench.command(CREDIT, {0: b"%08d" % bench.purchases, 1: unit, 2: amount}) == (2, 0)


def press_long(bench):
    bench.drive(bench.board.accept_emergency(bench.now_s, bench.uptime_s))


def sleep(bench, days, **boot):
    """Let whole days pass without power."""
    bench.cut(days * DAY_S, **boot)
    bench.run(65, 0)


def account(bench):
    """Credited, charged, balance; the third is always the difference of the first two."""
    found = bench.status(8), bench.status(9), bench.status(6)
    assert found[0] - found[1] == found[2]
    return found
