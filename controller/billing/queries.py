"""Finds bills, and the readings and terms that a bill rests on."""

from django.db.models import QuerySet

from controller.billing.models import Bill
from controller.billing.rules import Terms
from controller.consumers.models import Connection
from controller.errors import Refused
from controller.readings.models import Reading


def bills_of(plant_code: str, month: str) -> QuerySet[Bill]:
    """The bills and statements of a plant's month, by number."""
    found = Bill.objects.filter(period__plant=plant_code, period__month=month)
    return found.select_related("connection__consumer", "period")


def find_bill(number: str) -> Bill:
    """A bill with its lines, readings and their signed messages. Raises Refused."""
    found = Bill.objects.select_related(
        "connection__consumer__plant",
        "period",
        "first_reading__message",
        "last_reading__message",
    )
    bill = found.prefetch_related("lines").filter(number=number).first()
    if bill is None:
        raise Refused(f"There is no bill {number!r}", "See `bijli bill run`.")
    return bill


def last_bill(connection: Connection) -> Bill | None:
    """The connection's latest bill."""
    return connection.bills.select_related("last_reading").order_by("period__month").last()


def reading_at(connection: Connection, at_s: int) -> Reading | None:
    """The meter's last reading up to `at_s`; of a meter used before, that is where it began."""
    found = Reading.objects.filter(meter=connection.meter_id, end_s__lte=at_s)
    return found.order_by("end_s", "sequence").last()


def account_at(connection: Connection, mode: int, at_s: int) -> Reading | None:
    """The last reading up to `at_s` that shows the account of this credit mode."""
    found = Reading.objects.filter(meter=connection.meter_id, credit_mode=mode, end_s__lte=at_s)
    return found.order_by("end_s", "sequence").last()


def terms_of(connection: Connection) -> list[Terms]:
    """What the connection was charged by, as its board confirmed it, the oldest first."""
    rows = connection.assignments.filter(activated_s__isnull=False).select_related("package")
    return [
        Terms(row.activated_s, row.opened_s, row.package.mode, row.tariff_record)
        for row in rows.order_by("activated_s", "programme_version")
        if row.activated_s is not None and row.tariff_record is not None
    ]


def mismatches(plant_code: str, month: str) -> QuerySet[Bill]:
    """The statements on which board and tariff disagree."""
    return bills_of(plant_code, month).exclude(difference=0)
