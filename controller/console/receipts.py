"""A receipt on a page and on paper: PDF, thermal strip, picture; and taking a payment back."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from controller import clock
from controller.console import account, reach
from controller.console.entry import EntryForm, ReasonForm
from controller.console.orders import Order
from controller.console.sheets import Button, Section, Sheet
from controller.console.templatetags.format import in_unit, moment
from controller.console.why import division_table
from controller.console.words import said, say, word
from controller.documents import queries as papers
from controller.documents.models import Snapshot
from controller.documents.receipts import issue_receipt
from controller.errors import Refused
from controller.figures import rupees
from controller.payments import queries, services
from controller.payments.models import Payment, PaymentState
from controller.prepay.models import Purchase
from controller.prepay.services import hand_out_voucher


def find(request: HttpRequest, number: str) -> Payment:
    """A payment of a consumer that the user sees. Raises Http404."""
    try:
        payment = queries.find_payment(number)
    except Refused as refused:
        raise Http404(refused) from refused
    reach.consumer(request, payment.consumer_id)
    return payment


def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """A receipt: what was paid and what it became, with its papers."""
    payment = find(request, number)
    purchase = Purchase.objects.filter(payment=payment).first()
    is_taken = payment.state == PaymentState.TAKEN
    held = reach.rights(request)
    facts = payment_facts(payment)
    sections = []
    if purchase is not None:
        unit = purchase.get_unit_display()
        facts += [
            (say("Credit"), in_unit(purchase.amount, unit)),
            (say("At the meter"), said(purchase.get_state_display())),
        ]
        if purchase.carried_paise:
            facts.append((say("Credit from before"), rupees(purchase.carried_paise)))
        sections = [Section(say("What it became"), division_table(purchase))]
    buttons = [Button(say(label), f"{kind}/") for kind, label in PAPERS.items()]
    if is_taken and purchase is not None and held.may(VOUCHER.needs):
        buttons.append(Button(said(VOUCHER.label), "voucher/"))
    if is_taken and held.may(REVERSE.needs):
        buttons.append(Button(said(REVERSE.label), "reverse/", danger=True))
    buttons.append(Button(say("Counter"), reverse("console:desk", args=[payment.consumer_id])))
    return Sheet(
        title=f"{say('Receipt')} {payment.receipt_number}",
        subtitle=account.title(payment.consumer),
        headline=rupees(payment.amount_paise),
        look="on" if is_taken else "off",
        warnings=[] if is_taken else [say("Reversed: {0}", payment.reversal_reason)],
        facts=facts,
        buttons=buttons,
        sections=sections,
    ).answer(request)


def payment_facts(payment: Payment) -> list[tuple[str, str]]:
    """When, how, where and by whom it was taken."""
    return [
        (say("When"), moment(payment.received_s)),
        (say("For"), said(payment.get_purpose_display())),
        (say("How"), said(payment.get_method_display())),
        (say("Point of sale"), payment.point_of_sale.name),
        (say("By"), payment.actor),
    ]


# --- papers -------------------------------------------------------------------------------------

PAPERS = {
    "pdf": word("Print (PDF)"),
    "thermal": word("Thermal printer"),
    "picture": word("Picture to send"),
}
_MAKERS: dict[str, tuple[Callable[..., bytes], str, str]] = {
    "pdf": (papers.pdf, "application/pdf", "pdf"),
    "thermal": (papers.escpos, "application/octet-stream", "bin"),
    "picture": (papers.picture, "image/png", "png"),
}


def paper(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """The receipt as a file (MG-10): `kind` of PAPERS."""
    payment = find(request, number)
    if kind not in _MAKERS:
        raise Http404(f"There is no paper {kind!r}")
    snapshot = issue_receipt(payment_id=payment.pk, actor=reach.actor(request))
    return paper_file(snapshot, kind, payment.receipt_number)


def paper_file(snapshot: Snapshot, kind: str, name: str) -> HttpResponse:
    """A paper as a file; from the day after it was issued it says that it is a copy."""
    make, content_type, ending = _MAKERS[kind]
    options = {"copy": True} if _is_old(snapshot) and kind != "picture" else {}
    answer = HttpResponse(make(snapshot, **options), content_type=content_type)
    how = "attachment" if kind == "thermal" else "inline"
    answer["Content-Disposition"] = f'{how}; filename="{name}.{ending}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _is_old(snapshot: Snapshot) -> bool:
    days = (timezone.localdate(clock.moment(at_s)) for at_s in (snapshot.made_s, clock.now_s()))
    return len(set(days)) > 1


# --- orders -------------------------------------------------------------------------------------


def _reverse(payment: Payment, form: ReasonForm, actor: str) -> str:
    services.reverse_payment(
        payment_id=payment.pk, reason=form.cleaned_data["reason"][:200], actor=actor
    )
    return say("{0} is reversed.", payment.receipt_number)


def _voucher(payment: Payment, _form: EntryForm, actor: str) -> str:
    purchase = Purchase.objects.get(payment=payment)
    voucher = hand_out_voucher(purchase_id=purchase.pk, actor=actor)
    if voucher is None:
        raise Refused("This recharge has no voucher", "The credit goes to the meter by command.")
    told = say("Voucher: {0}", voucher.token)
    if voucher.key_change:
        first = say("Key in first, one after the other: {0}", " · ".join(voucher.key_change))
        told = f"{first} — {told}"
    return told


def _find_recharge(request: HttpRequest, number: str) -> Payment:
    payment = find(request, number)
    if not Purchase.objects.filter(payment=payment).exists():
        raise Http404
    return payment


def _title(payment: Payment) -> str:
    return f"{payment.receipt_number} · {account.title(payment.consumer)}"


def _page(payment: Payment) -> str:
    return reverse("console:receipt", args=[payment.receipt_number])


REVERSE = Order(
    "reverse",
    word("Take the payment back"),
    word("The money goes back to the consumer; a reversing entry stands in the ledger."),
    ReasonForm,
    "counter.reverse",
    find,
    _reverse,
    _title,
    _page,
    danger=True,
)
VOUCHER = Order(
    "voucher",
    word("Show the 20 digits"),
    word("Only for the consumer: who has the digits can use the credit at this meter."),
    EntryForm,
    "credit.sell",
    _find_recharge,
    _voucher,
    _title,
    _page,
)
