"""The whole story on the real firmware, broker, headend and database, as `make demo` tells it."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import psycopg
import pytest

TIMEOUT_S = 900
KILLS_MIN = 3


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """The environment of one demo; on PostgreSQL it gets a database of its own."""
    environment = {name: value for name, value in os.environ.items() if name != "BIJLI_HOME"}
    url = environment.get("BIJLI_DATABASE_URL", "")
    if url:
        name = f"demo_{uuid.uuid4().hex}"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        scheme, rest = url.split("://", 1)
        place, _, options = rest.partition("?")
        place = f"{place.rpartition('/')[0]}/{name}"
        environment["BIJLI_DATABASE_URL"] = f"{scheme}://{place}" + (options and f"?{options}")
    return environment


def tell(settings: dict[str, str], tmp_path: Path, *options: str) -> dict:
    """Run the demo; return its facts after checking that it found all to be well."""
    command = [sys.executable, "-m", "tools", "demo", "--json", "--home", str(tmp_path), *options]
    result = subprocess.run(
        command, env=settings, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert result.returncode == 0, result.stderr[-4000:]
    facts: dict = json.loads(result.stdout)
    return facts


def rows(facts: dict) -> list[bool]:
    return [row["equal"] for row in (*facts["energy"], *facts["credit"])]


@pytest.mark.database
def test_the_story_holds_and_every_row_of_the_reconciliation_is_equal(settings, tmp_path):
    """The three boards' days, and some of the mini-grid's month (all of it: `make demo`)."""
    facts = tell(settings, tmp_path, "--days", "3")
    assert [step for step in facts["steps"] if not step["held"]] == []
    assert rows(facts) == [True] * 5
    assert rows(facts["month"]) == [True] * 6
    assert facts["month"]["mismatches"] == sum(facts["month"]["trial_balance"].values()) == 0
    assert len(list((tmp_path / "papers").glob("*.pdf"))) == 6


@pytest.mark.database
def test_the_reconciliation_holds_though_headend_broker_and_boards_are_killed(settings, tmp_path):
    """SIGKILL at random moments, each several times; nothing may be lost or counted twice."""
    facts = tell(settings, tmp_path, "--chaos", "--seed", "7", "--days", "0")
    assert all(facts["kills"][victim] >= KILLS_MIN for victim in ("headend", "broker", "board"))
    assert rows(facts) == [True] * 5
