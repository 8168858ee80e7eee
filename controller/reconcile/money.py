"""Money in the ledger against money received: each payment, deposit and refund has its entry, and
each such entry its payment, deposit or refund, with the same accounts and amounts.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeVar

from django.db.models import Q

from controller.ledger import queries as ledger
from controller.ledger.models import Entry, Transfer
from controller.ledger.rules import REVERSAL, Move
from controller.payments.models import Deposit, Payment, PaymentState, Provider, Refund
from controller.payments.queries import unclaimed_paise
from controller.reconcile.rules import LEDGER, PAYMENT, Mismatch

KEYS_AT_ONCE = 500
PAID, LOGGED, VERIFIED, REFUNDED = "payment", "deposit_logged", "deposit_verified", "refund"
KINDS = (PAID, LOGGED, VERIFIED, REFUNDED)

Item = TypeVar("Item")
Key = tuple[str, str]  # kind and reference of an entry


class Fact(NamedTuple):
    """What was received, or what was posted: transfers in order, and whether it was undone."""

    subject: str
    moves: list[Move]
    is_reversed: bool

    def agrees_with(self, other: "Fact") -> bool:
        """Whether both tell of the same money."""
        return (self.moves, self.is_reversed) == (other.moves, other.is_reversed)


class Outcome(NamedTuple):
    """How many receipts and entries were compared, and what did not agree."""

    compared: int
    mismatches: list[Mismatch]


def compare(from_s: int, until_s: int) -> Outcome:
    """What was received, undone or posted at board times in between."""
    received = _received_between(from_s, until_s)
    posted = _posted(_in_window(from_s, until_s))
    keys = sorted(received.keys() | posted.keys())
    posted |= _posted_as(key for key in keys if key not in posted)
    received |= _received_as(key for key in keys if key not in received)
    found = [_judge(key, received.get(key), posted.get(key)) for key in keys]
    return Outcome(len(keys), [mismatch for mismatch in found if mismatch is not None])


def _judge(key: Key, received: Fact | None, posted: Fact | None) -> Mismatch | None:
    kind, reference = key
    name = kind.replace("_", " ")
    if received is not None and posted is not None:
        if received.agrees_with(posted):
            return None
        title = f"A {name} is not posted as it was received"
        if received.moves == posted.moves:
            title = f"A {name} is undone in the one book and not in the other"
    elif posted is None:
        title = f"A {name} was received and is not in the ledger"
    else:
        title = f"A {name} is in the ledger and was never received"
    subject = (received or posted or Fact("ledger", [], False)).subject
    return Mismatch(
        PAYMENT,
        subject,
        f"{PAYMENT}:{kind}:{reference}",
        title,
        {
            "kind": kind,
            "reference": reference,
            "received": received._asdict() if received else None,
            "posted": posted._asdict() if posted else None,
        },
    )


# --- received -----------------------------------------------------------------------------------


def _received_between(from_s: int, until_s: int) -> dict[Key, Fact]:
    def within(name: str) -> Q:
        return Q(**{f"{name}__gte": from_s, f"{name}__lt": until_s})

    return {
        **_payments(within("received_s") | within("reversed_s")),
        **_deposits(within("logged_s") | within("decided_s")),
        **_refunds(within("arrived_s")),
    }


def _received_as(keys: Iterable[Key]) -> dict[Key, Fact]:
    found: dict[Key, Fact] = {}
    for some in _pieces(keys):
        wanted = defaultdict(list)
        for kind, reference in some:
            wanted[kind].append(reference)
        found |= _payments(Q(pk__in=wanted[PAID]))
        found |= _deposits(Q(pk__in=[*wanted[LOGGED], *wanted[VERIFIED]]))
        found |= _refunds(Q(reference__in=[text.partition(":")[2] for text in wanted[REFUNDED]]))
    return found


def _payments(which: Q) -> dict[Key, Fact]:
    return {
        (PAID, payment.pk): Fact(
            f"consumer {payment.consumer_id}",
            [Move(payment.held_in, f"consumer:{payment.consumer_id}", payment.amount_paise)],
            payment.state == PaymentState.REVERSED,
        )
        for payment in Payment.objects.filter(which).order_by("pk")
    }


def _deposits(which: Q) -> dict[Key, Fact]:
    facts = {}
    for deposit in Deposit.objects.filter(which).order_by("pk"):
        subject = f"point of sale {deposit.point_of_sale_id}"
        under_way = f"clearing:bank-{deposit.point_of_sale_id}"
        move = Move(under_way, deposit.held_in, deposit.amount_paise)
        is_rejected = deposit.state == Deposit.State.REJECTED
        facts[LOGGED, deposit.pk] = Fact(subject, [move], is_rejected)
        if deposit.state == Deposit.State.VERIFIED:
            arrived = Move("bank", under_way, deposit.amount_paise)
            facts[VERIFIED, deposit.pk] = Fact(subject, [arrived], False)
    return facts


def _refunds(which: Q) -> dict[Key, Fact]:
    facts = {}
    found = Refund.objects.filter(which, of__currency="INR").select_related("of__payment")
    for refund in found.order_by("pk"):
        provider, payment = refund.of.provider_id, refund.of.payment
        owner = f"payable:unclaimed-{provider}"
        if payment is not None:
            owner = f"consumer:{payment.consumer_id}"
        facts[REFUNDED, f"{provider}:{refund.reference}"] = Fact(
            f"provider {provider}",
            [Move(owner, f"clearing:{provider}", refund.amount_paise)],
            False,
        )
    return facts


# --- posted -------------------------------------------------------------------------------------


def _in_window(from_s: int, until_s: int) -> Q:
    """Entries of our kinds, and those of them that were undone then."""
    posted = Entry.objects.filter(at_s__gte=from_s, at_s__lt=until_s)
    undone = posted.filter(kind=REVERSAL).values("reverses")
    return Q(pk__in=posted.filter(kind__in=KINDS).values("pk")) | Q(pk__in=undone)


def _posted_as(keys: Iterable[Key]) -> dict[Key, Fact]:
    found: dict[Key, Fact] = {}
    for some in _pieces(keys):
        wanted = set(some)
        facts = _posted(Q(reference__in=[reference for _kind, reference in some]))
        found |= {key: fact for key, fact in facts.items() if key in wanted}
    return found


def _posted(which: Q) -> dict[Key, Fact]:
    entries = Entry.objects.filter(which, kind__in=KINDS).order_by("pk")
    rows = list(entries.values_list("pk", "kind", "reference"))
    moves: dict[int, list[Move]] = defaultdict(list)
    undone: set[int | None] = set()
    for some in _pieces(pk for pk, _kind, _reference in rows):
        found = Transfer.objects.filter(entry__in=some).order_by("entry_id", "position")
        for pk, debit, credit, paise in found.values_list(
            "entry_id", "debit__code", "credit__code", "amount_paise"
        ):
            moves[pk].append(Move(debit, credit, paise))
        reversals = Entry.objects.filter(reverses__in=some)
        undone |= set(reversals.values_list("reverses_id", flat=True))
    return {
        (kind, reference): Fact(f"entry {pk}", moves[pk], pk in undone)
        for pk, kind, reference in rows
    }


def _pieces(items: Iterable[Item]) -> Iterator[list[Item]]:
    rows = list(items)
    for start in range(0, len(rows), KEYS_AT_ONCE):
        yield rows[start : start + KEYS_AT_ONCE]


# --- the whole ledger ---------------------------------------------------------------------------


def check_ledger() -> Iterator[Mismatch]:
    """The books as a whole: debits are credits, days as sealed, suspense what is nobody's."""
    total = sum(ledger.trial_balance().values())
    if total:
        yield Mismatch(
            LEDGER, "ledger", f"{LEDGER}:sum", "Debits are not credits", {"sum_paise": total}
        )
    for breach in ledger.verify():
        yield Mismatch(
            LEDGER,
            f"ledger {breach.day}",
            f"{LEDGER}:{breach.day}:{breach.what}",
            f"The ledger of {breach.day} was changed: {breach.what}",
            {"day": str(breach.day), "what": breach.what},
        )
    for provider in Provider.objects.prefetch_related("payments"):
        held = sum(payment.suspended_paise for payment in provider.payments.all())
        if held != unclaimed_paise(provider):
            yield Mismatch(
                LEDGER,
                f"provider {provider.pk}",
                f"{LEDGER}:unclaimed-{provider.pk}",
                f"Money of {provider.pk} in suspense is not what the ledger says",
                {"held_paise": held, "ledger_paise": unclaimed_paise(provider)},
            )
