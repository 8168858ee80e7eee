"""Packages: which kinds there are, who may have which, and how a board is told."""

import pytest

from controller.consumers import rules
from controller.errors import Refused
from protocol import programme

CLERK = {"actor": "clerk"}


@pytest.fixture
def connection(board, clock):
    """Consumer BHKATS01112 with 2 kW on one phase, served by meter BHK01."""
    from controller.consumers import services

    services.add_plant("KATS", "BH", "Katsa", **CLERK)
    services.add_consumer("KATS", "Asha Devi", 11, 12, 2000, **CLERK)
    return services.fit_meter("BHKATS01112 8", board.meter_id, **CLERK)


@pytest.fixture
def package(connection):
    from controller.consumers import services

    return services.design_package("A2.2", "NN", 500, 100, price_paise=650, **CLERK)


@pytest.mark.parametrize(
    ("kind", "prices", "mode", "tariff"),
    [
        ("A1.1", {"monthly_rupees": 160}, 3, False),
        ("A2.1", {"price_paise": 650}, 1, True),
        ("A2.2", {"price_paise": 650, "monthly_rupees": 20}, 2, True),
        ("B1.1", {"monthly_rupees": 160}, 0, False),
        ("B2.1", {"price_paise": 650}, 0, True),
    ],
)
def test_every_kind_of_package_is_programmed_with_its_credit_mode(
    connection, kind, prices, mode, tariff
):
    """MG-1, MG-3, MG-7: prepaid and postpaid, metered and flat; a flat board rates nothing."""
    from controller.consumers import services

    package = services.design_package(kind, "NN", 17, **prices, **CLERK)
    assignment = services.assign_package(connection.pk, package.id, **CLERK)
    sent = programme.to_names(programme.decode(bytes(assignment.programme)))
    assert sent["credit"]["mode"] == package.mode == mode
    assert (sent["tariff"] is not None) == tariff
    assert sent["load"]["limit_w"] == 17
    assert assignment.tariff_record["code"] == f"{prices.get('price_paise', 0)}p-" + str(
        prices.get("monthly_rupees", 0)
    )


@pytest.mark.parametrize(
    ("kind", "category", "load_w", "says"),
    [
        ("A2.2", "domestic", 45_000, None),
        ("A2.2", "commercial", 45_000, None),
        ("A2.2", "domestic", 45_001, "UP-1"),
        ("A2.1", "industry", 2_000, "UP-1"),
        ("A1.1", "industry", 2_000, "UP-1"),
        ("B2.1", "industry", 60_000, None),
        ("B1.1", "industry", 2_000, None),
    ],
)
def test_prepaid_is_for_all_but_industry_and_up_to_45_kw(kind, category, load_w, says):
    """UP-1: every category except industry, up to 45 kW of load; postpaid asks for neither."""
    supply = rules.Supply(category, load_w)
    if says is None:
        rules.check_eligible(kind, supply, 45_000, ["industry"])
        return
    with pytest.raises(Refused, match=says):
        rules.check_eligible(kind, supply, 45_000, ["industry"])


def test_a_prepaid_package_is_not_programmed_for_industry(connection, package):
    """UP-1, at the desk: refused before anything is queued."""
    from controller.consumers import services
    from controller.headend.models import Command

    consumer = connection.consumer
    consumer.category = "industry"
    consumer.save()
    with pytest.raises(Refused, match="industry"):
        services.assign_package(connection.pk, package.id, **CLERK)
    assert not Command.objects.exists()


def test_a_released_meter_serves_another_house_and_stays_on_record(
    connection, package, make_board, clock
):
    """MG-14, meters: what the old meter ran is over at its removal, whatever it says later."""
    from controller.consumers import services

    first = services.assign_package(connection.pk, package.id, **CLERK)
    services.programme_activated("BHK01", 1, 200_000_060)
    waiting = services.assign_package(connection.pk, package.id, **CLERK)
    clock(200_100_000)
    fitting = services.release_meter("BHKATS01112", **CLERK)
    assert (fitting.meter_id, fitting.fitted_s, fitting.removed_s) == (
        "BHK01",
        200_000_000,
        200_100_000,
    )
    services.programme_activated("BHK01", 2, 200_100_500)  # in the store, on its own
    for assignment, activated_s in ((first, 200_000_060), (waiting, None)):
        assignment.refresh_from_db()
        assert (assignment.state, assignment.activated_s) == ("superseded", activated_s)
    services.add_consumer("KATS", "Ravi", 11, 13, 2000, **CLERK)
    other = services.fit_meter("BHKATS01113", "BHK01", **CLERK)
    assert services.assign_package(other.pk, package.id, **CLERK).programme_version == 3
    make_board("BHK02")
    services.fit_meter("BHKATS01112", "BHK02", **CLERK)
    assert [row.meter_id for row in connection.fittings.all()] == ["BHK01", "BHK02"]
    with pytest.raises(Refused, match="has meter BHK02"):
        services.fit_meter("BHKATS01112", "BHK01", **CLERK)


def test_a_connection_without_a_meter_has_none_to_release(connection):
    from controller.consumers import services

    services.release_meter("BHKATS01112", **CLERK)
    with pytest.raises(Refused, match="no meter"):
        services.release_meter("BHKATS01112", **CLERK)


def test_a_money_account_on_a_new_meter_pays_from_the_next_day(
    connection, package, make_board, clock
):
    """The old meter has charged the day of the exchange; no day is charged twice."""
    from controller.consumers import services

    services.assign_package(connection.pk, package.id, **CLERK)
    services.release_meter("BHKATS01112", **CLERK)
    make_board("BHK02")
    services.fit_meter("BHKATS01112", "BHK02", **CLERK)
    # 200,000,000 s are 2026-05-04 01:03 in India; its next midnight is 22 h 56 min 40 s later.
    assert services.assign_package(connection.pk, package.id, **CLERK).opened_s == 200_082_600


@pytest.mark.parametrize(("kind", "may"), [("A2.1", False), ("A2.2", True), ("B2.1", True)])
def test_an_account_in_energy_has_no_tariff_with_prices_by_the_hour(db, kind, may):
    """UP-2, MG-1: a unit sold ahead knows no hour; said when the package is designed."""
    from datetime import date

    from controller.consumers import services
    from controller.consumers.models import Package
    from controller.tariffs import services as tariffs

    record = {
        "tables": [[None, True, [[None, 400]]]],
        "rate_adder_paise": [100, 0, 0],
        "rate_bands": [[127, 1080, 1320, 1]],
    }
    tariffs.add_tariff("TOD", "By the hour", **CLERK)
    tariffs.add_version("TOD", date(2026, 1, 1), record, **CLERK)
    if may:
        services.design_package(kind, "FD", 2000, tariff_code="TOD", **CLERK)
        return
    with pytest.raises(Refused, match="time of day"):
        services.design_package(kind, "FD", 2000, tariff_code="TOD", **CLERK)
    assert not Package.objects.exists()
