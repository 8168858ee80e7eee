"""Commands: refused at the desk for the reason that the board would give."""

import pytest

from protocol import commands
from protocol.errors import CommandError


@pytest.mark.parametrize(
    ("name", "arguments", "reason", "says"),
    [
        ("credit", {0: b"12345678", 1: 1, 2: -5}, 3, "amount: give 1 to 1000000000"),
        ("credit", {0: b"12345678", 1: 9, 2: 5}, 3, "unit: give 1 to 3"),
        ("credit", {0: b"1234", 1: 1, 2: 5}, 2, "purchase id: give 8 bytes"),
        ("credit", {}, 2, "argument 0 is missing"),
        ("disconnect", {0: 1}, 2, "give 0 arguments"),
        ("read_profile", {0: 1, 1: 961}, 3, "at most 960 readings"),
        ("show_message", {0: "नमस्ते", 1: 5}, 3, "1 to 32 ASCII characters"),
        ("set_programme", {0: b"\xa0"}, 3, "version .* is missing"),
        ("rotate_key", {}, 8, "not supported"),
    ],
)
def test_a_command_that_the_board_would_refuse_says_why(name, arguments, reason, says):
    with pytest.raises(CommandError, match=says) as refusal:
        commands.validate(commands.NUMBERS[name], arguments)
    assert refusal.value.reason == reason
