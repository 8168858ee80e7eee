"""The keys that tokens are made under: which one a meter's next token takes, and its derivation.

Knows the sealed secrets and gives them to `services` only, inside this process.
"""

from controller import clock
from controller.errors import Refused
from controller.fleet import sealing
from controller.fleet.models import MeterState
from controller.fleet.services import root_key
from controller.vouchers import rules
from controller.vouchers.models import TokenAccount, VendingKey
from protocol import sts, token_keys
from protocol.errors import LimitError


def subject(supply_group: str, revision: int) -> str:
    """What a vending key is sealed for."""
    return f"vending key {supply_group}/{revision}"


def vending_key(supply_group: str, now_s: int) -> VendingKey:
    """The newest revision that vends now. Raises Refused when there is none."""
    valid = VendingKey.objects.filter(
        supply_group=supply_group, key_type=VendingKey.Type.UNIQUE, valid_from_s__lte=now_s
    ).exclude(valid_until_s__lte=now_s)
    newest = valid.order_by("-revision").first()
    if newest is None:
        raise Refused(
            f"Supply group {supply_group} has no vending key that is valid now",
            "Add one, or the next revision.",
        )
    return newest


def decoder_key(account: TokenAccount, key: VendingKey) -> bytes:
    """A meter's own key under a vending key (DKGA04). Raises Refused: the key is not usable."""
    secret = sealing.unseal(subject(key.supply_group, key.revision), bytes(key.key_sealed))
    try:
        derived: bytes = token_keys.derive_key(
            secret,
            key.supply_group,
            account.tariff_index,
            key.key_type,
            key.revision,
            account.pan,
            key.base_year,
        )
    except LimitError as error:
        raise Refused(
            f"No key can be derived from {key}: {error}", "Add the next revision."
        ) from error
    return derived


def board_key(account: TokenAccount) -> VendingKey | None:
    """The key that the meter has as far as we know; None is the initial key.

    A board that has reported one is believed before what a person noted.
    """
    state = MeterState.objects.filter(meter=account.meter_id).first()
    reported = rules.reported_key(state.further.get(rules.KEY_FIELD, 0)) if state else None
    if reported is None:
        return account.noted_key
    return VendingKey.objects.filter(supply_group=reported[0], revision=reported[1]).first()


def is_heard(meter_id: str) -> bool:
    """Whether the meter ever reported, so that it can be reached by command."""
    return MeterState.objects.filter(meter=meter_id, received_s__gt=0).exists()


def change_tokens(account: TokenAccount, target: VendingKey) -> str:
    """The four tokens that bring the meter from the key it has to `target`; "" if it has that."""
    present = board_key(account)
    if present == target:
        return ""
    if present is None:
        old = token_keys.initial_key(root_key(account.meter), account.meter_id)
        base_year = token_keys.INITIAL_BASE
    else:
        old, base_year = decoder_key(account, present), present.base_year
    change = token_keys.KeyChange(
        decoder_key(account, target),
        target.revision,
        target.key_type,
        target.expiry_number,
        int(account.tariff_index),
        int(target.supply_group),
        target.base_year != base_year,
    )
    return "".join(sts.encode(section, old) for section in token_keys.key_sections(change))


def check_identity(key: VendingKey, tid_minutes: int) -> None:
    """Raises Refused when no board would take a token of that identity under the key."""
    if tid_minutes >> 16 > key.expiry_number:
        raise Refused(
            f"{key} has expired: its number is {key.expiry_number}", "Add the next revision."
        )


def next_identity(base_year: int, newest: int | None) -> int:
    """The identity of a meter's next token: this minute, or the one after its newest."""
    tid: int = sts.tid_at(clock.now_s(), base_year)
    if newest is not None and newest >= tid:
        tid = sts.free_tid(newest + 1)
    return tid
