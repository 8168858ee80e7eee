"""Makes the bills of a month batch by batch: killed at any moment, it goes on where it was.

A batch is one transaction: its bills, their entries in the ledger and the mark that it is done.
Several workers, also in processes of their own, take turns at the batches of one run.
"""

from collections.abc import Callable, Sequence
from itertools import islice

from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet, Sum

from controller import clock
from controller.audit import services as audit
from controller.billing import evidence, queries, rules
from controller.billing.drafting import Account, Evidence, Office, Standing, draft
from controller.billing.models import Bill, BillBatch, BillRun, Period, PeriodState, RunState
from controller.billing.posting import Made, post_drafts
from controller.billing.rules import Line, Month
from controller.consumers.models import Connection, Plant
from controller.errors import Refused
from controller.extras.queries import due_by_consumer
from controller.ledger.queries import balances
from controller.prepay.models import Purchase
from controller.profile.queries import settings
from controller.tariffs.queries import late_charges_on
from controller.tasks.services import raise_task
from protocol.errors import ProtocolError
from protocol.programme import MODE_POSTPAID

BATCH_CONNECTIONS = 1_000
# What a group may name, and where it stands.
GROUPS = {"pole": "pole", "category": "consumer__category", "phases": "phases"}

# Whose bill cannot be made, and why.
Failure = tuple[Evidence, Exception]
# (done connections, all connections) after every batch.
Progress = Callable[[int, int], None]


@transaction.atomic
def start_run(*, plants: list[str], month: str, group: str = "", actor: str) -> BillRun:
    """Begins the bills of the month `YYYY-MM` for the plants; `run_to_end` makes them.

    `group` chooses connections: docs/billing.md. A run that was begun for the same and is not
    done goes on. Raises Refused for a month that is not over, is closed already, or leaves one
    out, and while another run bills one of the plants.
    """
    rules.read_group(group)
    known = _running(plants, month, group)
    if known is not None:
        return known
    run = BillRun.objects.create(month=month, group=group, started_s=clock.now_s(), actor=actor)
    for code in plants:
        _add_batches(run, _open_period(code, month), group)
    audit.record(actor, "start bill run", f"bill run {run.pk}", plants=plants, month=month,
                 group=group)  # fmt: skip
    return run


def _running(plants: list[str], month: str, group: str) -> BillRun | None:
    """The unfinished run of just these plants; Refused when another bills one of them."""
    batches = BillBatch.objects.filter(
        run__state=RunState.RUNNING, period__month=month, period__plant__in=plants
    )
    for run in BillRun.objects.filter(batches__in=batches).distinct():
        own = set(run.batches.values_list("period__plant", flat=True))
        if own == set(plants) and run.group == group:
            return run
        raise Refused(
            f"Run {run.pk} bills {', '.join(sorted(own))} for {month} already",
            "Let it come to its end first.",
        )
    return None


def _open_period(plant_code: str, month: str) -> Period:
    plant = Plant.objects.select_for_update().filter(code=plant_code).first()
    if plant is None:
        raise Refused(f"There is no plant {plant_code!r}", "Add it first.")
    bounds = rules.read_month(month, plant.utc_offset_min)
    if clock.now_s() < bounds.end_s:
        raise Refused(f"{month} is not over", "Close it when its last day has ended.")
    latest = plant.periods.filter(state=PeriodState.CLOSED).order_by("month").last()
    if latest is not None and month <= latest.month:
        raise Refused(f"{plant.code} is closed up to {month} or later", "A month is closed once.")
    if latest is not None and month != rules.month_after(latest.month):
        due = rules.month_after(latest.month)
        raise Refused(f"{due} of {plant.code} is not closed", f"Close {due} first.")
    left = plant.periods.exclude(state=PeriodState.CLOSED).exclude(month=month).first()
    if left is not None:
        raise Refused(f"{left.month} of {plant.code} is not closed", f"Close {left.month} first.")
    return Period.objects.get_or_create(plant=plant, month=month)[0]


def _add_batches(run: BillRun, period: Period, group: str) -> None:
    ids = _group(Connection.objects.filter(consumer__plant=period.plant), group)
    rest = ids.order_by("pk").values_list("pk", flat=True).iterator()
    batches = []
    while some := list(islice(rest, BATCH_CONNECTIONS)):
        batches.append(BillBatch(run=run, period=period, first_id=some[0], last_id=some[-1],
                                 connections=len(some)))  # fmt: skip
    BillBatch.objects.bulk_create(batches)


def _group(connections: QuerySet[Connection], group: str) -> QuerySet[Connection]:
    chosen = connections
    for name, value in rules.read_group(group).items():
        chosen = chosen.filter(**{GROUPS[name]: value})
    return chosen


def run_to_end(run_id: int, progress: Progress | None = None) -> BillRun:
    """Makes the batches of the run that nobody else makes, then closes what is complete."""
    total = BillBatch.objects.filter(run=run_id).aggregate(of=Sum("connections"))["of"] or 0
    while make_batch(run_id) is not None:
        if progress is not None:
            progress(done_connections(run_id), total)
    return finish_run(run_id)


def work_on_runs(batches_max: int) -> int:
    """Makes up to so many batches of the runs that were begun, the oldest first, and ends those
    that are complete; how many were made. For who works again and again beside other work.
    """
    made = 0
    running = BillRun.objects.filter(state=RunState.RUNNING).order_by("pk")
    for run_id in running.values_list("pk", flat=True):
        while made < batches_max and make_batch(run_id) is not None:
            made += 1
        finish_run(run_id)
    return made


def done_connections(run_id: int) -> int:
    """How many connections the finished batches of a run hold."""
    done = BillBatch.objects.filter(run=run_id, finished_s__isnull=False)
    total: int = done.aggregate(of=Sum("connections"))["of"] or 0
    return total


@transaction.atomic
def make_batch(run_id: int) -> BillBatch | None:
    """Makes one batch that nobody has made yet; None when there is none left to take."""
    skip = database.features.has_select_for_update_skip_locked
    open_ones = BillBatch.objects.select_for_update(skip_locked=skip, of=("self",))
    batch = (
        open_ones.filter(run=run_id, finished_s__isnull=True)
        .select_related("run", "period__plant")
        .first()
    )
    if batch is None:
        return None
    drafts, failures = _draft_batch(batch)
    post_drafts(drafts, batch.run.actor)
    for row, error in failures:
        _ask(row, batch.period.month, error, batch.run.actor)
    batch.made, batch.failed = len(drafts), len(failures)
    batch.finished_s = clock.now_s()
    batch.save(update_fields=["made", "failed", "finished_s"])
    audit.record(
        batch.run.actor, "make bills", f"bill run {run_id}", batch=batch.pk, made=len(drafts),
        failed=len(failures), mismatches=[of.number for of, *_rest in drafts if not of.agrees],
        estimated=sum(of.estimated for of, *_rest in drafts),
    )  # fmt: skip
    return batch


def _draft_batch(batch: BillBatch) -> tuple[list[Made], list[Failure]]:
    plant = batch.period.plant
    month = rules.read_month(batch.period.month, plant.utc_offset_min)
    own = Connection.objects.filter(
        consumer__plant=plant, pk__gte=batch.first_id, pk__lte=batch.last_id
    )
    ids = set(_group(own, batch.run.group).order_by().values_list("pk", flat=True))
    billed = batch.period.bills.filter(
        connection__gte=batch.first_id, connection__lte=batch.last_id
    )
    ids.difference_update(billed.order_by().values_list("connection", flat=True))
    return draft_all(evidence.collect(ids, month), office_of(batch.period, month))


def office_of(period: Period, month: Month) -> Office:
    """What is the same for all bills of the period that are made now."""
    chosen = settings(["due_days", "late_charge_bp"])
    now_s = clock.now_s()
    return Office(
        month=month,
        period_id=period.pk,
        now_s=now_s,
        due_s=rules.due_s(now_s, chosen["due_days"], month.utc_offset_min),
        late_charge_bp=chosen["late_charge_bp"],
        late_charge_bp_by_tariff=late_charges_on(rules.last_day(month)),
    )


def draft_all(
    found: Sequence[Evidence], office: Office, revision: int = 0
) -> tuple[list[Made], list[Failure]]:
    """The bills of the evidence, with how each consumer stood; and those that cannot be made."""
    standings = _standings(found, office)
    accounts = _accounts(found)
    made: list[Made] = []
    failures: list[Failure] = []
    for row in found:
        standing = standings[row.consumer_id]
        try:
            bill = draft(row, office, standing, accounts.get(row.connection_id), revision)
        except (Refused, ProtocolError, ArithmeticError, ValueError) as error:
            failures.append((row, error))
        else:
            made.append((bill, row.consumer_id, standing))
    return made, failures


def _ask(row: Evidence, month: str, error: Exception, actor: str) -> None:
    raise_task(
        kind="bill",
        subject=f"consumer {row.consumer_id}",
        key=f"bill:{row.consumer_id}:{month}",
        title=f"No bill of {row.consumer_id} for {month} could be made",
        evidence={"error": str(error), "meter": row.stretches[-1].meter_id},
        actor=actor,
    )


def _standings(found: Sequence[Evidence], office: Office) -> dict[str, Standing]:
    """By consumer: what is owed by the ledger, of it what no running bill excuses, and credit."""
    names = [row.consumer_id for row in found]
    prepaid = [row.consumer_id for row in found if row.terms[-1].mode != MODE_POSTPAID]
    paise = balances([*map(_owed, names), *map(_credit, prepaid)])
    not_due = queries.not_due_paise([row.connection_id for row in found], office.now_s)
    charged = _instalments(names, office.month.name)
    standings = {}
    for row in found:
        lines = charged.get(row.consumer_id, [])
        owed = paise[_owed(row.consumer_id)] - sum(line.amount_paise for line in lines)
        standings[row.consumer_id] = Standing(
            owed_paise=owed,
            overdue_paise=owed - not_due.get(row.connection_id, 0),
            charged=lines,
            prepaid_paise=-paise.get(_credit(row.consumer_id), 0),
        )
    return standings


def _instalments(consumer_ids: Sequence[str], month: str) -> dict[str, list[Line]]:
    """By consumer, the appliances' instalments that were charged for the month (MG-15)."""
    return {
        consumer_id: [
            Line(rules.INSTALMENT, row.number, 0, row.amount_paise, text=row.sale.item)
            for row in rows
            if row.entry_id is not None
        ]
        for consumer_id, rows in due_by_consumer(consumer_ids, month).items()
    }


def _owed(consumer_id: str) -> str:
    return f"consumer:{consumer_id}"


def _credit(consumer_id: str) -> str:
    return f"prepaid:{consumer_id}"


def _accounts(found: Sequence[Evidence]) -> dict[int, Account]:
    """By connection, the prepaid account of its last terms, where these are prepaid."""
    prepaid = [row for row in found if row.terms[-1].mode != MODE_POSTPAID]
    if not prepaid:
        return {}
    sales = evidence.sales(
        [row.connection_id for row in prepaid], min(row.begin_s for row in prepaid)
    )
    return {row.connection_id: _account(row, sales[row.connection_id]) for row in prepaid}


def _account(row: Evidence, sales: list[Purchase]) -> Account:
    """A board writes the reading of a second before it takes a command in that second."""
    mode = row.terms[-1].mode
    at = evidence.account_at
    return Account(
        [(at(of, of.first, mode), at(of, of.last, mode)) for of in row.stretches],
        sum(
            sale.amount
            for sale in sales
            if sale.unit == mode and row.begin_s <= (sale.finished_s or 0) < row.end_s
        ),
    )


@transaction.atomic
def finish_run(run_id: int) -> BillRun:
    """Closes what is complete, when all batches of the run are done; else it stays as it is.

    A period is closed when every connection that can be billed has its bill, which a run of a
    group alone does not bring about.
    """
    run = BillRun.objects.select_for_update().get(pk=run_id)
    if run.state == RunState.DONE or run.batches.filter(finished_s__isnull=True).exists():
        return run
    run.mark_done(clock.now_s())
    run.save()
    for period in Period.objects.filter(batches__run=run).distinct():
        _close_if_complete(period, run)
    return run


def _close_if_complete(period: Period, run: BillRun) -> None:
    batches = run.batches.filter(period=period)
    if run.group or batches.filter(failed__gt=0).exists():
        return
    period.mark_closed(clock.now_s())
    period.save()
    bills = Bill.objects.filter(period=period, replaced_by=None)
    audit.record(
        run.actor, "close period", f"plant {period.plant_id}", month=period.month,
        bills=bills.count(),
        mismatches=list(queries.mismatches_in(bills).values_list("number", flat=True)[:1000]),
        estimated=list(bills.filter(estimated=True).values_list("number", flat=True)[:1000]),
    )  # fmt: skip
