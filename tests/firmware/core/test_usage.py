"""Days that the balance lasts, from what whole days used."""

import pytest

from firmware.core import ledger
from firmware.core.usage import Usage


class Account:
    mode = 1
    charged = 0
    left = 10_000

    def balance(self):
        return self.left

    def charged_total(self):
        return self.charged


@pytest.fixture
def usage():
    made = Usage(ledger.create(), Account())
    made.account = made._account
    return made


def live(usage, day, used):
    """Use so much on a day that then ends."""
    usage.follow(day)
    usage.account.charged += used
    usage.follow(day + 1)


def test_nobody_knows_before_the_first_whole_day(usage):
    usage.follow(10)
    assert usage.days_left() is None
    live(usage, 10, 500)
    assert usage.days_left() is None, "the first day began somewhere in its middle"
    live(usage, 11, 1000)
    assert usage.days_left() == 10


def test_the_last_days_weigh_most_and_a_balance_used_up_lasts_no_day(usage):
    for day, used in ((10, 0), (11, 1000), (12, 2000)):
        live(usage, day, used)
    assert usage.days_left() == 10_000 // 1250
    usage.account.left = -5
    assert usage.days_left() == 0


def test_days_in_the_dark_are_days(usage):
    live(usage, 10, 0)
    usage.account.charged += 900
    usage.follow(20)
    assert usage.days_left() == 100


def test_another_account_and_a_clock_that_goes_back_begin_anew(usage):
    live(usage, 10, 0)
    live(usage, 11, 1000)
    usage.follow(5)
    assert usage.days_left() is None
    live(usage, 5, 0)
    live(usage, 6, 1000)
    assert usage.days_left() == 10
    usage.account.mode = 2
    usage.follow(7)
    assert usage.days_left() is None
