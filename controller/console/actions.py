"""What can be ordered from a meter's page: a further order is a row, a form, a call of a service.

The order goes to the meter; what became of it stands in the meter's command history, never here.
"""

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from controller.console import reach
from controller.console.entry import EntryForm
from controller.console.forms import CreditForm, PackageForm, connection_of
from controller.console.orders import Order
from controller.console.templatetags.format import consumer_id
from controller.console.words import said, say, word
from controller.consumers import services as consumers
from controller.consumers.models import Connection
from controller.errors import Refused
from controller.fleet.models import Meter
from controller.headend.services import queue_command
from controller.prepay import services as prepay


def _disconnect(meter: Meter, _form: EntryForm, actor: str) -> None:
    queue_command(meter_id=meter.id, name="disconnect", arguments={}, actor=actor)


def _reconnect(meter: Meter, _form: EntryForm, actor: str) -> None:
    queue_command(meter_id=meter.id, name="reconnect", arguments={}, actor=actor)


def _change_package(meter: Meter, form: PackageForm, actor: str) -> None:
    consumers.assign_package(
        connection_id=_needed_connection(meter).pk,
        package_id=form.cleaned_data["package"].pk,
        activation_s=form.activation_s(),
        actor=actor,
    )


def _add_credit(meter: Meter, form: CreditForm, actor: str) -> None:
    prepay.sell_credit(
        meter_id=meter.id,
        amount=form.amount(),
        unit=form.unit,
        paid_paise=form.paid_paise(),
        purchase_id=form.cleaned_data["key"],
        actor=actor,
    )


def _needed_connection(meter: Meter) -> Connection:
    connection = connection_of(meter)
    if connection is None:
        raise Refused(
            f"Meter {meter.id} serves no connection",
            "Add a consumer for it first.",
        )
    return connection


def _title(meter: Meter) -> str:
    connection = connection_of(meter)
    if connection is None:
        return meter.id
    return f"{meter.id} · {connection.consumer.name} · {consumer_id(connection.consumer.id)}"


def _order(
    name: str, label: str, explanation: str, needs: str, form: type[EntryForm],
    do: Callable[[Meter, Any, str], None], *, danger: bool = False,
) -> Order:  # fmt: skip
    def order(meter: Meter, typed: Any, actor: str) -> str:
        do(meter, typed, actor)
        return say("{0}: queued for {1}.", said(label), meter.id)

    return Order(
        name, label, explanation, form, needs, reach.meter, order, _title,
        lambda meter: reverse("console:meter", args=[meter.id]), danger,
    )  # fmt: skip


ACTIONS = {
    order.name: order
    for order in (
        _order(
            "disconnect",
            word("Disconnect"),
            word(
                "The supply goes off and stays off until you reconnect; the button does not help."
            ),
            "meters.order",
            EntryForm,
            _disconnect,
            danger=True,
        ),
        _order(
            "reconnect",
            word("Reconnect"),
            word(
                "Ends the operator's disconnection. The supply comes back unless something else,"
                " such as used-up credit, holds it off."
            ),
            "meters.order",
            EntryForm,
            _reconnect,
        ),
        _order(
            "package",
            word("Change package"),
            word(
                "The board stores the new programme and confirms it;"
                " it counts from the time chosen."
            ),
            "packages.assign",
            PackageForm,
            _change_package,
        ),
        _order(
            "credit",
            word("Add credit"),
            word("The amount is sent to the board, which credits it once."),
            "credit.sell",
            CreditForm,
            _add_credit,
        ),
    )
}
