"""Tariffs: dated versions that supersede each other and are never edited."""

import json
from datetime import date
from pathlib import Path

import pytest

from controller.errors import Refused

FORMS = Path(__file__).resolve().parents[1] / "rating/forms.json"
CHEAP = {"tables": [[None, True, [[None, 500]]]]}
DEAR = {"tables": [[None, True, [[None, 650]]]]}

pytestmark = pytest.mark.django_db


@pytest.fixture
def domestic(clock):
    from controller.tariffs import services

    services.add_tariff("DOMESTIC", "Domestic", actor="clerk")
    services.add_version("DOMESTIC", date(2026, 1, 1), CHEAP, actor="clerk")
    return "DOMESTIC"


def test_a_later_version_supersedes_from_its_date_and_leaves_the_past(domestic):
    from controller.tariffs import queries, services

    services.add_version(domestic, date(2026, 7, 1), DEAR, actor="clerk")
    prices = [
        queries.version_on(domestic, on).record["tables"][0][2][0][1]
        for on in (date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1), date(2027, 1, 1))
    ]
    assert prices == [500, 500, 650, 650]


@pytest.mark.parametrize(
    ("valid_from", "record"),
    [
        (date(2026, 1, 1), DEAR),  # the same day again
        (date(2025, 1, 1), DEAR),  # would change what was in force
        (date(2026, 7, 1), {"tables": [[None, True, [[50, 1], [40, 2], [None, 3]]]]}),
        (date(2026, 7, 1), {"tables": [[n, True, [[100 * m, 1] for m in range(1, 13)]]
                                       for n in (100, 200, 300, 400, 500)] + CHEAP["tables"],
                            "fixed_by_units_1ph": [[n, 9999] for n in range(11)] + [[None, 1]]}),
    ],
)  # fmt: skip
def test_a_version_that_edits_the_past_or_cannot_be_rated_is_refused(domestic, valid_from, record):
    from controller.tariffs import queries, services

    with pytest.raises(Refused):
        services.add_version(domestic, valid_from, record, actor="clerk")
    assert queries.find_tariff(domestic).versions.count() == 1


def test_no_version_before_the_first_and_no_unknown_tariff(domestic):
    from controller.tariffs import queries

    with pytest.raises(Refused, match="no version"):
        queries.version_on(domestic, date(2025, 12, 31))
    with pytest.raises(Refused, match="no tariff"):
        queries.find_tariff("NONE")


@pytest.mark.parametrize("code", ["", "650p", "lower", "WITH SPACE", "X" * 33, "DOMESTIC"])
def test_a_malformed_or_used_code_is_refused(domestic, code):
    from controller.tariffs import services

    with pytest.raises(Refused):
        services.add_tariff(code, "name", actor="clerk")


def test_published_entries_are_imported_whole_and_audited(clock):
    from controller.audit.models import AuditEvent
    from controller.tariffs import queries, services

    entries = json.loads(FORMS.read_text())["tariffs"]
    remarks = services.import_file(
        FORMS.read_bytes(), "forms.json", date(2026, 1, 1), actor="clerk"
    )
    assert len(remarks) == 1
    assert queries.find_tariff("SERVICE").currency == "NPR"
    assert AuditEvent.objects.filter(action="add tariff version").count() == len(entries)
    assert AuditEvent.objects.filter(action="assume in tariff import").count() == 1


GOOD = {"id": "GOOD", "slabs": [[None, 1]]}


@pytest.mark.parametrize(
    "bad",
    [
        {"id": "BAD"},
        {"slabs": [[None, 1]]},
        "text",
        {"id": "BAD", "by_total_units": [{"slabs": []}]},
        {"id": "BAD", "by_total_units": [[None, 1]]},
        {"id": "BAD", "by_total_units": 5},
        {"id": "BAD", "slabs": [[None, 1.5]]},
        {"id": "BAD", "slabs": [[50, 3], [40, 4], [None, 5]]},
        {"id": "BAD", "slabs": [[None, 1]], "electricity_duty_pct": "five"},
        {"id": "BAD", "slabs": [[None, 1]], "electricity_duty_pct": True},
        {"id": "BAD", "slabs": [[None, 1]], "electricity_duty_pct": float("inf")},
        {"id": "BAD", "slabs": [[None, 1]], "electricity_duty_pct": 2.385},
        {"id": "BAD", "slabs": [[None, 1]], "surprise_charge": 1},
        {"id": "BAD", "slabs": [[None, 1]], "currency": 5},
        {"id": "BAD", "slabs": [[None, 1]], "region": "x" * 201},
        {"id": "BAD", "slabs": [], "above_telescopic_all_units": [[None, 1]]},
        GOOD,  # twice on one date
    ],
)
def test_of_a_file_with_one_bad_entry_nothing_is_imported(clock, bad):
    from controller.tariffs import services
    from controller.tariffs.models import Tariff

    with pytest.raises(Refused):
        services.import_file(
            json.dumps({"tariffs": [GOOD, bad]}).encode(), "f", date(2026, 1, 1), actor="clerk"
        )
    assert not Tariff.objects.exists()
