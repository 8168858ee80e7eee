"""Meters between stores and connections: in one place at a time, not handed on by mistake."""

import pytest

from controller.errors import Refused

CLERK = {"actor": "clerk"}
FIRST, SECOND = "BHKATS01112", "BHKATS01113"
LATER_S = 200_500_000


@pytest.fixture
def stores(make_board, clock):
    """Two consumers; BHK01 in the plant's store, BHK02 in a warehouse, BHK03 elsewhere."""
    from controller.consumers import services as consumers
    from controller.inventory import services

    boards = {name: make_board(name) for name in ("BHK01", "BHK02", "BHK03")}
    for code in ("KATS", "SITA"):
        consumers.add_plant(code, "BH", code.title(), **CLERK)
    for number in (12, 13):
        consumers.add_consumer("KATS", f"House {number}", 11, number, 2000, **CLERK)
    services.add_store(code="KATS-1", name="Katsa", plant_code="KATS", **CLERK)
    services.add_store(code="SITA-1", name="Sitapur", plant_code="SITA", **CLERK)
    services.add_store(code="PATNA", name="Warehouse", **CLERK)
    for meter, store in (("BHK01", "KATS-1"), ("BHK02", "PATNA"), ("BHK03", "SITA-1")):
        services.receive(meter_id=meter, store_code=store, **CLERK)
    return boards


@pytest.fixture
def fitted(stores):
    """BHK01 serves the first consumer, and runs a package."""
    from controller.consumers import services as consumers

    do("reserve", "BHK01", consumer_id=FIRST)
    connection = consumers.fit_meter(FIRST, "BHK01", **CLERK)
    package = consumers.design_package("A2.2", "FD", 500, price_paise=650, **CLERK)
    consumers.assign_package(connection.pk, package.id, **CLERK)
    consumers.programme_activated("BHK01", 1, 200_000_060)
    return connection


def do(name, meter_id, **facts):
    from controller.inventory import services

    return getattr(services, name)(meter_id=meter_id, **facts, **CLERK)


def item(meter_id):
    from controller.inventory.models import Item

    return Item.objects.get(pk=meter_id)


def deactivate(consumer=FIRST):
    from controller.consumers import services as consumers

    consumers.set_status(consumer, "inactive", "moved away", **CLERK)


def test_a_meter_is_taken_from_the_inventory_kept_and_fitted(stores, fitted):
    """MG-4: a meter is taken from the inventory and assigned, and fitted."""
    from controller.inventory import queries

    assert (item("BHK01").state, item("BHK01").connection) == ("fitted", None)
    steps, fittings = queries.way_of("BHK01")
    assert [step.name for step in steps] == ["receive", "reserve", "fit"]
    assert [fitting.connection.consumer_id for fitting in fittings] == [FIRST]


def test_a_meter_that_is_kept_for_one_connection_is_not_fitted_at_another(stores):
    from controller.consumers import services as consumers

    do("reserve", "BHK01", consumer_id=FIRST)
    with pytest.raises(Refused, match="kept for another"):
        consumers.fit_meter(SECOND, "BHK01", **CLERK)
    with pytest.raises(Refused, match="is kept for it already"):
        do("reserve", "BHK02", consumer_id=FIRST)
    do("free", "BHK01", reason="wrong house")
    consumers.fit_meter(SECOND, "BHK01", **CLERK)


def test_a_deactivated_consumers_meter_goes_to_the_next_or_to_the_store(fitted, clock):
    """MG-6, meters: release from a deactivated consumer to the next one or to the store."""
    from controller.inventory import services

    def release(**where):
        return services.release(
            consumer_id=FIRST, closing_wh=900, reason="moved away", **where, **CLERK
        )

    with pytest.raises(Refused, match="Deactivate"):
        release()
    deactivate()
    clock(LATER_S)
    fitting = release(next_consumer_id=SECOND)
    assert (fitting.closing_wh, fitting.removed_s) == (900, LATER_S)
    kept = item("BHK01")
    assert (kept.state, kept.connection.consumer_id, kept.store_id) == (
        "reserved", SECOND, "KATS-1",
    )  # fmt: skip


def test_a_changed_meter_runs_the_same_package_and_the_old_ones_register_is_kept(fitted, clock):
    """MG-7: the bill goes on from the closing register of one meter and the first of the next."""
    from controller.consumers import queries
    from controller.inventory import services

    clock(LATER_S)
    connection = services.change_meter(
        consumer_id=FIRST, meter_id="BHK02", closing_wh=1_234, reason="glass broken",
        is_faulty=True, store_code="PATNA", **CLERK,
    )  # fmt: skip
    assert connection.meter_id == "BHK02"
    assert [row.closing_wh for row in queries.fittings_in(connection, 0, LATER_S + 1)] == [
        1_234, None,
    ]  # fmt: skip
    programmed = queries.assignments(connection).last()
    assert (programmed.meter_id, programmed.package_id, programmed.state) == (
        "BHK02", "A2.2 (FD) / 500 / 0 / 650p", "pending",
    )  # fmt: skip
    assert (item("BHK01").state, item("BHK01").store_id) == ("faulty", "PATNA")
    assert item("BHK02").state == "fitted"


def test_credit_left_on_a_removed_board_is_put_before_a_person(stores, fitted):
    from controller.headend.ingest import handle
    from controller.inventory import services
    from controller.tasks.queries import open_tasks

    handle([stores["BHK01"].hello(k6=12_300, k7=2)])
    deactivate()
    services.release(consumer_id=FIRST, closing_wh=None, reason="moved away", **CLERK)
    task = open_tasks().get()
    assert (task.subject, task.evidence["balance"], task.evidence["unit"]) == (
        f"consumer {FIRST}", 12_300, "paise",
    )  # fmt: skip


def test_a_meter_that_never_was_in_a_store_can_be_taken_into_one(stores, make_board):
    from controller.consumers import services as consumers
    from controller.inventory import services

    make_board("BHK09")
    consumers.fit_meter(FIRST, "BHK09", **CLERK)
    deactivate()
    facts = {"consumer_id": FIRST, "closing_wh": None, "reason": "moved away"}
    with pytest.raises(Refused, match="came from no store"):
        services.release(**facts, **CLERK)
    services.release(**facts, store_code="KATS-1", **CLERK)
    assert item("BHK09").state == "in_store"


def test_the_stock_of_a_plant_is_counted_with_the_warehouses(stores):
    from controller.consumers.models import Plant
    from controller.inventory import queries

    plant = Plant.objects.get(code="KATS")
    do("reserve", "BHK01", consumer_id=FIRST)
    do("mark_faulty", "BHK02", reason="no display")
    assert {store.code: (store.in_store, store.reserved, store.faulty)
            for store in queries.stores([plant])} == {
        "KATS-1": (0, 1, 0), "PATNA": (0, 0, 1),
    }  # fmt: skip
    assert not queries.available(plant)
    do("repair", "BHK02", note="new display")
    assert [row.meter_id for row in queries.available(plant)] == ["BHK02"]


@pytest.mark.parametrize(
    ("name", "meter", "facts"),
    [
        ("reserve", "BHK03", {"consumer_id": FIRST}),  # in another plant's store
        ("reserve", "NONE", {"consumer_id": FIRST}),
        ("receive", "BHK01", {"store_code": "PATNA"}),
        ("receive", "NONE", {"store_code": "PATNA"}),
        ("transfer", "BHK01", {"store_code": "KATS-1"}),
        ("transfer", "BHK01", {"store_code": "NONE"}),
        ("free", "BHK01", {"reason": "not kept"}),
        ("repair", "BHK01", {"note": "not broken"}),
        ("scrap", "BHK01", {"reason": "not broken"}),
        ("mark_faulty", "BHK01", {"reason": ""}),
    ],
)
def test_what_cannot_be_done_with_a_meter_is_refused_and_changes_nothing(
    stores, name, meter, facts
):
    from controller.inventory.models import ItemStep

    before = ItemStep.objects.count()
    with pytest.raises(Refused):
        do(name, meter, **facts)
    assert ItemStep.objects.count() == before
    assert (item("BHK01").state, item("BHK01").store_id) == ("in_store", "KATS-1")


@pytest.mark.parametrize(
    "facts", [{"code": "kats"}, {"code": "KATS-1"}, {"name": ""}, {"plant_code": "NONE"}]
)
def test_a_store_has_a_code_of_its_own_a_name_and_a_plant_that_exists(stores, facts):
    from controller.inventory import services

    with pytest.raises(Refused):
        services.add_store(**{"code": "NEW", "name": "New", **facts}, **CLERK)
