"""Tariff files (docs/tariffs.md): all that can be said of a tariff; faults name the line."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from controller.errors import Refused
from protocol import rating

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT.parent / "shared/data/tariffs/tariffs.json"

WHOLE = """\
tariffs:
  - id: RURAL
    name: Households, rural
    currency: INR
    for_categories: [domestic]
    versions:
      - valid_from: 2026-04-01
        order: Order of 20 March 2026
        slabs: [[100, 335], [200, 385], [null, 500]]
        fixed_per_kw: 9000
        fixed_basis_pct: 75
        minimum_monthly_charge_per_kw: [[2, 12000], [null, 7000]]
        regulatory_surcharge_pct: 2.38
        electricity_duty_pct: 5
        on_time_rebate_pct: 0.25
        prepaid_rebate_pct: 1.25
        late_charge_pct: 1.5
        time_bands:
          - {name: peak, adder: 100, days: workdays, from: 18:00, to: 22:00}
          - {name: night, adder: -50, from: 22:00, to: 06:00}
          - {name: peak, adder: 100, days: [sat, special], from: 18:00, to: 22:00}
        clauses: {energy: Schedule 3(a), duty: Duty Act s. 3, prepaid_rebate: Order 5.2}
        subsidies:
          - {name: State, per_unit: 150, units_limit: 100, up_to_units: 300, clause: G.O. 12}
          - {name: Small, percent: 50, of: energy, max_paise: 80000}
          - {name: Help, fixed: 5000}
      - valid_from: 2026-10-01
        by_total_units:
          - {total_max: 100, slabs: [[50, 270], [100, 450]]}
          - {total_max: null, slabs: [[null, 675]], telescopic: false}
        service_by_band: [[100, 4000], [null, 9000]]
"""

pytestmark = pytest.mark.django_db


@pytest.fixture
def take(clock):
    from controller.tariffs import services

    def take(text: str, valid_from: date | None = None, **options):
        return services.import_file(text.encode(), "t.yaml", valid_from, **options, actor="clerk")

    return take


def test_all_that_a_file_says_of_a_tariff_is_kept_with_its_dates(take):
    """MG-8, UP-2, UP-5, UP-9: slabs, bands, basis, minimum, duty, rebates, subsidies, clauses."""
    from controller.tariffs import queries

    assert take(WHOLE) == []
    assert queries.find_tariff("RURAL").for_categories == ["domestic"]
    first = queries.version_on("RURAL", date(2026, 9, 30))
    assert first.record["tables"] == [[None, True, [[100, 335], [200, 385], [None, 500]]]]
    assert (first.record["fixed_per_kw_paise"], first.record["fixed_basis_pct"]) == (9000, 75)
    assert first.record["minimum_per_kw"] == [[2, 12000], [None, 7000]]
    assert [first.record[name] for name in ("surcharge_bp", "duty_bp", "rebate_bp")] == [
        238, 500, 25,
    ]  # fmt: skip
    assert (first.prepaid_rebate_bp, first.late_charge_bp) == (125, 150)
    assert first.record["rate_adder_paise"] == [100, -50, 0]
    assert first.record["rate_bands"] == [
        [31, 1080, 1320, 1], [127, 1320, 360, 2], [32 | 128, 1080, 1320, 1],
    ]  # fmt: skip
    assert first.rate_names == ["peak", "night"]
    assert first.clauses["energy"] == "Schedule 3(a)"
    assert [subsidy["kind"] for subsidy in first.subsidies] == ["per_unit", "percent", "fixed"]
    second = queries.version_on("RURAL", date(2026, 10, 1))
    assert second.record["tables"] == [
        [100, True, [[50, 270], [100, 450]]], [None, False, [[None, 675]]],
    ]  # fmt: skip
    assert second.record["fixed_by_units_1ph"] == second.record["fixed_by_units_3ph"]
    assert (second.prepaid_rebate_bp, second.late_charge_bp) == (None, None)


def fault(line: int, was: str, now: str, says: str):
    """One change of WHOLE that makes line `line` wrong."""
    assert was in WHOLE
    return WHOLE.replace(was, now, 1), line, says


FAULTS = {
    "bounds that fall": fault(9, "[200, 385]", "[90, 385]", "90 is not above 100"),
    "no open end": fault(9, "[null, 500]", "[300, 500]", "above 300"),
    "open in the middle": fault(9, "[100, 335]", "[null, 335]", "Only the last row is open"),
    "rupees for paise": fault(9, "[100, 335]", "[100, 3.35]", "3.35 is no whole number"),
    "a price below nothing": fault(9, "[100, 335]", "[100, -1]", "-1 is no whole number"),
    "a row of three": fault(9, "[100, 335]", "[100, 335, 1]", "is no [bound, price]"),
    "basis above all": fault(11, "75", "201", "201 is no whole number from 1 to 200"),
    "percent too fine": fault(13, "2.38", "2.385", "finer than 0.01"),
    "percent above all": fault(14, "_pct: 5", "_pct: 101", "101 is no percent"),
    "percent a word": fault(14, "_pct: 5", "_pct: five", "'five' is no percent"),
    "percent a truth": fault(14, "_pct: 5", "_pct: yes", "True is no percent"),
    "an hour too many": fault(19, "from: 18:00", "from: 25:00", "'25:00' is no time of day"),
    "a band without name": fault(19, "name: peak, ", "", "has a name"),
    "another adder": fault(21, "adder: 100", "adder: 90", "peak had another adder"),
    "no such day": fault(19, "workdays", "someday", "'someday'"),
    "bands that overlap": fault(19, "days: workdays, from", "days: all, from", "overlap"),
    "a unit below nothing": fault(19, "adder: -50", "adder: -336", "less than nothing"),
    "a clause of nothing": fault(22, "duty:", "dooty:", "'dooty'"),
    "a subsidy of two kinds": fault(24, "per_unit: 150", "per_unit: 1, fixed: 1", "one amount"),
    "a subsidy of no kind": fault(26, "fixed: 5000", "of: bill", "one amount"),
    "a limit that does nothing": fault(25, "of: energy", "units_limit: 5", "no meaning"),
    "an unknown charge": fault(10, "fixed_per_kw", "fixed_per_kva", "There is no 'fixed_per_kva'"),
    "dates that fall": fault(27, "2026-10-01", "2026-04-01", "does not come after"),
    "no date": fault(27, "2026-10-01", "soon", "is no date"),
    "a gap between tables": fault(29, "[100, 450]", "[90, 450]", "The slabs end at 90"),
    "a code with a space": fault(2, "id: RURAL", "id: RURAL X", "cannot be 'RURAL X'"),
    "a currency of two": fault(4, "INR", "IN", "cannot be 'IN'"),
    "a category in capitals": fault(5, "[domestic]", "[Domestic]", "'Domestic'"),
    "a name of lines": fault(3, "Households, rural", '"a\\nb"', "is no text"),
    "a charge beside versions": fault(4, "currency: INR", "telescopic: yes", "'telescopic'"),
    "a tariff that is text": fault(2, "- id", "- text\n  - id", "A tariff is a map"),
    "a word at the top": fault(1, "tariffs:", "more: 1\ntariffs:", "'more'"),
    "no list": fault(1, "tariffs:", "tarifs:", "no list `tariffs`"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "says"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told_with_its_line_and_nothing_is_imported(take, text, line, says):
    from controller.tariffs.models import Tariff

    with pytest.raises(Refused) as refusal:
        take(text)
    told = str(refusal.value)
    assert told.startswith("t.yaml, line ")
    assert f"line {line}: " in told
    assert says in told
    assert not Tariff.objects.exists()


def test_every_fault_of_a_file_is_told_at_once(take):
    text = WHOLE.replace("[200, 385]", "[90, 385]").replace("2.38", "2.385")
    with pytest.raises(Refused, match=r"line 9: .*\nline 13: "):
        take(text)


def test_a_version_without_a_date_takes_the_one_of_the_whole_file_or_is_refused(take):
    from controller.tariffs import queries

    text = "tariffs:\n  - {id: PLAIN, slabs: [[null, 500]]}\n"
    with pytest.raises(Refused, match="line 2: Tariff PLAIN does not say from when"):
        take(text)
    take(text, date(2026, 1, 1))
    assert queries.find_tariff("PLAIN").versions.get().valid_from == date(2026, 1, 1)


def test_a_version_that_is_not_in_force_yet_is_revised_and_both_stay(take, clock):
    """Nothing is edited: the revision counts, what it revises stays to be seen."""
    from controller.tariffs import queries

    text = "tariffs:\n  - {id: PLAIN, valid_from: 2027-04-01, slabs: [[null, 500]]}\n"
    take(text)
    dearer = text.replace("500", "600")
    with pytest.raises(Refused, match="line 2: Tariff PLAIN has a version from 2027-04-01 on"):
        take(dearer)
    take(dearer, revises=True)
    versions = queries.find_tariff("PLAIN").versions.all()
    assert [version.record["tables"][0][2][0][1] for version in versions] == [500, 600]
    in_force = queries.version_on("PLAIN", date(2027, 4, 1))
    assert (in_force.revision, in_force.record["tables"][0][2]) == (2, [[None, 600]])
    assert queries.versions_in("PLAIN", date(2027, 4, 1), date(2027, 4, 30)) == [in_force]


def test_a_version_in_force_is_not_revised(take, clock):
    text = "tariffs:\n  - {id: PLAIN, valid_from: 2026-05-03, slabs: [[null, 500]]}\n"
    take(text)  # the clock stands on 2026-05-03
    with pytest.raises(Refused, match="has a version"):
        take(text, revises=True)


def test_the_database_itself_refuses_to_change_a_version(take, guarded_tables):
    from django.db import DatabaseError, connection, transaction

    take(WHOLE)
    for statement in ("UPDATE tariffs_tariffversion SET revision = 9",
                      "DELETE FROM tariffs_tariffversion"):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_versions_of_a_month_are_those_in_force_in_it(take):
    from controller.tariffs import queries

    take(WHOLE)
    days = [
        [str(version.valid_from) for version in queries.versions_in("RURAL", *month)]
        for month in (
            (date(2026, 3, 1), date(2026, 3, 31)),
            (date(2026, 4, 1), date(2026, 4, 30)),
            (date(2026, 5, 1), date(2026, 5, 31)),
            (date(2026, 9, 15), date(2026, 10, 15)),
            (date(2026, 10, 1), date(2026, 10, 31)),
        )
    ]
    assert days == [
        [], ["2026-04-01"], ["2026-04-01"], ["2026-04-01", "2026-10-01"], ["2026-10-01"],
    ]  # fmt: skip


@pytest.mark.skipif(not PUBLISHED.exists(), reason="published tariffs not here")
def test_the_ten_published_tariffs_load_as_they_are(take):
    from controller.tariffs.models import TariffVersion

    remarks = take(PUBLISHED.read_text(), date(2015, 1, 1))
    assert [remark.split(":")[0] for remark in remarks] == ["NP-NEA-1ph-5A-2020"]
    assert TariffVersion.objects.count() == 10
    for version in TariffVersion.objects.all():
        rating.from_names(version.record)


def test_the_page_shows_a_file_that_is_taken(take):
    """The example of docs/tariffs.md is tried as it stands there."""
    page = (ROOT / "docs/tariffs.md").read_text()
    example = page.split("```yaml\n", 1)[1].split("```", 1)[0]
    assert yaml.safe_load(example)["tariffs"]
    take(example)
