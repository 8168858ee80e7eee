"""Makes the load profiles that are shipped in `simulator/profiles`, with RAMP (PyPI `rampdemand`).

Rural households and a shop as we describe them here, by the minute, for one week, from a fixed
seed. RAMP is heavy and needed only to make them anew: `pip install rampdemand`, then
`python -m tools.ramp_profiles`.
"""

import csv
import gzip
import io
from datetime import datetime, timedelta
from pathlib import Path

from ramp import UseCase, User

SEED = 20_260_105
START = datetime(2026, 1, 5)  # noqa: DTZ001 (a Monday, in the local time of the homes)
DAYS = 7
FOLDER = Path(__file__).resolve().parent.parent / "simulator/profiles"

# Name: rows of (thing, how many, W, minutes of use a day, shortest use in minutes, share that
# varies, windows of the day in minutes).
EVENING = (17 * 60 + 30, 23 * 60)
MORNING = (5 * 60, 7 * 60 + 30)
DAYTIME = (9 * 60, 17 * 60)
ALWAYS = (0, 1440)
HOMES = {
    "low": [
        ("lamp", 3, 7, 300, 20, 0.2, [MORNING, EVENING]),
        ("phone charger", 1, 5, 150, 30, 0.3, [EVENING]),
        ("fan", 1, 45, 240, 30, 0.3, [(12 * 60, 16 * 60), (20 * 60, 24 * 60)]),
    ],
    "middle": [
        ("lamp", 5, 9, 330, 20, 0.2, [MORNING, EVENING]),
        ("phone charger", 2, 5, 180, 30, 0.3, [EVENING]),
        ("fan", 2, 60, 420, 30, 0.3, [(0, 5 * 60), (11 * 60, 24 * 60)]),
        ("television", 1, 70, 200, 30, 0.2, [(18 * 60, 23 * 60)]),
        ("mixer", 1, 450, 12, 3, 0.3, [MORNING, (17 * 60, 20 * 60)]),
    ],
    "high": [
        ("lamp", 8, 9, 360, 20, 0.2, [MORNING, EVENING]),
        ("phone charger", 3, 5, 200, 30, 0.3, [EVENING]),
        ("fan", 3, 65, 600, 30, 0.3, [(0, 6 * 60), (10 * 60, 24 * 60)]),
        ("television", 1, 90, 300, 30, 0.2, [(12 * 60, 14 * 60), (17 * 60, 23 * 60)]),
        ("refrigerator", 1, 120, 600, 15, 0.1, [ALWAYS]),
        ("iron", 1, 750, 15, 5, 0.4, [(7 * 60, 10 * 60)]),
        ("water pump", 1, 550, 35, 10, 0.3, [(6 * 60, 8 * 60), (16 * 60, 18 * 60)]),
    ],
    "shop": [
        ("lamp", 6, 12, 270, 30, 0.1, [(17 * 60, 22 * 60)]),
        ("fan", 2, 65, 480, 60, 0.2, [(9 * 60, 21 * 60)]),
        ("refrigerator", 1, 180, 720, 15, 0.1, [ALWAYS]),
        ("flour mill", 1, 1500, 60, 10, 0.4, [DAYTIME]),
        ("scales and till", 1, 25, 600, 120, 0.1, [(8 * 60, 21 * 60)]),
    ],
}


def simulate(name: str) -> list[int]:
    """Power in W for each minute of the week in the home called `name`."""
    user = User(name, 1)
    for thing, number, power_w, minutes, shortest, varies, windows in HOMES[name]:
        appliance = user.add_appliance(
            number=number, power=power_w, func_time=minutes, func_cycle=shortest,
            time_fraction_random_variability=varies, num_windows=len(windows), name=thing,
        )  # fmt: skip
        named = {f"window_{at}": list(window) for at, window in enumerate(windows, start=1)}
        appliance.windows(random_var_w=0.2, **named)
    last = START + timedelta(days=DAYS - 1)
    case = UseCase(
        users=[user], date_start=f"{START:%Y-%m-%d}", date_end=f"{last:%Y-%m-%d}",
        random_seed=SEED + list(HOMES).index(name),
    )  # fmt: skip
    return [round(power_w) for power_w in case.generate_daily_load_profiles(flat=True)]


def write(name: str, powers_w: list[int]) -> None:
    """Write one profile; the same powers make the same file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("timestamp_local", "power_w"))
    previous_w = None
    for minute, power_w in enumerate(powers_w):
        if power_w != previous_w or minute == len(powers_w) - 1:  # a gap holds the last value
            writer.writerow((START + timedelta(minutes=minute), power_w))
        previous_w = power_w
    with (FOLDER / f"{name}.csv.gz").open("wb") as file:
        file.write(gzip.compress(text.getvalue().encode(), mtime=0))


def main() -> None:
    """Write all profiles, and print what each uses."""
    FOLDER.mkdir(exist_ok=True)
    for name in HOMES:
        powers_w = simulate(name)
        write(name, powers_w)
        print(f"{name}: {sum(powers_w) / 60_000 / DAYS:.2f} kWh a day, at most {max(powers_w)} W")


if __name__ == "__main__":
    main()
