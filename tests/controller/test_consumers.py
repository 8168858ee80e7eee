"""Consumers, packages, and programming a board: complete when the board has said so (MG-14)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.consumers import identity, rules
from controller.consumers.identity import ConsumerParts, PackageParts
from controller.errors import Refused
from protocol import programme

CLERK = {"actor": "clerk"}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


# --- constructed identifiers ----------------------------------------------------------------


def test_the_sources_own_examples_are_read_off_and_built_again():
    """MG-2, MG-5: the constructed IDs of package and customer, as the source writes them."""
    assert identity.consumer_id(ConsumerParts("BH", "KATS", 11, 12)) == "BHKATS01112"
    assert identity.parse_consumer_id("BHKATS01112") == ("BH", "KATS", 11, 12)
    parts = PackageParts("A1.1", "NN", 17, 160)
    assert identity.package_id(parts) == "A1.1 (NN) / 17 / 160"
    assert identity.parse_package_id("A1.1 (NN) / 17 / 160") == parts


def test_the_check_character_is_iso_7064_mod_37_36():
    """The worked example that the Global Release Identifier's standard publishes."""
    assert identity.check_character("A12425GABC1234002") == "M"


@given(st.text(LETTERS, min_size=2, max_size=2), st.text(LETTERS, min_size=4, max_size=4),
       st.integers(1, 999), st.integers(1, 99))  # fmt: skip
def test_a_consumer_id_round_trips_with_and_without_its_check_character(
    state, plant, pole, number
):
    parts = ConsumerParts(state, plant, pole, number)
    text = identity.consumer_id(parts)
    assert identity.parse_consumer_id(text) == parts
    assert identity.parse_consumer_id(identity.show_consumer_id(text)) == parts


metered = st.tuples(
    st.sampled_from((identity.POSTPAID, identity.PREPAID_MONEY)),
    st.sampled_from((*identity.TIMINGS, "C7", "CX")),
    st.integers(1, 100_000),
)
flat = st.tuples(st.just("A1.1"), st.just("NN"), st.integers(1, 999), st.integers(0, 99_999))
priced = st.tuples(st.integers(0, 99_999), st.integers(0, 1_000_000))
codes = st.from_regex(r"[A-Z][A-Za-z0-9.-]{0,15}", fullmatch=True)
packages = st.one_of(
    flat.map(lambda fields: PackageParts(*fields)),
    st.builds(lambda head, price: PackageParts(*head, *price), metered, priced),
    st.builds(lambda head, code: PackageParts(*head, 0, None, code), metered, codes),
)


@given(packages)
def test_a_package_id_round_trips_with_and_without_its_check_character(parts):
    text = identity.package_id(parts)
    assert identity.parse_package_id(text) == parts
    assert identity.parse_package_id(identity.show_package_id(text)) == parts


@given(packages, st.integers(0, 30), st.sampled_from("0123456789"))
def test_one_mistyped_digit_does_not_pass_the_check(parts, place, digit):
    shown = identity.show_package_id(identity.package_id(parts))
    digits = [index for index, character in enumerate(shown[:-2]) if character.isdigit()]
    index = digits[place % len(digits)]
    mistyped = shown[:index] + digit + shown[index + 1 :]
    if mistyped != shown:
        with pytest.raises(Refused):
            identity.parse_package_id(mistyped)


def test_a_moved_digit_or_a_swap_does_not_pass_the_check():
    check = identity.show_package_id("A1.1 (NN) / 17 / 160")[-1]
    for wrong in ("A1.1 (NN) / 171 / 60", "A1.1 (NN) / 71 / 160", "A1.1 (DD) / 17 / 160"):
        with pytest.raises(Refused, match="check character"):
            identity.parse_package_id(f"{wrong} {check}")


@pytest.mark.parametrize(
    "text", ["", "BHKATS0111", "B1KATS01112", "BHKATS00012", "BHKATS01100", "BHKATS01112 9"]
)
def test_what_is_no_consumer_id_is_refused(text):
    with pytest.raises(Refused):
        identity.parse_consumer_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A1.1 (NN) 17 160",
        "A9.9 (NN) / 17 / 160",
        "A1.1 (ZZ) / 17 / 160",
        "A1.1 (NN) / 0 / 160",
        "A1.1 (NN) / 17 / 160 / 650p",  # flat, with a price
        "B2.1 (FD) / 1000 / 0",  # metered, without
        "B2.1 (FD) / 1000 / 50 / DOMESTIC",  # two fixed charges
        "A2.1 (FD) / 1000 / 0 / 0p",  # energy that costs nothing is not sold
        "B1.1 (FD) / 1000 / 50 / 650p",  # flat, too
        "A1.1 (NN) / 17 / 160 X",
    ],
)
def test_what_is_no_package_id_is_refused(text):
    with pytest.raises(Refused):
        identity.parse_package_id(text)


# --- programming ----------------------------------------------------------------------------


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


def finish(command, transition: str, *arguments) -> None:
    """The board's receipt, as the headend hands it on."""
    from controller.headend.signals import command_finished

    getattr(command, f"mark_{transition}")(*arguments)
    command.save()
    command_finished.send(sender=type(command), command=command)


def activate(meter_id: str, version: int, at_s: int) -> None:
    """The board's event 1012, as it is handed on."""
    from controller.readings.models import Event
    from controller.readings.signals import events_stored

    event = Event(meter_id=meter_id, sequence=1, time_s=at_s, flags=0, code=1012, value=version)
    events_stored.send(sender=Event, meter_id=meter_id, events=[event])


def test_a_package_becomes_the_programme_that_the_board_receives(connection, package, clock):
    from controller.consumers import services

    assignment = services.assign_package(connection.pk, package.id, **CLERK)
    sent = programme.to_names(programme.decode(bytes(assignment.programme)))
    assert sent["package_id"] == "A2.2 (NN) / 500 / 100 / 650p"
    assert (sent["version"], sent["utc_offset_min"]) == (1, 330)
    assert sent["load"]["limit_w"] == 500
    assert sent["windows"] == [[127, 1080, 360]]
    assert (sent["credit"]["mode"], sent["credit"]["sanctioned_load_w"]) == (2, 2000)
    assert sent["tariff"]["tables"] == [[None, True, [[None, 650]]]]
    assert sent["tariff"]["fixed_by_units_1ph"] == [[None, 10_000]]
    assert assignment.command.name == "set_programme"


def test_only_the_boards_word_moves_a_package_change_on(connection, package):
    from controller.consumers import services

    first = services.assign_package(connection.pk, package.id, **CLERK)
    assert first.state == "pending"
    finish(first.command, "applied")
    first.refresh_from_db()
    assert (first.state, first.activated_s) == ("stored", None)
    activate("BHK01", 1, 200_000_060)
    first.refresh_from_db()
    assert (first.state, first.activated_s) == ("active", 200_000_060)

    second = services.assign_package(connection.pk, package.id, **CLERK)
    assert second.programme_version == 2
    activate("BHK01", 2, 200_000_900)  # the event overtakes the receipt
    finish(second.command, "applied")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("superseded", "active")


def test_a_package_that_ran_until_the_next_came_is_known_though_its_event_comes_late(
    connection, package
):
    """Receipts overtake events; what was charged by the first package must still be billed."""
    from controller.consumers import services

    first = services.assign_package(connection.pk, package.id, **CLERK)
    finish(first.command, "applied")
    second = services.assign_package(connection.pk, package.id, **CLERK)
    finish(second.command, "applied")
    activate("BHK01", 1, 200_000_060)
    activate("BHK01", 2, 200_000_900)
    activate("BHK01", 1, 200_001_000)  # told again
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.activated_s) == ("superseded", 200_000_060)
    assert (second.state, second.activated_s) == ("active", 200_000_900)


@pytest.mark.parametrize(("transition", "arguments"), [("refused", (6,)), ("expired", ())])
def test_a_refused_or_late_programme_leaves_the_active_one(
    connection, package, transition, arguments
):
    from controller.consumers import queries, services

    first = services.assign_package(connection.pk, package.id, **CLERK)
    activate("BHK01", 1, 200_000_060)
    second = services.assign_package(connection.pk, package.id, **CLERK)
    finish(second.command, transition, *arguments)
    second.refresh_from_db()
    assert second.state == "refused"
    assert queries.active_assignment(connection).pk == first.pk


def test_versions_rise_above_what_the_board_already_runs(connection, package):
    from controller.consumers import services

    connection.meter.state.programme_version = 41
    connection.meter.state.save()
    assert services.assign_package(connection.pk, package.id, **CLERK).programme_version == 42


def test_an_account_keeps_its_opening_while_packages_of_its_mode_follow(
    connection, package, clock
):
    from controller.consumers import services

    opened = services.assign_package(connection.pk, package.id, **CLERK).opened_s
    clock(200_500_000)
    other = services.design_package("A2.2", "FD", 900, price_paise=700, **CLERK)
    assert services.assign_package(connection.pk, other.id, **CLERK).opened_s == opened
    postpaid = services.design_package("B2.1", "FD", 900, price_paise=700, **CLERK)
    assert services.assign_package(connection.pk, postpaid.id, **CLERK).opened_s == 200_500_000


def test_what_cannot_be_assigned_is_refused_and_nothing_is_queued(connection, package):
    from controller.consumers import services
    from controller.headend.models import Command

    large = services.design_package("B2.1", "FD", 2001, price_paise=650, **CLERK)
    services.add_consumer("KATS", "Without meter", 11, 13, 2000, **CLERK)
    bare = connection.consumer.plant.consumers.get(id="BHKATS01113").connection
    for pk, package_id, activation_s in (
        (connection.pk, large.id, 0),
        (connection.pk, package.id, 1),  # long past
        (connection.pk, "A2.2 (FD) / 1 / 1 / 1p", 0),  # never designed
        (bare.pk, package.id, 0),
        (0, package.id, 0),
    ):
        with pytest.raises(Refused):
            services.assign_package(pk, package_id, activation_s, **CLERK)
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"timing": "C1"},  # no windows given
        {"timing": "NN", "windows": [[127, 0, 60]]},  # has its own
        {"timing": "C1", "windows": [[1, 0, 100], [1, 99, 200]]},  # overlap
        {"parameters": {"limit": 3}},
        {"parameters": {"interval_s": 7}},
        {"parameters": {"bands": [[105, 60], [104, 10]]}},
        {"tariff_code": "NONE", "price_paise": None},
        {"limit_w": 0},
        {"limit_w": 100_001},
    ],
)
def test_a_package_that_no_board_would_run_is_never_offered(connection, fields):
    from controller.consumers import services
    from controller.consumers.models import Package

    design = {"kind": "B2.1", "timing": "FD", "limit_w": 500, "price_paise": 650, **fields}
    with pytest.raises(Refused):
        services.design_package(**design, **CLERK)
    assert not Package.objects.exists()


def test_a_custom_timing_code_means_the_same_windows_everywhere(connection):
    from controller.consumers import services

    evening = [[127, 1020, 1260]]
    first = services.design_package("B2.1", "C1", 500, price_paise=650, windows=evening, **CLERK)
    again = services.design_package("B2.1", "C1", 900, price_paise=650, **CLERK)
    assert first.windows == again.windows == evening
    with pytest.raises(Refused, match="means"):
        services.design_package(
            "B2.1", "C1", 901, price_paise=650, windows=[[127, 0, 60]], **CLERK
        )


def test_parameters_reach_the_programme():
    built = rules.build_programme(
        version=1, package_id="P", mode=1, limit_w=500, windows=[],
        parameters={"wait_s": 20, "low_1": 900, "interval_s": 300}, tariff_record=None,
        sanctioned_load_w=500, phases=1, utc_offset_min=330, activation_s=0, opened_s=0,
    )  # fmt: skip
    names = programme.to_names(built)
    assert names["load"]["wait_s"] == 20
    assert names["credit"]["low_1"] == 900
    assert names["interval_s"] == 300


@pytest.mark.parametrize(
    "fields",
    [
        {"plant_code": "NONE"},
        {"name": " "},
        {"pole": 0},
        {"number": 100},
        {"sanctioned_load_w": 100_001},
        {"category": "royal"},
        {"sector": "foreign"},
        {"phases": 2},
        {"number": 12},  # taken
    ],
)
def test_a_consumer_without_place_name_or_load_is_refused(connection, fields):
    from controller.consumers import services
    from controller.consumers.models import Consumer

    facts = {"plant_code": "KATS", "name": "Ravi", "pole": 11, "number": 13,
             "sanctioned_load_w": 1000, **fields}  # fmt: skip
    with pytest.raises(Refused):
        services.add_consumer(**facts, **CLERK)
    assert Consumer.objects.count() == 1


def test_a_meter_serves_one_connection_and_a_connection_keeps_its_meter(connection, make_board):
    from controller.consumers import services

    make_board("BHK02")
    services.add_consumer("KATS", "Ravi", 11, 13, 1000, **CLERK)
    for consumer_id, meter_id in (
        ("BHKATS01112", "BHK02"),
        ("BHKATS01113", "BHK01"),
        ("BHKATS01113", "NONE"),
        ("BHKATS01199", "BHK02"),
    ):
        with pytest.raises(Refused):
            services.fit_meter(consumer_id, meter_id, **CLERK)


def test_who_fits_a_meter_holds_connection_and_meter_meanwhile(connection, make_board):
    """Two desks at once would else fit two meters to one house, and lose the first."""
    from django.db import connection as database
    from django.test.utils import CaptureQueriesContext

    from controller.consumers import services

    if not database.features.has_select_for_update:
        pytest.skip("SQLite lets one transaction write at a time anyway")
    make_board("BHK02")
    services.add_consumer("KATS", "Ravi", 11, 13, 1000, **CLERK)
    with CaptureQueriesContext(database) as queries:
        services.fit_meter("BHKATS01113", "BHK02", **CLERK)
    locked = [query["sql"] for query in queries if "FOR UPDATE" in query["sql"]]
    assert ["consumers_connection" in locked[0], "fleet_meter" in locked[1]] == [True, True]


@pytest.mark.parametrize(
    ("call", "facts"),
    [
        ("add_plant", {"code": "SITA", "state": "BH", "name": "x" * 81}),
        ("add_plant", {"code": "SITA", "state": "BH", "name": " "}),
        ("add_consumer", {"name": "x" * 121}),
        ("add_consumer", {"phone": "1" * 21}),
    ],
)
def test_words_that_the_database_has_no_room_for_are_refused(connection, call, facts):
    from controller.consumers import services

    place = {"plant_code": "KATS", "name": "Ravi", "pole": 11, "number": 13,
             "sanctioned_load_w": 1000}  # fmt: skip
    with pytest.raises(Refused, match=r"Use (1 to|at most)"):
        getattr(services, call)(**{**(place if call == "add_consumer" else {}), **facts}, **CLERK)
