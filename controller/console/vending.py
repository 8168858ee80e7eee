"""Vouchers that were issued (UP-11), without their digits, and the vending keys without secrets.

The digits are shown on the receipt, to who may sell credit, each time with an audit event.
"""

from collections.abc import Sequence

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from controller.console.reach import rights
from controller.console.rows import Choice, Rows
from controller.console.sheets import (
    SOFT,
    WIDE,
    Button,
    Cell,
    Section,
    Sheet,
    Table,
    list_page,
    number,
    when,
)
from controller.console.templatetags.format import day, moment
from controller.console.words import said, say, word
from controller.figures import kwh
from controller.prepay.models import Purchase
from controller.readings.models import Event
from controller.vouchers import queries
from controller.vouchers.models import VendingKey, Voucher
from protocol import sts
from protocol.messages import EVENT_TOKEN_TAKEN

WH_A_TENTH = 100
CREDIT, OTHERS, EVERY = "credit", "management", "all"
LISTS = (
    Choice(CREDIT, word("Credit")),
    Choice(OTHERS, word("Management")),
    Choice(EVERY, word("All")),
)
MANAGEMENT = {
    sts.MAX_POWER: word("load limit"), sts.CLEAR_CREDIT: word("clears the credit"),
    sts.CLEAR_TAMPER: word("clears tampering"),
}  # fmt: skip


def vouchers(request: HttpRequest) -> HttpResponse:
    """Vouchers of meters at the user's plants, the newest first."""
    rows = Rows(request.GET, LISTS)
    held = rights(request)
    found = Voucher.objects.filter(meter__connection__consumer__plant__in=held.plants)
    if rows.show != EVERY:
        kind = Voucher.Kind.CREDIT if rows.show == CREDIT else Voucher.Kind.MANAGEMENT
        found = found.filter(kind=kind)
    if rows.search:
        found = found.filter(
            Q(meter__id__icontains=rows.search)
            | Q(meter__connection__consumer__name__icontains=rows.search)
            | Q(meter__connection__consumer__id__icontains=rows.search)
        )
    found = found.select_related("key", "meter__connection__consumer")
    found = found.defer("token_sealed", "key_change_sealed", "key__key_sealed")
    heads = [say("Meter"), say("Brings"), say("Issued"), say("Vending key"), say("At the meter")]
    keys = Button(say("Vending keys"), reverse("console:vending_keys"))
    return list_page(
        request, say("Vouchers"), rows, found, heads, _row, prepare=Beside,
        hint=say("Meter, name or consumer number"),
        buttons=[keys] if held.may("vouchers.keys") else [],
    )  # fmt: skip


class Beside:
    """What became of the vouchers of a page, looked up for all of them."""

    def __init__(self, rows: Sequence[Voucher]):
        purchases = Purchase.objects.filter(pk__in=[row.pk for row in rows])
        self.purchases = {one.pk: one for one in purchases.select_related("payment")}
        told = Event.objects.filter(
            code=EVENT_TOKEN_TAKEN,
            meter__in={row.meter_id for row in rows},
            value__in={row.tid_minutes for row in rows},
        )
        taken = told.order_by("-sequence").values_list("meter", "value", "time_s")
        self.taken_s = {(meter, tid): time_s for meter, tid, time_s in taken}


def _row(voucher: Voucher, beside: Beside) -> list[Cell]:
    purchase = beside.purchases.get(voucher.pk)
    taken_s = beside.taken_s.get((voucher.meter_id, voucher.tid_minutes))
    if taken_s is not None:
        outcome = Cell(say("Keyed in"), small=moment(taken_s))
    else:
        outcome = Cell(said(purchase.get_state_display()) if purchase else "–")
    payment = purchase.payment if purchase else None
    receipt = reverse("console:receipt", args=[payment.receipt_number]) if payment else ""
    consumer = voucher.meter.connection.consumer
    return [
        Cell(voucher.meter_id, reverse("console:meter", args=[voucher.meter_id]), consumer.name),
        Cell(_brings(voucher), receipt, payment.receipt_number if payment else ""),
        Cell(moment(voucher.issued_s), small=voucher.actor, look=SOFT),
        Cell(f"{voucher.key.supply_group}/{voucher.key.revision}", look=SOFT),
        outcome,
    ]


def _brings(voucher: Voucher) -> str:
    if voucher.kind == Voucher.Kind.CREDIT:
        return kwh(voucher.amount_tenths * WH_A_TENTH)
    return say(MANAGEMENT[voucher.subclass]) if voucher.subclass in MANAGEMENT else "–"


def keys(request: HttpRequest) -> HttpResponse:
    """The revisions of every supply group's vending key: when they vend, never what they are."""
    rows = [_key_row(key) for key in queries.vending_keys()]
    heads = [
        say("Vending key"), say("Kind"), say("Vends from"), say("Vends until"),
        say("Minutes since"), say("Expiry number"),
    ]  # fmt: skip
    return Sheet(
        title=say("Vending keys"),
        subtitle=say("Keys are kept sealed; nobody can read them here."),
        buttons=[Button(say("Vouchers"), reverse("console:vouchers"))],
        sections=[Section(table=Table(heads, rows, say("None yet.")))],
    ).answer(request)


def _key_row(key: VendingKey) -> list[Cell]:
    until = day(key.valid_until_s) if key.valid_until_s else say("the next revision")
    return [
        Cell(f"{key.supply_group}/{key.revision}", look=WIDE),
        Cell(said(key.get_key_type_display())),
        when(key.valid_from_s),
        Cell(until, look=SOFT),
        Cell(str(key.base_year)),
        number(key.expiry_number),
    ]
