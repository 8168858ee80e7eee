"""Load profiles: two forms of CSV, clear errors, time of day kept."""

import gzip
from pathlib import Path

import pytest

from simulator import profile
from simulator.errors import ProfileError
from simulator.plant.loads import NO_MAINS, Profile
from simulator.plant.world import UTC_OFFSET_S, World

DATA = Path(__file__).resolve().parents[3] / "shared/data"
MEASURED = "timestamp_local,power_w,reactive_var,voltage_v\n"
HALF_HOURS = "timestamp_local,meter,energy_kwh_30min,supply_fraction,voltage_v_when_on\n"


def read(tmp_path, text, meter=""):
    path = tmp_path / "load.csv"
    path.write_text(text)
    return profile.read(f"{path}{meter}")


def test_a_gap_holds_the_last_value_and_days_are_whole(tmp_path):
    got = read(
        tmp_path, MEASURED + "2026-01-01 06:00:00,100,,\n2026-01-01 06:03:00,250,30,231.5\n"
    )
    assert (got.days, got.start.hour) == (1, 6)
    assert got.records[:5] == [(100, 0, 0)] * 3 + [(250, 30, 2315)] * 2


def test_rows_within_a_minute_are_averaged(tmp_path):
    got = read(tmp_path, MEASURED + "2026-01-01 06:00:00,100,,\n2026-01-01 06:00:30,200,,\n")
    assert got.records[0] == (150, 0, 0)


def test_half_hours_become_supply_first_and_then_an_outage(tmp_path):
    got = read(
        tmp_path,
        HALF_HOURS + "2026-01-01 06:00:00,A,0.2,0.8,240\n2026-01-01 06:30:00,A,0,0,\n",
    )
    assert got.meter == "A"
    assert got.outage_minutes == 36
    assert got.records[23:25] == [(500, 0, 2400), (0, 0, NO_MAINS)]


def test_the_meter_after_the_hash_is_chosen(tmp_path):
    text = HALF_HOURS + "2026-01-01 06:00:00,A,0.1,1,240\n2026-01-01 06:00:00,B,0.3,1,240\n"
    assert read(tmp_path, text, "#B").records[0][0] == 600


@pytest.mark.parametrize(
    ("text", "meter", "words"),
    [
        ("", "", "no column timestamp_local, power_w; it has none"),
        ("timestamp_local,watts\n", "", "no column power_w; it has timestamp_local, watts"),
        (MEASURED, "", "no rows"),
        (MEASURED + "yesterday,1,,\n", "", "row 2: timestamp_local is 'yesterday'"),
        (MEASURED + "2026-01-01 06:00,1,,\n2026-01-01 05:00,1,,\n", "", "row 3: timestamp_local"),
        (
            MEASURED + "2026-01-01 06:00,much,,\n",
            "",
            "row 2: power_w is 'much', but must be a number",
        ),
        (MEASURED + "2026-01-01 06:00,nan,,\n", "", "row 2: power_w is 'nan'"),
        (MEASURED + "2026-01-01 06:00,-1,,\n", "", "between 0 and 60000"),
        (MEASURED + "2026-01-01 06:00,1,,900\n", "", "voltage_v is '900'"),
        (MEASURED + "2026-01-01 06:00,1,,\n", "#A", "leave #A out"),
        (HALF_HOURS + "2026-01-01 06:00,A,1,1.2,240\n", "", "supply_fraction is '1.2'"),
        (HALF_HOURS + "2026-01-01 06:00,A,1,1,240\n", "#C", "holds no meter 'C'; it holds A"),
    ],
)
def test_a_bad_file_names_row_column_and_value(tmp_path, text, meter, words):
    with pytest.raises(ProfileError) as refused:
        read(tmp_path, text, meter)
    assert words in str(refused.value)


def test_a_missing_or_binary_file_and_an_unknown_name_say_so(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00")
    for look in (profile.read, profile.meters):
        for source in (tmp_path / "none.csv", tmp_path / "x.csv"):
            with pytest.raises(ProfileError, match=r"profile .*csv"):
                look(source)
    with pytest.raises(ProfileError, match="choose one of high, low, middle, shop"):
        profile.shipped("palace")


@pytest.mark.parametrize("name", ["low", "middle", "high", "shop"])
def test_a_shipped_profile_is_a_week(name):
    assert profile.read(profile.shipped(name)).days == 7
    assert len(gzip.decompress(profile.shipped(name).read_bytes())) < 200_000


def test_the_house_draws_at_the_same_time_of_day_as_the_file(tmp_path):
    text = (
        MEASURED + "2026-01-01 17:24:00,0,,\n2026-01-01 18:00:00,700,,\n2026-01-01 19:00:00,0,,\n"
    )
    stream = tmp_path / "load.bin"
    read(tmp_path, text).write(stream)
    with stream.open("rb") as file:
        world = World(0, 7, Profile(file, stream.stat().st_size))
        world.relay.weld()
        for duration_s in (18 * 3600 + 1800 - UTC_OFFSET_S, 3 * 86_400):
            world.advance(duration_s * 1000)
            assert world.observe()["power_w"] == 700
    assert abs(world.delivered_mwh() - 2_450_000) < 1000


@pytest.mark.parametrize(
    ("name", "days", "outage_minutes"),
    [
        ("uci_sceaux_1min/uci_sceaux_1min.csv", 26, 0),
        ("ceew_bareilly_30min/ceew_bareilly_30min.csv", 6, 231),
        ("ceew_bareilly_30min/ceew_bareilly_30min.csv#BR04", 5, 438),
    ],
)
def test_measured_households_can_be_read(name, days, outage_minutes):
    if not (DATA / name.partition("#")[0]).exists():
        pytest.skip("the measured data is not here")
    got = profile.read(DATA / name)
    assert (got.days, got.outage_minutes) == (days, outage_minutes)
