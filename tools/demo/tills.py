"""Money of the mini-grid as it comes in: at the counter, by the agent, through the provider.

Each function is what one of those people or machines does; what comes of it the scenes see.
"""

import json
import secrets
import urllib.error
import urllib.request
from typing import Any

from protocol.limits import EPOCH_UNIX_S
from tools.demo.saur import PLANT, PROVIDER
from tools.demo.village import Home, Village

HTTP_TIMEOUT_S = 30


def pay(
    home: Home, key: str, paise: int, point: str, actor: str, purpose: str = "bill",
    method: str = "cash",
) -> Any:  # fmt: skip
    """Money that a consumer pays; `key` names the payment."""
    from controller.payments.services import take_payment

    return take_payment(
        key=f"{PLANT}-{key}", consumer_id=home.consumer, amount_paise=paise, method=method,
        point_of_sale=point, purpose=purpose, actor=actor,
    )  # fmt: skip


def rupees(paise: int) -> str:
    """As people write it."""
    from controller import figures

    return figures.rupees(paise)


def recharge(home: Home, key: str, paise: int, point: str, actor: str) -> Any:
    """A recharge that is paid in cash; the purchase."""
    from controller.prepay import services

    return services.recharge(
        key=f"{PLANT}-{key}", consumer_id=home.consumer, amount_paise=paise,
        method="cash", point_of_sale=point, actor=actor,
    )  # fmt: skip


def order_online(home: Home, paise: int) -> bytes:
    """The consumer is about to pay on the website; what the provider will say of it."""
    from controller.payments.services import create_order

    order = create_order(
        key=f"{PLANT}-order-1", provider=PROVIDER, consumer_id=home.consumer,
        purpose="recharge", amount_paise=paise, actor="website",
    )  # fmt: skip
    told = {
        "event": "payment.captured", "payment": "p-1", "order": order.pk,
        "amount_paise": paise, "currency": "INR", "method": "upi",
    }  # fmt: skip
    return json.dumps(told).encode()


def call_back(v: Village, body: bytes, secret: str) -> int:
    """POST it to the running console as the provider does; the status of the answer."""
    from controller.payments.schemes import sign_generic

    timestamp, nonce = v.now_s + EPOCH_UNIX_S, secrets.token_urlsafe(16)
    request = urllib.request.Request(  # noqa: S310 (our own)
        f"{v.stack.console_url}api/callbacks/{PROVIDER}",
        data=body,
        headers={
            "Content-Type": "application/json",
            "X-Bijli-Timestamp": str(timestamp),
            "X-Bijli-Nonce": nonce,
            "X-Bijli-Signature": sign_generic(secret.encode(), timestamp, nonce, body),
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=HTTP_TIMEOUT_S) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
