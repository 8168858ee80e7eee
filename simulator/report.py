"""The report of a trial: what was checked how often, what did not hold, and one board's day.

One page of HTML with its pictures inside, or the picture alone as SVG. It takes the facts that
both gears sum up; it must not know how they were found.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any

from protocol import messages

HOUR_S = 3600
DAY_S = 86_400
WIDTHS = (1160, 328)  # for a desk and for a hand
MARGIN = 8
LABEL_WIDTH = 92
LOAD_HEIGHT = 150
STRIP_HEIGHT = 20
LOOKS_APART = 50  # between two beginnings that are tried
GREEN, RED, BLUE, GREY, AMBER = "#2f7d4f", "#b3261e", "#1f5fa8", "#8a8f98", "#b26a00"

HOLD_NAMES = {
    messages.HOLD_OPERATOR: "operator",
    messages.HOLD_CREDIT: "credit",
    messages.HOLD_WINDOW: "window",
    messages.HOLD_OVERLOAD: "overload",
    messages.HOLD_LOCKOUT: "lockout",
    messages.HOLD_TAMPER: "tamper",
    messages.HOLD_FAULT: "fault",
    messages.HOLD_START: "start",
    messages.HOLD_CONFIRM: "confirm",
}

# (second, load W, limit W, relay closed, holds, faults by name, "; " between them)
Entry = tuple[float, int, int, bool, int, str]

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, "DejaVu Sans", sans-serif; margin: 0 auto; max-width: 1176px;
  padding: 16px; color: #1b1d21; background: #fff; }
h1 { font-size: 22px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 28px 0 8px; }
p { margin: 4px 0 12px; } code { font-size: 13px; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid #dfe2e6;
  vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.good { color: #2f7d4f; font-weight: 600; } .bad { color: #b3261e; font-weight: 600; }
.figures { display: flex; flex-wrap: wrap; gap: 6px 28px; }
.figures b { display: block; font-size: 20px; font-variant-numeric: tabular-nums; }
.hand { display: none; } svg { display: block; max-width: 100%; }
@media (max-width: 700px) { .desk { display: none; } .hand { display: block; }
  body { padding: 12px 16px; } th, td { padding-right: 6px; } .wide { display: none; } }
"""


def write(path: Path, title: str, facts: Mapping[str, Any], timeline: Sequence[Entry]) -> None:
    """Write the report to `path`: a page, or only the picture when it ends in .svg."""
    day = eventful_day(timeline)
    if path.suffix == ".svg":
        path.write_text(draw(day, WIDTHS[0]), encoding="utf-8")
    else:
        path.write_text(page(title, facts, day), encoding="utf-8")


def page(title: str, facts: Mapping[str, Any], day: Sequence[Entry]) -> str:
    """The whole page."""
    parts = [
        f"<h1>{escape(title)}</h1>",
        _verdict(facts),
        _figures(facts),
        "<h2>Invariants</h2>",
        _invariants(facts),
        _violations(facts),
        "<h2>One board's day</h2>" if day else "",
        *(f'<div class="{name}">{draw(day, width)}</div>' for name, width in _views() if day),
        "<h2>Nearest to the limit</h2>" if facts["worst"] else "",
        _margins(facts),
        "<h2>Faults</h2>" if facts["faults"] else "",
        *(f'<div class="{name}">{bars(facts["faults"], width)}</div>' for name, width in _views()),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>"
        + "\n".join(part for part in parts if part)
        + "</body></html>\n"
    )


def _views() -> tuple[tuple[str, int], ...]:
    return (("desk", WIDTHS[0]), ("hand", WIDTHS[1]))


def _verdict(facts: Mapping[str, Any]) -> str:
    count = len(facts["violations"])
    checks = sum(row["checks"] for row in facts["invariants"])
    told = f"{count} violation{'' if count == 1 else 's'}"
    kind, text = ("bad", told) if count else ("good", "No violation")
    return f'<p><span class="{kind}">{text}</span> in {checks:,} checks.</p>'


def _figures(facts: Mapping[str, Any]) -> str:
    names = {
        "board_days": "board-days",
        "runs": "runs",
        "lives": "lives",
        "cuts": "power cuts",
        "starts": "starts",
        "trips": "trips",
        "readings": "readings",
        "looks": "looks",
        "board_days_per_minute_per_core": "board-days a minute and core",
    }
    shown = [
        f"<div><b>{facts[key]:,}</b>{name}</div>" for key, name in names.items() if key in facts
    ]
    return f'<div class="figures">{"".join(shown)}</div>'


def _invariants(facts: Mapping[str, Any]) -> str:
    rows = []
    for row in facts["invariants"]:
        kind = "bad" if row["violations"] else "good" if row["checks"] else ""
        told = str(row["violations"]) if row["checks"] else "–"
        rows.append(
            f'<tr><td class="wide">{escape(row["name"])}</td><td>{escape(row["sentence"])}</td>'
            f'<td class="n">{row["checks"]:,}</td><td class="n {kind}">{told}</td></tr>'
        )
    return (
        '<table><tr><th class="wide">Name</th><th>What must hold</th><th class="n">Checks</th>'
        f'<th class="n">Broken</th></tr>{"".join(rows)}</table>'
    )


def _violations(facts: Mapping[str, Any]) -> str:
    if not facts["violations"]:
        return ""
    rows = [
        f'<tr><td class="bad">{escape(found["name"])}</td><td>{escape(found["text"])}, at'
        f" {found['at_s']:.0f} s<br><code>{escape(found['repeat'])}</code></td></tr>"
        for found in facts["violations"]
    ]
    return f"<h2>What did not hold</h2><table>{''.join(rows)}</table>"


def _margins(facts: Mapping[str, Any]) -> str:
    rows = [
        f'<tr><td>{escape(name)}</td><td class="n">{_number(found["value"])}</td>'
        f'<td class="n">{_number(found["bound"])}</td></tr>'
        for name, found in facts["worst"].items()
    ]
    head = '<tr><th>Quantity</th><th class="n">Worst</th><th class="n">Allowed</th></tr>'
    return f"<table>{head}{''.join(rows)}</table>" if rows else ""


def _number(value: float) -> str:
    return f"{value:,.1f}" if value % 1 else f"{value:,.0f}"


def eventful_day(timeline: Sequence[Entry]) -> list[Entry]:
    """The 24 hours in which relay and holds change most."""
    best: list[Entry] = []
    most = -1
    for begin in range(0, len(timeline), LOOKS_APART):
        until_s = timeline[begin][0] + DAY_S
        day = list(takewhile(lambda entry: entry[0] < until_s, timeline[begin:]))  # noqa: B023
        changes = sum(before[3:] != after[3:] for before, after in pairwise(day))
        if changes > most:
            best, most = day, changes
        if day[-1] is timeline[-1]:
            break
    return best


def draw(day: Sequence[Entry], width: int) -> str:
    """The day as SVG: load and limit, and a strip for the relay, each hold and each fault."""
    if not day:
        return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="1"></svg>'
    left = LABEL_WIDTH
    begin_s = day[0][0]
    scale = (width - left - MARGIN) / DAY_S

    def x(at_s: float) -> float:
        return round(left + min(at_s - begin_s, DAY_S) * scale, 1)

    top_w = max(max(entry[1], entry[2]) for entry in day) * 1.05 or 1
    strips = _strips(day)
    height = LOAD_HEIGHT + len(strips) * STRIP_HEIGHT + 44
    parts = [_load(day, x, top_w), _axis(width, height, left, scale)]
    for number, (name, colour, is_on) in enumerate(strips):
        y = LOAD_HEIGHT + 12 + number * STRIP_HEIGHT
        parts.append(f'<text x="0" y="{y + 13}">{escape(name)}</text>')
        parts += [
            f'<rect x="{x(a)}" y="{y + 2}" width="{max(0.8, round(x(b) - x(a), 1))}" '
            f'height="{STRIP_HEIGHT - 5}" fill="{colour}"/>'
            for a, b in spans(day, is_on)
        ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="DejaVu Sans, sans-serif" font-size="12" '
        f'fill="#1b1d21" role="img" aria-label="One day of one board">{"".join(parts)}</svg>'
    )


def _load(day: Sequence[Entry], x: Callable[[float], float], top_w: float) -> str:
    def y(power_w: float) -> float:
        return round(LOAD_HEIGHT - power_w / top_w * (LOAD_HEIGHT - 14), 1)

    def steps(column: int) -> str:
        path, level = f"M{x(day[0][0])} {y(float(day[0][column]))}", None
        for entry in day:
            if entry[column] != level:
                level = entry[column]
                path += f"H{x(entry[0])}V{y(float(level))}"
        return path + f"H{x(day[0][0] + DAY_S)}"

    peak_w = max(entry[1] for entry in day)
    return (
        f'<path d="{steps(1)}" fill="none" stroke="{BLUE}" stroke-width="1"/>'
        f'<path d="{steps(2)}" fill="none" stroke="{RED}" stroke-dasharray="4 3"/>'
        f'<text x="0" y="{y(float(peak_w)) + 10}" fill="{BLUE}">{peak_w} W</text>'
        f'<text x="0" y="{LOAD_HEIGHT - 18}" fill="{BLUE}">load</text>'
        f'<text x="0" y="{LOAD_HEIGHT - 2}" fill="{RED}">limit</text>'
    )


def _axis(width: int, height: int, left: int, scale: float) -> str:
    every_h = 2 if width > 700 else 6
    marks = []
    for hour in range(0, 25, every_h):
        at = round(left + hour * HOUR_S * scale, 1)
        anchor = "end" if hour == 24 else "start" if not hour else "middle"
        marks.append(
            f'<line x1="{at}" x2="{at}" y1="8" y2="{height - 20}" stroke="#e6e8eb"/>'
            f'<text x="{at}" y="{height - 4}" text-anchor="{anchor}">{hour} h</text>'
        )
    return "".join(marks)


def _strips(day: Sequence[Entry]) -> list[tuple[str, str, Callable[[Entry], bool]]]:
    held = [hold for hold in HOLD_NAMES if any(entry[4] & hold for entry in day)]
    names = sorted({name for entry in day for name in entry[5].split("; ") if name})
    return [
        ("relay closed", GREEN, lambda entry: entry[3]),
        *((HOLD_NAMES[hold], AMBER, partial(_has_hold, hold)) for hold in held),
        *((name, GREY, partial(_has_fault, name)) for name in names),
    ]


def _has_hold(hold: int, entry: Entry) -> bool:
    return bool(entry[4] & hold)


def _has_fault(name: str, entry: Entry) -> bool:
    return name in entry[5].split("; ")


def spans(day: Sequence[Entry], is_on: Callable[[Entry], bool]) -> list[tuple[float, float]]:
    """From when to when something was so."""
    told: list[tuple[float, float]] = []
    begun: float | None = None
    for entry in day:
        if is_on(entry) and begun is None:
            begun = entry[0]
        elif begun is not None and not is_on(entry):
            told.append((begun, entry[0]))
            begun = None
    if begun is not None:
        told.append((begun, day[-1][0]))
    return told


def bars(counts: Mapping[str, int], width: int) -> str:
    """Counts by name as bars."""
    most = max(counts.values(), default=0)
    if not most:
        return ""
    left = 120
    room = width - left - 60
    parts = []
    for number, (name, count) in enumerate(counts.items()):
        y = number * STRIP_HEIGHT
        long = max(1, round(room * count / most))
        parts.append(
            f'<text x="0" y="{y + 13}">{escape(name.replace("_", " "))}</text>'
            f'<rect x="{left}" y="{y + 3}" width="{long}" height="{STRIP_HEIGHT - 7}" '
            f'fill="{BLUE}"/><text x="{left + long + 6}" y="{y + 13}">{count:,}</text>'
        )
    height = len(counts) * STRIP_HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="DejaVu Sans, sans-serif" font-size="12" '
        f'fill="#1b1d21" role="img" aria-label="Faults by kind">{"".join(parts)}</svg>'
    )
