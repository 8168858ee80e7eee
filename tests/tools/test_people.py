"""The people of the office on the command line: logins with roles, shown as they are."""

import json

import pytest
from typer.testing import CliRunner

from tools.cli import app

pytestmark = pytest.mark.django_db


def ask(home, *words):
    """The facts of a command that must succeed."""
    result = CliRunner().invoke(app, ["user", *words, "--home", str(home), "--json"])
    assert result.exit_code == 0, result.exception
    return json.loads(result.stdout)


def test_a_clerk_gets_a_login_for_some_plants_and_loses_it_again(tmp_path, monkeypatch):
    from controller.consumers import services

    for name in ("BIJLI_HOME", "BIJLI_BROKER", "DJANGO_SETTINGS_MODULE"):
        monkeypatch.setenv(name, "")  # what the command line sets goes with the test
    services.add_plant("KATS", "BH", "Katsa", actor="test")
    services.add_consumer("KATS", "Asha Devi", 11, 12, 2000, actor="test")
    made = ask(tmp_path, "add", "meena", "--role", "clerk", "--plant", "KATS")
    assert len(made["password"]) >= 8
    ask(tmp_path, "set", "meena", "--role", "operator", "--state", "BH")
    ask(tmp_path, "add", "asha", "--consumer", "BHKATS01112")
    ask(tmp_path, "close", "meena")
    assert ask(tmp_path, "list") == [
        {"user": "asha", "active": True, "roles": "consumer", "plants": ""},
        {"user": "meena", "active": False, "roles": "operator", "plants": ""},
    ]
