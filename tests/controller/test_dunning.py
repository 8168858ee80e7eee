"""Reminders, notices and the disconnection list: step by step, once each, never after payment."""

import pytest

from tests.controller.homes import CLERK, DAY_S, JANUARY

DUE_S = JANUARY.end_s + 16 * DAY_S
STEPS = [[3, "reminder"], [10, "notice"], [20, "disconnect"]]


@pytest.fixture
def late(village, close):
    """A consumer who owes ₹500.00 for January, due at the end of 16 February."""
    from controller.profile.services import change

    change(name="dunning_steps", value=STEPS, **CLERK)
    home = village(1)
    home.read(JANUARY.start_s, 0)
    home.read(JANUARY.end_s, 100_000)
    close()
    return home


def take() -> list[str]:
    from controller.billing.dunning import take_steps

    return [step.step for step in take_steps(**CLERK)]


def pay(home, paise: int, reference: str) -> None:
    from controller.ledger import services

    consumer = f"consumer:{home.connection.consumer_id}"
    services.post(
        kind="payment", reference=reference, text="Paid", actor="clerk",
        transfers=[("cash:counter", consumer, paise)],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("days", "steps"),
    [(-1, []), (2, []), (3, ["reminder"]), (12, ["reminder", "notice"]),
     (20, ["reminder", "notice", "disconnect"])],
)  # fmt: skip
def test_every_step_comes_at_its_day_after_the_due_day_and_once(late, clock, days, steps):
    """MG-6: the system itself says who is to be reminded, warned and disconnected."""
    from controller.billing.dunning import disconnection_list

    clock(DUE_S + days * DAY_S)
    assert take() == steps
    assert take() == []
    from controller.tasks.queries import open_tasks

    assert len(open_tasks(kind="disconnect")) == ("disconnect" in steps)
    listed = [row.consumer_id for row in disconnection_list()]
    assert listed == (["BHKATS00101"] if "disconnect" in steps else [])


def test_who_pays_leaves_the_list_and_a_part_that_is_missing_stays(late, clock):
    """MG-9: part payment is accepted; what is left is still overdue."""
    from controller.billing.dunning import disconnection_list, overdue

    clock(DUE_S + 20 * DAY_S)
    take()
    pay(late, 20_000, "receipt:1")
    (row,) = overdue()
    assert (row.paise, row.oldest) == (30_000, "BHKATS00101-2026-01")
    assert len(disconnection_list()) == 1
    pay(late, 30_000, "receipt:2")
    assert (overdue(), disconnection_list(), take()) == ([], [], [])


def test_payments_pay_the_oldest_bill_first_and_a_new_debt_begins_its_own_steps(late, clock):
    """MG-6: who paid January is not disconnected for it when February falls due."""
    from controller.billing import services
    from controller.billing.dunning import disconnection_list, overdue

    clock(DUE_S + 20 * DAY_S)
    take()
    february_end_s = JANUARY.end_s + 28 * DAY_S
    late.read(february_end_s, 200_000)
    clock(max(february_end_s + 60, DUE_S + 20 * DAY_S))
    services.close_period("KATS", "2026-02", actor="clerk")
    pay(late, 50_000, "receipt:1")
    assert overdue() == []
    clock(DUE_S + 60 * DAY_S)
    (row,) = overdue()
    assert row.oldest == "BHKATS00101-2026-02"
    assert disconnection_list() == []
    assert take() == ["reminder", "notice", "disconnect"]
    assert len(disconnection_list()) == 1


def test_who_listens_hears_of_a_step_inside_its_transaction(late, clock):
    """MG-10: the notice and the cut are others' work; they are told in the same transaction."""
    from controller.billing.models import DunningStep
    from controller.billing.signals import dunning_stepped

    heard = []

    def hear(step, consumer_id, **_more):
        heard.append((step.step, consumer_id))
        if step.step == "notice":
            raise RuntimeError("the outbox is full")

    dunning_stepped.connect(hear)
    try:
        clock(DUE_S + 10 * DAY_S)
        with pytest.raises(RuntimeError):
            take()
    finally:
        dunning_stepped.disconnect(hear)
    assert heard == [("reminder", "BHKATS00101"), ("notice", "BHKATS00101")]
    assert [step.step for step in DunningStep.objects.all()] == ["reminder"]
    assert take() == ["notice"]
