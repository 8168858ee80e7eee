"""The controller's only source of time: board time, seconds since 2020-01-01T00:00:00Z.

With BIJLI_CLOCK_FILE set the time is the number that stands in that file, so that a simulated
month and the controller agree; without it the computer's clock is used.
"""

import time
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

# protocol.limits says the same; here it is the definition that docs/wire.md gives.
EPOCH_UNIX_S = 1_577_836_800


def now_s() -> int:
    """Board time now, in seconds. Raises ValueError when the clock file holds no number."""
    clock_file: Path | None = settings.BIJLI_CLOCK_FILE
    if clock_file is None:
        return int(time.time()) - EPOCH_UNIX_S
    return int(clock_file.read_text(encoding="ascii"))


def moment(board_time_s: int) -> datetime:
    """The board time as an aware UTC datetime, for showing."""
    return datetime.fromtimestamp(board_time_s + EPOCH_UNIX_S, tz=UTC)
