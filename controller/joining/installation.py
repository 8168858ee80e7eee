"""The technical side of joining: meter, pole, service wire, house wire, review, supply (MG-4)."""

from django.db import transaction

from controller import clock, workflow
from controller.access.services import check_member
from controller.consumers import queries as consumers
from controller.consumers import services as consumer_services
from controller.consumers.models import Connection, Consumer
from controller.deposits.queries import open_demand
from controller.errors import Refused
from controller.figures import rupees
from controller.inventory import services as inventory
from controller.inventory.models import Item
from controller.joining.models import Joining
from controller.joining.services import lock, step
from controller.ledger import services as ledger
from controller.prepay import services as prepay
from controller.profile.queries import setting


@transaction.atomic
def hand_over(*, joining_id: int, meter_id: str, technician: str, actor: str) -> Joining:
    """Sales gives the details to the technical team, with a meter out of the inventory.

    Raises Refused for a meter that is not to be had for this plant.
    """
    joining = lock(joining_id)
    workflow.check_possible(joining, "hand_over")
    check_member(technician, "joining.install", joining.plant)
    inventory.reserve(meter_id=meter_id, consumer_id=_consumer(joining).pk, actor=actor)
    joining.technician = technician
    return step(joining, "hand_over", actor=actor, meter=meter_id, technician=technician)


@transaction.atomic
def finish_pole(*, joining_id: int, note: str = "", actor: str) -> Joining:
    """What is to be done at the pole is done."""
    return step(lock(joining_id), "finish_pole", actor=actor, note=note)


@transaction.atomic
def finish_service_wire(*, joining_id: int, note: str = "", actor: str) -> Joining:
    """The wire from the pole to the house is drawn."""
    return step(lock(joining_id), "finish_service_wire", actor=actor, note=note)


@transaction.atomic
def finish_house_wire(*, joining_id: int, note: str = "", actor: str) -> Joining:
    """The house is wired and the meter that was kept for it is fitted; it gets the package."""
    joining = lock(joining_id)
    workflow.check_possible(joining, "finish_house_wire")
    connection = _connection(joining)
    if connection.meter_id is None:
        kept = Item.objects.filter(connection=connection).first()
        if kept is None:
            raise Refused("No meter is kept for the connection", "Take one from the inventory.")
        consumer_services.fit_meter(connection.consumer_id, kept.meter_id, actor=actor)
        assert joining.package is not None, "with an account goes a package"
        consumer_services.assign_package(connection.pk, joining.package.pk, actor=actor)
    return step(joining, "finish_house_wire", actor=actor, note=note)


@transaction.atomic
def pass_review(*, joining_id: int, note: str, actor: str) -> Joining:
    """Another person than the one who wired the house finds the work good. Raises Refused."""
    workflow.check_reason(note)
    joining = lock(joining_id)
    workflow.check_possible(joining, "pass_review")
    if joining.steps.filter(name="finish_house_wire", actor=actor).exists():
        raise Refused("Nobody reviews their own work", "Let another person look at it.")
    return step(joining, "pass_review", actor=actor, note=note)


@transaction.atomic
def fail_review(*, joining_id: int, reason: str, actor: str) -> Joining:
    """Something must be done again in the house. Raises Refused without a reason."""
    workflow.check_reason(reason)
    return step(lock(joining_id), "fail_review", actor=actor, note=reason)


@transaction.atomic
def activate(*, joining_id: int, note: str = "", actor: str) -> Joining:
    """The technical team confirms: the account is active, and in the plant's register.

    Raises Refused before the board says that it runs the package, and while the deposit is to be
    paid. The activation charge is posted; a meter that is paid in instalments is laid on (UP-4).
    """
    joining = lock(joining_id)
    workflow.check_possible(joining, "activate")
    consumer = _consumer(joining)
    running = consumers.active_assignment(_connection(joining))
    if running is None:
        raise Refused(
            "The meter board has not said that it runs the package", "Wait until it has reported."
        )
    demand = open_demand(consumer.pk)
    if demand is not None:
        raise Refused(
            f"{rupees(demand.amount_paise)} of the security deposit is to be paid",
            "Take the payment with purpose deposit first.",
        )
    _charge(joining, consumer, actor)
    joining.activated_s = clock.now_s()
    step(joining, "activate", actor=actor, note=note)
    consumer_services.set_status(consumer.pk, Consumer.Status.ACTIVE, "joined", actor=actor)
    return joining


def _charge(joining: Joining, consumer: Consumer, actor: str) -> None:
    if joining.activation_charge_paise:
        ledger.post(
            kind="activation",
            reference=f"joining-{joining.pk}",
            transfers=[
                (f"consumer:{consumer.pk}", "income:activation", joining.activation_charge_paise)
            ],
            text="Activation charge",
            actor=actor,
        )
    if setting("meter_cost_paise"):
        prepay.lay_meter_cost(key=f"joining-{joining.pk}", consumer_id=consumer.pk, actor=actor)


def _consumer(joining: Joining) -> Consumer:
    assert joining.consumer is not None, "an installation follows the account"
    return joining.consumer


def _connection(joining: Joining) -> Connection:
    return consumers.lock_connection(_consumer(joining).connection.pk)
