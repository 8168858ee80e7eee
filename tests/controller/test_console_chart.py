"""The load chart: what its steps mean, and that every drawing of it is sound SVG."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.console import chart, series
from controller.console.chart import NO_SUPPLY, Tick, load_chart

HALF_HOUR_S = series.STEP_S

loads = st.lists(
    st.none() | st.just(NO_SUPPLY) | st.integers(0, 100_000), min_size=1, max_size=chart.STEPS_MAX
)


@given(loads, st.integers(0, 100_000))
def test_every_drawing_is_sound_and_stays_within_its_frame(
    loads_w: list[int | None], limit_w: int
) -> None:
    ticks = [Tick(0, "<Mon>")]
    drawn = ElementTree.fromstring(load_chart(loads_w, limit_w, ticks, "a & b", "c < d"))  # noqa: S314
    assert drawn[0].text == "a & b"
    path = "".join(part.get("d", "") for part in drawn.iter("path"))
    numbers = path.translate(str.maketrans("MHVZ", "    ")).split()
    assert all(0 <= float(number) <= chart.WIDTH for number in numbers)


def test_supply_that_was_off_is_grey_and_interrupts_the_load() -> None:
    drawn = load_chart([100, NO_SUPPLY, 100], 0, [], "", "")
    assert 'class="off"' in drawn
    outline = drawn.split('class="load" d="', 1)[1].split('"', 1)[0]
    assert outline.count("M") == 2


def test_time_not_reported_stays_blank() -> None:
    assert 'class="off"' not in load_chart([100, None, 100], 0, [], "", "")


@pytest.mark.parametrize("steps", [0, chart.STEPS_MAX + 1])
def test_a_chart_of_no_or_too_many_steps_is_refused(steps: int) -> None:
    with pytest.raises(ValueError, match="1 to 400 steps"):
        load_chart([1] * steps, 0, [], "", "")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], [None, None, None]),
        ([(900, 50, 900), (1800, 70, 900)], [70, None, None]),
        ([(900, 0, 0), (1800, 70, 900)], [70, None, None]),
        ([(1800, 0, 0)], [NO_SUPPLY, None, None]),
        ([(3600, 40, 3600)], [40, 40, None]),
        ([(1800, 40, 1800), (5400, 60, 1800)], [40, 60, 60]),
        ([(1800, 40, 1800), (10_800, 60, 900)], [40, None, None, None, 60, 60]),
    ],
)
def test_a_half_hour_shows_the_largest_load_of_the_readings_that_cover_it(
    rows: list[tuple[int, int, int]], expected: list[int | None]
) -> None:
    assert series.steps(rows, 0)[: len(expected)] == expected


@pytest.mark.parametrize(
    ("loads_w", "expected"),
    [
        ([None, None], "No readings yet."),
        ([5, None, NO_SUPPLY, NO_SUPPLY], "Largest load 5 W, limit 9 W; 1 hours without"),
    ],
)
def test_the_chart_is_told_in_a_sentence_to_people_who_cannot_see_it(
    loads_w: list[int | None], expected: str
) -> None:
    assert series.describe(loads_w, 9).startswith(expected)
