"""The controller's only source of time: board time, seconds since 2020-01-01T00:00:00Z.

With BIJLI_CLOCK_FILE set the time is the number that stands in that file, so that a simulated
month and the controller agree; without it the computer's clock is used.
"""

import time
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from protocol.limits import EPOCH_UNIX_S


def now_s(meter_id: str = "") -> int:
    """Board time now, in seconds. Raises ValueError when the clock file holds no number.

    Simulated houses live each at a moment of its own between two looks at the fleet: for a
    meter with a clock file beside the common one (`clock.KATS0001`) that one counts.
    """
    clock_file: Path | None = settings.BIJLI_CLOCK_FILE
    if clock_file is None:
        return int(time.time()) - EPOCH_UNIX_S
    own = clock_file.with_name(f"{clock_file.name}.{meter_id}")
    return int((own if meter_id and own.exists() else clock_file).read_text(encoding="ascii"))


def moment(board_time_s: int) -> datetime:
    """The board time as an aware UTC datetime, for showing."""
    return datetime.fromtimestamp(board_time_s + EPOCH_UNIX_S, tz=UTC)
