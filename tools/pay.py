"""Money on the command line: points of sale, payments, deposits, providers, keys, recharges.

Every command is one call of a service of the controller. Secrets are read from standard input or
the prompt, never from the command line, where they would stand in the shell's history.
"""

import secrets
from typing import Annotated, Any

import typer

from tools.office import ACTOR, DEFAULT_HOME, HomeOption, open_office
from tools.printing import JsonOption, show_facts, show_rows

pay_app = typer.Typer(
    no_args_is_help=True,
    help="Points of sale, payments, deposits, payment providers (docs/payments.md).",
)

PointOption = Annotated[str, typer.Option(help="Code of the point of sale, e.g. KATS1.")]
MethodOption = Annotated[str, typer.Option(help="cash, upi, card, wallet or bank")]
KeyOption = Annotated[
    str | None, typer.Option(help="Idempotency key: said again, nothing is taken twice.")
]
ActorOption = Annotated[str, typer.Option("--as", help="Who does it, as the books will say.")]
Rupees = Annotated[str, typer.Argument(help="Rupees, e.g. 400 or 400.50.")]


def read_paise(rupees: str) -> int:
    """`400.50` as 40050; ends the program with what to write otherwise."""
    whole, _dot, part = rupees.partition(".")
    if not whole.isdecimal() or len(part) > 2 or (part and not part.isdecimal()):
        raise typer.BadParameter(f"'{rupees}' is no sum. Write it like 400 or 400.50.")
    return int(whole) * 100 + int(part.ljust(2, "0"))


# --- points of sale -----------------------------------------------------------------------------


@pay_app.command("add-point")
def add_point(
    code: str,
    name: str,
    kind: Annotated[str, typer.Option(help="counter, agent, online or atm")] = "counter",
    plant: Annotated[str | None, typer.Option(help="Only consumers of this plant.")] = None,
    ceiling_rupees: Annotated[
        str | None, typer.Option(help="The money that it may hold before it must deposit.")
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Add a point of sale."""
    open_office(home)
    from controller.payments import points

    point = points.add_point_of_sale(
        code=code,
        name=name,
        kind=kind,
        plant_code=plant,
        ceiling_paise=None if ceiling_rupees is None else read_paise(ceiling_rupees),
        actor=ACTOR,
    )
    show_facts(_point_facts(point), as_json=as_json)


@pay_app.command("points")
def list_points(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """The points of sale, and what each holds, in paise."""
    open_office(home)
    from controller.payments.models import PointOfSale

    rows = [_point_facts(point) for point in PointOfSale.objects.all()]
    show_rows(rows, as_json=as_json, title="Points of sale")


def _point_facts(point: Any) -> dict[str, object]:
    from controller.payments import queries

    held = queries.position(point)
    return {
        "point": point.code, "name": point.name, "kind": point.kind, "open": point.is_open,
        **held._asdict(),
    }  # fmt: skip


# --- payments -----------------------------------------------------------------------------------


@pay_app.command("take")
def take_payment(
    consumer: str,
    rupees: Rupees,
    point: PointOption,
    method: MethodOption = "cash",
    purpose: Annotated[str, typer.Option(help="bill, deposit, service or other")] = "bill",
    key: KeyOption = None,
    actor: ActorOption = ACTOR,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Take a payment of dues; prints its receipt number and what is still due."""
    open_office(home)
    from controller.payments import queries, services

    payment = services.take_payment(
        key=key or f"cli-{secrets.token_hex(8)}",
        consumer_id=consumer,
        amount_paise=read_paise(rupees),
        method=method,
        point_of_sale=point,
        purpose=purpose,
        actor=actor,
    )
    facts = _payment_facts(payment)
    show_facts({**facts, "dues_paise": queries.dues_paise(payment.consumer_id)}, as_json=as_json)


@pay_app.command("list")
def list_payments(
    consumer: str, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False
) -> None:
    """All payments of a consumer, the newest first."""
    open_office(home)
    from controller.consumers.queries import find_consumer
    from controller.payments.queries import payments_of

    rows = [_payment_facts(payment) for payment in payments_of(find_consumer(consumer))]
    show_rows(rows, as_json=as_json, title="Payments")


@pay_app.command("reverse")
def reverse_payment(
    receipt: str,
    reason: Annotated[str, typer.Option(help="Why; it stands in the books.")],
    actor: ActorOption = ACTOR,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Reverse a payment, once, by its receipt number."""
    open_office(home)
    from controller.payments import queries, services

    found = queries.find_payment(receipt)
    payment = services.reverse_payment(payment_id=found.pk, reason=reason, actor=actor)
    show_facts(_payment_facts(payment), as_json=as_json)


def _payment_facts(payment: Any) -> dict[str, object]:
    return {
        "receipt": payment.receipt_number,
        "payment": payment.pk,
        "consumer": payment.consumer_id,
        "amount_paise": payment.amount_paise,
        "method": payment.method,
        "purpose": payment.purpose,
        "channel": payment.channel,
        "state": payment.state,
    }


# --- deposits -----------------------------------------------------------------------------------


@pay_app.command("deposit")
def log_deposit(
    point: Annotated[str, typer.Argument(help="Code of the point of sale.")],
    rupees: Rupees,
    slip: Annotated[str, typer.Option(help="The bank's reference.")],
    source: Annotated[str, typer.Option(help="cash, or clearing for what is not cash")] = "cash",
    key: KeyOption = None,
    actor: ActorOption = ACTOR,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Log money brought to the bank; another person verifies it."""
    open_office(home)
    from controller.payments import points

    deposit = points.log_deposit(
        key=key or f"cli-{secrets.token_hex(8)}",
        point_of_sale=point,
        amount_paise=read_paise(rupees),
        slip=slip,
        source=source,
        actor=actor,
    )
    show_facts(_deposit_facts(deposit), as_json=as_json)


@pay_app.command("deposits")
def list_deposits(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """The deposits that wait to be verified."""
    open_office(home)
    from controller.payments.queries import deposits_to_verify

    rows = [_deposit_facts(deposit) for deposit in deposits_to_verify()]
    show_rows(rows, as_json=as_json, title="To be verified")


@pay_app.command("verify")
def verify_deposit(
    deposit: str,
    reject: Annotated[
        str | None, typer.Option(help="The bank has not got it: the reason instead.")
    ] = None,
    actor: ActorOption = ACTOR,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Verify a deposit on the bank's statement, as somebody else than who logged it."""
    open_office(home)
    from controller.payments import points

    if reject is None:
        decided = points.verify_deposit(deposit_id=deposit, actor=actor)
    else:
        decided = points.reject_deposit(deposit_id=deposit, reason=reject, actor=actor)
    show_facts(_deposit_facts(decided), as_json=as_json)


def _deposit_facts(deposit: Any) -> dict[str, object]:
    return {
        "deposit": deposit.pk,
        "point": deposit.point_of_sale_id,
        "amount_paise": deposit.amount_paise,
        "slip": deposit.slip,
        "logged_by": deposit.logged_by,
        "state": deposit.state,
    }


# --- providers and keys -------------------------------------------------------------------------


@pay_app.command("add-provider")
def add_provider(
    code: str,
    scheme: Annotated[str, typer.Option(help="generic or razorpay")],
    point: PointOption,
    secret: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Asked for.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Add a payment provider whose callbacks are signed with a secret."""
    open_office(home)
    from controller.payments import points

    provider = points.add_provider(
        code=code, scheme=scheme, point_of_sale=point, secret=secret, actor=ACTOR
    )
    print(f"{provider.pk} may call /api/callbacks/{provider.pk}")


@pay_app.command("rotate-secret")
def rotate_secret(
    code: str,
    secret: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Asked for.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """A provider's next secret; the one before stays good until the next rotation."""
    open_office(home)
    from controller.payments import points

    points.rotate_secret(code=code, secret=secret, actor=ACTOR)


@pay_app.command("add-key")
def add_key(
    point: Annotated[str, typer.Argument(help="Code of the point of sale.")],
    note: Annotated[str, typer.Option(help="Who has it.")] = "",
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Print a new API key of a point of sale; it is shown this once."""
    open_office(home)
    from controller.api import services

    print(services.add_key(point_of_sale=point, note=note, actor=ACTOR))


@pay_app.command("keys")
def list_keys(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """The API keys, without their secrets."""
    open_office(home)
    from controller.api.models import ApiKey

    rows: list[dict[str, object]] = [
        {
            "key": key.pk, "point": key.point_of_sale_id, "note": key.note,
            "good": key.revoked_s is None, "last_used_s": key.last_used_s,
        }
        for key in ApiKey.objects.all()
    ]  # fmt: skip
    show_rows(rows, as_json=as_json, title="API keys")


@pay_app.command("revoke-key")
def revoke_key(key: str, home: HomeOption = DEFAULT_HOME) -> None:
    """A key is no longer good."""
    open_office(home)
    from controller.api import services

    services.revoke_key(key_id=key, actor=ACTOR)


@pay_app.command("callbacks")
def work_on_callbacks(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Work on stored callbacks, mark orders that are over; to be called now and then."""
    open_office(home)
    from controller.payments import services

    facts = {"callbacks": services.process_callbacks(), "expired": services.expire_orders()}
    show_facts({**facts}, as_json=as_json)


@pay_app.command("claim")
def claim_payment(
    provider: str,
    reference: Annotated[str, typer.Argument(help="The provider's id of the payment.")],
    consumer: str,
    purpose: Annotated[str, typer.Option(help="bill, recharge, deposit, …")] = "bill",
    actor: ActorOption = ACTOR,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Give money that fitted no order to the consumer whose it is."""
    open_office(home)
    from controller.consumers.queries import find_consumer
    from controller.payments import settlement
    from controller.prepay.services import vend

    payment = settlement.claim(
        provider_code=provider, reference=reference, consumer_id=find_consumer(consumer).pk,
        purpose=purpose, actor=actor,
    )  # fmt: skip
    if purpose == "recharge":
        vend(payment_id=payment.pk, actor=actor)
    show_facts(_payment_facts(payment), as_json=as_json)


@pay_app.command("remind")
def remind(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Raise the nightly tasks: too much cash in hand, recharges overdue (UP-10)."""
    open_office(home)
    from controller.payments import points
    from controller.prepay import services

    facts = {
        "cash": points.remind_of_cash(actor=ACTOR),
        "recharges": services.remind_of_recharges(actor=ACTOR),
    }
    show_facts({**facts}, as_json=as_json)
