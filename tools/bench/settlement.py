"""A utility of any size for the billing bench and its kill test: rows as the office leaves them.

Everything lies in January 2026: a signed reading at the month's begin and end of every meter. A
third of the consumers owe for earlier months. One seed, one utility.
"""

import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

MONTH = "2026-01"
PLANT_CONSUMERS = 90_000  # an id has room for 999 poles of 99
LOAD_W = 1_000
LATE_CHARGE_BP = 125
CHUNK = 20_000
TARIFF: dict[str, Any] = {
    "tables": [[None, True, [[50, 300], [150, 450], [300, 550], [None, 650]]]],
    "fixed_per_kw_paise": 11_000,
    "minimum_per_kw": [[None, 25_000]],
    "surcharge_bp": 238,
    "duty_bp": 500,
    "rebate_bp": 125,
}


def prepare() -> None:
    """Django, migrated, on the database that the environment names; the clock in February."""
    import os

    import django
    from django.core.management import call_command

    django.setup()
    Path(os.environ["BIJLI_CLOCK_FILE"]).write_text(str(_month().end_s + 3_600))
    call_command("migrate", verbosity=0, interactive=False)


def plant_codes(consumers: int) -> list[str]:
    """`AAAA`, `AAAB`, …: as many plants as so many consumers need."""
    return [_plant_code(plant) for plant in range(-(-consumers // PLANT_CONSUMERS))]


def _plant_code(plant: int) -> str:
    return f"AA{chr(65 + plant // 26)}{chr(65 + plant % 26)}"


def settle(consumers: int, say: Callable[[str], object]) -> None:
    """Fills the database; every table by COPY where it can."""
    from datetime import date

    from controller.consumers import services as consumers_services
    from controller.profile import services as profile
    from controller.tariffs import services as tariffs

    profile.change(name="late_charge_bp", value=LATE_CHARGE_BP, actor="bench")
    tariffs.add_tariff("BENCH", "Bench", actor="bench")
    tariffs.add_version("BENCH", date(2025, 1, 1), TARIFF, actor="bench")
    package = consumers_services.design_package(
        "B2.1", "FD", LOAD_W, tariff_code="BENCH", actor="bench"
    )
    for code in plant_codes(consumers):
        consumers_services.add_plant(code, "BH", code, actor="bench")
    for first in range(0, consumers, CHUNK):
        _settle_chunk(range(first, min(first + CHUNK, consumers)), package.pk)
        say(f"settled {min(first + CHUNK, consumers):,} of {consumers:,}")
    _set_sequences()


def use_wh(number: int) -> int:
    """What consumer `number` used in the month: many a little, few much."""
    return int(random.Random(number).lognormvariate(11.3, 0.8))  # noqa: S311 - a story


def overdue_paise(number: int) -> int:
    """What it owes from before: a third of them anything."""
    return (number * 7_919) % 90_000 + 1 if number % 3 == 0 else 0


def arrays() -> tuple[Any, Any]:
    """Use and arrears of all, as the database has them."""
    import numpy as np

    from controller.billing.models import Bill

    rows = Bill.objects.values_list("units_wh", "arrears_paise")
    table = np.fromiter(
        (value for row in rows.iterator(chunk_size=100_000) for value in row), np.int64
    )
    return table[0::2], table[1::2]


def _consumer_id(number: int) -> str:
    plant, place = divmod(number, PLANT_CONSUMERS)
    pole, connection = divmod(place, 99)
    return f"BH{_plant_code(plant)}{pole + 1:03d}{connection + 1:02d}"


def _settle_chunk(numbers: range, package_id: str) -> None:
    from django.db import transaction

    with transaction.atomic():
        for model, rows in _tables(numbers, package_id):
            _insert(model, rows)
        _owe(numbers)


def _insert(model: Any, rows: Iterable[dict[str, object]]) -> None:
    """Adds rows by what differs from the fields' defaults; all rows name the same fields."""
    from django.db import connection

    from controller.bulk import insert_rows

    fields = model._meta.concrete_fields
    waiting = iter(rows)
    first = next(waiting)
    chosen = [field for field in fields if field.column in first or not field.primary_key]
    plain = {
        field.column: field.get_db_prep_save(field.get_default(), connection)
        for field in chosen
        if field.column not in first
    }
    names = [*first, *plain]
    rest = tuple(plain.values())
    all_rows = itertools.chain([first], waiting)
    insert_rows(model, names, ((*row.values(), *rest) for row in all_rows))


def _tables(numbers: range, package_id: str) -> Iterator[tuple[Any, Iterator[dict[str, object]]]]:
    """Every table with its rows, in the order in which they refer to each other."""
    import json

    from controller.consumers import models as consumers
    from controller.fleet.models import Meter
    from controller.headend.models import Command
    from controller.tariffs.models import TariffVersion

    before_s = _month().start_s - 40 * 86_400
    record = json.dumps(TariffVersion.objects.get().record)
    ids = {n: _consumer_id(n) for n in numbers}
    yield (
        Meter,
        ({"id": _meter_id(n), "root_key_sealed": b"", "created_s": before_s} for n in numbers),
    )
    yield (
        consumers.Consumer,
        ({"id": ids[n], "plant_id": ids[n][2:6], "name": f"Consumer {n}"} for n in numbers),
    )
    yield consumers.Connection, (
        {"id": n + 1, "consumer_id": ids[n], "meter_id": _meter_id(n), "fitted_s": before_s,
         "pole": 1, "number": 1, "sanctioned_load_w": LOAD_W}
        for n in numbers
    )  # fmt: skip
    yield (
        consumers.Fitting,
        (
            {"id": n + 1, "connection_id": n + 1, "meter_id": _meter_id(n), "fitted_s": before_s}
            for n in numbers
        ),
    )
    yield Command, (
        {"id": f"{n:016x}", "meter_id": _meter_id(n), "position": 1, "name": "set_programme",
         "state": "applied", "issued_s": before_s, "not_before_s": 0, "expires_s": before_s,
         "next_send_s": 0, "actor": "bench", "arguments": "{}"}
        for n in numbers
    )  # fmt: skip
    yield consumers.PackageAssignment, (
        {"id": n + 1, "connection_id": n + 1, "meter_id": _meter_id(n), "package_id": package_id,
         "programme_version": 1, "programme": b"", "tariff_record": record, "opened_s": before_s,
         "activated_s": before_s, "command_id": f"{n:016x}", "state": "active",
         "assigned_s": before_s, "actor": "bench", "sanctioned_load_w": LOAD_W, "phases": 1}
        for n in numbers
    )  # fmt: skip
    yield from _readings(numbers)


def _readings(numbers: range) -> Iterator[tuple[Any, Iterator[dict[str, object]]]]:
    from controller.headend.models import SignedMessage
    from controller.readings.models import Reading

    month = _month()
    yield SignedMessage, (
        {"id": n + 1, "meter_id": _meter_id(n), "epoch": 1, "counter": 1, "kind": 2,
         "envelope": b"", "received_s": month.end_s}
        for n in numbers
    )  # fmt: skip
    ends = ((month.start_s, 0), (month.end_s, 1))
    yield Reading, (
        {"id": 2 * n + 1 + turn, "meter_id": _meter_id(n), "sequence": turn + 1, "end_s": end_s,
         "flags": 0, "energy_wh": wh, "rate0_wh": wh, "rate1_wh": 0, "rate2_wh": 0, "rate3_wh": 0,
         "power_w_max": 0, "voltage_v_min": 0, "voltage_v_max": 0, "supply_s": 900,
         "credit_mode": 0, "balance": 0, "programme_version": 1, "charged_total": 0,
         "message_id": n + 1}
        for n in numbers
        for end_s, turn in ends
        for wh in (1_000 + turn * use_wh(n),)
    )  # fmt: skip


def _month() -> Any:
    from controller.billing.rules import read_month

    return read_month(MONTH, 330)


def _meter_id(number: int) -> str:
    return f"M{number:07d}"


def _owe(numbers: range) -> None:
    """What is owed from before stands in the ledger."""
    from controller.ledger.bulk import NewEntry, post_many
    from controller.ledger.services import open_accounts

    owing = {_consumer_id(n): overdue_paise(n) for n in numbers if overdue_paise(n)}
    ids = open_accounts(["income:energy", *(f"consumer:{name}" for name in owing)])
    income = ids["income:energy"]
    entries = [
        NewEntry(f"opening:{name}", "Owed from before", [(ids[f"consumer:{name}"], income, paise)])
        for name, paise in owing.items()
    ]
    post_many(kind="opening", entries=entries, actor="bench")


def _set_sequences() -> None:
    """Keys were given: the database's own counting goes on behind them, its statistics are new."""
    from django.core.management.color import no_style
    from django.db import connection

    from controller.consumers.models import Connection, Fitting, PackageAssignment
    from controller.headend.models import SignedMessage
    from controller.readings.models import Reading

    models = [Connection, Fitting, PackageAssignment, SignedMessage, Reading]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
        cursor.execute("ANALYZE")
