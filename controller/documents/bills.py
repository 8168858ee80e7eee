"""Issues bills and prepaid consumers' statements of a month, one by one or a plant's all together.

What a bill says is billing's affair; here it becomes a paper. A bill that was made anew is
another bill, with a paper of its own.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, cast

from django.db.models import QuerySet

from controller.billing import queries as billing
from controller.billing import rules as billing_rules
from controller.billing.explaining import reasons_of
from controller.billing.models import Bill
from controller.consumers.identity import show_consumer_id, show_package_id
from controller.consumers.models import AssignmentState, Fitting, PackageAssignment
from controller.consumers.queries import fittings_in
from controller.documents import queries, rules, services
from controller.documents.models import Snapshot
from controller.documents.rules import (
    BillData,
    Charge,
    Clause,
    Credit,
    Issuer,
    MonthUse,
    Party,
    Span,
)
from controller.errors import Refused
from controller.readings.models import Reading
from controller.tariffs.explain import Reason

BATCH = 200  # bills whose facts are looked up together
HISTORY_MONTHS = 12


def issue_bill(*, number: str, actor: str, language: str = "") -> Snapshot:
    """The paper of one bill or statement (MG-8, MG-10). Raises Refused for an unknown one."""
    for snapshot in _issue(Bill.objects.filter(pk=number), actor, language):
        return snapshot
    raise Refused(f"There is no bill {number!r}", "See `bijli bill run`.")


def issue_month(*, plant_code: str, month: str, actor: str) -> Iterator[Snapshot]:
    """The papers of a plant's month, by number, each in its consumer's language.

    Every bill is a transaction of its own: who is interrupted begins again and finds the first
    ones issued.
    """
    return _issue(billing.bills_of(plant_code, month), actor, "")


def _issue(bills: QuerySet[Bill], actor: str, language: str) -> Iterator[Snapshot]:
    found = Bill.objects.select_related(
        "connection__consumer__plant",
        "period",
        "first_reading",
        "last_reading__message",
    )
    numbers = iter(bills.order_by("number").values_list("pk", flat=True))
    while batch := list(islice(numbers, BATCH)):
        of_batch = list(found.filter(pk__in=batch).order_by("number"))
        for bill, data in zip(of_batch, data_of(of_batch), strict=True):
            yield services.issue(
                kind=rules.BILL,
                subject=f"bill {bill.number}",
                language=language or queries.language_of(bill.connection.consumer),
                data=data,
                actor=actor,
            )


def data_of(bills: Sequence[Bill]) -> list[BillData]:
    """What the papers of these bills say, with five queries for all of them."""
    issuer = queries.issuer()
    packages = _packages(bills)
    reasons = reasons_of(bills)
    history = _history(bills)
    found = []
    for bill in bills:
        data = _data(bill, issuer, packages.get(bill.connection_id, ""), history)
        _add_clauses(data, reasons[bill.number])
        found.append(data)
    return found


def _add_clauses(data: BillData, reasons: Sequence[Reason]) -> None:
    """By which clause each line is charged; each clause once."""
    clauses: list[Clause] = []
    for charge, (_sentences, basis) in zip(data["charges"], reasons, strict=True):
        if not basis.tariff:
            continue
        clause = Clause(clause=basis.clause, tariff=basis.tariff, valid_from=basis.valid_from)
        if clause not in clauses:
            clauses.append(clause)
        charge["clause"] = clauses.index(clause) + 1
    data["clauses"] = clauses


def _data(
    bill: Bill, issuer: Issuer, package_id: str, history: dict[int, list[MonthUse]]
) -> BillData:
    consumer = bill.connection.consumer
    months = history.get(bill.connection_id, [])
    shown = [use for use in months if use["month"] <= bill.period.month][-HISTORY_MONTHS:]
    return BillData(
        issuer=issuer,
        party=Party(
            consumer_id=show_consumer_id(consumer.pk),
            name=consumer.name,
            address=consumer.address,
            meter_id=bill.meter_id,
            package_id=show_package_id(package_id) if package_id else "",
        ),
        number=bill.number,
        month=bill.period.month,
        issued_s=bill.issued_s,
        due_s=max(bill.due_s - 1, 0),  # the day that can still be paid on
        utc_offset_min=consumer.plant.utc_offset_min,
        spans=_spans(bill),
        units_wh=bill.units_wh,
        charges=[_charge(line) for line in bill.lines],
        total_paise=bill.total_paise,
        carried_paise=bill.arrears_paise,
        paid_paise=0,  # arrears are what is left after payments
        estimated=bill.estimated,
        note=bill.note[: rules.TEXT_MAX],
        account=_account(bill),
        history=shown,
    )


def _charge(line: Sequence[Any]) -> Charge:
    """A line as it is stored: its fields are the paper's."""
    return cast("Charge", billing_rules.Line(*line)._asdict())


def _account(bill: Bill) -> Credit | None:
    if bill.kind != Bill.Kind.STATEMENT:
        return None
    return Credit(unit=bill.account_unit, bought=bill.bought, used=bill.used, balance=bill.balance)


def _spans(bill: Bill) -> list[Span]:
    """The registers that it charges between; of each meter where one was exchanged (MG-7)."""
    begin_wh, end_wh = sum(bill.begin_wh), sum(bill.end_wh)
    first_s = bill.first_reading.end_s if bill.first_reading else 0
    if end_wh - begin_wh == bill.units_wh:
        return [_span(bill.meter_id, first_s, begin_wh, bill.last_reading, end_wh)]
    month = billing_rules.read_month(
        bill.period.month, bill.connection.consumer.plant.utc_offset_min
    )
    fittings = list(fittings_in(bill.connection, first_s or month.start_s, month.end_s))
    spans = [_span_of(fitting) for fitting in fittings]
    if spans:
        spans[0]["begin_s"], spans[0]["begin_wh"] = first_s, begin_wh
        last = fittings[-1]
        spans[-1] = _span(
            last.meter_id,
            spans[-1]["begin_s"],
            spans[-1]["begin_wh"],
            bill.last_reading,
            end_wh,
        )
    return spans


def _span_of(fitting: Fitting) -> Span:
    first, last = fitting.first_reading, fitting.last_reading
    end_wh = fitting.closing_wh
    if end_wh is None:
        end_wh = last.energy_wh if last else 0
    return _span(
        fitting.meter_id,
        first.end_s if first else 0,
        first.energy_wh if first else 0,
        last,
        end_wh,
    )


def _span(meter_id: str, begin_s: int, begin_wh: int, last: Reading | None, end_wh: int) -> Span:
    message = last.message if last else None
    return Span(
        meter_id=meter_id,
        begin_s=begin_s,
        begin_wh=begin_wh,
        end_s=last.end_s if last else 0,
        end_wh=end_wh,
        message=f"{message.epoch}/{message.counter}" if message else "",
        digest=hashlib.sha256(bytes(message.envelope)).hexdigest() if message else "",
    )


def _packages(bills: Sequence[Bill]) -> dict[int, str]:
    """By connection, the package that its board runs now."""
    rows = PackageAssignment.objects.filter(
        connection__in=[bill.connection_id for bill in bills], state=AssignmentState.ACTIVE
    )
    return dict(rows.order_by("pk").values_list("connection", "package"))


def _history(bills: Sequence[Bill]) -> dict[int, list[MonthUse]]:
    """By connection, the units of its months, the first first."""
    rows = Bill.objects.filter(
        connection__in=[bill.connection_id for bill in bills], replaced_by=None
    ).order_by("period__month")
    found: dict[int, list[MonthUse]] = {}
    for connection, month, units_wh in rows.values_list("connection", "period__month", "units_wh"):
        found.setdefault(connection, []).append(MonthUse(month=month, units_wh=units_wh))
    return found
