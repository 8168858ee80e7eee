"""Adds vending keys and issues tokens under them. Audited; keys and tokens are never told there.

A token is a bearer's for one meter. A purchase that goes to the meter by command too goes under
the voucher's purchase id, so that the board applies it once, whichever comes first.
"""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from controller import clock
from controller.audit import services as audit
from controller.errors import Refused
from controller.fleet import sealing
from controller.fleet.services import find_meter
from controller.headend.downlink import lock_meters
from controller.headend.models import PENDING, Command
from controller.headend.services import queue_command
from controller.vouchers import keys, rules
from controller.vouchers.models import TokenAccount, VendingKey, Voucher
from protocol import sts, token_keys
from protocol.errors import LimitError

KEY_COMMAND = "set_token_key"
KEY_TTL_S = 30 * 86_400  # as long as a paid credit waits for a board that is away
RANDOM_VALUES = 16
MANAGEMENT_DATA_MAX_W = 100_000  # of a maximum power token; as a programme's limit


@dataclass(frozen=True)
class IssuedVoucher:
    """A token as it is handed out: digits in groups of four, and what must be keyed in before.

    `key_change` is empty, or four tokens that give the meter the key of this one. `days` is what
    a token of another scheme brings (`paygo`), for the device `meter_id`.
    """

    purchase_id: str
    meter_id: str
    amount_tenths: int
    token: str
    key_change: tuple[str, ...] = ()
    days: int = 0


@transaction.atomic
def add_key(
    *,
    supply_group: str,
    revision: int,
    base_year: int,
    actor: str,
    key: bytes | None = None,
    key_type: int = VendingKey.Type.UNIQUE,
    expiry_number: int = token_keys.KEN_MAX,
    valid_from_s: int | None = None,
    valid_until_s: int | None = None,
) -> VendingKey:
    """Adds a revision of a supply group's vending key; 20 random bytes when none are given.

    Raises Refused for a group that is not 6 digits, a revision outside 1-9 or there already, a
    base that has ended (1993), and a time of validity that is none.
    """
    valid_from_s = clock.now_s() if valid_from_s is None else valid_from_s
    key = os.urandom(token_keys.VENDING_KEY_BYTES) if key is None else key
    _check_key(supply_group, revision, base_year, key)
    if key_type not in VendingKey.Type.values or not 0 <= expiry_number <= token_keys.KEN_MAX:
        raise Refused("The key type or expiry number is none", "Use type 1 or 2, number 0-255.")
    if valid_until_s is not None and valid_until_s <= valid_from_s:
        raise Refused("The key would end before it begins", "Give a later end.")
    if VendingKey.objects.filter(supply_group=supply_group, revision=revision).exists():
        raise Refused(
            f"Supply group {supply_group} has revision {revision} already", "Add the next one."
        )
    added = VendingKey.objects.create(
        supply_group=supply_group,
        revision=revision,
        key_type=key_type,
        base_year=base_year,
        expiry_number=expiry_number,
        key_sealed=sealing.seal(keys.subject(supply_group, revision), key),
        valid_from_s=valid_from_s,
        valid_until_s=valid_until_s,
        created_s=clock.now_s(),
    )
    audit.record(
        actor, "add vending key", str(added), base_year=base_year, key_type=key_type,
        expiry_number=expiry_number, valid_from_s=valid_from_s, valid_until_s=valid_until_s,
    )  # fmt: skip
    return added


@transaction.atomic
def end_key(*, supply_group: str, revision: int, valid_until_s: int, actor: str) -> VendingKey:
    """Lets a vending key vend until before `valid_until_s`. Raises Refused for an unknown one."""
    key = find_key(supply_group, revision)
    if valid_until_s <= key.valid_from_s:
        raise Refused("The key would end before it begins", "Give a later end.")
    key.valid_until_s = valid_until_s
    key.save(update_fields=["valid_until_s"])
    audit.record(actor, "end vending key", str(key), valid_until_s=valid_until_s)
    return key


def find_key(supply_group: str, revision: int) -> VendingKey:
    """The vending key; raises Refused when there is none of that revision."""
    key = VendingKey.objects.filter(supply_group=supply_group, revision=revision).first()
    if key is None:
        raise Refused(f"There is no vending key {supply_group}/{revision}", "Add it first.")
    return key


@transaction.atomic
def open_account(
    meter_id: str,
    *,
    actor: str,
    supply_group: str | None = None,
    pan: str | None = None,
    tariff_index: str = "01",
) -> TokenAccount:
    """Gives a meter the account number that its keys are derived from; done by its first voucher.

    Without a supply group it joins the only one there is. Raises Refused for a meter that has
    an account, a number that is none or another meter's, and where there is no vending key.
    """
    find_meter(meter_id)
    lock_meters([meter_id])
    if TokenAccount.objects.filter(meter=meter_id).exists():
        raise Refused(f"Meter {meter_id} has a token account", "Use it as it is.")
    supply_group = _group(supply_group)  # its keys are locked: serials are given out one by one
    serial = 1 + (TokenAccount.objects.aggregate(highest=Max("serial"))["highest"] or 0)
    pan = rules.account_number(serial) if pan is None else pan
    rules.check_account_number(pan)
    if TokenAccount.objects.filter(pan=pan).exists():
        raise Refused(f"Account number {pan} is another meter's", "Check it.")
    if len(tariff_index) != 2 or not (tariff_index.isascii() and tariff_index.isdigit()):
        raise Refused(f"{tariff_index!r} is no tariff index", "Use two digits.")
    account = TokenAccount.objects.create(
        meter_id=meter_id,
        serial=serial,
        pan=pan,
        tariff_index=tariff_index,
        supply_group=supply_group,
    )
    audit.record(actor, "open token account", f"meter {meter_id}", pan=pan, group=supply_group)
    return account


@transaction.atomic
def note_key(meter_id: str, *, revision: int, actor: str) -> TokenAccount:
    """Notes which key a board has that does not report: its display said that a change was taken.

    Raises Refused for a meter without tokens and for a revision that its group does not have.
    """
    account = _account(meter_id)
    account.noted_key = find_key(account.supply_group, revision)
    account.save(update_fields=["noted_key"])
    audit.record(actor, "note token key", f"meter {meter_id}", key=str(account.noted_key))
    return account


@transaction.atomic
def issue(
    *, meter_id: str, amount_tenths: int, actor: str, purchase_id: str | None = None
) -> IssuedVoucher:
    """Issues a credit voucher over tenths of a kWh; `rules.sellable_wh` says what can be sold.

    With the purchase id of an earlier voucher that one is given out again. Raises Refused for an
    amount that no token carries exactly, and where no vending key is valid.
    """
    if purchase_id is not None:
        return _again(purchase_id, meter_id, amount_tenths, actor)
    rules.check_tenths(amount_tenths)
    account = _account_of(meter_id, actor)
    return _issue(account, sts.CREDIT, sts.ELECTRICITY, sts.data_for(amount_tenths), actor)


@transaction.atomic
def issue_bulk(orders: Sequence[tuple[str, int]], *, actor: str) -> list[IssuedVoucher]:
    """Issues vouchers for (meter, tenths of a kWh), all or none; at most 1,000 at a time.

    Raises Refused for more than 20 of one meter, which remembers the last 50 identities only.
    """
    if not 1 <= len(orders) <= rules.ORDERS_MAX:
        raise Refused(f"{len(orders)} vouchers at a time", f"Order 1 to {rules.ORDERS_MAX}.")
    counts: dict[str, int] = {}
    for meter_id, _tenths in orders:
        counts[meter_id] = counts.get(meter_id, 0) + 1
        if counts[meter_id] > rules.METER_ORDERS_MAX:
            raise Refused(
                f"Too many vouchers for meter {meter_id}",
                f"Order at most {rules.METER_ORDERS_MAX} for one meter.",
            )
    lock_meters(counts)  # all at once and in one order, so that two bulks cannot cross
    return [issue(meter_id=meter, amount_tenths=tenths, actor=actor) for meter, tenths in orders]


@transaction.atomic
def issue_management(
    *, meter_id: str, name: str, actor: str, power_w: int | None = None
) -> IssuedVoucher:
    """Issues a `max_power` (W, rounded up if need be), `clear_credit` or `clear_tamper` token.

    Raises Refused for another name and for a power outside 1-100,000 W.
    """
    if name not in rules.MANAGEMENT:
        known = ", ".join(rules.MANAGEMENT)
        raise Refused(f"There is no management token {name!r}", f"Use one of: {known}.")
    data = {"clear_credit": sts.CLEAR_ALL, "clear_tamper": 0}.get(name)
    if data is None:
        if power_w is None or not 1 <= power_w <= MANAGEMENT_DATA_MAX_W:
            raise Refused("A power is wanted", f"Use 1 to {MANAGEMENT_DATA_MAX_W} W.")
        data = sts.data_for(power_w)
    account = _account_of(meter_id, actor)
    return _issue(account, sts.MANAGEMENT, rules.MANAGEMENT[name], data, actor)


@transaction.atomic
def issue_key_change(*, meter_id: str, actor: str) -> tuple[str, ...]:
    """The four tokens that give a meter the key that vends now; () if it has it.

    A meter that is on the network gets them by command as well. Raises Refused where no vending
    key is valid.
    """
    account = _account_of(meter_id, actor)
    target = keys.vending_key(account.supply_group, clock.now_s())
    digits = keys.change_tokens(account, target)
    if digits:
        audit.record(actor, "issue key change", f"meter {meter_id}", key=str(target))
        _send_key(account, digits, actor)
    return tuple(rules.split_tokens(digits))


def _send_key(account: TokenAccount, digits: str, actor: str) -> None:
    """Brings the key by command to a meter that was ever heard, unless one is on its way."""
    meter_id = account.meter_id
    on_its_way = Command.objects.filter(meter=meter_id, name=KEY_COMMAND, state__in=PENDING)
    if keys.is_heard(meter_id) and not on_its_way.exists():
        queue_command(meter_id, KEY_COMMAND, {0: digits}, actor, ttl_s=KEY_TTL_S)


def _issue(
    account: TokenAccount, kind: int, subclass: int, data: int, actor: str
) -> IssuedVoucher:
    """Makes a token with the meter's next identity under the key that vends now, and keeps it."""
    meter_id = account.meter_id
    key = keys.vending_key(account.supply_group, clock.now_s())
    newest = Voucher.objects.filter(meter=meter_id, base_year=key.base_year).aggregate(
        newest=Max("tid_minutes")
    )["newest"]
    try:
        tid = keys.next_identity(key.base_year, newest)
        keys.check_identity(key, tid)
        token = sts.make(kind, subclass, tid, data, secrets.randbelow(RANDOM_VALUES))
    except LimitError as error:
        raise Refused(f"No token can be made now: {error}", "Add a vending key.") from error
    digits = sts.encode(token, keys.decoder_key(account, key))
    purchase_id = sts.purchase_id(meter_id, key.base_year, tid).hex()
    change = keys.change_tokens(account, key)
    if change:
        _send_key(account, change, actor)
    voucher = Voucher.objects.create(
        purchase_id=purchase_id,
        meter_id=meter_id,
        key=key,
        kind=kind,
        subclass=subclass,
        base_year=key.base_year,
        tid_minutes=tid,
        data=data,
        token_sealed=sealing.seal(_subject(purchase_id), digits.encode()),
        key_change_sealed=sealing.seal(_subject(purchase_id), change.encode()) if change else b"",
        issued_s=clock.now_s(),
        actor=actor,
    )
    audit.record(
        actor, "issue voucher", f"meter {meter_id}", purchase=purchase_id, kind=kind,
        subclass=subclass, amount_tenths=voucher.amount_tenths, key=str(key),
    )  # fmt: skip
    return _hand_out(voucher)


def _again(purchase_id: str, meter_id: str, amount_tenths: int, actor: str) -> IssuedVoucher:
    voucher = Voucher.objects.filter(pk=purchase_id, kind=sts.CREDIT).first()
    if voucher is None:
        raise Refused(f"There is no voucher {purchase_id}", "Issue one without naming it.")
    if (voucher.meter_id, voucher.amount_tenths) != (meter_id, amount_tenths):
        raise Refused(
            f"Voucher {purchase_id} is over {voucher.amount_tenths} tenths for meter"
            f" {voucher.meter_id}",
            "Issue another one.",
        )
    audit.record(actor, "print voucher again", f"meter {meter_id}", purchase=purchase_id)
    return _hand_out(voucher)


def _hand_out(voucher: Voucher) -> IssuedVoucher:
    """The voucher with its digits in clear, for whoever prints or sends it."""
    subject = _subject(voucher.purchase_id)
    change = bytes(voucher.key_change_sealed)
    return IssuedVoucher(
        purchase_id=voucher.purchase_id,
        meter_id=voucher.meter_id,
        amount_tenths=voucher.amount_tenths,
        token=rules.write_token(sealing.unseal(subject, bytes(voucher.token_sealed)).decode()),
        key_change=tuple(rules.split_tokens(sealing.unseal(subject, change).decode()))
        if change
        else (),
    )


def _subject(purchase_id: str) -> str:
    return f"voucher {purchase_id}"


def _account_of(meter_id: str, actor: str) -> TokenAccount:
    """The meter's token account, opened if need be; the meter is locked."""
    find_meter(meter_id)
    lock_meters([meter_id])
    if not TokenAccount.objects.filter(meter=meter_id).exists():
        open_account(meter_id, actor=actor)
    return _account(meter_id)


def _account(meter_id: str) -> TokenAccount:
    accounts = TokenAccount.objects.select_related("meter", "noted_key")
    account = accounts.filter(meter=meter_id).first()
    if account is None:
        raise Refused(f"Meter {meter_id} takes no tokens yet", "Issue a voucher for it first.")
    return account


def _group(supply_group: str | None) -> str:
    """The supply group of a new account, its vending keys locked."""
    rows = VendingKey.objects.order_by("pk").select_for_update()
    groups = sorted({key.supply_group for key in rows})
    if supply_group is None and len(groups) == 1:
        return groups[0]
    if supply_group not in groups:
        raise Refused(
            "It is not clear which vending keys the meter takes tokens of"
            if groups
            else "There is no vending key",
            "Open its token account in a supply group." if groups else "Add one first.",
        )
    return supply_group


def _check_key(supply_group: str, revision: int, base_year: int, key: bytes) -> None:
    """Raises Refused for what no key can be derived from on a board."""
    try:
        token_keys.derive_key(
            key,
            supply_group,
            "01",
            token_keys.UNIQUE,
            revision,
            rules.account_number(1),
            base_year,
        )
    except LimitError as error:
        raise Refused(f"The vending key is not acceptable: {error}", "Correct it.") from error
    if base_year < token_keys.INITIAL_BASE:
        raise Refused(
            f"Tokens that count from {base_year} have ended", "Use a base of 2014 or 2035."
        )
