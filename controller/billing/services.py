"""Closes a month: a bill or statement for every connection, from signed readings."""

from django.db import transaction

from controller import clock
from controller.audit import services as audit
from controller.billing import queries, rules
from controller.billing.models import Bill, BillLine, Period, PeriodState
from controller.consumers.models import Connection, Plant
from controller.errors import Refused
from controller.readings.models import Reading
from protocol.programme import MODE_MONEY, MODE_POSTPAID

UNITS = {1: "Wh", 2: "paise"}  # of an account, by the wire's credit mode


@transaction.atomic
def close_period(plant_code: str, month: str, actor: str) -> Period:
    """Bills the plant's month `YYYY-MM` (local time), once and whole, or not at all.

    A connection without a meter, or whose board confirmed no package, gets no bill. Raises
    Refused for a month that is not over, is closed already, or comes after an open billed one.
    """
    plant = Plant.objects.select_for_update().filter(code=plant_code).first()
    if plant is None:
        raise Refused(f"There is no plant {plant_code!r}", "Add it first.")
    bounds = rules.read_month(month, plant.utc_offset_min)
    now_s = clock.now_s()
    if now_s < bounds.end_s:
        raise Refused(f"{month} is not over", "Close it when its last day has ended.")
    if plant.periods.filter(month__gte=month, state=PeriodState.CLOSED).exists():
        raise Refused(f"{plant_code} is closed up to {month} or later", "A month is closed once.")
    period = Period.objects.create(plant=plant, month=month)
    bills = [bill for row in _connections(plant) if (bill := _bill(row, period, bounds, now_s))]
    period.mark_closed(now_s)
    period.save()
    audit.record(
        actor, "close period", f"plant {plant_code}", month=month, bills=len(bills),
        mismatches=[bill.number for bill in bills if bill.difference],
        estimated=[bill.number for bill in bills if bill.estimated],
    )  # fmt: skip
    return period


def _connections(plant: Plant) -> list[Connection]:
    found = Connection.objects.filter(consumer__plant=plant, meter__isnull=False)
    return list(found.select_related("consumer").order_by("consumer"))


def _bill(connection: Connection, period: Period, month: rules.Month, now_s: int) -> Bill | None:
    terms = rules.terms_in(month, queries.terms_of(connection))
    if not terms:
        return None
    first = _first_reading(connection, month)
    last = queries.reading_at(connection, month.end_s) or first
    changes = [queries.reading_at(connection, row.from_s) or first for row in terms[1:]]
    registers = [_registers(reading) for reading in (first, *changes, last)]
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
    lines = _lines(bill, month, parts)
    bill.total_paise = sum(line.amount_paise for line in lines)
    if terms[-1].mode != MODE_POSTPAID:
        _state_account(bill, month, parts)
    bill.save(force_insert=True)
    BillLine.objects.bulk_create(
        BillLine(bill=bill, position=position, **line._asdict())
        for position, line in enumerate(lines, start=1)
    )
    return bill


def _first_reading(connection: Connection, month: rules.Month) -> Reading | None:
    """Where the last bill ended, so that no energy is lost or billed twice; else at the begin."""
    previous = queries.last_bill(connection)
    if previous is not None:
        return previous.last_reading
    return queries.reading_at(connection, max(month.start_s, connection.fitted_s))


def _registers(reading: Reading | None) -> tuple[int, int, int, int]:
    if reading is None:
        return rules.NO_WH
    return reading.rate0_wh, reading.rate1_wh, reading.rate2_wh, reading.rate3_wh


def _lines(bill: Bill, month: rules.Month, parts: list[rules.Part]) -> list[rules.Line]:
    """The lines to pay; where nothing is payable, the same lines for information."""
    bill.kind = Bill.Kind.BILL if rules.is_payable(parts) else Bill.Kind.STATEMENT
    shown = parts
    if bill.kind == Bill.Kind.BILL:
        shown = [part for part in parts if part.terms.mode == MODE_POSTPAID]
    connection = bill.connection
    currency = _currency(connection)
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


def _currency(connection: Connection) -> str:
    with_tariff = connection.assignments.filter(package__tariff__isnull=False)
    last = with_tariff.select_related("package__tariff").last()
    return last.package.tariff.currency if last and last.package.tariff else "INR"


def _explain_readings(bill: Bill, month: rules.Month) -> None:
    """Says where a reading exactly at the month's bounds is missing (MG-7: no guess is made)."""
    notes = []
    first, last = bill.first_reading, bill.last_reading
    begins_here = bill.connection.fitted_s >= month.start_s
    if not begins_here and (first is None or first.end_s != month.start_s):
        notes.append(f"No reading at the month's begin; used: {_when(first)}.")
    if last is None or last.end_s != month.end_s:
        notes.append(f"No reading at the month's end; used: {_when(last)}.")
    bill.estimated = bool(notes)
    bill.note = " ".join(notes)


def _when(reading: Reading | None) -> str:
    if reading is None:
        return "registers at 0"
    return f"number {reading.sequence} of {clock.moment(reading.end_s):%Y-%m-%d %H:%M} UTC"


def _state_account(bill: Bill, month: rules.Month, parts: list[rules.Part]) -> None:
    """The prepaid account by its signed registers, and by the tariff: both must agree."""
    mode = parts[-1].terms.mode
    begin_s = bill.first_reading.end_s if bill.first_reading else bill.connection.fitted_s
    before = queries.account_at(bill.connection, mode, begin_s)
    after = queries.account_at(bill.connection, mode, month.end_s)
    charged, balance = _account(before)
    charged_after, bill.balance = _account(after)
    bill.account_unit = UNITS[mode]
    bill.used = charged_after - charged
    bill.bought = bill.used + bill.balance - balance
    bill.difference = bill.used - _used_by_tariff(bill, month, parts, mode)
    if bill.difference:
        bill.note += (
            f" The meter charged {bill.used} {bill.account_unit}, {bill.difference:+} against"
            " the tariff."
        )


def _account(reading: Reading | None) -> tuple[int, int]:
    return (reading.charged_total, reading.balance) if reading is not None else (0, 0)


def _used_by_tariff(bill: Bill, month: rules.Month, parts: list[rules.Part], mode: int) -> int:
    same = [part for part in parts if part.terms.mode == mode]
    if mode != MODE_MONEY:
        return sum(sum(part.rate_wh) for part in same)
    load_w, phases = bill.connection.sanctioned_load_w, bill.connection.phases
    return sum(rules.part_paise(month, part, load_w, phases) for part in same)
