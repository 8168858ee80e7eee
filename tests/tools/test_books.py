"""The books, the tasks and the profile on the command line: what they say and how they fail."""

import json
from datetime import date

import pytest
from typer.testing import CliRunner

from controller.errors import Refused
from controller.ledger import services as ledger
from controller.tasks import services as tasks
from tools import office
from tools.cli import app

RAM = "consumer:BHKATS01112"
DAY_S = 86_400


@pytest.fixture
def run(db, tmp_path, monkeypatch):
    """Runs a command on the test's database and gives (exit status, what it printed)."""
    monkeypatch.setattr(office, "connect_database", lambda _settings: None)

    def command(*words: str):
        result = CliRunner().invoke(app, [*words, "--home", str(tmp_path)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return command


def as_json(answer):
    status, output = answer
    assert status == 0
    return json.loads(output)


@pytest.fixture
def books(db, settings, tmp_path):
    settings.BIJLI_CLOCK_FILE = tmp_path / "clock"
    settings.BIJLI_CLOCK_FILE.write_text(str(100 * DAY_S))
    ledger.post(
        kind="water", reference="water:1", transfers=[(RAM, "income:energy", 500)],
        text="Water", actor="meena",
    )  # fmt: skip
    settings.BIJLI_CLOCK_FILE.write_text(str(101 * DAY_S))


def test_trial_balance_and_statement_are_printed(run, books):
    assert as_json(run("ledger", "trial", "--json")) == [
        {"account": RAM, "balance_paise": 500},
        {"account": "income:energy", "balance_paise": -500},
        {"account": "sum", "balance_paise": 0},
    ]
    (line,) = as_json(run("ledger", "show", RAM, "--json"))
    assert (line["reference"], line["debit_paise"], line["balance_paise"]) == ("water:1", 500, 500)


def test_days_are_sealed_and_verified_and_a_breach_is_exit_status_1(run, books):
    (sealed,) = as_json(run("ledger", "seal", "--json"))
    assert as_json(run("ledger", "verify", "--json")) == []
    known = ("--day", sealed["day"], "--digest", sealed["digest"])
    assert run("ledger", "verify", *known)[0] == 0
    wrong = ("--day", sealed["day"], "--digest", "0" * 64, "--json")
    status, output = run("ledger", "verify", *wrong)
    assert (status, "not the one that was made" in output) == (1, True)
    assert date.fromisoformat(sealed["day"]) == date(2020, 4, 10)


@pytest.mark.parametrize("words", [("--day", "2026-01-01"), ("--day", "soon", "--digest", "0")])
def test_a_wrong_option_of_verify_is_exit_status_2(run, words):
    assert run("ledger", "verify", *words)[0] == 2


def test_tasks_are_listed_and_closed(run):
    task = tasks.raise_task(
        kind="payment_conflict", subject="payment 7", key="payment:7", title="Two amounts",
        evidence={"said": 500}, actor="gateway",
    )  # fmt: skip
    assert as_json(run("task", "list", "--json"))[0]["evidence"] == {"said": 500}
    assert run("task", "list", "--kind", "other")[1].startswith("Open tasks: none")
    closed = as_json(run("task", "close", str(task.pk), "paid back", "--note", "x", "--json"))
    assert closed["state"] == "closed"


def test_the_profile_is_shown_loaded_and_set(run, tmp_path):
    assert as_json(run("profile", "show", "--json"))["due_days"] == 15
    assert as_json(run("profile", "set", "due_days", "21", "--json")) == {
        "setting": "due_days", "value": 21, "changed": True,
    }  # fmt: skip
    assert as_json(run("profile", "set", "due_days", "21", "--json"))["changed"] is False
    assert {"setting": "due_days", "value": 15} in as_json(
        run("profile", "load", "minigrid", "--json")
    )
    path = tmp_path / "ours.yaml"
    path.write_text("due_days: 30\n")
    assert as_json(run("profile", "load", str(path), "--json")) == [
        {"setting": "due_days", "value": 30}
    ]
    shown = as_json(run("profile", "show", "due_days", "--json"))
    assert [version["value"] for version in shown["history"]] == [30, 15, 21]
    assert "From a bill to its due day" in run("profile", "show", "due_days")[1]
    assert "due_days" in run("profile", "show")[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("set", "due_days", "soon"), "due_days cannot be 'soon'"),
        (("set", "due_days", "[1"), r"due_days cannot be '\[1'"),
        (("load", "village"), "There is no profile 'village'"),
        (("load", "no/such.yaml"), "cannot be read"),
        (("show", "due_day"), "There is no setting 'due_day'"),
    ],
)
def test_what_is_wrong_with_a_setting_is_said(run, words, message):
    with pytest.raises(Refused, match=message):
        run("profile", *words)


def test_a_reconciliation_says_what_it_compared_and_fails_on_a_mismatch(run, books, settings):
    facts = as_json(run("reconcile", "--json"))
    assert (facts["first_day"], facts["mismatches"], facts["findings"]) == ("2020-04-10", 0, [])
    settings.BIJLI_CLOCK_FILE.write_text(str(100 * DAY_S))
    ledger.post(
        kind="payment", reference="none", transfers=[("bank", RAM, 500)], text="x", actor="x"
    )
    settings.BIJLI_CLOCK_FILE.write_text(str(101 * DAY_S))
    for words in (("2020-04-10", "2020-04-10"), ("--night",)):
        status, output = run("reconcile", *words, "--json")
        assert (status, "was never received" in output) == (1, True)
    assert run("reconcile", "2020-04-10")[0] == 1


@pytest.mark.parametrize("words", [("soon",), ("2026-01-01", "--night"), ("2026-01-01", "x")])
def test_a_wrong_day_of_a_reconciliation_is_exit_status_2(run, words):
    assert run("reconcile", *words)[0] == 2
