"""Tariffs on the command line: imported, listed, shown, and a month explained line by line."""

import json

import pytest
from typer.testing import CliRunner

from tools.cli import app

pytestmark = pytest.mark.django_db

FILE = """\
tariffs:
  - id: RURAL
    name: Households
    valid_from: 2026-04-01
    slabs: [[100, 300], [null, 450]]
    fixed_per_kw: 5000
    electricity_duty_pct: 5
    time_bands: [{name: peak, adder: 100, from: 18:00, to: 22:00}]
    clauses: {energy: Schedule 3(a)}
    subsidies: [{name: State, fixed: 1000}]
"""


@pytest.fixture
def say(tmp_path, monkeypatch, clock_file):
    """Says words to `bijli tariff`; returns exit status, output and error."""
    for name in ("BIJLI_HOME", "BIJLI_BROKER", "DJANGO_SETTINGS_MODULE"):
        monkeypatch.setenv(name, "")  # what the command line sets goes with the test

    def say(*words):
        result = CliRunner().invoke(app, ["tariff", *words, "--home", str(tmp_path)])
        return result.exit_code, result.output, str(result.exception or "")

    return say


@pytest.fixture
def clock_file(tmp_path, settings):
    settings.BIJLI_CLOCK_FILE = tmp_path / "clock"
    settings.BIJLI_CLOCK_FILE.write_text("200000000")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tariff.yaml"
    path.write_text(FILE)
    return path


def test_a_tariff_is_imported_listed_shown_and_a_month_explained(say, file):
    """MG-8: 100×3.00, 50×4.50, 10×1.00 in the peak; 2 kW×50.00; 5 % of 535.00; less 10.00."""
    assert say("import", str(file))[0] == 0
    assert json.loads(say("list", "--json")[1])[0]["from"] == "2026-04-01"
    shown = json.loads(say("show", "RURAL", "--on", "2026-05-01", "--json")[1])
    assert (shown["fixed_per_kw_paise"], shown["rate_names"]) == (5000, ["peak"])
    words = ("explain", "RURAL", "--units", "150", "--load-w", "2000", "--rate-units", "1=10")
    status, told, _ = say(*words)
    assert status == 0
    assert told.splitlines() == [
        "100 units, of the first 100, at ₹3.00 each = ₹300.00 (Schedule 3(a))",
        "50 units, of those above 100, at ₹4.50 each = ₹225.00 (Schedule 3(a))",
        "peak: 10 units at ₹1.00 each on top = ₹10.00",
        (
            "Fixed charge on the sanctioned load of 2 kW: ₹50.00 a kW and month,"
            " whole month = ₹100.00"
        ),
        "Electricity duty of 5.00 % on the energy charge of ₹535.00 = ₹26.75",
        "State: ₹10.00 a month is paid for you = −₹10.00",
        "Total ₹651.75",
    ]
    facts = json.loads(say(*words, "--json")[1])
    assert facts["total_paise"] == 65_175
    assert facts["lines"][0]["message"] == "energy.first"
    assert facts["lines"][0]["values"] == {"units_wh": 100_000, "price_paise": 300, "upper": 100}


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("explain", "RURAL", "--units", "-1"), "0 to 1000000"),
        (("explain", "RURAL", "--units", "nan"), "0 to 1000000"),
        (("explain", "RURAL", "--units", "1", "--rate-units", "4=1"), "1=12.5"),
        (("explain", "RURAL", "--units", "1", "--rate-units", "1=x"), "1=12.5"),
        (("explain", "RURAL", "--units", "1", "--rate-units", "1=2"), "more units"),
        (("explain", "RURAL", "--units", "1", "--phases", "2"), "1 or 3 phases"),
        (("explain", "RURAL", "--units", "1", "--days", "31"), "up to those of the month"),
        (("show", "RURAL", "--on", "soon"), "Write it like"),
        (("show", "RURAL", "--on", "2026-03-31"), "begins earlier"),
        (("show", "NONE"), "Add it first"),
    ],
)
def test_bad_words_are_refused_with_what_to_do(say, file, words, remedy):
    say("import", str(file))
    status, output, error = say(*words)
    assert status != 0
    assert remedy in output + error


def test_a_version_in_the_future_can_be_revised_from_the_command_line(say, file):
    file.write_text(FILE.replace("2026-04-01", "2027-04-01"))
    say("import", str(file))
    assert "has a version" in say("import", str(file))[2]
    assert say("import", str(file), "--revise")[0] == 0
    assert json.loads(say("show", "RURAL", "--json")[1])["revision"] == 2
