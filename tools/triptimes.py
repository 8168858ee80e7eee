"""How long an overload lasts until the relay opens, by metering chip, beside an ideal relay.

`python -m tools.triptimes` runs the whole real firmware in simulated houses and writes
docs/trip-times.csv, .svg and .md. It must not know how the firmware decides.
"""

import argparse
import csv
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from simulator.fleet import House
from simulator.plant import chips
from tools.folders import ROOT
from tools.tripchart import draw

START_S = 200_000_000
LIMIT_W = 500  # of the programme that a board has without a controller
BANDS = ((105, 60), (125, 10), (150, 3), (200, 0))  # percent and seconds of that programme
PERCENTS = (
    102, 104, 105, 106, 110, 115, 120, 124, 125, 126, 130, 140, 149, 150, 151, 160, 175, 190, 199,
    200, 201, 220, 250, 300, 350, 400,
)  # fmt: skip
BASE_W = 100  # before the step
OFFSETS_MS = (10, 180, 350, 520, 690, 860)  # of the step, after a whole second
SEEDS = (3, 4)  # of the house: when in a second its chip samples
PULSE_MS = 60  # the contacts move when the coil's pulse ends (simulator/plant/relay.py)
LONGEST_S = 10  # beyond the ideal
NEVER_S = 90  # where it never opens
TRIPS_MAX = 3  # one more within half an hour is a lockout
FORGOTTEN_S = 1_830  # after which an old trip no longer counts towards a lockout
LATENCY_MS_MAX = 20  # from the sample that decides to the coil

PAGE = """# Trip times

Made by `python -m tools.triptimes`: the whole firmware in simulated houses, a step from {base} W
to a load in percent of the limit of {limit} W, until the relay's contacts open; 12 steps of each
size, spread over the second and over the chip's own. All in virtual seconds, the coil's pulse of
60 ms included.
Ideal: a relay that sees everything at once and keeps to the bands (105 %, 60 s; 125 %, 10 s;
150 %, 3 s; 200 %, at once). Data: [trip-times.csv](trip-times.csv).

![load and time to open](trip-times.svg)

From the sample that decides to the current in the coil: at most {latency} ms (allowed: {most} ms).

| chip | opens later than ideal by, s |
|---|---|
"""


@dataclass(frozen=True)
class Trial:
    """One step of the load: `opened_s` is None when the relay stayed closed."""

    chip: str
    percent: int
    opened_s: float | None
    latency_ms: int


def ideal_s(percent: float) -> float | None:
    """When a relay opens that sees everything at once; None: never."""
    return min((seconds for over, seconds in BANDS if percent >= over), default=None)


def measure(
    chip: str, percents: Iterable[int], offsets_ms: Sequence[int], seed: int, folder: Path
) -> list[Trial]:
    """Live through a step of every size at every offset, in one house."""
    house = House(folder, "TRIP1", bytes(32), 1, seed, START_S, chip=chip, hold_ms=1)
    house.start()
    try:
        house.run_until(START_S + 90)
        trials: list[Trial] = []
        for percent in percents:
            for offset_ms in offsets_ms:
                trials.append(_try(house, chip, percent, offset_ms))
                if sum(trial.opened_s is not None for trial in trials) % TRIPS_MAX == 0:
                    house.run_until(house.now_s + FORGOTTEN_S)
        return trials
    finally:
        house.kill()


def _try(house: House, chip: str, percent: int, offset_ms: int) -> Trial:
    """One step in a house that has supply; afterwards it has supply again."""
    load_w = LIMIT_W * percent // 100
    began_s = house.now_s
    house.act(appliance="load", power_w=load_w, inrush_w=BASE_W, inrush_ms=offset_ms)
    ideal = ideal_s(percent)
    house.run_until(began_s + (NEVER_S if ideal is None else int(ideal) + LONGEST_S))
    facts = house.observe()
    house.act(appliance="load", power_w=0)
    pulse = facts["pulse"]
    if facts["relay_closed"]:
        return Trial(chip, percent, None, 0)
    opened_ms = (pulse["second"] - began_s) * 1000 + pulse["ms"] + PULSE_MS - offset_ms
    house.run_until(house.now_s + 15)  # the wait after a trip
    house.act(button=True)
    house.run_until(house.now_s + 5)
    return Trial(chip, percent, opened_ms / 1000, pulse["after_sample_ms"])


def measure_all(
    names: Iterable[str], percents: Sequence[int], offsets_ms: Sequence[int], seeds: Sequence[int]
) -> list[Trial]:
    """Measure every chip in a house of every seed."""
    trials = []
    with tempfile.TemporaryDirectory(prefix="bijli-trips-") as folder:
        for name in names:
            for seed in seeds:
                place = Path(folder) / f"{name}-{seed}"
                trials += measure(name, percents, offsets_ms, seed, place)
    return trials


def table(trials: Sequence[Trial]) -> list[dict[str, object]]:
    """One row a chip and step: earliest, middle and latest opening, beside the ideal."""
    rows = []
    for chip, percent in dict.fromkeys((trial.chip, trial.percent) for trial in trials):
        own = [trial for trial in trials if (trial.chip, trial.percent) == (chip, percent)]
        opened = [trial.opened_s for trial in own if trial.opened_s is not None]
        rows.append({
            "chip": chip,
            "load_percent": percent,
            "trials": len(own),
            "opened": len(opened),
            "ideal_s": "" if ideal_s(percent) is None else ideal_s(percent),
            "earliest_s": min(opened, default=""),
            "median_s": round(median(opened), 3) if opened else "",
            "latest_s": max(opened, default=""),
            "latency_ms_max": max((trial.latency_ms for trial in own), default=0),
        })  # fmt: skip
    return rows


def lags(rows: Sequence[dict[str, object]], chip: str) -> tuple[float, float]:
    """The least and the most by which `chip` opened later than the ideal relay, s."""
    late = [
        float(str(row[key])) - float(str(row["ideal_s"]))
        for row in rows if row["chip"] == chip and row["opened"]
        for key in ("earliest_s", "latest_s")
    ]  # fmt: skip
    return min(late), max(late)


def report(rows: Sequence[dict[str, object]]) -> str:
    """The page of the docs."""
    names = list(dict.fromkeys(str(row["chip"]) for row in rows))
    latency_ms = max(int(str(row["latency_ms_max"])) for row in rows)
    text = PAGE.format(base=BASE_W, limit=LIMIT_W, latency=latency_ms, most=LATENCY_MS_MAX)
    for name in names:
        least, most = lags(rows, name)
        text += f"| {name} | {least:.2f} to {most:.2f} |\n"
    text += "\nEarliest to latest, s; – : stays closed.\n\n"
    text += f"| load % | ideal | {' | '.join(names)} |\n|---|---|{'---|' * len(names)}\n"
    for percent in dict.fromkeys(row["load_percent"] for row in rows):
        own = {str(row["chip"]): row for row in rows if row["load_percent"] == percent}
        ideal = ideal_s(float(str(percent)))
        cells = " | ".join(_span(own[name]) for name in names)
        text += f"| {percent} | {'–' if ideal is None else ideal} | {cells} |\n"
    return text


def _span(row: dict[str, object]) -> str:
    if not row["opened"]:
        return "–"
    return f"{float(str(row['earliest_s'])):.2f} … {float(str(row['latest_s'])):.2f}"


def main() -> None:
    """Measure and write the three files."""
    parser = argparse.ArgumentParser(prog="python -m tools.triptimes", description=__doc__)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="folder to write to")
    arguments = parser.parse_args()
    rows = table(measure_all(chips.NAMES, PERCENTS, OFFSETS_MS, SEEDS))
    with (arguments.docs / "trip-times.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (arguments.docs / "trip-times.svg").write_text(draw(rows, ideal_s))
    (arguments.docs / "trip-times.md").write_text(report(rows))
    print(report(rows))


if __name__ == "__main__":
    main()
