"""What must happen by itself happens, in its time, and one failure keeps nothing else from it."""

import logging

from controller import routine
from tests.controller import till
from tests.controller.till import ASHA

MORNING_S = 200_030_000  # 2026-05-04 09:23 in India
NIGHT_S = 199_998_000  # 00:30


def test_chores_are_done_in_their_time_by_the_controllers_clock(clock, db):
    done = []
    rounds = routine.Routine(
        (
            routine.Chore("often", 300, lambda: done.append("often")),
            routine.Chore("daily", 0, lambda: done.append("daily")),
        )
    )
    for now_s, expected in (
        (NIGHT_S, ["often"]),
        (NIGHT_S + 299, []),
        (NIGHT_S + 300, ["often"]),
        (MORNING_S, ["often", "daily"]),
        (MORNING_S + 299, []),
        (MORNING_S + 86_400, ["often", "daily"]),
    ):
        clock(now_s)
        assert rounds.work() == expected
    assert done.count("daily") == 2


def test_a_chore_that_fails_is_logged_and_the_others_go_on(clock, db, caplog):
    def fail():
        raise RuntimeError("the database is away")

    done = []
    rounds = routine.Routine(
        (routine.Chore("bad", 60, fail), routine.Chore("good", 60, lambda: done.append(1)))
    )
    with caplog.at_level(logging.ERROR):
        rounds.work()
    assert done == [1]
    assert "bad failed" in caplog.text


def test_a_consumer_who_owes_too_much_is_cut_without_anybody_doing_anything(clock, board):
    """MG-6: deactivation happens by itself."""
    from controller.consumers import services
    from controller.headend.models import Command

    clock(MORNING_S)
    till.open_tills()
    till.supply(ASHA, "BHK01", "B2.1")
    services.programme_activated("BHK01", 1, MORNING_S)
    till.owe(ASHA, 60_000)
    assert routine.Routine(routine.CHORES).work() == [chore.name for chore in routine.CHORES]
    assert Command.objects.filter(name="disconnect").count() == 1


def test_a_callback_that_a_killed_process_left_is_worked_on(clock, board):
    """UP-7: a payment that was stored and not booked is booked without anybody's doing."""
    from controller.payments.models import Callback

    clock(MORNING_S)
    till.open_tills()
    till.supply(ASHA, "BHK01", "B2.1")
    order = till.order(paise=5_000)
    till.call(till.body_of(payment="pay-1", order=order.pk, amount_paise=5_000), MORNING_S)
    routine.Routine(routine.CHORES).work()
    assert Callback.objects.get().outcome == "done"
