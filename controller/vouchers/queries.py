"""What was issued, and under which keys; no digits and no secrets."""

from django.db.models import QuerySet

from controller.readings.models import Event
from controller.vouchers import keys
from controller.vouchers.models import TokenAccount, VendingKey, Voucher
from protocol.messages import EVENT_TOKEN_TAKEN


def vending_keys() -> QuerySet[VendingKey]:
    """All vending keys, by supply group and revision."""
    return VendingKey.objects.defer("key_sealed")


def vouchers_of(meter_id: str) -> QuerySet[Voucher]:
    """The vouchers of a meter, newest first."""
    return Voucher.objects.filter(meter=meter_id).select_related("key")


def taken_s(voucher: Voucher) -> int | None:
    """When the meter took the voucher's token, by its own clock; None while it has not said so.

    A voucher whose purchase came by command is credited there, and its token never taken.
    """
    told = Event.objects.filter(
        meter=voucher.meter_id, code=EVENT_TOKEN_TAKEN, value=voucher.tid_minutes
    )
    return told.order_by("sequence").values_list("time_s", flat=True).first()


def board_key(meter_id: str) -> VendingKey | None:
    """The vending key that the meter's own key comes from, as far as known; None: none yet."""
    accounts = TokenAccount.objects.select_related("noted_key")
    account = accounts.filter(meter=meter_id).first()
    return keys.board_key(account) if account else None
