"""Issues what the ledger says of an account: a consumer's statement, a page of the ledger, and the
slip of money brought to the bank.
"""

from collections.abc import Sequence

from django.db import transaction

from controller import clock
from controller.consumers.queries import find_consumer
from controller.documents import queries, rules, services
from controller.documents.models import Snapshot
from controller.documents.rules import LedgerData, Notes, Posting, SlipData, StatementData
from controller.documents.sheets import local
from controller.errors import Refused
from controller.ledger.models import DaySeal
from controller.ledger.queries import Statement, balance_paise, statement
from controller.payments.models import Deposit
from controller.profile.queries import setting

INDIA_OFFSET_MIN = 330
SEAL_DIGITS = 16


@transaction.atomic
def issue_statement(
    *, consumer_id: str, from_s: int, until_s: int, actor: str, language: str = ""
) -> Snapshot:
    """What a consumer was charged and paid from `from_s` up to before `until_s` (MG-10b)."""
    consumer = find_consumer(consumer_id)
    offset_min = consumer.plant.utc_offset_min
    found = _statement(f"consumer:{consumer.pk}", from_s, until_s)
    data = StatementData(
        issuer=queries.issuer(),
        party=queries.party(consumer),
        number=f"{consumer.pk}/{_days(from_s, until_s, offset_min)}",
        issued_s=clock.now_s(),
        from_s=from_s,
        until_s=until_s,
        utc_offset_min=offset_min,
        opening_paise=found.opening_paise,
        rows=_rows(found),
        closing_paise=found.closing_paise,
    )
    return services.issue(
        kind=rules.STATEMENT,
        subject=f"consumer {consumer.pk}",
        language=language or queries.language_of(consumer),
        data=data,
        actor=actor,
    )


@transaction.atomic
def issue_ledger_page(
    *, account: str, from_s: int, until_s: int, actor: str, language: str = "en"
) -> Snapshot:
    """One account of our own books over a time, with the seal of its last sealed day."""
    found = _statement(account, from_s, until_s)
    last_day = local(until_s - 1, INDIA_OFFSET_MIN).date()
    seal = DaySeal.objects.filter(day__lte=last_day).order_by("-day").first()
    data = LedgerData(
        issuer=queries.issuer(),
        account=account,
        number=f"{account}/{_days(from_s, until_s, INDIA_OFFSET_MIN)}",
        issued_s=clock.now_s(),
        from_s=from_s,
        until_s=until_s,
        utc_offset_min=INDIA_OFFSET_MIN,
        opening_paise=found.opening_paise,
        rows=_rows(found),
        closing_paise=found.closing_paise,
        seal=f"{seal.day} {seal.digest[:SEAL_DIGITS]}" if seal else "",
    )
    return services.issue(
        kind=rules.LEDGER,
        subject=f"account {account}",
        language=language,
        data=data,
        actor=actor,
    )


@transaction.atomic
def issue_slip(
    *, deposit_id: str, actor: str, notes: Sequence[tuple[int, int]] = (), language: str = ""
) -> Snapshot:
    """The slip that goes to the bank with the money: `notes` are values in paise and counts.

    Without notes, as for what is not cash, only the sums stand on it. Raises Refused when the
    notes do not add up to the deposit.
    """
    deposit = Deposit.objects.filter(pk=deposit_id).select_related("point_of_sale__plant").first()
    if deposit is None:
        raise Refused(f"There is no deposit {deposit_id!r}", "Log it first.")
    point = deposit.point_of_sale
    data = SlipData(
        issuer=queries.issuer(),
        number=deposit.slip,
        deposited_s=deposit.logged_s,
        utc_offset_min=point.plant.utc_offset_min if point.plant else INDIA_OFFSET_MIN,
        point_of_sale=point.name,
        depositor=deposit.logged_by,
        bank_account=str(setting("utility_bank")),
        reference=deposit.pk,
        notes=[Notes(value_paise=value, count=count) for value, count in notes],
        in_hand_paise=balance_paise(deposit.held_in) + deposit.amount_paise,
        deposited_paise=deposit.amount_paise,
    )
    return services.issue(
        kind=rules.SLIP,
        subject=f"deposit {deposit.pk}",
        language=language or queries.first_language(),
        data=data,
        actor=actor,
    )


def _statement(account: str, from_s: int, until_s: int) -> Statement:
    if from_s >= until_s:
        raise Refused("That time ends before it begins", "Give the earlier day first.")
    return statement(account, from_s, until_s)


def _rows(found: Statement) -> list[Posting]:
    return [
        Posting(
            at_s=line.entry.at_s,
            kind=line.entry.kind,
            text=line.entry.text,
            reference=line.entry.reference,
            debit_paise=line.debit_paise,
            credit_paise=line.credit_paise,
        )
        for line in found.lines
    ]


def _days(from_s: int, until_s: int, offset_min: int) -> str:
    """`2026-10-01–2026-10-31`, both days in it."""
    return f"{local(from_s, offset_min):%Y-%m-%d}–{local(until_s - 1, offset_min):%Y-%m-%d}"
