from collections.abc import Sequence

SPECIAL: int
MASK_MAX: int

def inside(windows: Sequence[Sequence[int]], weekday: int, minute: int) -> bool: ...
def find(
    windows: Sequence[Sequence[int]],
    weekday: int,
    yesterday: int,
    minute: int,
    season: int = 0,
    season_before: int = 0,
) -> Sequence[int] | None: ...
def names_special(windows: Sequence[Sequence[int]]) -> bool: ...
def validate(windows: object, what: str, has_seasons: bool = False) -> None: ...
def overlap(windows: Sequence[Sequence[int]]) -> bool: ...
