"""Every command of `bijli`, and of its groups, explains itself."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tools.cli import app


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*words, name))


@pytest.mark.parametrize("words", list(commands(typer.main.get_command(app))), ids=" ".join)
def test_help_says_how_a_command_is_used(words):
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0, result.exception
    assert "Usage" in result.output
