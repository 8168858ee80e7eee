"""The environment decides: databases by URL, secrets in files of their owner only."""

import stat
from pathlib import Path

import pytest
from django.conf import settings
from django.test import RequestFactory

from controller import clock, database, keyfile, security
from controller.errors import Refused
from protocol import limits

HOME = Path("/srv/bijli")


def test_without_a_url_the_database_is_sqlite_that_survives_a_power_cut():
    described = database.describe("", HOME)
    assert described["NAME"] == HOME / "bijli.sqlite3"
    assert described["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode = WAL" in described["OPTIONS"]["init_command"]
    assert "synchronous = FULL" in described["OPTIONS"]["init_command"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://bijli:s%40cret@db:5433/fleet", ("fleet", "bijli", "s@cret", "db", "5433")),
        ("postgresql://bijli@/fleet?host=/run/pg", ("fleet", "bijli", "", "/run/pg", "")),
        ("postgresql://%2Frun%2Fpg/fleet", ("fleet", "", "", "/run/pg", "")),
    ],
    ids=["network", "unix socket", "unix socket as host"],
)
def test_a_url_names_a_postgresql_database(url, expected):
    described = database.describe(url, HOME)
    assert described["ENGINE"].endswith("postgresql")
    assert tuple(described[k] for k in ("NAME", "USER", "PASSWORD", "HOST", "PORT")) == expected
    assert described["OPTIONS"] == {"options": database.POSTGRESQL_START}


def test_the_options_of_a_url_come_after_ours_and_so_count():
    """libpq takes the last of two settings of one name."""
    described = database.describe("postgres:///fleet?host=/run&options=-c%20jit%3Don", HOME)
    assert described["OPTIONS"] == {"options": f"{database.POSTGRESQL_START} -c jit=on"}


@pytest.mark.parametrize("url", ["mysql://a/b", "postgres://host", "fleet.db"])
def test_any_other_url_is_an_error_that_says_what_to_write(url):
    with pytest.raises(ValueError, match="postgres://user@host/name"):
        database.describe(url, HOME)


def test_a_secret_is_made_once_and_for_its_owner_only(tmp_path):
    path = tmp_path / "new" / "secret"
    assert keyfile.read_or_create(path, "first") == "first"
    assert keyfile.read_or_create(path, "second") == "first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secret"]


def test_simulated_time_comes_from_the_clock_file(settings, tmp_path):
    settings.BIJLI_CLOCK_FILE = tmp_path / "clock"
    settings.BIJLI_CLOCK_FILE.write_text("12345\n")
    assert clock.now_s() == 12_345


def test_board_time_begins_with_2020_on_both_ends():
    assert clock.EPOCH_UNIX_S == limits.EPOCH_UNIX_S
    assert clock.moment(0).isoformat() == "2020-01-01T00:00:00+00:00"


def test_no_answer_allows_a_script_that_is_not_ours():
    from django.http import HttpResponse

    answer = security.ContentSecurityPolicy(lambda _request: HttpResponse())(
        RequestFactory().get("/")
    )
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]


def test_a_refusal_says_what_is_wrong_and_what_to_do():
    refused = Refused("The meter is unknown", "Add it first.")
    assert str(refused) == "The meter is unknown. Add it first."


def test_the_log_never_shows_statements_with_their_parameters():
    assert settings.LOGGING["loggers"]["django.db.backends"]["level"] == "INFO"
