"""The set-up leaves a machine that is ready alone, and says plainly what it cannot get."""

import subprocess
import sys

import pytest

from tools import broker, debian
from tools.errors import ToolError, Unavailable
from tools.folders import ROOT


def test_a_second_set_up_finds_all_done_and_says_nothing():
    command = [sys.executable, "-m", "tools.setup"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_failure_says_what_is_wrong_and_what_to_do():
    assert str(ToolError("Port 1 is in use.", "stop it.")) == (
        "Port 1 is in use.\n  What to do: stop it."
    )


def test_a_broker_named_by_the_environment_is_taken(monkeypatch):
    monkeypatch.setenv("BIJLI_MOSQUITTO", "/opt/mosquitto")
    assert broker.find()[0] == "/opt/mosquitto"


def test_a_machine_without_a_mirror_is_told_what_to_do(tmp_path):
    with pytest.raises(Unavailable, match="no apt sources"):
        debian.Archive("trixie", "i386", [], tmp_path).update()


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_pinned_package_has_a_hash_and_none_an_address(lock):
    text = (ROOT / lock).read_text()
    packages = [line for line in text.splitlines() if "==" in line and not line.startswith(" ")]
    assert packages
    assert all(line.endswith("\\") for line in packages)
    assert "://" not in text
    assert "index-url" not in text
    assert "find-links" not in text
