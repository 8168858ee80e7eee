"""A meter goes from one consumer to the next, and takes nothing along (MG-6, MG-7)."""

import pytest

from controller.errors import Refused

CLERK = {"actor": "clerk"}
LATER_S = 200_500_000


@pytest.fixture
def village(make_board, clock, ingest):
    """Two consumers and two meters; the first meter serves the first consumer."""
    from controller.consumers import services

    boards = {name: make_board(name) for name in ("BHK01", "BHK02")}
    services.add_plant("KATS", "BH", "Katsa", **CLERK)
    for number in (12, 13):
        services.add_consumer("KATS", f"House {number}", 11, number, 2000, **CLERK)
    services.fit_meter("BHKATS01112", "BHK01", **CLERK)
    ingest([boards["BHK01"].hello(), boards["BHK01"].readings(1, 2, 3)])
    return boards


@pytest.fixture
def ingest(db):
    """Stores what boards sent, as the headend does."""
    from controller.headend.ingest import handle

    return handle


def connection(number=12):
    from controller.consumers.queries import find_consumer

    return find_consumer(f"BHKATS011{number}").connection


def release(closing_wh=450, consumer="BHKATS01112"):
    from controller.consumers.fitting import release_meter

    return release_meter(consumer, closing_wh, "broken glass", **CLERK)


def test_a_change_of_meter_keeps_the_registers_of_both(village, clock):
    """MG-7: what the first meter counted up to its removal, and the second from its fitting on."""
    from controller.consumers import queries, services

    clock(LATER_S)
    closed = release()
    assert (closed.meter_id, closed.removed_s, closed.closing_wh) == ("BHK01", LATER_S, 450)
    assert closed.last_reading.energy_wh == 300
    assert connection().meter is None
    clock(LATER_S + 60)
    services.fit_meter("BHKATS01112", "BHK02", **CLERK)
    first, second = queries.fittings_in(connection(), 200_000_000, LATER_S + 100)
    assert (first.meter_id, second.meter_id) == ("BHK01", "BHK02")
    assert (second.fitted_s, second.first_reading, second.removed_s) == (LATER_S + 60, None, None)
    assert list(queries.fittings_in(connection(), LATER_S, LATER_S + 100)) == [second]


def test_a_closing_register_below_what_the_meter_signed_is_refused(village, clock):
    """MG-7: a misread display must not take energy off a bill."""
    clock(LATER_S)
    with pytest.raises(Refused, match="signed 300 Wh"):
        release(closing_wh=299)
    assert connection().meter_id == "BHK01"
    assert release(closing_wh=None).last_reading.energy_wh == 300


def test_the_next_consumer_gets_the_meter_with_its_registers_noted(village, clock):
    """MG-6: the meter of a deactivated consumer is released to the next one."""
    from controller.consumers import services

    clock(LATER_S)
    release()
    services.fit_meter("BHKATS01113", "BHK01", **CLERK)
    fitting = connection(13).fittings.get()
    assert fitting.first_reading.energy_wh == 300


def test_orders_for_the_first_consumer_never_reach_the_second(village, clock):
    from controller.consumers import services
    from controller.headend.outbox import take_due
    from controller.headend.services import queue_command

    queued = queue_command("BHK01", "show_message", {0: "PAY", 1: 60}, "clerk")
    release()
    queued.refresh_from_db()
    assert queued.state == "expired"
    services.fit_meter("BHKATS01113", "BHK01", **CLERK)
    sent = queue_command("BHK01", "disconnect", {}, "clerk")
    assert take_due()
    release(consumer="BHKATS01113")
    with pytest.raises(Refused, match="1 orders"):
        services.fit_meter("BHKATS01112", "BHK01", **CLERK)
    sent.refresh_from_db()
    assert sent.state == "sent"


def test_credit_left_on_a_board_is_not_handed_to_the_next_consumer(village, ingest):
    from controller.consumers import services

    ingest([village["BHK01"].hello(k6=5_000, k7=2)])
    closed = release()
    assert (closed.closing_balance, closed.credit_mode) == (5_000, 2)
    with pytest.raises(Refused, match="balance of 5000"):
        services.fit_meter("BHKATS01113", "BHK01", **CLERK)
    ingest([village["BHK01"].hello(k6=0, k7=2)])
    services.fit_meter("BHKATS01113", "BHK01", **CLERK)


def test_a_package_ends_with_its_meter_and_is_programmed_anew_into_the_next(village, clock):
    """MG-14: what another board runs, only that board can say."""
    from controller.consumers import queries, services

    package = services.design_package("B2.1", "FD", 500, price_paise=650, **CLERK)
    first = services.assign_package(connection().pk, package.id, **CLERK)
    first.mark_active(LATER_S)
    first.save()
    clock(LATER_S)
    release()
    assert queries.active_assignment(connection()) is None
    services.fit_meter("BHKATS01112", "BHK02", **CLERK)
    second = services.assign_package(connection().pk, package.id, **CLERK)
    assert (second.meter_id, second.programme_version) == ("BHK02", 1)
    assert second.opened_s == first.opened_s
    assert list(queries.assignments(connection())) == [first, second]


@pytest.mark.parametrize(
    ("consumer", "reason"),
    [("BHKATS01113", "broken"), ("BHKATS01112", "x" * 201), ("BHKATS01199", "x")],
)
def test_a_release_needs_a_meter_and_a_reason_that_can_be_kept(village, consumer, reason):
    from controller.consumers.fitting import release_meter

    with pytest.raises(Refused):
        release_meter(consumer, None, reason, **CLERK)


def test_a_load_is_agreed_when_the_board_runs_the_programme_with_it(village):
    """UP-7: a larger load counts once the meter limits by it, not when somebody asks for it."""
    from controller.consumers import services

    package = services.design_package("B2.1", "FD", 3000, price_paise=650, **CLERK)
    with pytest.raises(Refused, match="sanctioned for 2000 W"):
        services.assign_package(connection().pk, package.id, **CLERK)
    services.assign_package(connection().pk, package.id, sanctioned_load_w=3500, **CLERK)
    assert connection().sanctioned_load_w == 2000
    services.programme_activated("BHK01", 1, LATER_S)
    assert connection().sanctioned_load_w == 3500
