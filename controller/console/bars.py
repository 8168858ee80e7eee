"""A bar chart of a trend, drawn as SVG text on the server. Pure: takes numbers, gives markup.

Colours and letter sizes are the style sheet's, as of the load chart (chart.py).
"""

from collections.abc import Sequence
from html import escape

from controller.console.chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, round_up

BARS_MAX = 62  # narrower ones cannot be told apart on a phone
LABEL_WIDTH = 40  # what a label below the bars needs


def bar_chart(
    values: Sequence[int], labels: Sequence[str], scale: Sequence[str], title: str, text: str
) -> str:
    """Bars of `values` >= 0 with a label each; `scale` says what `top(values)` and half of it are.

    `title` and `text` tell the chart to those who cannot see it. Raises ValueError for no bars
    and for more than BARS_MAX.
    """
    if not 0 < len(values) <= BARS_MAX or len(values) != len(labels):
        raise ValueError(f"a chart has 1 to {BARS_MAX} bars with a label each")
    highest = top(values)
    height, width = HEIGHT - TOP - BOTTOM, WIDTH - LEFT - RIGHT
    every = -(-len(values) * LABEL_WIDTH // width)
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><desc>{escape(text)}</desc>",
    ]
    for share, name in zip((0, 1, 2), ("0", *reversed(scale)), strict=True):
        y = HEIGHT - BOTTOM - share * height // 2
        parts.append(f'<path class="grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>')
        parts.append(
            f'<text x="{LEFT - 3}" y="{y}" dy=".3em" text-anchor="end">{escape(name)}</text>'
        )
    for place, (value, label) in enumerate(zip(values, labels, strict=True)):
        x, after = (LEFT + at * width // len(values) for at in (place, place + 1))
        bar, right = value * height // highest, max(x + 2, after - 1)
        outline = f"M{x + 1} {HEIGHT - BOTTOM}v-{bar}H{right}v{bar}z"
        parts.append(f'<path class="load" d="{outline}"/>')
        if place % every == 0:
            parts.append(f'<text x="{x}" y="{HEIGHT - 5}">{escape(label)}</text>')
    return "".join([*parts, "</svg>"])


def top(values: Sequence[int]) -> int:
    """The number at the upper edge, whose half is a plain number too."""
    return round_up(max([*values, 2]))
