"""Measured homes and appliances through real drivers: what is registered against the files' sums.

`python -m tools.measured` reads the measurements in ../shared/data where they are, lets the whole
firmware live through them with two metering chips, and prints what it registered as JSON. It must
not know how the firmware counts; the files' own integrals are made here, from the files alone.
"""

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from simulator import profile as profiles
from simulator.fleet import House
from simulator.plant.loads import DAY_S, NO_MAINS
from tools.folders import ROOT

DATA = ROOT.parent / "shared" / "data"
CHIPS = ("pzem004t", "sdm120")
HOMES = (
    "uci_sceaux_1min/uci_sceaux_1min.csv",
    "ceew_bareilly_30min/ceew_bareilly_30min.csv#BR13",
    "ceew_bareilly_30min/ceew_bareilly_30min.csv#BR04",
)
APPLIANCES = "tracebase_appliances/tracebase_13_appliance_days.csv"
MIDNIGHT_S = 200_000_000 - (200_000_000 + 19_800) % DAY_S  # of a day in India
READY_S = 120  # before the first load: the board is up, its relay closed by a weld
READ_S = 5  # after the last load, until the chip's counter has been read
RESOLUTION_WH = 1  # of both chips' counters
ENERGY_WH = "5"  # number of the register in the status
GLITCH_W = 60_000  # what a simulated appliance may draw

Events = list[tuple[int, int]]  # second of the day, W


@dataclass(frozen=True)
class Comparison:
    """One file through one chip. `file_wh` is the file's integral, `drawn_wh` what it is in whole
    watts, as a simulated house draws it; `registered_wh` what the board counted of that.
    """

    source: str
    chip: str
    hours: float
    file_wh: float
    drawn_wh: float
    registered_wh: int

    @property
    def is_within_resolution(self) -> bool:
        """Whether the board counted what was drawn, to the chip's resolution."""
        return abs(self.registered_wh - self.drawn_wh) <= RESOLUTION_WH


def home(source: str, chip: str, folder: Path, days: int | None = None) -> Comparison:
    """Let a measured home live as long as its file, or `days` of it. Raises ProfileError."""
    measured = profiles.read(DATA / source)
    file_wh, minutes = file_integral(DATA / source.partition("#")[0], measured.meter, days)
    drawn_wh = sum(w for w, _, v in measured.records[:minutes] if v != NO_MAINS) / 60
    begins_s = MIDNIGHT_S + measured.start.hour * 3600 + measured.start.minute * 60
    # The board is up before the file begins, on the profile's day before that.
    profile = measured.from_day(measured.days - 1)
    house = House(folder, "DATA1", bytes(32), 1, 5, begins_s - READY_S, profile, chip=chip,
                  hold_ms=1)  # fmt: skip
    with _Running(house):
        house.act(main_switch=False)
        house.run_until(begins_s)
        house.act(main_switch=True)
        house.run_until(begins_s + minutes * 60)
        registered_wh = _read(house)
    return Comparison(source, chip, minutes / 60, file_wh, drawn_wh, registered_wh)


def appliances(traced: dict[str, Events], chip: str, folder: Path) -> Comparison:
    """Let traced appliances live through their days, all in one home."""
    house = House(folder, "DATA1", bytes(32), 1, 5, MIDNIGHT_S - READY_S, chip=chip, hold_ms=1)
    switched = sorted((s, name, w) for name, events in traced.items() for s, w in events)
    with _Running(house):
        for second, name, power_w in switched:
            house.run_until(MIDNIGHT_S + second)
            house.act(appliance=name, power_w=power_w)
        house.run_until(MIDNIGHT_S + DAY_S)
        registered_wh = _read(house)
    wh = sum(integral_wh(events, DAY_S) for events in traced.values())
    names = ", ".join(traced)
    return Comparison(names, chip, DAY_S / 3600, wh, wh, registered_wh)


class _Running:
    """A house whose contacts are welded, so that no limit comes between file and meter."""

    def __init__(self, house: House) -> None:
        self._house = house

    def __enter__(self) -> None:
        self._house.start()
        self._house.act(weld=True)

    def __exit__(self, *_: object) -> None:
        self._house.kill()


def _read(house: House) -> int:
    house.act(main_switch=False)
    if house.dark:
        house.act(mains=True)
    house.run_until(house.now_s + READ_S)
    registered: int = house.observe()["status"][ENERGY_WH]
    return registered


def integral_wh(events: Events, end_s: int) -> float:
    """Energy of change events, each held until the next, in Wh."""
    ends = [second for second, _ in events[1:]] + [end_s]
    watt_seconds = sum(w * (end - s) for (s, w), end in zip(events, ends, strict=True))
    return watt_seconds / 3600


def file_integral(path: Path, meter: str | None, days: int | None) -> tuple[float, int]:
    """Energy of a home's file in Wh, and how many minutes it covers; a gap holds the last power.

    The whole file, or its first `days`.
    """
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("meter") in (None, meter)]
    first = datetime.fromisoformat(rows[0]["timestamp_local"])
    is_half_hours = "energy_kwh_30min" in rows[0]
    step = 30 if is_half_hours else 1
    last = datetime.fromisoformat(rows[-1]["timestamp_local"])
    minutes = int((last - first).total_seconds()) // 60 + step
    if days is not None:
        minutes = min(minutes, days * 1440)
    events: Events = []
    total_wh = 0.0
    for row in rows:
        at = int((datetime.fromisoformat(row["timestamp_local"]) - first).total_seconds())
        if at >= minutes * 60:
            break
        if is_half_hours:
            total_wh += float(row["energy_kwh_30min"]) * 1000
        else:
            events.append((at, int(row["power_w"])))
    return (total_wh if is_half_hours else integral_wh(events, minutes * 60)), minutes


def traces() -> dict[str, Events]:
    """The traced appliances by name: their days as change events."""
    days: dict[str, Events] = {}
    with (DATA / APPLIANCES).open(newline="") as file:
        for row in csv.DictReader(file):
            power_w = min(GLITCH_W, round(float(row["power_w"])))
            days.setdefault(row["appliance"], []).append((int(row["second_of_day"]), power_w))
    return days


def compare(chips: Sequence[str], days: int | None) -> Iterator[Comparison]:
    """Every file through every chip."""
    with tempfile.TemporaryDirectory(prefix="bijli-measured-") as folder:
        for chip in chips:
            yield appliances(traces(), chip, Path(folder) / f"{chip}-appliances")
            for number, source in enumerate(HOMES):
                yield home(source, chip, Path(folder) / f"{chip}-h{number}", days)


def main() -> None:
    """Print one JSON object a file and chip, and a last one that counts them."""
    parser = argparse.ArgumentParser(prog="python -m tools.measured", description=__doc__)
    parser.add_argument("--chip", choices=CHIPS, action="append", help="only this chip")
    parser.add_argument("--days", type=int, help="of each home at most so many days")
    arguments = parser.parse_args()
    if not DATA.exists():
        sys.exit(f"The measurements are not here: {DATA}")
    done = []
    for comparison in compare(arguments.chip or CHIPS, arguments.days):
        done.append(comparison)
        facts = asdict(comparison)
        facts["difference_wh"] = round(comparison.registered_wh - comparison.drawn_wh, 3)
        facts["within_resolution"] = comparison.is_within_resolution
        print(json.dumps(facts), flush=True)
    within = sum(comparison.is_within_resolution for comparison in done)
    print(json.dumps({"files": len(done), "within_resolution": within}))


if __name__ == "__main__":
    main()
