"""Posts to the ledger, reverses, and seals days. Nothing that was posted changes.

`post` is called inside the transaction of what it is about (a payment, a bill), which has its
own audit event; an entry names its actor and is itself kept for good.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils import timezone

from controller import clock
from controller.audit import services as audit
from controller.bulk import Among
from controller.errors import Refused
from controller.ledger import queries, rules
from controller.ledger.models import Account, DaySeal, Entry, Transfer
from controller.ledger.rules import Move
from protocol.limits import EPOCH_UNIX_S

# PostgreSQL's lock that all who post share and who seals a day holds alone. On SQLite one writes
# at a time anyhow.
DAY_LOCK = 0x626A6C69


@transaction.atomic
def post(
    *,
    kind: str,
    reference: str,
    transfers: Iterable[Sequence[str | int]],
    text: str,
    actor: str,
) -> Entry:
    """Posts `transfers` (debit account, credit account, paise > 0) as one entry.

    Said again with the same kind, reference and transfers it returns the first entry, so that a
    repetition is harmless; with other transfers it raises Refused, as it does for input that
    cannot be posted. Accounts are opened by first use.
    """
    moves = rules.check_entry(kind, reference, text, transfers)
    known = queries.find_entry(kind, reference)
    if known is not None:
        return _same(known, moves)
    try:
        with transaction.atomic():
            return _write(Entry(kind=kind, reference=reference, text=text, actor=actor), moves)
    except IntegrityError:  # posted at this very moment by somebody else
        known = queries.find_entry(kind, reference)
        if known is None:
            raise
        return _same(known, moves)


@transaction.atomic
def reverse(*, entry_id: int, reason: str, actor: str) -> Entry:
    """Undoes an entry by a new one, once. Raises Refused, also for what is itself a reversal."""
    rules.check_text(reason)
    entry = Entry.objects.select_for_update().filter(pk=entry_id).first()
    if entry is None:
        raise Refused(f"There is no entry {entry_id}", "Take one from a statement.")
    if entry.reverses_id is not None:
        raise Refused(f"Entry {entry_id} is a reversal", "Post what it undid anew.")
    if entry.reversals.exists():
        raise Refused(f"Entry {entry_id} is reversed already", "Look at the statement.")
    undone = Entry(
        kind=rules.REVERSAL,
        reference=f"entry:{entry_id}",
        text=reason,
        actor=actor,
        reverses=entry,
    )
    _write(undone, [move.turned() for move in queries.moves(entry)])
    audit.record(
        actor, "reverse entry", f"entry {entry_id}", by=undone.pk, reason=reason,
        kind=entry.kind, reference=entry.reference,
    )  # fmt: skip
    return undone


def _same(known: Entry, moves: list[Move]) -> Entry:
    if sorted(queries.moves(known)) != sorted(moves):
        raise Refused(
            f"{known.kind} {known.reference} was posted already, with other amounts or accounts",
            "Reverse it, or use another reference.",
        )
    return known


def _write(entry: Entry, moves: list[Move]) -> Entry:
    entry.at_s = clock.now_s()
    entry.day = hold_day(entry.at_s)
    accounts = open_accounts({code for move in moves for code in move[:2]})
    entry.save(force_insert=True)
    Transfer.objects.bulk_create(
        Transfer(
            entry=entry,
            position=position,
            debit_id=accounts[move.debit],
            credit_id=accounts[move.credit],
            amount_paise=move.amount_paise,
        )
        for position, move in enumerate(moves)
    )
    return entry


def open_accounts(codes: Iterable[str]) -> dict[str, int]:
    """The ids of these accounts, opened where they are used for the first time. Raises Refused."""
    kinds = {code: rules.account_kind(code) for code in sorted(set(codes))}
    found = _account_ids(kinds)
    missing = [Account(code=code, kind=kinds[code]) for code in kinds if code not in found]
    if missing:
        # In the order of their codes, so that two who open the same ones cannot block each other.
        Account.objects.bulk_create(missing, ignore_conflicts=True)
        found |= _account_ids([account.code for account in missing])
    return found


def _account_ids(codes: Collection[str]) -> dict[str, int]:
    return dict(Account.objects.filter(Among("code", codes)).values_list("code", "pk"))


# --- days ---------------------------------------------------------------------------------------


def local_day(at_s: int) -> date:
    """The day of a board time in the utility's time zone (BIJLI_TIME_ZONE)."""
    return timezone.localdate(clock.moment(at_s))


def day_bounds(day: date) -> tuple[int, int]:
    """The board times at which a day of the utility begins, and the one after it."""
    zone = timezone.get_default_timezone()
    begins = [datetime.combine(each, time.min, zone) for each in (day, day + timedelta(days=1))]
    first_s, next_s = (int(begin.timestamp()) - EPOCH_UNIX_S for begin in begins)
    return first_s, next_s


def hold_day(at_s: int) -> date:
    """The local day of `at_s`, which cannot be sealed before this transaction ends.

    Raises Refused when it is sealed already: the clock has gone back.
    """
    _lock("pg_advisory_xact_lock_shared")
    day = local_day(at_s)
    sealed: date | None = DaySeal.objects.aggregate(last=Max("day"))["last"]
    if sealed is not None and day <= sealed:
        raise Refused(
            f"The ledger is sealed up to {sealed}, and the clock says {day}", "Set the clock."
        )
    return day


@transaction.atomic
def seal_day(*, day: date, actor: str) -> DaySeal:
    """Seals a local day that is over. Raises Refused unless it is the next in the chain."""
    if day >= local_day(clock.now_s()):
        raise Refused(f"{day} is not over", "Seal it tomorrow.")
    last = DaySeal.objects.order_by("-day").first()
    if last is not None and day <= last.day:
        raise Refused(f"The ledger is sealed up to {last.day}", "Seal a later day.")
    skipped = _unsealed_days(last, day).first()
    if skipped is not None:
        raise Refused(f"{skipped} is not sealed", "Seal days in their order.")
    previous = last.digest if last else rules.GENESIS
    digest, count = rules.chain_digest(previous, day, queries.posted_on(day))
    # Only now do others wait: nobody posts to a day that is over but who began before midnight.
    _lock("pg_advisory_xact_lock")
    is_still = Entry.objects.filter(day=day).count() == count
    if not is_still or _unsealed_days(last, day).exists():
        raise Refused(f"{day} was still being posted to", "Seal it again.")
    seal = DaySeal.objects.create(
        day=day, entries=count, previous=previous, digest=digest, sealed_s=clock.now_s()
    )
    audit.record(
        actor, queries.SEAL_ACTION, f"ledger {day}", day=day.isoformat(), digest=digest,
        entries=count,
    )  # fmt: skip
    return seal


def seal_past_days(*, actor: str) -> list[DaySeal]:
    """Seals all days with entries that are over and not sealed, each in its own transaction."""
    last = DaySeal.objects.order_by("-day").first()
    today = local_day(clock.now_s())
    return [seal_day(day=day, actor=actor) for day in list(_unsealed_days(last, today))]


def _unsealed_days(last: DaySeal | None, before: date) -> Any:
    entries = Entry.objects.filter(day__lt=before)
    if last is not None:
        entries = entries.filter(day__gt=last.day)
    return entries.order_by("day").values_list("day", flat=True).distinct()


def _lock(function: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [DAY_LOCK])
