"""A program that takes money until it is killed: `python -m tests.controller.payday WHAT`.

`prepare` opens the tills, `work SEED` does the same jobs over and over in its own order, `finish`
does them once to the end and prints what the books say. Run by test_money_kills.
"""

import json
import random
import sys

import django

JOBS = 6  # of each kind; every job has one key, whoever does it and however often


def prepare() -> None:
    """The tills, a meter each for three consumers, and a vending key."""
    from django.core.management import call_command

    from controller.fleet.services import add_meter
    from controller.vouchers.services import add_key
    from tests.controller import till

    call_command("migrate", verbosity=0)
    till.open_tills()
    for meter in ("BHK01", "BHK02"):
        add_meter(meter, actor="test")
    till.supply_by_tariff()
    till.set_profile(smallest_voucher_paise=1_000)
    add_key(supply_group="123457", revision=1, base_year=2014, actor="test")
    till.add_consumer(13)
    till.supply("BHKATS01113", "BHK02", kind="A2.2")


def jobs() -> list:
    """What is to be done, each harmless to repeat."""
    from controller import clock
    from controller.payments import services
    from tests.controller import till
    from tests.controller.till import ASHA

    def recharge(number: int) -> None:
        till.recharge(f"recharge-{number}", 10_000, consumer_id=(ASHA, "BHKATS01113")[number % 2])

    def pay_bill(number: int) -> None:
        till.pay(f"payment-{number}", 1_000 + number, "A1")

    def pay_online(number: int) -> None:
        order = till.order(f"order-{number:04}", 20_000, purpose="recharge", consumer_id=ASHA)
        body = till.body_of(payment=f"pay-{number}", order=order.pk, amount_paise=20_000)
        till.call(body, clock.now_s())
        services.process_callbacks()

    return [(job, n) for job in (recharge, pay_bill, pay_online) for n in range(JOBS)]


def work(seed: str) -> None:
    """All jobs, again and again, in an order of its own; says when it begins."""
    todo, chance = jobs(), random.Random(seed)
    print("working", flush=True)
    while True:
        chance.shuffle(todo)
        for job, number in todo:
            job(number)


def finish() -> None:
    """All jobs once more; then what the books say, as JSON."""
    from controller.headend.models import Command
    from controller.ledger.queries import trial_balance
    from controller.payments import queries, services
    from controller.payments.models import Callback, Payment
    from controller.prepay.models import Purchase
    from controller.vouchers.models import Voucher

    for job, number in jobs():
        job(number)
    services.process_callbacks()
    purchases = {row.pk for row in Purchase.objects.all()}
    sent = Command.objects.filter(name="credit").values_list("arguments", flat=True)
    facts = {
        "trial": sum(trial_balance().values()),
        "gaps": queries.receipt_gaps(),
        "payments": dict(_count(Payment.objects.values_list("purpose", flat=True))),
        "purchases": len(purchases),
        "commands_fit": sorted(row["0"]["hex"] for row in sent) == sorted(purchases),
        "vouchers_fit": {row.pk for row in Voucher.objects.all()} <= purchases,
        "callbacks": dict(_count(Callback.objects.values_list("outcome", flat=True))),
        "balances": {code: trial_balance().get(code, 0)
                     for code in ("cash:C1", "cash:A1", "clearing:acme")},
    }  # fmt: skip
    print(json.dumps(facts))


def _count(words) -> list:
    found = list(words)
    return [(word, found.count(word)) for word in sorted(set(found))]


if __name__ == "__main__":
    django.setup()
    {"prepare": prepare, "work": work, "finish": finish}[sys.argv[1]](*sys.argv[2:])
