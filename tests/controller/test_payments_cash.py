"""Cash of agents and counters: a ceiling, bank deposits seen by another person, reminders."""

import pytest

from controller.errors import Conflict, Refused
from controller.payments import points, queries
from tests.controller import till
from tests.controller.till import CLERK, OFFICE, balance, pay

NOW_S = 200_000_000
DAY_S = 86_400


@pytest.fixture(autouse=True)
def tills(db, clock):
    till.open_tills()


def deposit(key="deposit-1", paise=10_000, point="A1", source="cash", actor="agent"):
    return points.log_deposit(
        key=key, point_of_sale=point, amount_paise=paise, slip="SLIP 77", source=source,
        actor=actor,
    )  # fmt: skip


def test_an_agent_at_the_ceiling_is_told_to_deposit_and_takes_no_more():
    """UP-12: agents take money up to the ceiling of the profile."""
    till.set_profile(agent_cash_ceiling_paise=25_000)
    pay("key-00001", 15_000, "A1")
    pay("key-00002", 10_000, "A1")
    with pytest.raises(Refused, match="Deposit money in the bank"):
        pay("key-00003", 1, "A1")
    pay("key-00004", 10_000, "A1", method="upi")  # no cash
    deposit(paise=1)
    pay("key-00005", 1, "A1")


def test_a_ceiling_of_its_own_goes_before_the_profiles():
    points.add_point_of_sale(code="A2", name="Ravi", kind="agent", ceiling_paise=500, **OFFICE)
    with pytest.raises(Refused, match=r"may hold ₹5\.00"):
        pay(paise=501, point="A2")
    assert queries.position(queries.find_point("C1")).ceiling_paise is None


def test_an_unmanned_point_is_bounded_by_all_that_it_has_yet_to_pass_on():
    """A stolen key of an online point costs at most its ceiling."""
    points.add_point_of_sale(code="WEB2", name="Web", kind="online", ceiling_paise=500, **OFFICE)
    pay("key-00001", 500, "WEB2", method="upi")
    with pytest.raises(Refused, match=r"may hold ₹5\.00"):
        pay("key-00002", 1, "WEB2", method="card")
    deposit(paise=500, point="WEB2", source="clearing")
    pay("key-00003", 500, "WEB2", method="upi")


def test_a_deposit_goes_from_hand_to_the_bank_when_another_person_has_seen_it():
    pay(paise=10_000, point="A1")
    logged = deposit(paise=7_000)
    assert queries.position(queries.find_point("A1"))[:3] == (3_000, 0, 7_000)
    assert list(queries.deposits_to_verify()) == [logged]
    with pytest.raises(Refused, match="another person"):
        points.verify_deposit(deposit_id=logged.pk, actor="agent")
    points.verify_deposit(deposit_id=logged.pk, **OFFICE)
    assert (balance("bank"), balance("clearing:bank-A1")) == (7_000, 0)
    for decide in (points.verify_deposit, points.reject_deposit):
        more = {"reason": "not there"} if decide is points.reject_deposit else {}
        with pytest.raises(Refused, match="verified by head office"):
            decide(deposit_id=logged.pk, **more, **OFFICE)


def test_a_deposit_that_the_bank_has_not_got_is_cash_in_hand_again():
    pay(paise=10_000, point="A1")
    logged = deposit(paise=7_000)
    points.reject_deposit(deposit_id=logged.pk, reason="not on the statement", **OFFICE)
    assert (balance("cash:A1"), balance("clearing:bank-A1")) == (10_000, 0)


def test_the_same_deposit_is_logged_once():
    pay(paise=10_000, point="A1")
    assert deposit(paise=7_000) == deposit(paise=7_000)
    assert balance("cash:A1") == 3_000
    with pytest.raises(Conflict):
        deposit(paise=6_000)


def test_more_than_is_held_and_a_fourth_unverified_deposit_are_refused():
    pay(paise=10_000, point="A1")
    with pytest.raises(Refused, match=r"holds ₹100\.00"):
        deposit(paise=10_001)
    for number in range(3):
        deposit(f"deposit-{number}", 100)
    with pytest.raises(Refused, match="wait to be verified"):
        deposit("deposit-9", 100)


def test_cash_above_the_share_for_days_becomes_one_task(clock):
    """Collected = deposited + in hand, with reminders per agent."""
    till.set_profile(agent_cash_ceiling_paise=10_000)
    pay(paise=8_000, point="A1")
    assert points.remind_of_cash(**OFFICE) == 0
    clock(NOW_S + 2 * DAY_S)
    for _ in range(2):
        points.remind_of_cash(**OFFICE)
    (task,) = till.open_tasks("cash_in_hand")
    assert task.evidence["held_paise"] == 8_000
    deposit(paise=7_000)
    assert points.remind_of_cash(**OFFICE) == 0
    clock(NOW_S + 9 * DAY_S)
    pay("key-00002", 7_000, "A1")
    assert points.remind_of_cash(**OFFICE) == 0  # full again only since now


@pytest.mark.parametrize(
    "facts",
    [
        {"code": "a1"},
        {"code": "A 3"},
        {"code": "A1"},
        {"kind": "kiosk"},
        {"name": " "},
        {"ceiling_paise": 0},
        {"plant_code": "NONE"},
    ],
)
def test_what_cannot_be_a_point_of_sale_is_refused(facts):
    with pytest.raises(Refused):
        points.add_point_of_sale(
            **{"code": "A3", "name": "Ravi", "kind": "agent"} | facts, **CLERK
        )
