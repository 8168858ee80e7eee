"""Closes a month: a bill or statement for every connection, from signed readings."""

from datetime import timedelta

from django.db import transaction

from controller import clock
from controller.audit import services as audit
from controller.billing import queries, rules
from controller.billing.models import Bill, BillLine, Period, PeriodState
from controller.consumers.models import Plant
from controller.errors import Refused
from controller.prepay.models import Purchase
from controller.readings.models import Reading
from protocol.programme import MODE_FLAT, MODE_MONEY, MODE_POSTPAID

UNITS = {1: "Wh", 2: "paise", 3: "days"}  # of an account, by the wire's credit mode


@transaction.atomic
def close_period(plant_code: str, month: str, actor: str) -> Period:
    """Bills the plant's month `YYYY-MM` (local time), once and whole, or not at all.

    A connection without a meter, or whose board confirmed no package, gets no bill. Raises
    Refused for a month that is not over, is closed already, or leaves one out.
    """
    plant = Plant.objects.select_for_update().filter(code=plant_code).first()
    if plant is None:
        raise Refused(f"There is no plant {plant_code!r}", "Add it first.")
    bounds = rules.read_month(month, plant.utc_offset_min)
    now_s = clock.now_s()
    if now_s < bounds.end_s:
        raise Refused(f"{month} is not over", "Close it when its last day has ended.")
    _check_turn(plant, month)
    period = Period.objects.create(plant=plant, month=month)
    bills = _make_bills(period, bounds, now_s)
    period.mark_closed(now_s)
    period.save()
    audit.record(
        actor, "close period", f"plant {plant_code}", month=month, bills=len(bills),
        mismatches=[bill.number for bill in bills if not bill.agrees],
        estimated=[bill.number for bill in bills if bill.estimated],
    )  # fmt: skip
    return period


def _check_turn(plant: Plant, month: str) -> None:
    """Months follow each other: one left out would lose its fixed charges."""
    latest = plant.periods.filter(state=PeriodState.CLOSED).order_by("month").last()
    if latest is None:
        return
    if month <= latest.month:
        raise Refused(f"{plant.code} is closed up to {month} or later", "A month is closed once.")
    due = rules.month_after(latest.month)
    if month != due:
        raise Refused(f"{due} of {plant.code} is not closed", f"Close {due} first.")


def _make_bills(period: Period, month: rules.Month, now_s: int) -> list[Bill]:
    found = [row for row in queries.evidence(period.plant, month) if row.terms]
    begins_s = [_begin_s(row) for row in found]
    sales = queries.sales([row.connection for row in found], min(begins_s, default=0))
    bills, lines = [], []
    for evidence in found:
        bill, of_bill = _bill(evidence, period, month, now_s)
        if bill.account_unit:
            _compare_sales(bill, evidence, sales[evidence.connection.pk])
        bills.append(bill)
        lines += of_bill
    Bill.objects.bulk_create(bills)
    BillLine.objects.bulk_create(lines)
    return bills


def _begin_s(evidence: queries.Evidence) -> int:
    return evidence.first.end_s if evidence.first else evidence.connection.fitted_s


def _bill(
    evidence: queries.Evidence, period: Period, month: rules.Month, now_s: int
) -> tuple[Bill, list[BillLine]]:
    """A bill and its lines, not stored yet."""
    connection, terms, first, last, changes, _currency = evidence
    at_changes = [changes[row.from_s] or first for row in terms[1:]]
    registers = [_registers(reading) for reading in (first, *at_changes, last)]
    parts = rules.split_month(month, terms, registers)
    bill = Bill(
        number=rules.bill_number(connection.consumer_id, month),
        connection=connection,
        period=period,
        first_reading=first,
        last_reading=last,
        units_wh=sum(sum(part.rate_wh) for part in parts),
        issued_s=now_s,
    )
    _explain_readings(bill, month)
    lines = _lines(bill, month, parts, evidence.currency)
    bill.total_paise = sum(line.amount_paise for line in lines)
    if terms[-1].mode != MODE_POSTPAID:
        _state_account(bill, month, parts)
    return bill, [
        BillLine(bill=bill, position=position, **line._asdict())
        for position, line in enumerate(lines, start=1)
    ]


def _registers(reading: Reading | None) -> tuple[int, int, int, int]:
    if reading is None:
        return rules.NO_WH
    return reading.rate0_wh, reading.rate1_wh, reading.rate2_wh, reading.rate3_wh


def _lines(
    bill: Bill, month: rules.Month, parts: list[rules.Part], currency: str
) -> list[rules.Line]:
    """The lines to pay; where nothing is payable, the same lines for information."""
    bill.kind = Bill.Kind.BILL if rules.is_payable(parts) else Bill.Kind.STATEMENT
    shown = parts
    if bill.kind == Bill.Kind.BILL:
        shown = [part for part in parts if part.terms.mode == MODE_POSTPAID]
    connection = bill.connection
    return [
        line
        for part in shown
        for line in rules.part_lines(
            month,
            part,
            connection.sanctioned_load_w,
            connection.phases,
            currency,
            alone=len(parts) == 1,
        )
    ]


def _explain_readings(bill: Bill, month: rules.Month) -> None:
    """Says where a reading exactly at the month's bounds is missing (MG-7: no guess is made)."""
    notes = []
    first, last = bill.first_reading, bill.last_reading
    begins_here = bill.connection.fitted_s >= month.start_s
    if not begins_here and (first is None or first.end_s != month.start_s):
        notes.append(f"No reading at the month's begin; used: {_when(first, month)}.")
    if last is None or last.end_s != month.end_s:
        notes.append(f"No reading at the month's end; used: {_when(last, month)}.")
    bill.estimated = bool(notes)
    bill.note = " ".join(notes)


def _when(reading: Reading | None, month: rules.Month) -> str:
    """Which reading, and when by the plant's local time."""
    if reading is None:
        return "registers at 0"
    local = clock.moment(reading.end_s) + timedelta(minutes=month.utc_offset_min)
    return f"number {reading.sequence} of {local:%Y-%m-%d %H:%M}"


def _state_account(bill: Bill, month: rules.Month, parts: list[rules.Part]) -> None:
    """The prepaid account by its signed registers, and by the tariff: both must agree."""
    mode = parts[-1].terms.mode
    charged, balance = _account(queries.account_at(bill.first_reading, mode))
    charged_after, bill.balance = _account(queries.account_at(bill.last_reading, mode))
    bill.account_unit = UNITS[mode]
    bill.used = charged_after - charged
    bill.bought = bill.used + bill.balance - balance
    bill.difference = bill.used - _used_by_tariff(bill, month, parts, mode)
    if bill.difference:
        bill.note += (
            f" The meter charged {bill.used} {bill.account_unit}, {bill.difference:+} against"
            " the tariff."
        )


def _compare_sales(bill: Bill, evidence: queries.Evidence, sales: list[Purchase]) -> None:
    """Our own books beside the meter's: what we sold must be what it credited.

    A board writes the reading of a second before it takes a command in that second.
    """
    begin_s = _begin_s(evidence)
    end_s = evidence.last.end_s if evidence.last else begin_s
    bill.sold = sum(
        sale.amount
        for sale in sales
        if UNITS[sale.unit] == bill.account_unit and begin_s <= (sale.finished_s or 0) < end_s
    )
    if bill.sold != bill.bought:
        bill.note += (
            f" The meter credited {bill.bought} {bill.account_unit}, {bill.sold} were sold and"
            " confirmed."
        )


def _account(reading: Reading | None) -> tuple[int, int]:
    return (reading.charged_total, reading.balance) if reading is not None else (0, 0)


def _used_by_tariff(bill: Bill, month: rules.Month, parts: list[rules.Part], mode: int) -> int:
    if mode == MODE_FLAT:  # paid days go by with the calendar: there is nothing to rate
        return bill.used
    same = [part for part in parts if part.terms.mode == mode]
    if mode != MODE_MONEY:
        return sum(sum(part.rate_wh) for part in same)
    load_w, phases = bill.connection.sanctioned_load_w, bill.connection.phases
    return sum(rules.part_paise(month, part, load_w, phases) for part in same)
