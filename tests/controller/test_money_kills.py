"""Workers that are killed: before every statement that writes, and real processes by SIGKILL."""

import json
import os
import random
import subprocess
import sys
import time
from urllib.parse import quote

import pytest

from tests.controller import till
from tests.controller.killing import killed_at
from tests.controller.payday import JOBS
from tests.controller.till import OFFICE

ROUNDS = 2
WAIT_S = 60  # far beyond what is needed; a slow machine must not fail


NOW_S = 200_000_000
STATEMENTS_MAX = 200  # more than any of the commands below takes


@pytest.fixture
def tills(board, clock):
    from controller.vouchers import services as vouchers

    till.open_tills()
    till.supply_by_tariff()
    vouchers.add_key(supply_group="123457", revision=1, base_year=2014, **OFFICE)


def recharge_at_the_counter() -> None:
    till.recharge()


def recharge_by_callback() -> None:
    from controller.payments import services

    order = till.order(paise=50_000, purpose="recharge")
    till.call(till.body_of(payment="pay-1", order=order.pk, amount_paise=50_000), NOW_S)
    services.process_callbacks()


def books() -> dict:
    """What counts: money, credit and what was handed out; the ids are random."""
    from controller.headend.models import Command
    from controller.ledger.queries import trial_balance
    from controller.payments.models import Callback, Payment, PaymentOrder
    from controller.payments.queries import receipt_gaps
    from controller.prepay.models import Purchase
    from controller.vouchers.models import Voucher

    purchase = Purchase.objects.get()
    return {
        "trial": trial_balance(),
        "payment": Payment.objects.get().receipt_number,
        "gaps": receipt_gaps(),
        "lines": till.lines(purchase),
        "voucher": Voucher.objects.get().pk == purchase.pk,
        "command": Command.objects.get(name="credit").arguments["0"]["hex"] == purchase.pk,
        "orders": list(PaymentOrder.objects.values_list("state", flat=True)),
        "callbacks": list(Callback.objects.values_list("outcome", flat=True)),
        "tasks": till.open_tasks(),
    }


@pytest.mark.parametrize("do", [recharge_at_the_counter, recharge_by_callback])
def test_killed_before_any_write_and_begun_again_it_is_done_once(tills, do):
    """Wherever the worker dies, the same request again leaves exactly what one would have."""
    from django.db import transaction

    with transaction.atomic():
        do()
        wanted = books()
        transaction.set_rollback(True)
    for statement in range(1, STATEMENTS_MAX):
        with transaction.atomic():
            with killed_at(statement) as worker:
                do()
            do()
            assert books() == wanted, statement
            transaction.set_rollback(True)
        if worker.lived:
            return
    pytest.fail("it takes more statements than were tried")


@pytest.fixture
def environment(transactional_db, tmp_path):
    """The test's PostgreSQL database; on SQLite, whose test database is in memory, its own."""
    from django.db import connection

    url = ""
    if connection.vendor == "postgresql":
        at = connection.settings_dict
        url = f"postgresql://{at['USER']}@/{at['NAME']}?host={quote(at['HOST'], safe='/')}"
    clock = tmp_path / "clock"
    clock.write_text("200000000")
    return {
        **os.environ,
        "BIJLI_HOME": str(tmp_path / "home"),
        "BIJLI_DATABASE_URL": url,
        "BIJLI_CLOCK_FILE": str(clock),
        "BIJLI_LOG": "ERROR",
    }


def program(*words: str) -> list[str]:
    return [sys.executable, "-m", "tests.controller.payday", *words]


def run(environment, *words: str) -> str:
    done = subprocess.run(
        program(*words), env=environment, capture_output=True, text=True, timeout=WAIT_S * 2
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_processes_killed_in_the_middle_lose_no_money_and_double_none(environment):
    """Each job has its key: whoever did it, and however often, it counts once."""
    run(environment, "prepare")
    chance = random.Random(7)
    for round_number in range(ROUNDS):
        workers = [
            subprocess.Popen(
                program("work", f"{round_number}-{worker}"),
                env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
            for worker in range(2)
        ]  # fmt: skip
        for worker in workers:
            assert worker.stdout.readline() == "working\n", worker.stderr.read()
        for worker in workers:
            time.sleep(chance.uniform(0.05, 0.7))
            assert worker.poll() is None, worker.stderr.read()
            worker.kill()
            worker.communicate()
    facts = json.loads(run(environment, "finish"))
    bills = sum(1_000 + number for number in range(JOBS))
    assert facts == {
        "trial": 0,
        "gaps": [],
        "payments": {"bill": JOBS, "recharge": 2 * JOBS},
        "purchases": 2 * JOBS,
        "commands_fit": True,
        "vouchers_fit": True,
        "callbacks": {"done": JOBS},
        "balances": {
            "cash:C1": JOBS * 10_000,
            "cash:A1": bills,
            "clearing:acme": JOBS * 20_000,
        },
    }
