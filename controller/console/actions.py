"""What can be done to a meter from its page: each action a page to confirm and one service call.

A refused action shows why and keeps what was typed. The order goes to the meter; what became of
it stands in the meter's command history, never here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from controller.console import forms
from controller.consumers import services as consumers
from controller.consumers.models import Connection
from controller.errors import Refused
from controller.fleet.models import Meter
from controller.headend.services import queue_command
from controller.prepay import services as prepay


@dataclass(frozen=True)
class Action:
    """One thing that an operator can order; `do` may raise Refused."""

    name: str
    label: str
    explanation: str
    form: type[forms.ActionForm]
    do: Callable[[Meter, Any, str], object]
    danger: bool = False


def _disconnect(meter: Meter, _form: forms.ActionForm, actor: str) -> None:
    queue_command(meter_id=meter.id, name="disconnect", arguments={}, actor=actor)


def _reconnect(meter: Meter, _form: forms.ActionForm, actor: str) -> None:
    queue_command(meter_id=meter.id, name="reconnect", arguments={}, actor=actor)


def _change_package(meter: Meter, form: forms.PackageForm, actor: str) -> None:
    consumers.assign_package(
        connection_id=_needed_connection(meter).pk,
        package_id=form.cleaned_data["package"].pk,
        activation_s=form.activation_s(),
        actor=actor,
    )


def _add_credit(meter: Meter, form: forms.CreditForm, actor: str) -> None:
    prepay.sell_credit(
        meter_id=meter.id,
        amount=form.amount(),
        unit=form.unit,
        paid_paise=form.paid_paise(),
        purchase_id=form.cleaned_data["purchase_id"],
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


def connection_of(meter: Meter) -> Connection | None:
    """The connection that the meter serves; None while it is in the store."""
    return getattr(meter, "connection", None)


ACTIONS = {
    action.name: action
    for action in (
        Action(
            "disconnect",
            "Disconnect",
            "The supply goes off and stays off until you reconnect; the button does not help.",
            forms.ActionForm,
            _disconnect,
            danger=True,
        ),
        Action(
            "reconnect",
            "Reconnect",
            "Ends the operator's disconnection. The supply comes back unless something else,"
            " such as used-up credit, holds it off.",
            forms.ActionForm,
            _reconnect,
        ),
        Action(
            "package",
            "Change package",
            "The board stores the new programme and confirms it; it counts from the time chosen.",
            forms.PackageForm,
            _change_package,
        ),
        Action(
            "credit",
            "Add credit",
            "The amount is sent to the board, which credits it once.",
            forms.CreditForm,
            _add_credit,
        ),
    )
}


def act(request: HttpRequest, meter_id: str, name: str) -> HttpResponse:
    """The page of one action: asks on GET, orders on POST."""
    if name not in ACTIONS:
        raise Http404(f"There is no action {name}.")
    action = ACTIONS[name]
    chosen = Meter.objects.select_related("state", "connection__consumer")
    meter = get_object_or_404(chosen, pk=meter_id)
    connection = connection_of(meter)
    form = action.form(request.POST if request.method == "POST" else None, connection)
    refused = None
    if form.is_valid():
        try:
            action.do(meter, form, request.user.get_username())
        except Refused as error:
            refused = error
        else:
            messages.success(request, f"{action.label}: queued for {meter.id}.")
            return redirect("console:meter", meter_id=meter.id)
    context = {
        "meter": meter,
        "connection": connection,
        "action": action,
        "form": form,
        "refused": refused,
    }
    # 422: a browser shows it like any page, and nobody takes a refusal for a success.
    failed = refused is not None or (form.is_bound and not form.is_valid())
    return render(request, "console/action.html", context, status=422 if failed else 200)
