"""The load chart of a meter's page, drawn as SVG text on the server.

Pure: takes numbers, gives markup. Colours and letter sizes are the style sheet's; no style and
no script stands in the markup, so that a strict content policy can hold.
"""

from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 340, 170
LEFT, RIGHT, TOP, BOTTOM = 42, 4, 10, 20  # room for the numbers around the plot
TICK_WIDTH = 34  # a tick nearer to the right edge than this has no room for its text
STEPS_MAX = 400  # more steps than this cannot be told apart on a phone
HEADROOM_PERCENT = 115  # the limit line stays clear of the upper edge
NO_SUPPLY = -1  # a step during which the supply was off all the time


@dataclass(frozen=True)
class Tick:
    """A mark on the time axis: the step it stands at (0 = left edge), and its text."""

    step: int
    text: str


def load_chart(
    loads_w: list[int | None], limit_w: int, ticks: list[Tick], title: str, description: str,
    limit_text: str = "limit {0}",
) -> str:  # fmt: skip
    """The chart of `loads_w`, one step each: watts, NO_SUPPLY, or None where nothing is known.

    `limit_w` 0 draws no limit line; `limit_text` names it, {0} its watts. Raises ValueError for
    no steps or more than STEPS_MAX.
    """
    if not 0 < len(loads_w) <= STEPS_MAX:
        raise ValueError(f"a chart has 1 to {STEPS_MAX} steps, not {len(loads_w)}")
    top_w = round_up(max(limit_w * HEADROOM_PERCENT // 100, *(w or 0 for w in loads_w), 10))
    plot = _Plot(len(loads_w), top_w)
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="ct cd">',
        f'<title id="ct">{escape(title)}</title><desc id="cd">{escape(description)}</desc>',
        _dark_bands(plot, loads_w),
        _power_axis(plot),
        _time_axis(plot, ticks),
        f'<path class="load" d="{_outline(plot, loads_w)}"/>',
        _limit_line(plot, limit_w, limit_text),
        "</svg>",
    ]
    return "".join(parts)


@dataclass(frozen=True)
class _Plot:
    """Where a step and a power lie in the drawing; tenths of a unit, written with one decimal."""

    steps: int
    top_w: int

    def x(self, step: int) -> str:
        return _tenths(LEFT * 10 + step * 10 * (WIDTH - LEFT - RIGHT) // self.steps)

    def y(self, power_w: int) -> str:
        height = 10 * (HEIGHT - TOP - BOTTOM)
        return _tenths(TOP * 10 + height - power_w * height // self.top_w)


def _tenths(value: int) -> str:
    whole, part = divmod(value, 10)
    return f"{whole}.{part}" if part else str(whole)


def round_up(power_w: int) -> int:
    """The next number of the form 2, 4, 6, 8, 10 x 10^n, so that its half is a plain number."""
    unit = 1
    while unit * 10 <= power_w:
        unit *= 10
    if power_w == unit:
        return unit
    return -(-power_w // (2 * unit)) * 2 * unit


def _runs(loads_w: list[int | None]) -> list[tuple[int, int, int | None]]:
    """Neighbouring steps of one value as (first, after the last, value)."""
    runs: list[tuple[int, int, int | None]] = []
    for step, load_w in enumerate(loads_w):
        if runs and runs[-1][2] == load_w:
            runs[-1] = (runs[-1][0], step + 1, load_w)
        else:
            runs.append((step, step + 1, load_w))
    return runs


def _outline(plot: _Plot, loads_w: list[int | None]) -> str:
    """The load as a stepped area; every stretch with supply is a closed shape of its own."""
    floor = plot.y(0)
    path = ""
    for first, after, load_w in _runs(loads_w):
        known = load_w is not None and load_w != NO_SUPPLY
        if known and (not path or path.endswith("Z")):
            path += f"M{plot.x(first)} {floor}"
        if known:
            path += f"V{plot.y(load_w or 0)}H{plot.x(after)}"
        elif path and not path.endswith("Z"):
            path += f"V{floor}Z"
    return path if not path or path.endswith("Z") else f"{path}V{floor}Z"


def _dark_bands(plot: _Plot, loads_w: list[int | None]) -> str:
    """Grey where the supply was off."""
    boxes = "".join(
        f"M{plot.x(first)} {TOP}H{plot.x(after)}V{HEIGHT - BOTTOM}H{plot.x(first)}Z"
        for first, after, load_w in _runs(loads_w)
        if load_w == NO_SUPPLY
    )
    return f'<path class="off" d="{boxes}"/>' if boxes else ""


def _power_axis(plot: _Plot) -> str:
    lines = ""
    for power_w in (0, plot.top_w // 2, plot.top_w):
        y = plot.y(power_w)
        lines += f'<path class="grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>'
        lines += (
            f'<text x="{LEFT - 3}" y="{y}" dy=".3em" text-anchor="end">{_short(power_w)}</text>'
        )
    return lines


def _short(power_w: int) -> str:
    """Watts, or kilowatts from 10 kW on, short enough for the margin."""
    return f"{power_w // 1000} kW" if power_w >= 10_000 else f"{power_w} W"


def _time_axis(plot: _Plot, ticks: list[Tick]) -> str:
    lines = ""
    for tick in ticks:
        x = plot.x(tick.step)
        lines += f'<path class="grid" d="M{x} {TOP}V{HEIGHT - BOTTOM + 3}"/>'
        if (plot.steps - tick.step) * (WIDTH - LEFT - RIGHT) >= TICK_WIDTH * plot.steps:
            lines += f'<text x="{x}" y="{HEIGHT - 5}" dx="2">{escape(tick.text)}</text>'
    return lines


def _limit_line(plot: _Plot, limit_w: int, text: str) -> str:
    if limit_w <= 0:
        return ""
    y = plot.y(limit_w)
    label = f'<text class="limit" x="{WIDTH - RIGHT}" y="{y}" dy="-3" text-anchor="end">'
    return (
        f'<path class="limit" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>'
        f"{label}{escape(text.format(_short(limit_w)))}</text>"
    )
