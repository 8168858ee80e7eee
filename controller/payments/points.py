"""Sets up points of sale and providers, brings their money to the bank, and reminds of cash.

Cash in hand is the balance of `cash:<point>`. A deposit leaves the hand when it is logged and
stands in `clearing:bank-<point>` until another person has seen it on the bank's statement.
"""

import secrets

from django.db import transaction

from controller import clock
from controller.audit import services as audit
from controller.consumers.queries import find_plant
from controller.errors import Refused
from controller.figures import rupees
from controller.fleet import sealing
from controller.ledger import queries as ledger
from controller.ledger import services as ledger_services
from controller.payments import register, rules
from controller.payments.models import Deposit, PointOfSale, Provider
from controller.profile.queries import settings
from controller.tasks.services import raise_task

DAY_S = 86_400
SECRET_MIN, SECRET_MAX = 16, 256  # characters
NAME_MAX = 80
SOURCES = ("cash", "clearing")


@transaction.atomic
def add_point_of_sale(
    *,
    code: str,
    name: str,
    kind: str,
    plant_code: str | None = None,
    user: str = "",
    ceiling_paise: int | None = None,
    actor: str,
) -> PointOfSale:
    """Adds a place where money is taken (UP-12). Raises Refused."""
    if not rules.POINT_CODE.fullmatch(code):
        raise Refused(
            f"{code!r} is no code of a point of sale",
            "Use 2 to 16 capital letters, digits and hyphens.",
        )
    rules.check_choice("kind of point of sale", kind, PointOfSale.Kind.values)
    if not name.strip() or len(name) > NAME_MAX or len(user) > NAME_MAX:
        raise Refused("The point of sale has no proper name", f"Use 1 to {NAME_MAX} characters.")
    if ceiling_paise is not None:
        rules.check_amount(ceiling_paise)
    if PointOfSale.objects.filter(pk=code).exists():
        raise Refused(f"Point of sale {code} exists already", "Choose another code.")
    point = PointOfSale.objects.create(
        code=code,
        name=name,
        kind=kind,
        user=user,
        plant=find_plant(plant_code) if plant_code else None,
        ceiling_paise=ceiling_paise,
    )
    audit.record(
        actor, "add point of sale", f"point of sale {code}", name=name, kind=kind,
        ceiling_paise=ceiling_paise,
    )  # fmt: skip
    return point


@transaction.atomic
def open_point(*, code: str, is_open: bool, actor: str) -> PointOfSale:
    """Opens or closes a point of sale; closed, it takes no money but may still deposit."""
    point = register.lock_point(code)
    point.is_open = is_open
    point.save(update_fields=["is_open"])
    audit.record(actor, f"{'open' if is_open else 'close'} point of sale", f"point of sale {code}")
    return point


# --- providers ----------------------------------------------------------------------------------


@transaction.atomic
def add_provider(
    *, code: str, scheme: str, point_of_sale: str, secret: str, actor: str
) -> Provider:
    """Adds a provider whose callbacks are believed when signed with `secret` (16 to 256 chars).

    Its receipts are numbered at an online point of sale. Raises Refused.
    """
    if not rules.PROVIDER_CODE.fullmatch(code):
        raise Refused(
            f"{code!r} is no code of a provider", "Use 2 to 16 small letters, digits and hyphens."
        )
    rules.check_choice("scheme", scheme, Provider.Scheme.values)
    _check_secret(secret)
    point = register.lock_point(point_of_sale)
    if point.is_manned:
        raise Refused(f"{point.code} is not online", "Add a point of sale of kind online.")
    if Provider.objects.filter(pk=code).exists():
        raise Refused(f"Provider {code} exists already", "Rotate its secret.")
    provider = Provider.objects.create(
        code=code, scheme=scheme, point_of_sale=point, secret_sealed=_seal(code, secret)
    )
    audit.record(actor, "add provider", f"provider {code}", scheme=scheme, point=point.code)
    return provider


@transaction.atomic
def rotate_secret(*, code: str, secret: str, actor: str) -> Provider:
    """A new secret; the one before stays good for callbacks that are still under way."""
    _check_secret(secret)
    provider = Provider.objects.select_for_update().filter(pk=code).first()
    if provider is None:
        raise Refused(f"There is no payment provider {code!r}", "Add it first.")
    provider.previous_sealed = provider.secret_sealed
    provider.secret_sealed = _seal(code, secret)
    provider.save(update_fields=["secret_sealed", "previous_sealed"])
    audit.record(actor, "rotate provider secret", f"provider {code}")
    return provider


def secrets_of(provider: Provider) -> list[bytes]:
    """The secrets that the provider's signatures may be made with, the one in use first."""
    boxes = [bytes(provider.secret_sealed), bytes(provider.previous_sealed)]
    return [sealing.unseal(f"provider {provider.pk}", box) for box in boxes if box]


def _seal(code: str, secret: str) -> bytes:
    return sealing.seal(f"provider {code}", secret.encode())


def _check_secret(secret: str) -> None:
    if not SECRET_MIN <= len(secret) <= SECRET_MAX:
        raise Refused(
            "That is no secret to sign with", f"Use {SECRET_MIN} to {SECRET_MAX} characters."
        )


# --- to the bank --------------------------------------------------------------------------------


@transaction.atomic
def log_deposit(
    *,
    key: str,
    point_of_sale: str,
    amount_paise: int,
    slip: str,
    source: str = "cash",
    actor: str,
) -> Deposit:
    """Logs money brought to the bank: `source` is cash, or clearing for what is not cash.

    The same key again returns the first. Raises Refused: more than is held, or UNVERIFIED_MAX
    deposits of this point that nobody has verified yet.
    """
    rules.check_key(key)
    rules.check_amount(amount_paise)
    rules.check_choice("source", source, list(SOURCES))
    if not rules.SLIP.fullmatch(slip):
        raise Refused("The bank's slip has no number", "Write 2 to 60 characters.")
    point = register.lock_point(point_of_sale)
    held_in = f"{source}:{point.code}"
    known = Deposit.objects.filter(key=key).first()
    if known is not None:
        first = (known.held_in, known.amount_paise, known.slip)
        rules.check_same(first, (held_in, amount_paise, slip), key)
        return known
    _check_deposit(point, held_in, amount_paise)
    identity = secrets.token_hex(8)
    entry = ledger_services.post(
        kind="deposit_logged",
        reference=identity,
        transfers=[(_under_way(point), held_in, amount_paise)],
        text=f"Brought to the bank by {point.code}, slip {slip}",
        actor=actor,
    )
    deposit = Deposit.objects.create(
        id=identity, key=key, point_of_sale=point, held_in=held_in, amount_paise=amount_paise,
        slip=slip, logged_s=clock.now_s(), logged_by=actor, entry_id=entry.pk,
    )  # fmt: skip
    audit.record(
        actor, "log deposit", f"point of sale {point.code}", deposit=identity, slip=slip,
        amount_paise=amount_paise, source=source,
    )  # fmt: skip
    return deposit


def _check_deposit(point: PointOfSale, held_in: str, amount_paise: int) -> None:
    held_paise = ledger.balance_paise(held_in)
    if amount_paise > held_paise:
        raise Refused(
            f"{point.code} holds {rupees(held_paise)}, not {rupees(amount_paise)}",
            "Log what the bank's slip says, and count the rest.",
        )
    waiting = point.deposits.filter(state=Deposit.State.LOGGED).count()
    if waiting >= rules.UNVERIFIED_MAX:
        raise Refused(
            f"{waiting} deposits of {point.code} wait to be verified",
            "Let head office verify them first.",
        )


def _under_way(point: PointOfSale) -> str:
    return f"clearing:bank-{point.code}"


@transaction.atomic
def verify_deposit(*, deposit_id: str, actor: str) -> Deposit:
    """Another person has seen the deposit on the bank's statement. Raises Refused."""
    deposit = _decidable(deposit_id, actor)
    point = deposit.point_of_sale
    ledger_services.post(
        kind="deposit_verified",
        reference=deposit.pk,
        transfers=[("bank", _under_way(point), deposit.amount_paise)],
        text=f"Arrived at the bank, slip {deposit.slip}",
        actor=actor,
    )
    deposit.mark_verified(clock.now_s(), actor)
    deposit.save()
    audit.record(
        actor, "verify deposit", f"point of sale {point.code}", deposit=deposit.pk,
        amount_paise=deposit.amount_paise,
    )  # fmt: skip
    return deposit


@transaction.atomic
def reject_deposit(*, deposit_id: str, reason: str, actor: str) -> Deposit:
    """The bank has not got it: the money counts as in hand again. Raises Refused."""
    rules.check_reason(reason)
    deposit = _decidable(deposit_id, actor)
    ledger_services.reverse(entry_id=deposit.entry_id, reason=reason, actor=actor)
    deposit.mark_rejected(clock.now_s(), actor, reason)
    deposit.save()
    audit.record(
        actor, "reject deposit", f"point of sale {deposit.point_of_sale_id}",
        deposit=deposit.pk, amount_paise=deposit.amount_paise, reason=reason,
    )  # fmt: skip
    return deposit


def _decidable(deposit_id: str, actor: str) -> Deposit:
    """A logged deposit, locked, that somebody else than this actor has logged."""
    found = Deposit.objects.select_related("point_of_sale").select_for_update(of=("self",))
    deposit = found.filter(pk=deposit_id).first()
    if deposit is None:
        raise Refused(f"There is no deposit {deposit_id!r}", "Take one from the list.")
    if deposit.state != Deposit.State.LOGGED:
        raise Refused(
            f"The deposit was {deposit.state} by {deposit.decided_by}", "Look at it again."
        )
    if actor == deposit.logged_by:
        raise Refused(
            "Who logged a deposit does not verify it", "Let another person of head office do it."
        )
    return deposit


# --- reminders ----------------------------------------------------------------------------------


def remind_of_cash(*, actor: str) -> int:
    """Raises a task for each point that has had much cash for days; how many it raised.

    Much is `cash_reminder_share_pct` of the ceiling, days `cash_reminder_days`; called nightly.
    """
    wanted = settings(["cash_reminder_share_pct", "cash_reminder_days"])
    raised = 0
    for code in PointOfSale.objects.values_list("pk", flat=True):
        raised += _remind(
            code, wanted["cash_reminder_share_pct"], wanted["cash_reminder_days"], actor
        )
    return raised


@transaction.atomic
def _remind(code: str, share_pct: int, days: int, actor: str) -> bool:
    point = register.lock_point(code)
    ceiling = register.ceiling_paise(point)
    now_s = clock.now_s()
    held_paise = ledger.balance_paise(f"cash:{code}")
    if ceiling is None or held_paise * 100 < ceiling * share_pct:
        since_s = None
    else:
        since_s = point.full_since_s or now_s
    if since_s != point.full_since_s:
        point.full_since_s = since_s
        point.save(update_fields=["full_since_s"])
    if since_s is None or now_s - since_s < days * DAY_S:
        return False
    raise_task(
        kind="cash_in_hand",
        subject=f"point of sale {code}",
        key=f"cash:{code}",
        title=f"{code} has had {rupees(held_paise)} in hand for {days} days or longer",
        evidence={"held_paise": held_paise, "ceiling_paise": ceiling, "since_s": since_s},
        actor=actor,
    )
    return True
