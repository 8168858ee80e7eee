"""Package change (MG-14), load increase (UP-7), deactivation by hand (MG-6): in five steps.

The meter board's own signed receipts and events complete them, and nothing else does.
"""

import pytest

from controller.changes import rules
from controller.errors import Refused
from controller.headend.ingest import handle
from tests.controller import till
from tests.controller.till import ASHA, OFFICE

NOW_S = 200_000_000  # 2026-05-04 01:03 in India
JUNE_S = 202_415_400  # 2026-06-01 00:00 in India
APPLIED, REFUSED, EXPIRED = 2, 3, 4
ACTIVATED = 1012
SMALL, LARGE = "B2.1 (FD) / 500 / 0 / 650p", "B2.1 (FD) / 1500 / 0 / 650p"


@pytest.fixture
def asha(board, clock):
    """Asha, 2 kW, whose board BHK01 runs 500 W; her deposit for that is paid."""
    from controller.access import services as access
    from controller.consumers import queries, services

    till.open_tills()
    till.supply(ASHA, "BHK01", "B2.1")
    services.design_package("B2.1", "FD", 1500, price_paise=650, **OFFICE)
    for name, role in (("meena", "operator"), ("ravi", "operator"), ("gopal", "clerk")):
        access.add_user(
            username=name, password="a lamp in the rain", roles=[role], plants=["KATS"], **OFFICE
        )
    consumer = queries.find_consumer(ASHA)
    answer(board, consumer.connection.assignments.get().command)
    activate(board, 1)
    pay_deposit(2 * 46_800)
    return consumer


def answer(board, command, stage=APPLIED, reason=0):
    """What the board signs about a command."""
    handle([board.receipt(bytes.fromhex(command.pk), stage, reason)])


def activate(board, version, sequence=1):
    """The board says that it runs this version."""
    handle([board.events(sequence, code=ACTIVATED, value=version)])


def pay_deposit(paise, key="deposit-1"):
    till.pay(key, paise, purpose="deposit")


def ask(package=LARGE, actor="asha", **more):
    from controller.changes import services

    facts = {"consumer_id": ASHA, "channel": "consumer", **more}
    return services.request_package(package_id=package, actor=actor, **facts)


def do(name, change, actor="meena", **facts):
    from controller.changes import orders, services

    module = services if hasattr(services, name) and name != "step" else orders
    done = getattr(module, name)(change_id=change.pk, actor=actor, **facts)
    change.refresh_from_db()
    return done


def under_way(effective=rules.NOW):
    """A change whose order the board has."""
    change = ask(effective=effective)
    do("approve", change)
    pay_deposit(2 * 93_600, "deposit-2")
    do("process", change)
    return change


def runs():
    from controller.consumers import queries

    return queries.active_assignment(queries.find_consumer(ASHA).connection).package_id


def test_a_package_change_is_complete_when_the_board_runs_it_and_not_before(asha, board):
    """MG-14: requested, approved by another, paid, effective now, complete by the board's word."""
    change = ask()
    assert (change.state, change.before["package"]) == ("requested", SMALL)
    do("approve", change, assignee="ravi", note="fits the transformer")
    assert (change.state, change.due_paise) == ("in_process", 2 * 93_600)
    with pytest.raises(Refused, match=r"₹1,872\.00 of the security deposit"):
        do("process", change, "ravi")
    pay_deposit(2 * 93_600, "deposit-2")
    do("process", change, "ravi")
    assert (change.state, runs()) == ("review", SMALL)
    answer(board, change.assignment.command)
    change.refresh_from_db()
    assert (change.state, change.board, runs()) == ("review", "stored", SMALL)
    activate(board, 2, sequence=2)
    change.refresh_from_db()
    assert (change.state, change.board, runs()) == ("completed", "active", LARGE)
    assert [(step.name, step.actor) for step in change.steps.all()] == [
        ("request", "asha"), ("approve", "meena"), ("process", "ravi"),
        ("stored", "meter BHK01"), ("complete", "meter BHK01"),
    ]  # fmt: skip


def test_nobody_decides_on_their_own_request(asha):
    """MG-14b: approval or refusal by another person."""
    change = ask(actor="meena", channel="agent")
    with pytest.raises(Refused, match="own request"):
        do("approve", change)
    assert change.state == "requested"
    do("approve", change, "ravi")


def test_a_refused_request_says_why_and_leaves_nothing_to_pay(asha):
    """MG-14b: it may be refused, also after it was approved."""
    from controller.deposits.queries import open_demand

    change = ask()
    with pytest.raises(Refused, match="why"):
        do("refuse", change, reason=" ")
    do("approve", change)
    assert open_demand(ASHA) is not None
    do("refuse", change, "ravi", reason="transformer is full")
    assert (change.state, open_demand(ASHA)) == ("refused", None)
    assert change.steps.last().note == "transformer is full"


@pytest.mark.parametrize(
    ("stage", "reason", "says"),
    [(REFUSED, 3, "refused the order"), (EXPIRED, 0, "came too late")],
)
def test_a_programme_that_the_board_refuses_is_a_task_and_the_old_package_stays_true(
    asha, board, stage, reason, says
):
    """MG-14e: refused or expired, a person decides; the consumer has what the board runs."""
    change = under_way()
    answer(board, change.assignment.command, stage, reason)
    change.refresh_from_db()
    assert (change.state, change.board, runs()) == ("in_process", "refused", SMALL)
    (task,) = till.open_tasks("change_failed")
    assert says in task.title
    assert task.evidence["change"] == change.pk
    do("process", change, "ravi")
    answer(board, change.assignment.command)
    activate(board, 3, sequence=2)
    change.refresh_from_db()
    assert (change.state, runs()) == ("completed", LARGE)


def test_a_change_from_the_next_period_is_stored_and_runs_when_that_begins(asha, board):
    """MG-14d: now, or from the next billing period."""
    change = under_way(rules.NEXT_PERIOD)
    assert change.assignment.activation_s == JUNE_S
    answer(board, change.assignment.command)
    change.refresh_from_db()
    assert (change.state, runs()) == ("review", SMALL)


def test_a_load_increase_is_a_change_with_its_package_and_counts_with_the_boards_word(asha, board):
    """UP-7: the increase follows the rules of a package change."""
    from controller.changes import services
    from controller.consumers.services import design_package

    package = design_package("B2.1", "FD", 3000, price_paise=650, **OFFICE)
    with pytest.raises(Refused, match="sanctioned for 2000 W"):
        ask(package.id)
    change = services.request_load(
        consumer_id=ASHA, sanctioned_load_w=4_000, package_id=package.id, channel="agent",
        actor="gopal",
    )  # fmt: skip
    do("approve", change)
    pay_deposit(1_000_000, "deposit-2")
    do("process", change)
    answer(board, change.assignment.command)
    asha.connection.refresh_from_db()
    assert asha.connection.sanctioned_load_w == 2_000
    activate(board, 2, sequence=2)
    asha.connection.refresh_from_db()
    change.refresh_from_db()
    assert (change.state, asha.connection.sanctioned_load_w) == ("completed", 4_000)


@pytest.mark.parametrize(
    ("is_on", "cause", "status"),
    [(False, "wish", "inactive"), (False, "capacity", "banned")],
)
def test_a_connection_is_off_when_its_board_says_so_and_on_again_likewise(
    asha, board, is_on, cause, status
):
    """MG-6: at the wish of the consumer or for want of capacity; the same five steps."""
    from controller.changes import services

    def request(*, is_on):
        change = services.request_supply(
            consumer_id=ASHA, is_on=is_on, cause=cause, channel="consumer", actor="asha"
        )
        do("approve", change)
        do("process", change)
        return change

    off = request(is_on=False)
    asha.refresh_from_db()
    assert (asha.status, off.command.name) == ("active", "disconnect")
    answer(board, off.command)
    asha.refresh_from_db()
    assert asha.status == status
    with pytest.raises(Refused, match="already"):
        request(is_on=False)
    on = request(is_on=True)
    answer(board, on.command)
    asha.refresh_from_db()
    on.refresh_from_db()
    assert (asha.status, on.state) == ("active", "completed")


def test_who_owes_too_much_is_not_reconnected_before_paying(asha, board):
    """MG-6, MG-14c: what is due is paid first."""
    from controller.changes import services

    till.owe(ASHA, 60_000)
    off = services.request_supply(consumer_id=ASHA, is_on=False, channel="office", actor="gopal")
    do("approve", off)
    do("process", off)
    answer(board, off.command)
    on = services.request_supply(consumer_id=ASHA, is_on=True, channel="consumer", actor="asha")
    do("approve", on)
    with pytest.raises(Refused, match=r"owes ₹600\.00"):
        do("process", on)
    till.pay("pay-0001", 10_000)
    do("process", on)


def test_the_board_completes_its_own_changes_and_a_person_those_without_a_board(asha, board):
    """MG-14e: no hand completes what the meter must confirm."""
    from controller.changes import services
    from controller.consumers.services import release_meter

    change = under_way()
    with pytest.raises(Refused, match="meter board completes"):
        do("complete", change, note="I saw it")
    answer(board, change.assignment.command, REFUSED, 3)
    do("cancel", change, reason="stays as it is")
    release_meter(ASHA, None, "conventional meter", **OFFICE)
    off = services.request_supply(consumer_id=ASHA, is_on=False, channel="office", actor="gopal")
    do("approve", off)
    do("process", off)
    do("complete", off, note="fuse taken out")
    asha.refresh_from_db()
    assert (off.state, asha.status) == ("completed", "inactive")


def test_a_change_that_was_sent_back_still_counts_when_the_board_does_it_late(asha, board):
    """The board's word is the truth, also about an order that a person had given up."""
    change = under_way()
    do("send_back", change, reason="silent for a week")
    assert change.state == "in_process"
    answer(board, change.assignment.command)
    activate(board, 2, sequence=2)
    change.refresh_from_db()
    assert (change.state, runs()) == ("completed", LARGE)


def test_a_programme_that_another_one_overtakes_sends_its_change_back(asha, board):
    from controller.consumers.services import assign_package

    change = under_way()
    other = assign_package(asha.connection.pk, SMALL, **OFFICE)
    answer(board, other.command)
    change.refresh_from_db()
    assert (change.state, change.board) == ("in_process", "superseded")
    assert "another programme" in till.open_tasks("change_failed")[0].title


def test_the_four_lists_say_what_waits_for_whom(asha, board):
    """MG-14: Request, In process, Review, Completed, each with who did what and when."""
    from controller.changes import queries, services
    from controller.consumers.models import Plant

    plants = [Plant.objects.get(code="KATS")]

    def counts():
        return [len(found) for found in queries.lists(plants).values()]

    change = ask()
    off = services.request_supply(consumer_id=ASHA, is_on=False, channel="office", actor="gopal")
    assert counts() == [2, 0, 0, 0]
    do("approve", change, assignee="ravi")
    do("reassign", change, assignee="meena")
    do("cancel", off, reason="a mistake")
    assert counts() == [0, 1, 0, 1]
    assert change.assignee == "meena"
    assert [row.pk for row in queries.of_consumer(asha)] == [off.pk, change.pk]
    for assignee in ("gopal", "nobody"):  # a clerk processes no changes
        with pytest.raises(Refused, match="KATS"):
            do("reassign", change, assignee=assignee)


@pytest.mark.parametrize(
    "facts",
    [
        {"package": SMALL},  # what the meter runs
        {"package": "B2.1 (FD) / 9 / 0 / 650p"},  # never designed
        {"effective": "yesterday"},
        {"channel": "pigeon"},
        {"consumer_id": "BHKATS01199"},
    ],
)
def test_what_cannot_be_asked_for_is_refused_and_nothing_is_kept(asha, facts):
    from controller.changes.models import Change

    with pytest.raises(Refused):
        ask(**facts)
    assert not Change.objects.exists()


def test_one_change_of_a_kind_is_open_at_a_time_and_none_skips_a_step(asha):
    change = ask()
    with pytest.raises(Refused, match="open already"):
        ask()
    for name, facts in (("process", {}), ("send_back", {"reason": "x"}),
                        ("reassign", {"assignee": "ravi"})):  # fmt: skip
        with pytest.raises(Refused, match="it is requested"):
            do(name, change, **facts)
    assert change.steps.count() == 1
