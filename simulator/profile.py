"""Turns a CSV of measurements into the stream of loads that a simulated house draws.

Two forms are told apart by their columns (docs/simulator.md): measured power by the minute or so,
and energy by the half hour with the share of it that had mains. It must not know houses or boards.
"""

import contextlib
import csv
import gzip
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

from simulator.errors import ProfileError
from simulator.plant.loads import DAY_S, HEADER, MAGIC, NO_MAINS, RECORD

STEP_S = 60
DAY_MINUTES = DAY_S // STEP_S
DAYS_MAX = 400
POWER_W_MAX = 60_000
VOLTAGE_V_MAX = 500
HALF_HOUR_MINUTES = 30
SHIPPED = Path(__file__).resolve().parent / "profiles"
MEASURED_COLUMNS = ("timestamp_local", "power_w")
HALF_HOUR_COLUMNS = (
    "timestamp_local", "meter", "energy_kwh_30min", "supply_fraction", "voltage_v_when_on"
)  # fmt: skip


@dataclass(frozen=True)
class Profile:
    """One-minute records (W, var, 0.1 V) over whole days from local time `start`; their meter."""

    start: datetime
    records: list[tuple[int, int, int]]
    meter: str | None = None

    @property
    def days(self) -> int:
        """How many days the records fill; always whole ones."""
        return len(self.records) // DAY_MINUTES

    def from_day(self, number: int) -> "Profile":
        """The same profile begun `number` days later; it wraps around."""
        first = number % self.days * DAY_MINUTES
        return replace(self, records=self.records[first:] + self.records[:first])

    @property
    def outage_minutes(self) -> int:
        """How many minutes of them have no mains."""
        return sum(voltage_dv == NO_MAINS for _, _, voltage_dv in self.records)

    def write(self, destination: Path) -> None:
        """Write the binary stream that `simulator.plant.loads` reads."""
        first_s = self.start.hour * 3600 + self.start.minute * 60
        with destination.open("wb") as file:
            file.write(struct.pack(HEADER, MAGIC, STEP_S, 0, first_s))
            file.writelines(struct.pack(RECORD, *record) for record in self.records)


@dataclass
class Minute:
    """What the rows of one minute add up to."""

    rows: int = 0
    power_w: float = 0
    reactive_var: float = 0
    voltage_v: float = 0
    mains: bool = True

    def record(self) -> tuple[int, int, int]:
        """(W, var, 0.1 V): the means of its rows."""
        if not self.mains:
            return (0, 0, NO_MAINS)
        return (
            round(self.power_w / self.rows),
            round(self.reactive_var / self.rows),
            round(self.voltage_v * 10 / self.rows),
        )


@dataclass
class Minutes:
    """Rows by minute since the first; later rows may not be earlier."""

    start: datetime | None = None
    by_number: dict[int, Minute] = field(default_factory=dict)
    latest: datetime | None = None

    def number(self, moment: datetime, row: "Row") -> int:
        """The number of the minute of `moment`. Raises ProfileError for a step back in time."""
        if self.start is None:
            self.start = moment.replace(second=0, microsecond=0)
        if self.latest is not None and moment <= self.latest:
            raise row.error("timestamp_local", "later than the row before it")
        self.latest = moment
        return int((moment - self.start) / timedelta(seconds=STEP_S))

    def profile(self, meter: str | None) -> Profile:
        """Whole days; a gap holds the load before it, with mains on."""
        assert self.start is not None
        count = math.ceil((max(self.by_number) + 1) / DAY_MINUTES) * DAY_MINUTES
        records = []
        held = (0, 0, 0)
        for number in range(count):
            minute = self.by_number.get(number)
            record = minute.record() if minute else held
            records.append(record)
            if record[2] != NO_MAINS:
                held = record
        return Profile(self.start, records, meter)


@dataclass(frozen=True)
class Row:
    """One row of the file, with its number for messages."""

    file: str
    number: int
    values: dict[str, str]

    def error(self, column: str, wanted: str) -> ProfileError:
        """The error that this row's `column` is not what it must be."""
        value = self.values.get(column)
        return ProfileError(
            f"{self.file} row {self.number}: {column} is {value!r}, but must be {wanted}"
        )

    def moment(self) -> datetime:
        """The row's local time. Raises ProfileError."""
        try:
            return datetime.fromisoformat(self.values["timestamp_local"].strip())
        except (ValueError, AttributeError):
            raise self.error("timestamp_local", "like 2026-01-31 18:05:00") from None

    def amount(self, column: str, low: float, high: float, empty: float | None = None) -> float:
        """The number in `column`; `empty` stands for a missing one, where that is allowed.

        Raises ProfileError for anything but a number from `low` to `high`.
        """
        text = self.values.get(column)
        if empty is not None and not (text and text.strip()):
            return empty
        try:
            amount = float(text or "")
        except ValueError:
            raise self.error(column, "a number") from None
        if not low <= amount <= high:
            raise self.error(column, f"between {low:g} and {high:g}")
        return amount


def shipped(name: str) -> Path:
    """The profile made by `tools/ramp_profiles.py` called `name`. Raises ProfileError."""
    path = SHIPPED / f"{name}.csv.gz"
    if not path.exists():
        names = ", ".join(sorted(path.name.split(".")[0] for path in SHIPPED.glob("*.csv.gz")))
        raise ProfileError(f"there is no profile {name!r}; choose one of {names}, or give a file")
    return path


def read(source: str | Path) -> Profile:
    """Read `FILE` or `FILE#METER` (.csv or .csv.gz). Raises ProfileError."""
    path, _, meter = str(source).partition("#")
    with _open(path) as file:
        return _read(file, path, meter or None)


def meters(source: str | Path) -> list[str]:
    """The meters of a file that has a column for them, in their order there; none otherwise.

    Raises ProfileError.
    """
    with _open(str(source).partition("#")[0]) as file:
        names = (row.get("meter") for row in csv.DictReader(file))
        return list(dict.fromkeys(name for name in names if name))


@contextlib.contextmanager
def _open(path: str) -> Iterator[TextIO]:
    """The text of a CSV; what goes wrong at it within the block becomes a ProfileError."""
    open_text = gzip.open if path.endswith(".gz") else open
    try:
        with open_text(path, "rt", encoding="utf-8-sig", newline="") as file:
            yield file
    except OSError as error:
        raise ProfileError(f"profile {path} cannot be read: {error.strerror or error}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ProfileError(f"profile {path} is not a CSV in UTF-8: {error}") from None


def _read(file: TextIO, name: str, meter: str | None) -> Profile:
    reader = csv.DictReader(file)
    columns = reader.fieldnames or []
    rows = (Row(name, number, values) for number, values in enumerate(reader, start=2))
    if "energy_kwh_30min" in columns:
        _require(HALF_HOUR_COLUMNS, columns, name)
        return _from_half_hours(rows, name, meter)
    _require(MEASURED_COLUMNS, columns, name)
    if meter is not None:
        raise ProfileError(f"profile {name} holds no meter {meter!r}: leave #{meter} out")
    return _from_measurements(rows, name)


def _require(wanted: tuple[str, ...], columns: object, name: str) -> None:
    present = list(columns) if isinstance(columns, (list, tuple)) else []
    missing = [column for column in wanted if column not in present]
    if missing:
        raise ProfileError(
            f"profile {name} has no column {', '.join(missing)}; "
            f"it has {', '.join(present) or 'none'}. "
            f"Wanted: {', '.join(MEASURED_COLUMNS)} (and reactive_var, voltage_v), "
            f"or {', '.join(HALF_HOUR_COLUMNS)}"
        )


def _from_measurements(rows: Iterator[Row], name: str) -> Profile:
    minutes = Minutes()
    for row in rows:
        number = minutes.number(row.moment(), row)
        if number >= DAYS_MAX * DAY_MINUTES:
            break
        minute = minutes.by_number.setdefault(number, Minute())
        minute.rows += 1
        minute.power_w += row.amount("power_w", 0, POWER_W_MAX)
        minute.reactive_var += abs(row.amount("reactive_var", -POWER_W_MAX, POWER_W_MAX, empty=0))
        minute.voltage_v += row.amount("voltage_v", 0, VOLTAGE_V_MAX, empty=0)
    return _filled(minutes, name).profile(None)


def _from_half_hours(rows: Iterator[Row], name: str, meter: str | None) -> Profile:
    minutes = Minutes()
    meters = set()
    for row in rows:
        meters.add(row.values["meter"])
        meter = meter or row.values["meter"]
        if row.values["meter"] != meter:
            continue
        number = minutes.number(row.moment(), row)
        if number >= DAYS_MAX * DAY_MINUTES:
            break
        _spread(minutes, number, row)
    if meters and meter not in meters:
        raise ProfileError(
            f"profile {name} holds no meter {meter!r}; it holds {', '.join(sorted(meters))}"
        )
    return _filled(minutes, name).profile(meter)


def _spread(minutes: Minutes, number: int, row: Row) -> None:
    """One half hour: its energy evenly over its minutes with mains, then the outage."""
    supplied = round(row.amount("supply_fraction", 0, 1) * HALF_HOUR_MINUTES)
    energy_kwh = row.amount("energy_kwh_30min", 0, POWER_W_MAX / 2000)
    voltage_v = row.amount("voltage_v_when_on", 0, VOLTAGE_V_MAX, empty=0)
    power_w = min(POWER_W_MAX, energy_kwh * 60_000 / supplied) if supplied else 0
    for offset in range(HALF_HOUR_MINUTES):
        minutes.by_number[number + offset] = Minute(1, power_w, 0, voltage_v, offset < supplied)


def _filled(minutes: Minutes, name: str) -> Minutes:
    if not minutes.by_number:
        raise ProfileError(f"profile {name} has no rows")
    return minutes
