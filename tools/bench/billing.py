"""How many bills a second a month's run makes, against bare arithmetic and a bare COPY.

A utility is settled in a throw-away PostgreSQL: consumers with two signed readings each, one
telescopic tariff with fixed charge, duty, surcharge, minimum and rebate, and arrears that carry
a late charge. The run is the real one, in worker processes. Baselines of the same run: (a) the
same arithmetic vectorised, without a database; (b) the same rows by COPY into the same tables.
"""

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools import postgres
from tools.bench import settlement

WORKERS = 2
POLL_S = 2.0
BARE = "bijli_bare"
BLOCK_BYTES = 1 << 20
# What a run makes, in the order of its references, with a key that rises.
TABLES = {
    "ledger_account": "id",
    "billing_bill": "number",
    "ledger_entry": "id",
    "ledger_transfer": "entry_id",
}
Facts = dict[str, Any]


def measure(consumers: int, say: Any = print) -> Facts:
    """Settle, bill, compare; JSON facts. `say` is told how far it is."""
    with postgres.server() as url, tempfile.TemporaryDirectory(prefix="bijli-bench-") as home:
        environment = {
            **os.environ,
            "BIJLI_HOME": home,
            "BIJLI_DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "controller.settings",
            "BIJLI_CLOCK_FILE": str(Path(home) / "clock"),
        }
        os.environ.update(environment)
        settlement.prepare()
        settled_s = _timed(lambda: settlement.settle(consumers, say))
        facts = _run(consumers, environment, say)
        arithmetic_s = _vectorised()
        bare_s = _bare_insert(Path(home))
        baseline_s = arithmetic_s + bare_s
        return facts | {
            "settled_s": round(settled_s, 1),
            "arithmetic_s": round(arithmetic_s, 3),
            "bare_insert_s": round(bare_s, 1),
            "ratio_to_baseline": round(facts["run_s"] / baseline_s, 2),
        }


def _timed(do: Any) -> float:
    began_s = time.monotonic()
    do()
    return time.monotonic() - began_s


def _run(consumers: int, environment: dict[str, str], say: Any) -> Facts:
    """The run itself: workers beside each other, until every period is closed."""
    from controller.billing import runs
    from controller.billing.models import Bill

    began_s = time.monotonic()
    run = runs.start_run(
        plants=settlement.plant_codes(consumers), month=settlement.MONTH, actor="bench"
    )
    started_s = time.monotonic() - began_s
    _copy_database(BARE)
    began_s = time.monotonic() - started_s
    command = [sys.executable, "-m", "controller.billing", str(run.pk)]
    with _workers(command, environment) as workers:
        while any(worker.poll() is None for worker in workers):
            time.sleep(POLL_S)
            say(f"{runs.done_connections(run.pk):,} of {consumers:,} bills")
    run_s = time.monotonic() - began_s
    bills = Bill.objects.count()
    peak_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert bills == consumers, f"{bills} bills for {consumers} consumers"
    return {
        "bills": bills,
        "workers": WORKERS,
        "run_s": round(run_s, 1),
        "bills_per_s": round(bills / run_s),
        "peak_mib": round(peak_kib / 1024, 1),
    }


@contextlib.contextmanager
def _workers(command: list[str], environment: dict[str, str]) -> Iterator[list[Any]]:
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        for _ in range(WORKERS)
    ]
    try:
        yield started
        assert not any(worker.wait() for worker in started), "a worker failed"
    finally:
        for worker in started:
            worker.kill()
            worker.wait()


def _vectorised() -> float:
    """Seconds of the whole month's arithmetic on arrays, whose totals must be the run's."""
    import numpy as np

    from controller.billing.models import Bill

    use_wh, overdue_paise = settlement.arrays()
    began_s = time.monotonic()
    total = int(_rate(np, use_wh, overdue_paise).sum())
    elapsed_s = time.monotonic() - began_s
    stored = sum(Bill.objects.values_list("total_paise", flat=True).iterator())
    assert total == stored, f"the arrays give {total} paise, the bills {stored}"
    return elapsed_s


def _rate(np: Any, use_wh: Any, overdue_paise: Any) -> Any:
    """Each line rounded half up, as `protocol.rating` does (docs/rating.md)."""
    record = settlement.TARIFF
    energy = np.zeros_like(use_wh)
    lower = 0
    for upper_units, price in record["tables"][0][2]:
        upper = np.iinfo(np.int64).max if upper_units is None else upper_units * 1000
        energy += (np.clip(use_wh, lower, upper) - lower) * price * 2 // 1000 + 1 >> 1
        lower = upper
    load_w = settlement.LOAD_W
    fixed = (load_w * record["fixed_per_kw_paise"] * 2 // 1000 + 1) // 2
    surcharge = (energy * record["surcharge_bp"] * 2 // 10_000 + 1) // 2
    duty = (energy * record["duty_bp"] * 2 // 10_000 + 1) // 2
    bill = energy + fixed + surcharge + duty
    minimum = load_w * record["minimum_per_kw"][0][1] // 1000
    bill = np.maximum(bill, minimum)
    rebate = (bill * record["rebate_bp"] * 2 // 10_000 + 1) // 2
    late = (overdue_paise * settlement.LATE_CHARGE_BP * 2 // 10_000 + 1) // 2
    return bill - rebate + late


# --- the bare insert ------------------------------------------------------------------------


def _copy_database(name: str) -> None:
    """The utility as it is before the run, for the bare insert of what the run makes."""
    from django.db import connection
    from psycopg.sql import SQL, Identifier

    own = connection.settings_dict["NAME"]
    connection.close()
    with _maintenance() as cursor:
        cursor.execute(
            SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(own))
        )


@contextlib.contextmanager
def _maintenance(name: str = "postgres") -> Iterator[Any]:
    import psycopg
    from django.db import connection

    settings = connection.settings_dict
    options = settings["OPTIONS"] | {"host": settings["HOST"], "user": settings["USER"]}
    with psycopg.connect(dbname=name, autocommit=True, **options) as own:
        yield own.cursor()


def _bare_insert(home: Path) -> float:
    """Seconds to COPY the rows that the run made into the same tables of the copied database."""
    from django.db import connection
    from psycopg.sql import SQL, Identifier, Literal

    with _maintenance(BARE) as cursor:
        known = {table: _highest(cursor, table, key) for table, key in TABLES.items()}
    with _maintenance(connection.settings_dict["NAME"]) as cursor:
        for table, key in TABLES.items():
            rows = SQL("COPY (SELECT * FROM {} WHERE {} > {}) TO STDOUT").format(
                Identifier(table), Identifier(key), Literal(known[table])
            )
            with (home / table).open("wb") as file, cursor.copy(rows) as copy:
                for block in copy:
                    file.write(block)
    with _maintenance(BARE) as cursor:
        began_s = time.monotonic()
        for table in TABLES:
            command = SQL("COPY {} FROM STDIN").format(Identifier(table))
            with (home / table).open("rb") as file, cursor.copy(command) as copy:
                while block := file.read(BLOCK_BYTES):
                    copy.write(block)
        return time.monotonic() - began_s


def _highest(cursor: Any, table: str, key: str) -> object:
    from psycopg.sql import SQL, Identifier

    cursor.execute(SQL("SELECT max({}) FROM {}").format(Identifier(key), Identifier(table)))
    highest = cursor.fetchone()[0]
    return highest or (0 if table != "billing_bill" else "")
