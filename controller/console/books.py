"""The ledger: accounts and their statements, the trial balance, entries and the seals of days."""

from django.db.models import Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from controller.console.entry import EntryForm, ReasonForm
from controller.console.months import month_tabs, span_s
from controller.console.orders import Order
from controller.console.reach import Rights, rights
from controller.console.rows import Choice, Rows
from controller.console.sheets import (
    BAD,
    GOOD,
    SOFT,
    Button,
    Cell,
    Section,
    Sheet,
    Tab,
    Table,
    list_page,
    money,
    number,
    when,
)
from controller.console.words import LINE, said, say, word
from controller.errors import Refused
from controller.figures import rupees
from controller.ledger import queries, services
from controller.ledger.models import Account, DaySeal, Entry, Transfer

# Words of which every consumer has an account; such accounts are seen at one's own plants only.
OF_CONSUMERS = ("consumer", "deposit", "prepaid", "debt")
LISTS = (
    Choice("", word("All")),
    Choice("consumer", word("Consumers")),
    Choice("deposit", word("Deposits")),
    Choice("cash", word("Cash")),
    Choice("income", word("Income")),
)
SEALS_SHOWN = 31


def tabs(current: str) -> list[Tab]:
    """The pages of the ledger."""
    pages = (("ledger", say("Accounts")), ("trial", say("Trial balance")), ("seals", say("Days")))
    return [Tab(label, reverse(f"console:{name}"), name == current) for name, label in pages]


def visible(held: Rights) -> QuerySet[Account]:
    """Accounts without those of consumers at plants that the user does not see."""
    stranger = Q()
    for name in OF_CONSUMERS:
        of_one = Q(code__startswith=f"{name}:")
        for prefix in held.prefixes:
            of_one &= ~Q(code__startswith=f"{name}:{prefix}")
        stranger |= of_one
    return Account.objects.exclude(stranger).order_by("code")


def sees(held: Rights, code: str) -> bool:
    """Whether the user may know of an account of this code; as `visible`, for one."""
    name, _, owner = code.partition(":")
    return name not in OF_CONSUMERS or owner.startswith(tuple(held.prefixes))


def accounts(request: HttpRequest) -> HttpResponse:
    """Accounts with their balances."""
    rows = Rows(request.GET, LISTS)
    found = visible(rights(request))
    if rows.show:
        found = found.filter(code__startswith=f"{rows.show}:")
    if rows.search:
        found = found.filter(code__icontains=rows.search)
    return list_page(
        request, say("Ledger"), rows, found, [say("Account"), say("Kind"), say("Balance")], _row,
        hint=say("Account or consumer number"), tabs=tabs("ledger"),
        prepare=lambda page: queries.balances([account.code for account in page]),
    )  # fmt: skip


def _row(account: Account, balances: dict[str, int]) -> list[Cell]:
    url = reverse("console:statement", args=[account.code])
    return [
        Cell(account.code, url), Cell(said(account.kind), look=SOFT), money(balances[account.code])
    ]  # fmt: skip


def statement(request: HttpRequest, code: str) -> HttpResponse:
    """One account in one month, line by line with the balance."""
    account = get_object_or_404(visible(rights(request)), code=code)
    month, from_s, until_s = span_s(request.GET.get("month", ""))
    found = queries.statement(account.code, from_s, until_s)
    return Sheet(
        title=account.code,
        subtitle=said(account.kind),
        tabs=month_tabs(month),
        facts=[
            (say("At the beginning"), rupees(found.opening_paise)),
            (say("At the end"), rupees(found.closing_paise)),
        ],
        sections=[Section(table=statement_table(found, rights(request)))],
    ).answer(request)


def statement_table(found: queries.Statement, held: Rights) -> Table:
    """The lines of a statement; for who sees the ledger each leads to its entry."""
    in_office = held.may("ledger.see")
    rows = []
    for line in found.lines:
        known = in_office and sees(held, line.other)
        url = reverse("console:entry", args=[line.entry.pk]) if known else ""
        rows.append(
            [
                when(line.entry.at_s),
                Cell(said(line.entry.text), url, small=line.other if known else ""),
                money(line.debit_paise - line.credit_paise),
                money(line.balance_paise),
            ]
        )
    heads = [say("When"), say("For"), say("Amount"), say("Balance")]
    return Table(heads, rows, say("Nothing in this month."))


def entry(request: HttpRequest, entry_id: int) -> HttpResponse:
    """One entry: all its transfers, and what it reverses or is reversed by."""
    found = _find_entry(request, entry_id)
    rows = [[Cell(move.debit), Cell(move.credit), money(move.amount_paise)]
            for move in queries.moves(found)]  # fmt: skip
    undone = found.reversals.first()
    facts = [
        (say("Kind"), said(found.kind.replace("_", " "))),
        (say("Reference"), found.reference),
        (say("When"), when(found.at_s).text),
        (say("By"), found.actor),
    ]
    if undone is not None:
        facts.append((say("Reversed by entry"), str(undone.pk)))
    standing = undone is None and found.reverses_id is None
    may_reverse = standing and rights(request).may("ledger.reverse")
    undo = Button(say("Reverse"), reverse("console:entry_reverse", args=[found.pk]), danger=True)
    heads = [say("To"), say("From"), say("Amount")]
    return Sheet(
        title=say("Entry {0}", found.pk),
        subtitle=said(found.text),
        facts=facts,
        buttons=[undo] if may_reverse else [],
        sections=[Section(table=Table(heads, rows))],
    ).answer(request)


def _find_entry(request: HttpRequest, entry_id: int) -> Entry:
    """An entry of which the user may know every account. Raises Http404."""
    found = get_object_or_404(Entry, pk=entry_id)
    held = rights(request)
    if not all(sees(held, code) for move in queries.moves(found) for code in move[:2]):
        raise Http404
    return found


def _reverse(found: Entry, form: ReasonForm, actor: str) -> str:
    undone = services.reverse(
        entry_id=found.pk, reason=form.cleaned_data["reason"][:200], actor=actor
    )
    return say("Entry {0} is reversed by entry {1}.", found.pk, undone.pk)


REVERSE = Order(
    "reverse",
    word("Reverse"),
    word("Nothing is deleted: a new entry undoes this one, once, and both stay in the books."),
    ReasonForm,
    "ledger.reverse",
    _find_entry,
    _reverse,
    lambda found: say("Entry {0}", found.pk),
    lambda found: reverse("console:entry", args=[found.pk]),
    danger=True,
)


def trial(request: HttpRequest) -> HttpResponse:
    """Balances of all accounts, those of consumers together; their sum is nothing."""
    found = _totals()
    rows = [[Cell(name), money(max(0, paise)), money(max(0, -paise))] for name, paise in found]
    debit = sum(paise for _name, paise in found if paise > 0)
    credit = -sum(paise for _name, paise in found if paise < 0)
    rows.append([Cell(say("Total")), money(debit), money(credit)])
    agrees = debit == credit
    return Sheet(
        title=say("Trial balance"),
        tabs=tabs("trial"),
        headline=say("Debits equal credits.") if agrees else say("Debits do not equal credits."),
        look=GOOD if agrees else BAD,
        sections=[Section(table=Table([say("Account"), say("Debit"), say("Credit")], rows))],
    ).answer(request)


def _totals() -> list[tuple[str, int]]:
    """(account, or all accounts of a word that consumers have; paise), in two statements each."""
    alone = Q()
    for name in OF_CONSUMERS:
        alone &= ~Q(code__startswith=f"{name}:")
    found = dict.fromkeys(Account.objects.filter(alone).values_list("code", flat=True), 0)
    for side, sign in (("debits", 1), ("credits", -1)):
        sums = Account.objects.filter(alone).values_list("code")
        for code, paise in sums.annotate(paise=Sum(f"{side}__amount_paise")):
            found[code] += sign * (paise or 0)
    for name in OF_CONSUMERS:
        given = Transfer.objects.filter(debit__code__startswith=f"{name}:")
        taken = Transfer.objects.filter(credit__code__startswith=f"{name}:")
        found[f"{name}:*"] = _sum(given) - _sum(taken)
    return sorted(found.items())


def _sum(transfers: QuerySet[Transfer]) -> int:
    return transfers.aggregate(paise=Sum("amount_paise"))["paise"] or 0


def seals(request: HttpRequest) -> HttpResponse:
    """The latest sealed days; each seal holds the one before."""
    found = DaySeal.objects.order_by("-day")[:SEALS_SHOWN]
    rows = [
        [Cell(str(seal.day)), number(seal.entries), Cell(seal.digest[:16], look=SOFT),
         when(seal.sealed_s)]
        for seal in found
    ]  # fmt: skip
    heads = [say("Day"), say("Entries"), say("Seal"), say("Sealed")]
    check = Button(say("Check the books"), reverse("console:seals_check"))
    return Sheet(
        title=say("Days"),
        tabs=tabs("seals"),
        buttons=[check],
        sections=[Section(table=Table(heads, rows, say("No day is sealed yet.")))],
    ).answer(request)


def _books(_request: HttpRequest) -> str:
    """All of them are checked at once."""
    return say("Ledger")


def _verify(_all: str, _form: EntryForm, _actor: str) -> str:
    breaches = queries.verify()
    if breaches:
        told = [f"{breach.day}: {breach.what}" for breach in breaches[:5]]
        raise Refused("The books are not what was sealed", LINE.join(told))
    return say("Every sealed day is what was sealed.")


VERIFY = Order(
    "check",
    word("Check the books"),
    word("Reads every sealed day again and compares it with its seal; this may take a while."),
    EntryForm,
    "ledger.see",
    _books,
    _verify,
    str,
    lambda _all: reverse("console:seals"),
)
