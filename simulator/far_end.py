"""What a life needs of a far end: a broker, a controller reduced to its answers, and commands.

Only the shape of it: one is in `tools/bench/far_end.py`. It must not know a house.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol


class Order(Protocol):
    """A command; `stage` is 0 until the board has concluded it (docs/wire.md, receipts)."""

    name: int
    arguments: dict[int, Any]
    stage: int


class FarEnd(Protocol):
    """One board's far end; it reads board time from `clock_file`, wrong by `clock_ahead_s`."""

    clock_file: Path
    clock_ahead_s: int

    @property
    def port(self) -> int:
        """Where the board finds its broker."""

    @property
    def arrived(self) -> list[list[int]]:
        """Readings as they came, the same ones again too; whoever looks empties it."""

    @property
    def pending(self) -> Sequence[Order]:
        """Commands that the board has not concluded."""

    @property
    def contradicted(self) -> int:
        """How many records came again with another content."""

    def connect(self) -> None:
        """Broker and responder are there."""

    def disconnect(self) -> None:
        """They are gone; sessions end at once."""

    def order(self, name: int, arguments: dict[int, Any], *, connected: bool) -> Order:
        """Give the board a command: now and waiting for its end, or with its next hello."""

    def end(self) -> None:
        """Leave nothing running."""


OpenFarEnd = Callable[[Path, str, bytes], FarEnd]
