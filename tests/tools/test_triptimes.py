"""The relay opens when its bands say so, whatever the metering chip; a short trip-time table."""

import pytest

from simulator.plant import chips
from tools import triptimes
from tools.tripchart import draw

# Samples once a second: a band may be over a sample early; late is what the chip lags, a second
# until the board looks, and the pulse.
EARLY_S = 1.0
LATE_S = {"pzem004t": 3.5, "sdm120": 2.3, "sdm630": 2.3, "atm90e32": 1.4}


@pytest.mark.parametrize("chip", chips.NAMES)
def test_every_chip_opens_an_overload_in_its_band_and_leaves_the_rest_alone(tmp_path, chip):
    trials = triptimes.measure(chip, (104, 150, 200, 400), (10, 690), 3, tmp_path / "house")
    for trial in trials:
        ideal = triptimes.ideal_s(trial.percent)
        if ideal is None:
            assert trial.opened_s is None
            continue
        assert trial.opened_s is not None
        assert ideal - EARLY_S <= trial.opened_s <= ideal + LATE_S[chip], trial
        assert trial.latency_ms <= triptimes.LATENCY_MS_MAX
    rows = triptimes.table(trials)
    assert [row["load_percent"] for row in rows] == [104, 150, 200, 400]
    assert f"| {chip} |" in triptimes.report(rows)
    assert draw(rows, triptimes.ideal_s).startswith("<svg")


@pytest.mark.parametrize(
    ("percent", "seconds"),
    [(104.9, None), (105, 60), (124.9, 60), (125, 10), (150, 3), (199, 3), (200, 0), (400, 0)],
)
def test_the_ideal_relay_keeps_to_the_bands(percent, seconds):
    assert triptimes.ideal_s(percent) == seconds
