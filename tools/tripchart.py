"""The picture of trip times: load in percent of the limit across, seconds until open upwards.

Both axes are logarithmic. One panel a chip, the ideal relay in each. It must not know how the
times were measured.
"""

import math
from collections.abc import Callable, Sequence

PANEL_W, PANEL_H = 400, 300
LEFT, TOP, GAP = 60, 60, 70
PERCENT_MIN, PERCENT_MAX = 100, 420
SECONDS_MIN, SECONDS_MAX = 0.05, 100.0
PERCENT_TICKS = (105, 125, 150, 200, 300, 400)
SECONDS_TICKS = (0.1, 1, 3, 10, 60)
COLUMNS = 2
INK, QUIET, IDEAL, SEEN = "#222", "#ccc", "#666", "#b03030"
TITLE = "Seconds from a load step until the relay opens; load in % of the limit"

Row = dict[str, object]


def draw(rows: Sequence[Row], ideal_s: Callable[[float], float | None]) -> str:
    """The picture as SVG."""
    names = list(dict.fromkeys(str(row["chip"]) for row in rows))
    width = COLUMNS * (PANEL_W + GAP) + LEFT
    height = math.ceil(len(names) / COLUMNS) * (PANEL_H + GAP) + TOP
    attributes = f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>']
    parts += [_box(width, height, 'fill="white"'), *_legend()]
    for number, name in enumerate(names):
        left = LEFT + number % COLUMNS * (PANEL_W + GAP)
        top = TOP + 10 + number // COLUMNS * (PANEL_H + GAP)
        own = [row for row in rows if row["chip"] == name]
        parts += [f'<g transform="translate({left},{top})">', *_panel(name, own, ideal_s), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend() -> list[str]:
    return [
        _text(LEFT, 24, TITLE, size=16),
        _line(LEFT, 40, LEFT + 30, 40, IDEAL, 2),
        _text(LEFT + 36, 44, "ideal relay"),
        _line(LEFT + 130, 34, LEFT + 130, 46, SEEN, 3),
        _text(LEFT + 138, 44, "the firmware, earliest to latest"),
    ]


def _panel(name: str, rows: Sequence[Row], ideal_s: Callable[[float], float | None]) -> list[str]:
    parts = [_box(PANEL_W, PANEL_H, f'fill="none" stroke="{INK}"')]
    parts.append(_text(PANEL_W - 8, 18, name, "end", 14))
    for percent in PERCENT_TICKS:
        x = _x(percent)
        parts.append(_line(x, 0, x, PANEL_H, QUIET, 1))
        parts.append(_text(x, PANEL_H + 16, f"{percent} %", "middle"))
    for seconds in SECONDS_TICKS:
        y = _y(seconds)
        parts.append(_line(0, y, PANEL_W, y, QUIET, 1))
        parts.append(_text(-6, y + 4, f"{seconds:g} s", "end"))
    parts.append(_ideal_line(ideal_s))
    for row in rows:
        if row["opened"]:
            x = _x(float(str(row["load_percent"])))
            low, high = _y(float(str(row["earliest_s"]))), _y(float(str(row["latest_s"])))
            parts.append(_line(x, low + 1.5, x, high - 1.5, SEEN, 3))
    return parts


def _ideal_line(ideal_s: Callable[[float], float | None]) -> str:
    points = []
    for tenth in range(10 * PERCENT_MIN, 10 * PERCENT_MAX + 1):
        seconds = ideal_s(tenth / 10)
        if seconds is not None:
            points.append((_x(tenth / 10), _y(seconds)))
    corners = " ".join(f"{x},{y}" for x, y in _corners(points))
    return f'<polyline points="{corners}" fill="none" stroke="{IDEAL}" stroke-width="2"/>'


def _corners(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Only the points where the line turns."""
    kept = []
    for index, point in enumerate(points):
        heights = {y for _, y in points[max(0, index - 1) : index + 2]}
        if index in (0, len(points) - 1) or len(heights) > 1:
            kept.append(point)
    return kept


def _x(percent: float) -> float:
    part = math.log(percent / PERCENT_MIN) / math.log(PERCENT_MAX / PERCENT_MIN)
    return round(part * PANEL_W, 1)


def _y(seconds: float) -> float:
    part = math.log(max(seconds, SECONDS_MIN) / SECONDS_MIN)
    return round(PANEL_H * (1 - part / math.log(SECONDS_MAX / SECONDS_MIN)), 1)


def _box(width: float, height: float, style: str) -> str:
    return f'<rect width="{width}" height="{height}" {style}/>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: int) -> str:
    style = f'stroke="{colour}" stroke-width="{width}"'
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" {style}/>'


def _text(x: float, y: float, words: str, anchor: str = "start", size: int = 12) -> str:
    style = f'text-anchor="{anchor}" font-size="{size}" fill="{INK}"'
    return f'<text x="{x}" y="{y}" {style}>{words}</text>'
