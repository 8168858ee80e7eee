"""The exhaustive power-cut run: every write of a story, torn in three ways, on every store.

`python -m simulator.cuts [--short] [--store NAME] [--only STORE:INDEX:MODEL]` prints JSON: how
many writes were tried, how many cuts, what was violated (which must be nothing). Processes share
the writes of a store among them; one index and model is one case, always the same. It must not
know what the story is nor how it is judged: `cut_story.py`, `cut_trial.py`, inside MicroPython.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from simulator import interpreter
from simulator.errors import SimulatorError

STORES = ("files", "files+fram", "partition", "partition+fram")
MODELS = ("nothing", "prefix", "mixed")
HEAP = "256m"
TIMEOUT_S = 3600
HARDWARE = interpreter.ROOT / "simulator/hardware"

Facts = dict[str, Any]


def run(
    stores: Sequence[str] = STORES,
    short: bool = False,
    every: int = 1,
    only: tuple[int, str] | None = None,
    processes: int | None = None,
) -> Facts:
    """Cut each store's story at every write (or every `every`th), or at `only` (index, model).

    Returns writes, cuts, violations and seconds, also by store. Raises SimulatorError.
    """
    began_s = time.monotonic()
    workers = 1 if only else processes or os.cpu_count() or 1
    parts = [
        {
            "store": store,
            "short": short,
            "first": worker * every,
            "step": workers * every,
            "only": [only[0], MODELS.index(only[1])] if only else None,
        }
        for store in stores
        for worker in range(workers)
    ]
    with ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(_run_part, parts))
    by_store = {store: _sum([r for r in results if r["store"] == store]) for store in stores}
    return {
        "writes": sum(facts["writes"] for facts in by_store.values()),
        "cuts": sum(facts["cuts"] for facts in by_store.values()),
        "models": list(MODELS),
        "violations": sum(len(facts["violations"]) for facts in by_store.values()),
        "seconds": round(time.monotonic() - began_s, 1),
        "stores": by_store,
    }


def _sum(parts: Sequence[Facts]) -> Facts:
    return {
        "writes": parts[0]["writes"],
        "cuts": sum(part["cuts"] for part in parts),
        "violations": [violation for part in parts for violation in part["violations"]],
    }


def _run_part(part: Facts) -> Facts:
    script = (
        f"import sys; sys.path.insert(0, {str(HARDWARE)!r})\n"
        f"from simulator import cut_trial\ncut_trial.main({json.dumps(part)!r})"
    )
    done = subprocess.run(
        [*interpreter.find().argv, "-X", f"heapsize={HEAP}", "-c", script],
        env={"MICROPYPATH": f"{interpreter.ROOT}:.frozen"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    if done.returncode != 0:
        raise SimulatorError(
            f"the cuts on {part['store']} ended early: {done.stdout}{done.stderr}"
        )
    facts: Facts = json.loads(done.stdout.splitlines()[-1])
    return facts


def main() -> None:
    """Run and print; the exit code tells whether anything was violated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="only the story's first part")
    parser.add_argument("--store", choices=STORES, action="append", help="by default all")
    parser.add_argument("--every", type=int, default=1, help="only every Nth write")
    parser.add_argument("--only", help="one case, STORE:INDEX:MODEL, such as files:17:mixed")
    options = parser.parse_args()
    stores, only = options.store or STORES, None
    if options.only:
        store, index, model = options.only.split(":")
        stores, only = [store], (int(index), model)
    facts = run(stores, options.short, options.every, only)
    print(json.dumps(facts, indent=2))
    sys.exit(1 if facts["violations"] else 0)


if __name__ == "__main__":
    main()
