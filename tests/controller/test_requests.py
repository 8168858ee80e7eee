"""Service requests (MG-12): from the consumer's word to the consumer's rating."""

import pytest

from controller.errors import Refused
from controller.requests import rules

OFFICE = {"actor": "office"}
NOW_S = 200_000_000
HOUR_S = 3_600
PASSWORD = "a lamp in the rain"


@pytest.fixture
def plant(db, clock):
    from controller.access import services as access
    from controller.consumers import services

    plant = services.add_plant("KATS", "BH", "Katsa", **OFFICE)
    services.add_plant("SITA", "BH", "Sitapur", **OFFICE)
    for number in (12, 13):
        services.add_consumer("KATS", "Asha Devi", 11, number, 2000, **OFFICE)
    for name, role, code in (
        ("ravi", "technician", "KATS"), ("meena", "technician", "KATS"),
        ("gopal", "technician", "SITA"), ("sita", "clerk", "KATS"),
    ):  # fmt: skip
        access.add_user(username=name, password=PASSWORD, roles=[role], plants=[code], **OFFICE)
    return plant


@pytest.fixture
def told(plant):
    """What is told, as (step, state, actor)."""
    from controller.requests.signals import request_moved

    heard = []

    def hear(request, step, **_more):
        heard.append((step.name, request.state, step.actor))

    request_moved.connect(hear)
    yield heard
    request_moved.disconnect(hear)


def submit(kind="outage", consumer="BHKATS01112", channel="consumer"):
    from controller.requests import services

    return services.submit(
        consumer_id=consumer, kind=kind, text="No light since morning", channel=channel,
        actor="asha",
    )  # fmt: skip


def do(name, request, actor="office", **facts):
    from controller.requests import services

    return getattr(services, name)(request_id=request.pk, actor=actor, **facts)


def test_a_request_goes_through_every_hand_and_each_step_says_who_and_when(told, clock):
    """MG-12: submitted, assigned, re-assigned by the in-charge, completed, rated; all told."""
    request = submit()
    do("assign", request, assignee="ravi")
    clock(NOW_S + HOUR_S)
    do("reassign", request, assignee="meena", reason="Ravi is away")
    clock(NOW_S + 3 * HOUR_S)
    do("complete", request, "meena", visited_s=NOW_S + 2 * HOUR_S, done="Fuse at the pole")
    do("rate", request, "asha", stars=4, opinion="Quick")
    assert told == [
        ("submit", "submitted", "asha"),
        ("assign", "assigned", "office"),
        ("reassign", "assigned", "office"),
        ("complete", "completed", "meena"),
        ("rate", "rated", "asha"),
    ]
    request.refresh_from_db()
    assert (request.assignee, request.visited_s, request.completed_s, request.stars) == (
        "meena", NOW_S + 2 * HOUR_S, NOW_S + 3 * HOUR_S, 4,
    )  # fmt: skip
    assert [(step.name, step.at_s - NOW_S) for step in request.steps.all()] == [
        ("submit", 0), ("assign", 0), ("reassign", HOUR_S), ("complete", 3 * HOUR_S),
        ("rate", 3 * HOUR_S),
    ]  # fmt: skip


def test_every_step_is_in_the_audit_trail(plant):
    from controller.audit.models import AuditEvent

    do("assign", submit(), assignee="ravi")
    events = AuditEvent.objects.filter(subject="consumer BHKATS01112")
    assert [event.action for event in events][-2:] == [
        "service request: submit",
        "service request: assign",
    ]


@pytest.mark.parametrize(
    ("name", "facts", "says"),
    [
        ("reassign", {"assignee": "ravi", "reason": "x"}, "it is submitted"),
        ("complete", {"visited_s": NOW_S, "done": "x"}, "it is submitted"),
        ("rate", {"stars": 3}, "it is submitted"),
        ("rate", {"stars": 6}, "no rating"),
        ("assign", {"assignee": "gopal"}, "KATS"),  # of another plant
        ("assign", {"assignee": "sita"}, "KATS"),  # a clerk repairs nothing
        ("assign", {"assignee": "nobody"}, "KATS"),
        ("cancel", {"reason": " "}, "why"),
    ],
)
def test_no_step_is_skipped_and_no_stranger_assigned(told, name, facts, says):
    """MG-12: a request is repaired by the plant's technical team, in its order."""
    request = submit()
    with pytest.raises(Refused, match=says):
        do(name, request, **facts)
    request.refresh_from_db()
    assert request.state == "submitted"
    assert len(told) == 1


@pytest.mark.parametrize("visited_s", [NOW_S - 1, NOW_S + HOUR_S])
def test_a_visit_lies_between_the_request_and_now(plant, visited_s):
    request = submit()
    do("assign", request, assignee="ravi")
    with pytest.raises(Refused, match="visit"):
        do("complete", request, "ravi", visited_s=visited_s, done="nothing")


def test_the_same_trouble_is_reported_once_and_a_consumer_has_few_open(plant):
    """MG-12: pressing the button twice makes no second job."""
    first = submit()
    with pytest.raises(Refused, match="open already"):
        submit()
    for kind in ("connection", "meter", "billing", "other"):
        submit(kind)
    do("cancel", first, reason="It is back")
    submit("outage")
    for kind, consumer, channel in (
        ("noise", "BHKATS01113", "agent"), ("outage", "BHKATS01199", "agent"),
        ("outage", "BHKATS01113", "pigeon"),
    ):  # fmt: skip
        with pytest.raises(Refused):
            submit(kind, consumer, channel)


def test_a_completed_request_is_rated_once_and_a_cancelled_one_never(plant):
    request = submit()
    do("assign", request, assignee="ravi")
    do("complete", request, "ravi", visited_s=NOW_S, done="Fuse")
    do("rate", request, "asha", stars=5)
    with pytest.raises(Refused, match="it is rated"):
        do("rate", request, "asha", stars=1)
    other = do("cancel", submit("meter"), reason="Mistake")
    with pytest.raises(Refused, match="begin anew"):
        do("rate", other, "asha", stars=1)


def test_a_plants_figures_count_what_waits_and_how_fast_and_well_it_is_done(plant, clock):
    """MG-12: pending and completed by type, mean completion time, the customer's rating."""
    from controller.requests import queries

    request = submit()
    do("assign", request, assignee="ravi")
    clock(NOW_S + HOUR_S)
    do("complete", request, "ravi", visited_s=NOW_S + HOUR_S, done="Fuse")
    do("rate", request, "asha", stars=4)
    submit("outage", "BHKATS01113")
    do("cancel", submit("meter"), reason="Mistake")
    assert queries.figures([plant], NOW_S, NOW_S + 2 * HOUR_S) == [
        rules.Figures("outage", 1, 1, HOUR_S, 1, 40)
    ]
    assert [row.consumer_id for row in queries.waiting([plant])] == ["BHKATS01113"]
    assert not queries.waiting([plant], assignee="ravi")


def test_means_are_rounded_half_up_and_absent_where_there_is_nothing():
    done = rules.Done
    figures = rules.measure(
        [done("other", 0, 1, 4), done("other", 0, 2, 5), done("meter", 0, None, None)]
    )
    assert [row[1:] for row in figures] == [(1, 0, None, 0, None), (0, 2, 2, 2, 45)]


def test_the_site_in_charge_and_the_technician_are_told_of_an_assigned_request(plant):
    """MG-12: a notice to the site in-charge and to who has it, once for each assignment."""
    from controller.access import services as access
    from controller.notices.models import Message

    for name, role in (("olga", "operator"), ("tara", "technician"), ("mute", "operator")):
        email = "" if name == "mute" else f"{name}@example.org"
        access.add_user(
            username=name, password=PASSWORD, roles=[role], plants=["KATS"], email=email, **OFFICE
        )
    request = submit()
    do("assign", request, assignee="tara")
    do("reassign", request, assignee="ravi", reason="tara is ill")
    told = Message.objects.filter(template="request_task").order_by("pk")
    assert [message.recipient for message in told] == [
        "olga@example.org", "tara@example.org", "olga@example.org",
    ]  # fmt: skip
    assert f"Service request {request.pk}: consumer BHKATS01112, Asha Devi." in told[0].body


def test_an_address_that_is_none_is_refused(plant):
    from controller.access import services as access

    with pytest.raises(Refused, match="is no e-mail address"):
        access.add_user(username="olga", password=PASSWORD, email="olga at home", **OFFICE)
