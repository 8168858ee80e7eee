"""Reminds who has not paid, step by step, up to the list of those to be disconnected.

The steps are the profile's `dunning_steps`. Each is taken once for the oldest bill that is not
paid; who pays begins anew. It must not know how a notice reaches anybody, nor how a supply is
cut: both hear `signals.dunning_stepped`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from controller import clock
from controller.audit import services as audit
from controller.billing.models import Bill, DunningStep
from controller.billing.signals import dunning_stepped
from controller.ledger.queries import balance_paise, balances_of
from controller.profile.queries import setting
from controller.tasks.services import raise_task

DAY_S = 86_400
DISCONNECT = "disconnect"


class Overdue(NamedTuple):
    """What a consumer has not paid in time: `paise` since the bill `oldest` fell due."""

    consumer_id: str
    connection_id: int
    paise: int
    oldest: str
    due_s: int


def overdue(now_s: int | None = None) -> list[Overdue]:
    """Everybody who has not paid in time, those of longest standing first.

    Payments pay the oldest bills first, so what is owed is the newest bills.
    """
    now_s = clock.now_s() if now_s is None else now_s
    owing = {
        code.partition(":")[2]: paise
        for code, paise in balances_of("consumer").items()
        if paise > 0
    }
    bills = Bill.objects.filter(
        connection__consumer__in=owing, kind=Bill.Kind.BILL, replaced_by=None
    ).order_by("-period__month")
    by_consumer: dict[str, list[Bill]] = defaultdict(list)
    for bill in bills.select_related("connection"):
        by_consumer[bill.connection.consumer_id].append(bill)
    found = [
        _overdue_of(consumer_id, owing[consumer_id], of, now_s)
        for consumer_id, of in by_consumer.items()
    ]
    return sorted((row for row in found if row is not None), key=lambda row: row.due_s)


def _overdue_of(
    consumer_id: str, owed_paise: int, newest_first: Sequence[Bill], now_s: int
) -> Overdue | None:
    not_due = sum(bill.total_paise for bill in newest_first if bill.due_s > now_s)
    paise = owed_paise - not_due
    oldest, left = None, owed_paise
    for bill in newest_first:
        if left <= 0:
            break
        left -= bill.total_paise
        if bill.due_s <= now_s:
            oldest = bill
    if paise <= 0 or oldest is None:
        return None
    return Overdue(consumer_id, oldest.connection_id, paise, oldest.number, oldest.due_s)


def take_steps(*, actor: str, plants: Sequence[str] | None = None) -> list[DunningStep]:
    """Takes every step that is due today and was not taken, at these plants or at all of them.

    Called once a day, or more often.
    """
    now_s = clock.now_s()
    steps: list[tuple[int, str]] = [(days, step) for days, step in setting("dunning_steps")]
    rows = [row for row in overdue(now_s) if plants is None or _plant(row) in plants]
    taken = _taken(row.oldest for row in rows)
    return [
        step
        for row in rows
        for name in _due_steps(row, steps, now_s)
        if (row.oldest, name) not in taken
        for step in _take(row, name, now_s, actor)
    ]


def _plant(row: Overdue) -> str:
    """As the consumer's ID names it (MG-5)."""
    return row.consumer_id[2:6]


def _due_steps(row: Overdue, steps: Sequence[tuple[int, str]], now_s: int) -> list[str]:
    days = (now_s - row.due_s) // DAY_S
    return [name for after_days, name in steps if days >= after_days]


def _taken(bills: Iterable[str]) -> set[tuple[str, str]]:
    found = DunningStep.objects.filter(bill__in=list(bills))
    return set(found.values_list("bill", "step"))


@transaction.atomic
def _take(row: Overdue, step: str, now_s: int, actor: str) -> list[DunningStep]:
    """The step, unless it was taken or paid meanwhile."""
    if balance_paise(f"consumer:{row.consumer_id}") <= 0:
        return []
    taken, is_new = DunningStep.objects.get_or_create(
        bill_id=row.oldest, step=step, defaults={"paise": row.paise, "taken_s": now_s}
    )
    if not is_new:
        return []
    audit.record(
        actor, f"dunning: {step}", f"consumer {row.consumer_id}", bill=row.oldest,
        overdue_paise=row.paise,
    )  # fmt: skip
    if step == DISCONNECT:
        _ask(row, actor)
    dunning_stepped.send(sender=DunningStep, step=taken, consumer_id=row.consumer_id)
    return [taken]


def _ask(row: Overdue, actor: str) -> None:
    """Beyond the debt limit the rule of `changes` cuts by itself; here a person decides."""
    raise_task(
        kind="disconnect",
        subject=f"consumer {row.consumer_id}",
        key=f"disconnect:{row.consumer_id}:{row.oldest}",
        title=f"{row.consumer_id} was reminded in vain and is to be disconnected",
        evidence={"overdue_paise": row.paise, "oldest_bill": row.oldest, "due_s": row.due_s},
        actor=actor,
    )


def disconnection_list() -> list[Overdue]:
    """Who has gone through all steps and still owes: to be disconnected."""
    rows = overdue()
    listed = set(
        DunningStep.objects.filter(
            bill__in=[row.oldest for row in rows], step=DISCONNECT
        ).values_list("bill", flat=True)
    )
    return [row for row in rows if row.oldest in listed]


def steps_of(connection_id: int) -> QuerySet[DunningStep]:
    """The steps ever taken for a connection, the newest first."""
    return DunningStep.objects.filter(bill__connection=connection_id).order_by("-taken_s")
