"""Groups of connections programmed again: with progress, resumed after a kill, bounded (MG-14)."""

from datetime import date

import pytest

from controller.errors import Refused
from protocol import programme

CLERK = {"actor": "clerk"}
NOW_S = 200_000_000  # 2026-05-04 01:03:20 in India
NEXT_MIDNIGHT_S = 200_082_600
CHEAP = {"tables": [[None, True, [[None, 500]]]], "rebate_bp": 25}
DEAR = {"tables": [[None, True, [[None, 650]]]], "rebate_bp": 25}


@pytest.fixture
def village(make_board, clock):
    """Twelve connections of 2 kW in two plants; three packages, two of them by tariff SLABS."""
    from controller.consumers import services
    from controller.tariffs import services as tariffs

    for code in ("KATS", "SITA"):
        services.add_plant(code, "BH", code, **CLERK)
    tariffs.add_tariff("SLABS", "Slabs", **CLERK)
    tariffs.add_version("SLABS", date(2026, 1, 1), CHEAP, **CLERK)
    packages = [
        services.design_package("B2.1", "FD", 2000, tariff_code="SLABS", **CLERK),
        services.design_package("A2.2", "FD", 2000, tariff_code="SLABS", **CLERK),
        services.design_package("A2.1", "FD", 1000, price_paise=650, **CLERK),
    ]
    connections = []
    for number in range(1, 13):
        plant = "KATS" if number <= 9 else "SITA"
        category = "commercial" if number % 4 == 0 else "domestic"
        consumer = services.add_consumer(
            plant, "Asha", 1, number, 2000, category=category, **CLERK
        )
        make_board(f"BHK{number:02}")
        connection = services.fit_meter(consumer.id, f"BHK{number:02}", **CLERK)
        services.assign_package(connection.pk, packages[number % 3].id, **CLERK)
        services.programme_activated(f"BHK{number:02}", 1, NOW_S)
        connections.append(connection)
    return connections


def newest(connection):
    return connection.assignments.last()


def sent(assignment):
    return programme.to_names(programme.decode(bytes(assignment.programme)))


def finish(batch) -> None:
    from controller.consumers import reprogramming

    while reprogramming.advance_batch(batch.pk, 5, **CLERK):
        pass


def test_a_group_gets_a_package_and_its_progress_is_what_the_boards_said(village):
    """MG-14: bulk reprogramming; complete only where the board has confirmed."""
    from controller.consumers import reprogramming, services
    from controller.headend.signals import command_finished

    night = services.design_package("A2.1", "NN", 500, price_paise=600, **CLERK)
    batch = reprogramming.reprogramme_group(
        package_id=night.id, plant_code="KATS", running_id="A2.1 (FD) / 1000 / 0 / 650p", **CLERK
    )
    assert reprogramming.progress(batch)["waiting"] == 3  # numbers 2, 5, 8
    assert reprogramming.advance_batch(batch.pk, 2, **CLERK) == 1
    assert [reprogramming.progress(batch)[name] for name in ("waiting", "pending")] == [1, 2]
    finish(batch)
    first, second, third = (newest(village[number - 1]) for number in (2, 5, 8))
    assert {row.package_id for row in (first, second, third)} == {night.id}
    for row, word in ((first, "applied"), (second, "refused")):
        getattr(row.command, f"mark_{word}")(*([6] if word == "refused" else []))
        row.command.save()
        command_finished.send(sender=type(row.command), command=row.command)
    services.programme_activated("BHK08", 2, NOW_S + 60)
    told = reprogramming.progress(batch)
    assert (told["connections"], told["stored"], told["refused"], told["active"]) == (3, 1, 1, 1)
    assert reprogramming.retry_batch(batch.pk, **CLERK) == 1
    finish(batch)
    assert reprogramming.progress(batch)["pending"] == 1


def test_who_is_killed_in_the_middle_goes_on_with_the_next_and_none_twice(village, monkeypatch):
    from controller.consumers import reprogramming
    from controller.headend.models import Command

    before = Command.objects.count()
    batch = reprogramming.reprogramme_group(tariff_code="SLABS", **CLERK)
    assign, calls = reprogramming.assign_package, []

    def killed_at_the_third(*arguments, **options):
        calls.append(arguments[0])
        if len(calls) == 3:
            raise KeyboardInterrupt
        return assign(*arguments, **options)

    monkeypatch.setattr(reprogramming, "assign_package", killed_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        reprogramming.advance_batch(batch.pk, **CLERK)
    assert reprogramming.progress(batch)["waiting"] == 6
    finish(batch)
    assert Command.objects.count() == before + 8
    assert reprogramming.progress(batch)["pending"] == 8


def test_two_who_advance_one_batch_programme_nobody_twice(village):
    from controller.consumers import reprogramming

    batch = reprogramming.reprogramme_group(tariff_code="SLABS", **CLERK)
    item = batch.items.first()
    reprogramming._advance(item.pk, batch, "one")
    reprogramming._advance(item.pk, batch, "two")
    assert item.connection.assignments.count() == 2


def test_a_connection_with_another_programme_on_its_way_waits_for_it(village, clock):
    """A board keeps one programme for later: a package change under way must not be lost."""
    from controller.consumers import reprogramming, services

    change = services.assign_package(
        village[0].pk, "B2.1 (FD) / 2000 / 0 / SLABS", NEXT_MIDNIGHT_S, **CLERK
    )
    batch = reprogramming.reprogramme_group(tariff_code="SLABS", **CLERK)
    finish(batch)
    assert newest(village[0]) == change
    told = reprogramming.progress(batch)
    assert (told["waiting"], told["blocked"], told["pending"]) == (1, 1, 7)
    services.programme_activated("BHK01", 2, NEXT_MIDNIGHT_S)
    finish(batch)
    assert newest(village[0]) != change
    assert reprogramming.progress(batch)["pending"] == 8


def test_who_may_not_have_the_package_is_refused_with_the_reason_and_a_task(village):
    """UP-1: industry keeps what it has; a person is told."""
    from controller.consumers import reprogramming
    from controller.consumers.models import Consumer
    from controller.tasks.queries import open_tasks

    Consumer.objects.filter(id="BHKATS00101").update(category="industry")
    batch = reprogramming.reprogramme_group(
        package_id="A2.1 (FD) / 1000 / 0 / 650p", plant_code="KATS", **CLERK
    )
    finish(batch)
    told = reprogramming.progress(batch)
    assert (told["desk"], told["pending"]) == (1, 8)
    (item,) = reprogramming.refusals(batch)
    assert "industry" in item.reason
    (task,) = open_tasks(kind="reprogramming")
    assert task.evidence["consumer"] == "BHKATS00101"


def test_a_group_is_chosen_by_plant_package_tariff_and_category(village):
    from controller.consumers import reprogramming

    for choice, count in (
        ({"plant_code": "SITA"}, 3),
        ({"category": "commercial"}, 3),
        ({"tariff_code": "SLABS"}, 8),
        ({"tariff_code": "SLABS", "category": "commercial"}, 2),
        ({"running_id": "A2.2 (FD) / 2000 / 0 / SLABS", "plant_code": "KATS"}, 3),
    ):
        batch = reprogramming.reprogramme_group(**choice, **CLERK)
        assert batch.items.count() == count, choice


def test_a_group_of_nobody_or_an_unknown_package_is_refused(village):
    from controller.consumers import reprogramming
    from controller.consumers.models import Batch

    for choice in (
        {},
        {"plant_code": "NONE"},
        {"category": "royal"},
        {"category": "industry"},
        {"plant_code": "KATS", "package_id": "A2.1 (FD) / 9 / 0 / 650p"},
        {"plant_code": "KATS", "activation_s": NOW_S},
    ):
        with pytest.raises(Refused):
            reprogramming.reprogramme_group(**choice, **CLERK)
    assert not Batch.objects.exists()


def test_a_new_tariff_version_reaches_every_board_for_the_midnight_of_its_day(village):
    """MG-8, UP-2: money accounts are charged by the new version from its first second on."""
    from controller.consumers import reprogramming
    from controller.tariffs import services as tariffs

    tariffs.add_version("SLABS", date(2026, 5, 5), DEAR, **CLERK)
    batch = reprogramming.tariff_changed(tariff_code="SLABS", valid_from=date(2026, 5, 5), **CLERK)
    finish(batch)
    assert batch.items.count() == 8
    for item in batch.items.select_related("assignment"):
        names = sent(item.assignment)
        assert names["activation_s"] == NEXT_MIDNIGHT_S
        assert names["tariff"]["tables"] == DEAR["tables"]
        old = item.connection.assignments.first()
        assert names["package_id"] == old.package_id
        assert item.assignment.opened_s == old.opened_s  # nobody pays a fixed charge twice
        assert item.assignment.command.expires_s > NEXT_MIDNIGHT_S + 6 * 86_400


def test_a_tariff_without_a_version_of_that_day_programmes_nobody(village):
    from controller.consumers import reprogramming

    with pytest.raises(Refused, match="no version from 2026-05-05"):
        reprogramming.tariff_changed(tariff_code="SLABS", valid_from=date(2026, 5, 5), **CLERK)


def test_a_prepaid_board_rates_with_the_rebate_of_prepayment(village):
    """UP-2: 1.25 % on the bill of a prepaid consumer, as tariff or profile says."""
    from controller.consumers import services
    from controller.profile.services import change
    from controller.tariffs import services as tariffs
    from controller.tariffs.entry import VersionEntry

    for kind, own_bp, profile_bp, rebate_bp in (
        ("B2.1", 125, 150, 25),
        ("A2.2", 125, 150, 125),
        ("A2.2", None, 150, 150),
        ("A2.2", None, 0, 25),
    ):
        code = f"T{kind}-{own_bp}-{profile_bp}"
        change(name="prepaid_rebate_bp", value=profile_bp, **CLERK)
        tariffs.add_tariff(code, "Rebate", **CLERK)
        terms = VersionEntry(None, DEAR, "", {}, [], [], own_bp, None)
        tariffs.add_terms(code, date(2026, 5, 4), terms, **CLERK)
        package = services.design_package(kind, "FD", 900, tariff_code=code, **CLERK)
        assignment = services.assign_package(village[0].pk, package.id, **CLERK)
        assert sent(assignment)["tariff"]["rebate_bp"] == rebate_bp, code
        assert assignment.tariff_record["rebate_bp"] == rebate_bp


def test_the_rates_of_the_consumers_own_category_apply(village):
    """UP-2: a tariff for shops is not programmed for a household."""
    from controller.consumers import services
    from controller.tariffs import services as tariffs

    tariffs.add_tariff("SHOPS", "Shops", for_categories=["commercial"], **CLERK)
    tariffs.add_version("SHOPS", date(2026, 1, 1), DEAR, **CLERK)
    shops = services.design_package("B2.1", "FD", 2000, tariff_code="SHOPS", **CLERK)
    services.assign_package(village[3].pk, shops.id, **CLERK)
    with pytest.raises(Refused, match="not for domestic"):
        services.assign_package(village[0].pk, shops.id, **CLERK)


def test_a_prepaid_package_above_the_allowed_load_is_not_even_designed(village):
    """UP-1: 45 kW, or what the profile says."""
    from controller.consumers import services
    from controller.profile.services import change

    with pytest.raises(Refused, match="UP-1"):
        services.design_package("A2.2", "FD", 45_001, price_paise=650, **CLERK)
    services.design_package("B2.1", "FD", 45_001, price_paise=650, **CLERK)
    change(name="prepaid_load_max_w", value=900, **CLERK)
    with pytest.raises(Refused, match="above the 900 W"):
        services.assign_package(village[0].pk, "A2.1 (FD) / 1000 / 0 / 650p", **CLERK)
