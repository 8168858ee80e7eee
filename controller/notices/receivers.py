"""Hears what happened to consumers, inside the transaction that stored it, and tells them."""

from typing import Any

from django.contrib.auth.models import User

from controller.access.queries import staff_at
from controller.access.rules import OPERATOR
from controller.billing.models import Bill, DunningStep
from controller.billing.signals import dunning_stepped
from controller.changes import rules as changes
from controller.changes.models import Change, ChangeState
from controller.changes.signals import change_moved
from controller.contact.models import ContactEdit
from controller.contact.signals import otp_made
from controller.deposits.models import Demand, Movement
from controller.deposits.signals import deposit_demanded, deposit_moved
from controller.joining.models import Joining
from controller.joining.signals import joining_moved
from controller.ledger.queries import balance_paise
from controller.notices import services
from controller.notices.queries import shown_package
from controller.payments.models import Payment, Purpose
from controller.payments.signals import payment_reversing, payment_taken
from controller.prepay.models import Purchase
from controller.prepay.services import hand_out_voucher
from controller.prepay.signals import purchase_sold
from controller.profile.queries import setting
from controller.requests.models import RequestStep, ServiceRequest
from controller.requests.signals import request_moved
from controller.workflow import Step

MINUTE_S, DAY_S = 60, 86_400
REMINDER, NOTICE, DISCONNECT = "reminder", "notice", "disconnect"
JOINING_STEPS = {"open_account": "account_created", "activate": "connection_active"}
REQUEST_STEPS = {
    "submit": "request_submitted",
    "assign": "request_assigned",
    "complete": "request_completed",
}


def connect() -> None:
    """Starts listening; called once, when Django is set up."""
    otp_made.connect(_hear_otp, dispatch_uid="notices.otp")
    joining_moved.connect(_hear_joining, dispatch_uid="notices.joining")
    request_moved.connect(_hear_request, dispatch_uid="notices.request")
    change_moved.connect(_hear_change, dispatch_uid="notices.change")
    payment_taken.connect(_hear_payment, dispatch_uid="notices.payment")
    payment_reversing.connect(_hear_reversal, dispatch_uid="notices.reversal")
    purchase_sold.connect(_hear_recharge, dispatch_uid="notices.recharge")
    dunning_stepped.connect(_hear_dunning, dispatch_uid="notices.dunning")
    deposit_demanded.connect(_hear_demand, dispatch_uid="notices.demand")
    deposit_moved.connect(_hear_deposit, dispatch_uid="notices.deposit")


# --- people and their connections ---------------------------------------------------------------


def _hear_otp(edit: ContactEdit, phone: str, code: str, ttl_s: int, **_more: Any) -> None:
    """The code goes to this very phone (MG-11), which may not be the consumer's yet."""
    services.send(
        template="otp",
        key=f"otp {edit.pk} {phone}",
        actor=edit.requested_by,
        consumer_id=edit.consumer_id,
        recipient=phone,
        channel="sms",
        values={"code": code, "minutes": ttl_s // MINUTE_S},
        subject=f"contact edit {edit.pk}",
    )


def _hear_joining(joining: Joining, step: Step, **_more: Any) -> None:
    """The charge for the activation, the number of the account, that there is supply (MG-4).

    What is due is told before there is an account, to the phone and in the language that the
    prospect gave; another package is told again only with another charge.
    """
    if step.name == "choose_package":
        _tell_activation(joining, step)
        return
    template = JOINING_STEPS.get(step.name)
    if template is None or joining.consumer_id is None:
        return
    services.send(
        template=template,
        key=f"joining {joining.pk} {step.name}",
        actor=step.actor,
        consumer_id=joining.consumer_id,
        values={"consumer": joining.consumer_id},
        subject=f"joining {joining.pk}",
    )


def _tell_activation(joining: Joining, step: Step) -> None:
    charge_paise = joining.activation_charge_paise
    if not charge_paise or not joining.phone:
        return
    services.send(
        template="activation_due",
        key=f"joining {joining.pk} activation {charge_paise}",
        actor=step.actor,
        recipient=joining.phone,
        language=joining.language,
        values={"amount_paise": charge_paise},
        subject=f"joining {joining.pk}",
    )


def _hear_request(request: ServiceRequest, step: RequestStep, **_more: Any) -> None:
    """The consumer is told that it was submitted, assigned and completed (MG-12)."""
    if step.name in ("assign", "reassign"):
        _tell_staff(request, step)
    template = REQUEST_STEPS.get(step.name)
    if template is None:
        return
    services.send(
        template=template,
        key=f"request {request.pk} {step.pk}",
        actor=step.actor,
        consumer_id=request.consumer_id,
        values={"request": request.pk},
        subject=f"request {request.pk}",
    )


def _tell_staff(request: ServiceRequest, step: RequestStep) -> None:
    """The site in-charge, and who is to see to it, as far as they have an address (MG-12)."""
    plant = request.consumer.plant
    known = {user.username: user.email for user in staff_at(plant, OPERATOR)}
    assignee = User.objects.filter(username=request.assignee).first()
    if assignee is not None:
        known[assignee.username] = assignee.email
    for name, address in sorted(known.items()):
        if address:
            services.send(
                template="request_task",
                key=f"request {request.pk} {step.pk} {name}",
                actor=step.actor,
                recipient=address,
                channel="email",
                values={
                    "request": request.pk,
                    "consumer": request.consumer_id,
                    "name": request.consumer.name,
                },
                subject=f"request {request.pk}",
            )


def _hear_change(change: Change, step: Step, **_more: Any) -> None:
    """The steps of a package change (MG-14), and that supply is cut or back (MG-6)."""
    told = _package_step(change, step) if change.package_id else _supply_step(change)
    if told is None:
        return
    template, values = told
    services.send(
        template=template,
        key=f"change {change.pk} {step.pk}",
        actor=step.actor,
        consumer_id=change.connection.consumer_id,
        values=values,
        subject=f"change {change.pk}",
    )


def _package_step(change: Change, step: Step) -> tuple[str, dict[str, Any]] | None:
    package = {"package": shown_package(str(change.package_id))}
    if step.name == "approve":
        return "package_change_approved", {**package, "amount_paise": change.due_paise}
    if change.state == ChangeState.COMPLETED:
        return "package_change_done", package
    names = {"request": "package_change_requested", "refuse": "package_change_refused"}
    return (names[step.name], package) if step.name in names else None


def _supply_step(change: Change) -> tuple[str, dict[str, Any]] | None:
    """Only what has become true is told: the rest is between us and the board."""
    if change.state != ChangeState.COMPLETED:
        return None
    consumer_id = change.connection.consumer_id
    if change.kind == changes.REACTIVATE:
        return "reconnected", {}
    if change.cause == changes.DEBT:
        return "disconnected", {"amount_paise": balance_paise(f"consumer:{consumer_id}")}
    return "deactivated", {"consumer": consumer_id}


# --- money --------------------------------------------------------------------------------------


def _hear_payment(payment: Payment, **_more: Any) -> None:
    """Confirmation of payment (MG-10d); a recharge is told of when it is sold."""
    if payment.purpose == Purpose.RECHARGE:
        return
    values = {
        "amount_paise": payment.amount_paise,
        "date_s": payment.received_s,
        "receipt": payment.receipt_number,
    }
    template = "payment_received"
    owed_paise = balance_paise(f"consumer:{payment.consumer_id}")
    if payment.purpose == Purpose.BILL and owed_paise > 0:
        template, values = "payment_confirmed", {**values, "balance_paise": owed_paise}
    _tell_payment(payment, template, values, "")


def _hear_reversal(payment: Payment, **_more: Any) -> None:
    values = {"amount_paise": payment.amount_paise, "receipt": payment.receipt_number}
    _tell_payment(payment, "payment_reversed", values, " reversed")


def _hear_recharge(purchase: Purchase, **_more: Any) -> None:
    """A recharge by text message, with the voucher's digits if it has any (MG-10d, UP-11)."""
    payment = purchase.payment
    if payment is None:
        return
    values: dict[str, Any] = {
        "amount_paise": payment.amount_paise,
        "credit": (purchase.amount, purchase.get_unit_display()),
        "receipt": payment.receipt_number,
    }
    voucher = hand_out_voucher(purchase_id=purchase.pk, actor="notices")
    if voucher is None:
        _tell_payment(payment, "recharge_taken", values, "")
        return
    if voucher.key_change:
        tokens = [_digits(token) for token in voucher.key_change]
        _tell_payment(payment, "key_tokens", {"tokens": tokens}, " key")
    _tell_payment(payment, "recharge_done", {**values, "token": _digits(voucher.token)}, "")


def _digits(shown: str) -> str:
    return shown.replace(" ", "")


def _tell_payment(payment: Payment, template: str, values: dict[str, Any], what: str) -> None:
    services.send(
        template=template,
        key=f"payment {payment.pk}{what}",
        actor=payment.actor,
        consumer_id=payment.consumer_id,
        values=values,
        subject=f"receipt {payment.receipt_number}",
    )


def _hear_dunning(step: DunningStep, consumer_id: str, **_more: Any) -> None:
    """Reminder and disconnection notice (MG-6, MG-9); that supply is cut is told when it is."""
    bill = step.bill
    if step.step == REMINDER:
        template = "reminder"
        values = {"number": bill.number, "due_s": bill.due_s - 1, "amount_paise": step.paise}
    elif step.step == NOTICE:
        template = "disconnection_notice"
        values = {"amount_paise": step.paise, "date_s": _cut_s(bill)}
    else:
        return
    services.send(
        template=template,
        key=f"dunning {step.pk}",
        actor="billing",
        consumer_id=consumer_id,
        values=values,
        subject=f"bill {bill.number}",
    )


def _cut_s(bill: Bill) -> int:
    """The day of the step after which supply is cut, as the profile has it."""
    steps: list[tuple[int, str]] = setting("dunning_steps")
    days = [after for after, step in steps if step == DISCONNECT]
    return bill.due_s + days[0] * DAY_S if days else bill.due_s


def _hear_demand(demand: Demand, **_more: Any) -> None:
    """Notice of the security deposit (MG-4, MG-13)."""
    services.send(
        template="deposit_due",
        key=f"deposit demand {demand.pk}",
        actor="deposits",
        consumer_id=demand.consumer_id,
        values={"amount_paise": demand.amount_paise},
        subject=f"deposit demand {demand.pk}",
    )


def _hear_deposit(movement: Movement, **_more: Any) -> None:
    if movement.kind != Movement.Kind.RETURNED:
        return
    services.send(
        template="deposit_returned",
        key=f"deposit {movement.pk}",
        actor="deposits",
        consumer_id=movement.consumer_id,
        values={"amount_paise": movement.amount_paise},
        subject=f"deposit {movement.pk}",
    )
