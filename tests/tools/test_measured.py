"""What a board registers of a measured home is the file's own integral, to the watt-hour."""

import pytest

from tools import measured

MINUTES = """timestamp_local,power_w,reactive_var,voltage_v
2006-12-16 17:24:00,4216,418,234.84
2006-12-16 17:25:00,5360,436,233.63
2006-12-16 17:27:00,130,0,233.74
2006-12-16 17:40:00,0,0,233.74
"""
HALF_HOURS = """timestamp_local,meter,energy_kwh_30min,supply_fraction,voltage_v_when_on
2019-07-19 18:00:00,BR13,0.300,1.0,244.2
2019-07-19 18:30:00,BR13,0.100,0.5,243.9
2019-07-19 19:00:00,BR13,0.012,1.0,243.9
"""


@pytest.mark.parametrize("chip", measured.CHIPS)
@pytest.mark.parametrize(("text", "wh"), [(MINUTES, 277.1), (HALF_HOURS, 412)])
def test_a_home_is_registered_to_the_watt_hour_over_gaps_and_outages(tmp_path, chip, text, wh):
    (tmp_path / "home.csv").write_text(text)
    seen = measured.home(str(tmp_path / "home.csv"), chip, tmp_path / "house")
    assert seen.file_wh == pytest.approx(wh, abs=0.1)
    assert seen.drawn_wh == pytest.approx(wh, abs=0.1)
    assert seen.is_within_resolution, seen


def test_events_hold_until_the_next() -> None:
    assert measured.integral_wh([(0, 0), (3600, 1000), (5400, 100)], 9000) == 600


def test_without_the_measurements_the_tool_says_so(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(measured, "DATA", tmp_path / "nowhere")
    monkeypatch.setattr("sys.argv", ["measured"])
    with pytest.raises(SystemExit, match="not here"):
        measured.main()
