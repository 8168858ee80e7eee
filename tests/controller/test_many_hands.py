"""Two people at one moment: one of them does it, the other is told, and no money moves twice."""

from collections import Counter

import pytest

from controller.errors import Refused
from tests.controller import till
from tests.controller.till import ASHA, CLERK, OFFICE


def attempt(do):
    """What became of one attempt: `done`, or `refused`."""
    try:
        do()
    except Refused:
        return "refused"
    return "done"


def race(at_once, do):
    """How often each outcome came of three attempts at one moment."""
    return Counter(at_once(3, lambda _number: attempt(do)))


@pytest.fixture
def asha(shared_database, clock, make_board):
    """Asha, supplied through BHK01; a store with a meter; who may approve."""
    from controller.consumers import services
    from controller.inventory import services as inventory

    make_board("BHK01")
    make_board("BHK02")
    till.open_tills()
    till.supply(ASHA, "BHK01", "B2.1")
    services.programme_activated("BHK01", 1, 200_000_060)
    services.design_package("B2.1", "FD", 1500, price_paise=650, **OFFICE)
    till.add_consumer(13)
    inventory.add_store(code="KATS-1", name="Katsa", plant_code="KATS", **OFFICE)
    inventory.receive(meter_id="BHK02", store_code="KATS-1", **OFFICE)


def test_a_change_is_asked_for_and_approved_once(asha, at_once):
    """MG-14: two desks, one change."""
    from controller.changes import services
    from controller.changes.models import Change

    def ask():
        services.request_package(
            consumer_id=ASHA, package_id="B2.1 (FD) / 1500 / 0 / 650p", channel="agent",
            actor="gopal",
        )  # fmt: skip

    assert race(at_once, ask) == {"done": 1, "refused": 2}
    change = Change.objects.get()
    approve = lambda: services.approve(change_id=change.pk, actor="meena")  # noqa: E731
    assert race(at_once, approve) == {"done": 1, "refused": 2}
    assert change.steps.filter(name="approve").count() == 1


def test_a_deposit_is_used_for_dues_once(asha, at_once):
    """MG-13: two clerks who press at once recover the dues once."""
    from controller.deposits import services

    till.pay("key-00001", 30_000, purpose="deposit")
    till.owe(ASHA, 10_000)
    use = lambda: services.use_for_dues(consumer_id=ASHA, reason="late", **CLERK)  # noqa: E731
    assert race(at_once, use) == {"done": 1, "refused": 2}
    assert (till.balance(f"deposit:{ASHA}"), till.balance(f"consumer:{ASHA}")) == (-20_000, 0)


def test_a_meter_is_kept_for_one_connection(asha, at_once):
    from controller.inventory import services

    reserve = lambda: services.reserve(  # noqa: E731
        meter_id="BHK02", consumer_id="BHKATS01113", **CLERK
    )
    assert race(at_once, reserve) == {"done": 1, "refused": 2}


def test_a_request_for_service_is_submitted_once(asha, at_once):
    """MG-12: a button that is pressed twice makes one job."""
    from controller.requests import services

    submit = lambda: services.submit(  # noqa: E731
        consumer_id=ASHA, kind="outage", text="no light", channel="consumer", actor="asha"
    )
    assert race(at_once, submit) == {"done": 1, "refused": 2}


def test_who_owes_too_much_is_cut_once_by_several_runs_of_the_rules(asha, at_once):
    """MG-6: the run of every five minutes may overlap with the one that a person starts."""
    from controller.changes.standing import enforce
    from controller.headend.models import Command

    till.owe(ASHA, 60_000)
    outcomes = at_once(3, lambda _number: enforce().cut)
    assert sorted(outcomes) == [0, 0, 1]
    assert Command.objects.filter(name="disconnect").count() == 1


def test_instalments_are_charged_once_by_several_runs(asha, at_once):
    """MG-15."""
    from controller.extras import services

    services.sell_appliance(
        key="fan-00001", consumer_id=ASHA, item="Fan", price_paise=3_000, instalments=3,
        first_month="2026-03", **CLERK,
    )  # fmt: skip
    charged = at_once(3, lambda _number: services.charge_due(month="2026-04", **CLERK))
    assert sum(charged) == 2
    assert till.balance(f"consumer:{ASHA}") == 2_000
