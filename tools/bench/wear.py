"""How long the flash lasts: writes and erases of every block, by store. Prints JSON.

`python -m tools.bench.wear [--days 60]`. The real stores on the 32-bit interpreter,
over NOR flash that counts; a block is worn by erases, and the one that is erased most decides.
Page: docs/memory.md.
"""

import argparse
import json
import subprocess
from typing import Any

from simulator import interpreter
from simulator.errors import SimulatorError

RATED_CYCLES = 100_000  # erases of a block, as makers of serial NOR flash rate it
YEAR_DAYS = 365
BLOCKS = {"files": 384, "partition": 256}  # 1.5 MB of littlefs, 1 MB of ring
HARDWARE = interpreter.ROOT / "simulator/hardware"

Facts = dict[str, Any]


def run(days: int = 60) -> Facts:
    """Measure each store over so many days of a ledger write a minute. Raises SimulatorError."""
    return {
        "ledger_writes_per_day": 1440,
        "rated_cycles": RATED_CYCLES,
        "days": days,
        "stores": {store: measure(store, days) for store in BLOCKS},
    }


def measure(store: str, days: int) -> Facts:
    """Wear a simulated year, and the years until the block erased most is worn."""
    counts = _live(store, days)
    erases, writes = counts["erases"], counts["writes"]
    per_year = YEAR_DAYS / days
    most = max(erases) * per_year
    return {
        "blocks": len(erases),
        "erases_per_year_max": round(most),
        "erases_per_year_mean": round(sum(erases) / len(erases) * per_year),
        "writes_per_year_max": round(max(writes) * per_year),
        "writes_per_year": round(sum(writes) * per_year),
        "blocks_never_erased": erases.count(0),
        "years_until_worn": round(RATED_CYCLES / most, 1),
    }


def _live(store: str, days: int) -> Facts:
    asked = json.dumps({"store": store, "days": days, "blocks": BLOCKS[store]})
    script = (
        f"import sys; sys.path.insert(0, {str(HARDWARE)!r})\n"
        f"from tools.bench import wear_chip\nwear_chip.main({asked!r})"
    )
    done = subprocess.run(
        [*interpreter.find().argv, "-X", "heapsize=64m", "-c", script],
        env={"MICROPYPATH": f"{interpreter.ROOT}:.frozen"},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise SimulatorError(f"the wear of {store} was not measured: {done.stdout}{done.stderr}")
    counts: Facts = json.loads(done.stdout)
    return counts


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=60, help="simulated days for each store")
    print(json.dumps(run(parser.parse_args().days), indent=2))


if __name__ == "__main__":
    main()
