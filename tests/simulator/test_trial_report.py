"""The report of a trial says all that was found, and draws the day in which most happened."""

from io import StringIO
from xml.etree import ElementTree

import pytest
import typer

from protocol import messages
from simulator import report
from simulator.invariants import INVARIANTS
from tools import trial

HOUR_S = 3600
FACTS = {
    "board_days": 2,
    "runs": 1,
    "looks": 9,
    "cuts": 3,
    "board_days_per_minute_per_core": 120.5,
    "faults": {"chip_silent": 4, "power_cut": 2},
    "invariants": [
        {"name": each.name, "sentence": each.sentence, "checks": 1234, "violations": 0}
        for each in INVARIANTS
    ],
    "worst": {"overload beyond its band, s": {"value": 1.25, "bound": 3.5, "at_s": 7.0}},
    "violations": [],
}
BROKEN = {
    **FACTS,
    "violations": [
        {
            "name": "wait",
            "at_s": 77.0,
            "text": "closed <early>",
            "repeat": "bijli trial core --run mix:7:2",
        }
    ],
}


def day(first_s, switches):
    """A day of looks by the hour, in which so many of the first change the relay."""
    return [
        (first_s + hour * HOUR_S, 100, 500, hour >= switches or hour % 2 == 0, 0, "")
        for hour in range(24)
    ]


QUIET, BUSY = day(0.0, 2), day(864_000.0, 20)
FAULTY = [
    (0.0, 900, 500, True, 0, ""),
    (10.0, 0, 500, False, messages.HOLD_OVERLOAD, "chip silent; weld"),
    (5000.0, 100, 500, True, 0, ""),
]


def test_the_page_says_every_invariant_and_nothing_of_it_comes_from_elsewhere():
    page = report.page("Trial", FACTS, FAULTY)
    for invariant in INVARIANTS:
        assert invariant.sentence.replace("'", "&#x27;") in page
    assert "No violation" in page
    assert "1,234" in page
    assert "src=" not in page
    assert "href=" not in page


def test_the_page_says_each_violation_with_the_command_that_repeats_it():
    page = report.page("Trial", BROKEN, [])
    assert "1 violation</span>" in page
    assert "closed &lt;early&gt;" in page
    assert "bijli trial core --run mix:7:2" in page


@pytest.mark.parametrize("width", report.WIDTHS)
def test_the_day_is_drawn_with_relay_holds_and_faults_inside_its_width(width):
    drawn = ElementTree.fromstring(report.draw(FAULTY, width))  # noqa: S314 (our own)
    texts = [element.text for element in drawn.iter() if element.tag.endswith("text")]
    assert {"relay closed", "overload", "chip silent", "weld", "900 W"} <= set(texts)
    for element in drawn.iter():
        if element.tag.endswith("rect"):
            assert float(element.get("x")) + float(element.get("width")) <= width


def test_the_most_eventful_day_is_chosen(monkeypatch):
    monkeypatch.setattr(report, "LOOKS_APART", 12)
    assert report.eventful_day(QUIET + BUSY) == BUSY
    assert report.eventful_day([]) == []


@pytest.mark.parametrize("name", ["report.html", "report.svg"])
def test_a_report_is_a_page_or_a_picture(tmp_path, name):
    path = tmp_path / name
    report.write(path, "Trial", FACTS, FAULTY)
    assert path.read_text().startswith("<svg" if name.endswith("svg") else "<!doctype html>")


@pytest.mark.parametrize(("facts", "status"), [(FACTS, 0), (BROKEN, 1)])
def test_a_violation_is_told_with_its_command_and_makes_the_exit_status_one(facts, status, capsys):
    with pytest.raises(typer.Exit) as ended:
        trial._conclude("Trial", dict(facts), [], None, as_json=False)
    assert ended.value.exit_code == status
    assert ("bijli trial core --run mix:7:2" in capsys.readouterr().out) == bool(status)


def test_progress_is_a_line_for_a_person_only(monkeypatch):
    told = StringIO()
    monkeypatch.setattr("sys.stderr", told)
    progress = trial.Progress(10, quiet=False)
    progress.add(2, 0)
    progress.end()
    assert told.getvalue() == ""
