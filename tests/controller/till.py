"""A small utility with tills, for tests of money: consumers, points of sale, a provider."""

import json
from datetime import date

from controller.payments import schemes
from protocol.limits import EPOCH_UNIX_S

CLERK = {"actor": "clerk"}
OFFICE = {"actor": "head office"}
ASHA = "BHKATS01112"
SECRET = "a-secret-of-the-provider"
PRICE_PAISE = 650


def open_tills() -> None:
    """The plant KATS with one consumer, a counter, an agent, an online point, a provider."""
    from controller.consumers import services as consumers
    from controller.payments import points

    consumers.add_plant("KATS", "BH", "Katsa", **OFFICE)
    add_consumer(12)
    for code, kind in (("C1", "counter"), ("A1", "agent"), ("WEB", "online"), ("ATM1", "atm")):
        points.add_point_of_sale(code=code, name=f"Point {code}", kind=kind, **OFFICE)
    for code, scheme in (("acme", "generic"), ("razorpay", "razorpay")):
        points.add_provider(code=code, scheme=scheme, point_of_sale="WEB", secret=SECRET, **OFFICE)


def add_consumer(number: int, load_w: int = 2_000) -> str:
    """The id of a further consumer at pole 11."""
    from controller.consumers import services as consumers

    return consumers.add_consumer("KATS", "Asha Devi", 11, number, load_w, **OFFICE).pk


def supply(consumer_id: str, meter_id: str, kind: str = "A2.1", **package):
    """Gives the consumer a meter (registered before) and a package, and returns the package."""
    from controller.consumers import services as consumers

    connection = consumers.fit_meter(consumer_id, meter_id, **OFFICE)
    priced = package or {"price_paise": PRICE_PAISE}
    designed = consumers.design_package(kind, "FD", 500, **priced, **OFFICE)
    consumers.assign_package(connection.pk, designed.id, **OFFICE)
    return designed


def set_profile(**values) -> None:
    """Sets settings of the utility profile."""
    from controller.profile import services

    for name, value in values.items():
        services.change(name=name, value=value, **OFFICE)


def owe(consumer_id: str, paise: int, reference: str = "bill-1") -> None:
    """A bill of so much."""
    from controller.ledger import services

    services.post(
        kind="bill",
        reference=reference,
        transfers=[(f"consumer:{consumer_id}", "income:energy", paise)],
        text="A bill",
        **OFFICE,
    )


def balance(code: str) -> int:
    """Debits less credits of an account."""
    from controller.ledger.queries import balance_paise

    return balance_paise(code)


def pay(key: str = "key-00001", paise: int = 10_000, point: str = "C1", **more):
    """Takes a payment of Asha's at the counter, unless told otherwise."""
    from controller.payments import services

    facts = {"consumer_id": ASHA, "method": "cash", "purpose": "bill", **CLERK, **more}
    return services.take_payment(key=key, amount_paise=paise, point_of_sale=point, **facts)


def order(key: str = "order-0001", paise: int = 10_000, provider: str = "acme", **more):
    """An order of Asha's at the provider."""
    from controller.payments import services

    facts = {"consumer_id": ASHA, "purpose": "bill", **CLERK, **more}
    return services.create_order(key=key, amount_paise=paise, provider=provider, **facts)


def body_of(event: str = "payment.captured", **facts) -> bytes:
    """The body of a callback of the generic scheme."""
    return json.dumps({"event": event, "currency": "INR", **facts}).encode()


def call(body: bytes, now_s: int, secret: str = SECRET, nonce: str = "n" * 16):
    """Stores a callback as the provider acme sends it."""
    from controller.payments import services

    unix_s = now_s + EPOCH_UNIX_S
    headers = {
        "x-bijli-timestamp": str(unix_s),
        "x-bijli-nonce": nonce,
        "x-bijli-signature": schemes.sign_generic(secret.encode(), unix_s, nonce, body),
    }
    return services.receive_callback("acme", headers, body)


def open_tasks(kind: str | None = None) -> list:
    """The tasks that a person must decide."""
    from controller.tasks import queries

    return list(queries.open_tasks(kind=kind))


def supply_by_tariff() -> None:
    """Meter BHK01 for Asha, her account in energy by the slabs of LMV-1 (2 kW fixed charge)."""
    from controller.tariffs import services as tariffs

    record = {
        "tables": [[None, True, [[150, 400], [300, 450], [None, 550]]]],
        "fixed_per_kw_paise": 7_500,
    }
    tariffs.add_tariff("LMV1", "Domestic", **OFFICE)
    tariffs.add_version("LMV1", date(2026, 1, 1), record, **OFFICE)
    supply(ASHA, "BHK01", tariff_code="LMV1")
    set_profile(prepaid_rebate_bp=125, smallest_voucher_paise=40_000)


def recharge(key: str = "key-00001", paise: int = 50_000, **more):
    """A recharge of Asha's at the counter, unless told otherwise."""
    from controller.prepay import services

    facts = {"consumer_id": ASHA, "method": "cash", "point_of_sale": "C1", **CLERK, **more}
    return services.recharge(key=key, amount_paise=paise, **facts)


def lines(purchase) -> dict:
    """The lines of a recharge by kind: (paise, quantity)."""
    return {line.kind: (line.amount_paise, line.quantity) for line in purchase.lines.all()}


def finish(purchase, transition: str, *arguments) -> None:
    """The meter's answer to the credit command."""
    from controller.headend.signals import command_finished

    command = purchase.command
    getattr(command, f"mark_{transition}")(*arguments)
    command.save()
    command_finished.send(sender=type(command), command=command)
    purchase.refresh_from_db()
