"""Reconciles days: compares all books, raises a task for each mismatch, keeps a report."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from controller import clock
from controller.audit import services as audit
from controller.consumers.models import Plant
from controller.errors import Refused
from controller.ledger import services as ledger
from controller.reconcile import accounts, bills, money, receipts, rules
from controller.reconcile.models import Report
from controller.reconcile.rules import Mismatch
from controller.tasks.models import Task
from controller.tasks.services import raise_task

DAYS_MAX = 366
NIGHT_DAYS = 35  # a night looks so far back: a house that was away tells its days late
NIGHT_HOUR = 2  # by then the boards have told of midnight
FINDINGS_MAX = 1_000  # kept in a report; each has its task anyhow


def run(*, first_day: date, last_day: date | None = None, actor: str) -> Report:
    """Reconciles the local days from `first_day` to `last_day` (default: that one day).

    Every mismatch is a task with its evidence, raised once: not again while it is open, and not
    again with the same evidence when somebody has decided it. Raises Refused for days that are
    not over, or are too many.
    """
    last_day = last_day or first_day
    _check_days(first_day, last_day)
    counts: Counter[str] = Counter()
    found = [_put_before_a_person(mismatch, actor) for mismatch in
             _compare(first_day, last_day, counts)]  # fmt: skip
    with transaction.atomic():
        report = Report.objects.create(
            first_day=first_day,
            last_day=last_day,
            made_s=clock.now_s(),
            actor=actor,
            meters=counts["meters"],
            spans=counts["spans"],
            silent=counts["silent"],
            open_spans=counts["open_spans"],
            receipts=counts["receipts"],
            mismatches=len(found),
            findings=found[:FINDINGS_MAX],
        )
        audit.record(
            actor, "reconcile", f"days {first_day} to {last_day}", report=report.pk,
            mismatches=len(found),
        )  # fmt: skip
    return report


def run_night(*, actor: str) -> Report:
    """What is due every night: seals the ledger's days, then reconciles the last NIGHT_DAYS."""
    ledger.seal_past_days(actor=actor)
    yesterday = ledger.local_day(clock.now_s()) - timedelta(days=1)
    first_day = yesterday - timedelta(days=NIGHT_DAYS - 1)
    return run(first_day=first_day, last_day=yesterday, actor=actor)


def run_night_if_due(*, actor: str) -> Report | None:
    """`run_night`, once for each day that is over, from NIGHT_HOUR on; None when it is not due."""
    now_s = clock.now_s()
    yesterday = ledger.local_day(now_s) - timedelta(days=1)
    if now_s < ledger.day_bounds(yesterday)[1] + NIGHT_HOUR * 3_600:
        return None
    if Report.objects.filter(actor=actor, last_day__gte=yesterday).exists():
        return None
    return run_night(actor=actor)


def _check_days(first_day: date, last_day: date) -> None:
    if not first_day <= last_day < ledger.local_day(clock.now_s()):
        raise Refused(
            f"{first_day} to {last_day} are no days that are over", "Reconcile up to yesterday."
        )
    if (last_day - first_day).days >= DAYS_MAX:
        raise Refused("These are too many days at once", f"Take {DAYS_MAX} at most.")


def _compare(first_day: date, last_day: date, counts: Counter[str]) -> Iterator[Mismatch]:
    for plant in Plant.objects.order_by("code"):
        yield from _compare_meters(plant, first_day, last_day, counts)
    day = first_day
    while day <= last_day:  # a day at a time, so that no more than one is in memory
        from_s, until_s = ledger.day_bounds(day)
        yield from receipts.compare(from_s, until_s)
        yield from bills.compare(from_s, until_s)
        outcome = money.compare(from_s, until_s)
        counts["receipts"] += outcome.compared
        yield from outcome.mismatches
        day += timedelta(days=1)
    yield from money.check_ledger()


def _compare_meters(
    plant: Plant, first_day: date, last_day: date, counts: Counter[str]
) -> Iterator[Mismatch]:
    from_s = rules.midnight_s(first_day, plant.utc_offset_min)
    for meter in accounts.meters_of(plant, first_day, last_day):
        judgement = rules.judge(meter, from_s)
        counts["meters"] += 1
        counts["spans"] += judgement.judged
        counts["open_spans"] += judgement.not_judged
        counts["silent"] += not any(span.end.at_s > from_s for span in meter.spans)
        yield from judgement.mismatches


def _put_before_a_person(mismatch: Mismatch, actor: str) -> dict[str, Any]:
    """The mismatch as the report keeps it, with its task."""
    evidence = json.loads(json.dumps(mismatch.evidence))  # as it is stored
    known = Task.objects.filter(key=mismatch.key).order_by("-pk").first()
    if known is None or known.evidence != evidence:
        known = raise_task(**{**mismatch._asdict(), "evidence": evidence}, actor=actor)
    return {
        "kind": mismatch.kind,
        "subject": mismatch.subject,
        "title": mismatch.title,
        "task": known.pk,
        "task_state": str(known.state),
    }
