"""Turns a payment into credit: division, postings, command to the board, voucher.

Only what happens inside the transaction of a recharge; the commands themselves are in `services`.
"""

import secrets

from django.db import transaction

from controller import clock
from controller.audit import services as audit
from controller.consumers import queries as consumers
from controller.consumers.models import Connection
from controller.errors import Refused
from controller.figures import rupees
from controller.fleet import services as fleet
from controller.headend.services import queue_command
from controller.ledger import queries as ledger
from controller.ledger import services as ledger_services
from controller.payments.models import Payment
from controller.prepay import dues, rules
from controller.prepay.dues import Facts
from controller.prepay.models import Purchase, PurchaseLine
from controller.prepay.rules import Division
from controller.prepay.signals import purchase_sold
from controller.tasks.services import raise_task
from controller.vouchers.queries import vending_keys
from controller.vouchers.rules import WH_PER_TENTH
from controller.vouchers.services import issue
from protocol.limits import PURCHASE_ID_BYTES

TTL_S = 30 * 86_400  # a paid credit waits for a board that is away


def sell(payment: Payment, *, actor: str) -> Purchase:
    """Divides the payment, posts the parts and sends the credit to the board.

    The payment and its consumer are locked by the caller. Raises Refused when no credit can be
    sold, or none is left after what comes first.
    """
    connection = lock_connection(payment.consumer_id)
    before_paise = ledger.balance_paise(_account(connection)) + payment.amount_paise
    known = dues.facts(connection, before_paise)
    division = divide(known, payment.amount_paise)
    purchase = _store(connection, payment, known, division, actor)
    _post(purchase, known, division, actor)
    audit.record(
        actor, "sell recharge", f"consumer {connection.consumer_id}", purchase=purchase.pk,
        payment=payment.pk, paid_paise=payment.amount_paise, amount=division.amount,
        unit=purchase.get_unit_display(),
    )  # fmt: skip
    purchase_sold.send(sender=Purchase, purchase=purchase)
    return purchase


def lock_connection(consumer_id: str) -> Connection:
    """The consumer's connection, to this transaction alone. Raises Refused as `check_meter`."""
    connection = consumers.lock_connection(consumers.find_consumer(consumer_id).connection.pk)
    check_meter(connection)
    return connection


def check_meter(connection: Connection) -> None:
    """Raises Refused where no credit could get to a meter: asked before money is taken."""
    if connection.meter is None:
        raise Refused(f"Consumer {connection.consumer_id} has no meter", "Fit a meter first.")
    fleet.check_root_key(connection.meter)


def divide(known: Facts, amount_paise: int) -> Division:
    """What a recharge becomes today. Raises Refused when it leaves no credit."""
    dues.check_smallest(amount_paise, known.smallest_paise)
    division = rules.divide_recharge(amount_paise + known.carried_paise, known.dues, known.goods)
    if division.amount == 0:
        first_paise = division.paise(rules.INSTALMENT, rules.FIXED, rules.ARREARS)
        raise Refused(
            f"{rupees(amount_paise)} leaves no credit: {rupees(first_paise)} of dues come first",
            "Recharge more, or take the money as a payment of dues.",
        )
    return division


def _store(
    connection: Connection, payment: Payment, known: Facts, division: Division, actor: str
) -> Purchase:
    assert connection.meter is not None
    identity = _issue_voucher(connection, division, actor)
    arguments = {0: bytes.fromhex(identity), 1: division.unit, 2: division.amount}
    purchase = Purchase.objects.create(
        id=identity,
        connection=connection,
        unit=division.unit,
        amount=division.amount,
        paid_paise=payment.amount_paise,
        command=queue_command(connection.meter.pk, "credit", arguments, actor, ttl_s=TTL_S),
        sold_s=clock.now_s(),
        actor=actor,
        payment=payment,
        carried_paise=known.carried_paise,
        charged_through=known.today if isinstance(known.goods, rules.Energy) else None,
    )
    PurchaseLine.objects.bulk_create(
        PurchaseLine(
            purchase=purchase, position=position, kind=share.kind,
            amount_paise=share.amount_paise, quantity=share.quantity,
        )
        for position, share in enumerate(division.shares, start=1)
    )  # fmt: skip
    return purchase


def _issue_voucher(connection: Connection, division: Division, actor: str) -> str:
    """The purchase id: that of a voucher over the same energy, so that only one is ever applied.

    A utility without vending keys sells without vouchers; where none can be made now, the command
    alone brings the credit, and a person is told.
    """
    assert connection.meter is not None
    if division.unit == rules.UNITS["energy"] and vending_keys().exists():
        tenths = division.amount // WH_PER_TENTH
        try:
            with transaction.atomic():
                return issue(
                    meter_id=connection.meter.pk, amount_tenths=tenths, actor=actor
                ).purchase_id
        except Refused as refused:
            raise_task(
                kind="voucher_not_issued",
                subject=f"meter {connection.meter.pk}",
                key=f"voucher:{connection.meter.pk}",
                title=f"Recharges of meter {connection.meter.pk} are sold without a voucher",
                evidence={"what": refused.what, "do": refused.what_to_do},
                actor=actor,
            )
    return secrets.token_hex(PURCHASE_ID_BYTES)


def _post(purchase: Purchase, known: Facts, division: Division, actor: str) -> None:
    """Moves the money on from the consumer's account; arrears and rest are there already.

    The fixed charge is due whole: what the recharge does not reach is owed from now on.
    """
    connection = purchase.connection
    account = _account(connection)
    parts = (
        (f"debt:{connection.consumer_id}", division.paise(rules.INSTALMENT)),
        ("income:fixed", known.fixed_due_paise),
        (f"prepaid:{connection.consumer_id}", credit_paise(division)),
    )
    transfers = [(account, code, paise) for code, paise in parts if paise]
    if transfers:
        ledger_services.post(
            kind="recharge",
            reference=purchase.pk,
            transfers=transfers,
            text="What a recharge was divided into",
            actor=actor,
        )


def credit_paise(division: Division) -> int:
    """What the credit itself cost: it is ours only once it is used."""
    return division.paise(rules.LIFELINE, rules.CREDIT)


def give_back(purchase: Purchase, *, actor: str) -> None:
    """The board will not credit it: the money is the consumer's again, and a person looks."""
    lines = purchase.lines.filter(kind__in=(rules.LIFELINE, rules.CREDIT))
    owed_paise = sum(line.amount_paise for line in lines)
    title = f"The meter did not take a recharge; {rupees(owed_paise)} is the consumer's credit"
    if purchase.payment_id is None:
        owed_paise = 0
        title = f"The meter did not take credit that cost {rupees(purchase.paid_paise)}"
    if owed_paise:
        account = _account(purchase.connection)
        ledger_services.post(
            kind="recharge_returned",
            reference=purchase.pk,
            transfers=[(f"prepaid:{purchase.connection.consumer_id}", account, owed_paise)],
            text="Credit that the meter did not take",
            actor=actor,
        )
    raise_task(
        kind="money_owed_back",
        subject=f"consumer {purchase.connection.consumer_id}",
        key=f"purchase:{purchase.pk}",
        title=title,
        evidence={
            "purchase": purchase.pk,
            "owed_paise": owed_paise,
            "reason": purchase.command.reason,
            "state": purchase.command.state,
        },
        actor=actor,
    )


def _account(connection: Connection) -> str:
    return f"consumer:{connection.consumer_id}"
