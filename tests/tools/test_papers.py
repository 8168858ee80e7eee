"""Papers and notices on the command line: the files that they write, and what they refuse."""

import json

import pytest
from typer.testing import CliRunner

from controller.notices import services
from controller.notices.sink import Sink
from tests.controller import till
from tools import office
from tools.cli import app

NOW_S = 200_000_000  # 4 May 2026 in India


@pytest.fixture
def run(db, tmp_path, monkeypatch):
    """Runs a command on the test's database and gives what it printed as JSON."""
    monkeypatch.setattr(office, "connect_database", lambda _settings: None)
    monkeypatch.chdir(tmp_path)

    def command(*words: str, said: str = "", status: int = 0):
        given = [*words, "--home", str(tmp_path), "--json"]
        result = CliRunner().invoke(app, given, input=said)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == status, result.output
        return json.loads(result.stdout) if status == 0 else result.output

    return command


@pytest.fixture
def tills(db, settings, tmp_path):
    settings.BIJLI_CLOCK_FILE = tmp_path / "clock"
    settings.BIJLI_CLOCK_FILE.write_text(str(NOW_S))
    till.open_tills()
    till.owe(till.ASHA, 30_000)
    till.pay(paise=10_000)


def test_a_statement_and_its_copy_are_written(run, tills, tmp_path):
    """MG-10b: the record of bills and payments."""
    issued = run("paper", "statement", till.ASHA, "2026-05-01", "2026-05-31", "--language", "hi")
    assert (tmp_path / "statement.pdf").read_bytes().startswith(b"%PDF-")
    paper = str(issued["paper"])
    run("paper", "copy", paper, "--out", "copy.png", "--as", "picture")
    run("paper", "copy", paper, "--out", "copy.bin", "--as", "thermal")
    assert (tmp_path / "copy.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "copy.bin").read_bytes().startswith(b"\x1b@")


def test_a_ledger_page_and_a_deposit_slip_are_written(run, tills, tmp_path):
    from controller.payments import points

    run("paper", "ledger", "cash:C1", "2026-05-04", "2026-05-04")
    deposit = points.log_deposit(
        key="deposit-0001", point_of_sale="C1", amount_paise=10_000, slip="S-1", actor="meena"
    )
    run("paper", "slip", deposit.pk, "--note", "50x2")
    run("paper", "slip", deposit.pk, "--note", "many", status=2)
    assert {path.name for path in tmp_path.glob("*.pdf")} == {"ledger.pdf", "slip.pdf"}


def test_a_month_without_bills_writes_nothing(run, tills):
    assert run("paper", "bills", "KATS", "2026-04", "--workers", "1")["bills"] == 0
    assert run("notices", "bills", "KATS", "2026-04") == {"month": "2026-04", "messages": 0}


def test_a_provider_is_set_from_standard_input_and_the_outbox_emptied(run, tills, monkeypatch):
    """MG-10d: what is delivered is recorded; recipients are shown masked."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    services.send(template="reconnected", key="k", actor="a", recipient="+919431012345")
    with Sink() as sink:
        assert run("notices", "route", "sms", said=sink.url + "\n")["service"] == "JSON"
        assert run("notices", "deliver")["sent"] == 1
        assert len(sink.taken) == 1
    row = run("notices", "list", "--state", "sent")[0]
    assert (row["template"], row["recipient"]) == ("reconnected", "…2345")
