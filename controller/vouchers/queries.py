"""What was issued, and under which keys; no digits and no secrets."""

from django.db.models import QuerySet

from controller.vouchers import keys
from controller.vouchers.models import TokenAccount, VendingKey, Voucher


def vending_keys() -> QuerySet[VendingKey]:
    """All vending keys, by supply group and revision."""
    return VendingKey.objects.defer("key_sealed")


def vouchers_of(meter_id: str) -> QuerySet[Voucher]:
    """The vouchers of a meter, newest first."""
    return Voucher.objects.filter(meter=meter_id).select_related("key")


def board_key(meter_id: str) -> VendingKey | None:
    """The vending key that the meter's own key comes from, as far as known; None: none yet."""
    accounts = TokenAccount.objects.select_related("noted_key")
    account = accounts.filter(meter=meter_id).first()
    return keys.board_key(account) if account else None
