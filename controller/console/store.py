"""The store: meters by place and state, a meter's way through the stores and connections."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode

from controller.access.services import check_member
from controller.console import account
from controller.console.entry import EntryForm, ReasonForm
from controller.console.orders import Order
from controller.console.queries import without_check
from controller.console.reach import rights
from controller.console.rows import Choice, Rows
from controller.console.sheets import (
    SOFT,
    Button,
    Cell,
    Section,
    Sheet,
    Table,
    list_page,
    number,
    when,
)
from controller.console.steps import steps_of
from controller.console.templatetags.format import consumer_id, seen
from controller.console.words import said, say, word
from controller.consumers import queries as consumers
from controller.consumers.models import Plant
from controller.inventory import queries, services
from controller.inventory.models import Item, ItemState, Store

S = ItemState


def plants(request: HttpRequest) -> Any:
    """The plants whose stores the user sees, beside the warehouses."""
    return Plant.objects.filter(pk__in=rights(request).plants)


def items(request: HttpRequest) -> HttpResponse:
    """The meters of the user's stores, by state."""
    rows = Rows(request.GET, [Choice("", word("All")), *(Choice(s, str(s.label)) for s in S)])
    found = queries.items(plants(request), rows.show or None)
    if rows.search:
        found = found.filter(
            Q(meter__id__icontains=rows.search)
            | Q(store__code__iexact=rows.search)
            | Q(store__name__icontains=rows.search)
            | Q(connection__consumer__id__icontains=without_check(rows.search))
        )
    may_change = rights(request).may(RECEIVE.needs)
    buttons = [Button(say("Stores"), reverse("console:stores"))]
    buttons += [Button(said(RECEIVE.label), reverse("console:item_receive"))] if may_change else []
    heads = [say("Meter"), say("State"), say("Store"), say("Seen")]
    return list_page(
        request, say("Store of meters"), rows, found, heads, _row, hint=say("Meter or store"),
        buttons=buttons,
    )  # fmt: skip


def _row(item: Item) -> list[Cell]:
    kept = consumer_id(item.connection.consumer_id) if item.connection else ""
    return [
        Cell(item.pk, reverse("console:item", args=[item.pk])),
        Cell(said(item.get_state_display()), small=kept, look=SOFT),
        Cell(item.store.name, look=SOFT),
        Cell(seen(item.meter.state.received_s), look="n"),
    ]


def stores(request: HttpRequest) -> HttpResponse:
    """The stores with what is in them."""
    found: Any = queries.stores(plants(request))  # annotated with counts
    every = reverse("console:items")
    rows = [
        [Cell(store.name, f"{every}?{urlencode({'q': store.code})}", small=store.code),
         number(store.in_store), number(store.reserved), number(store.faulty)]
        for store in found
    ]  # fmt: skip
    heads = [say("Store"), say("In the store"), say("Kept for a connection"), say("Faulty")]
    add = Button(said(OPEN.label), reverse("console:store_add"))
    return Sheet(
        title=say("Stores"),
        buttons=[add] if rights(request).may(OPEN.needs) else [],
        sections=[Section(table=Table(heads, rows, say("None yet.")))],
    ).answer(request)


def find(request: HttpRequest, meter_id: str) -> Item:
    """A meter of the user's stores. Raises Http404."""
    return get_object_or_404(queries.items(plants(request)), pk=meter_id)


def item(request: HttpRequest, meter_id: str) -> HttpResponse:
    """One meter: where it is, where it was."""
    found = find(request, meter_id)
    held = rights(request)
    orders = [order for order in ORDERS if order.shown(found) and held.may(order.needs)]
    _steps, everywhere = queries.way_of(found.pk)
    fittings = everywhere.filter(connection__consumer__plant__in=plants(request))
    rows = [
        [
            Cell(one.connection.consumer.name, account.url(one.connection.consumer)),
            when(one.fitted_s),
            when(one.removed_s),
            Cell(one.reason, look=SOFT),
        ]
        for one in fittings
    ]
    heads = [say("Consumer"), say("Fitted"), say("Removed"), say("Why")]
    return Sheet(
        title=found.pk,
        subtitle=found.store.name,
        headline=said(found.get_state_display()),
        buttons=[Button(said(o.label), f"{o.name}/", o.danger) for o in orders]
        + [Button(say("Meter"), reverse("console:meter", args=[found.pk]))],
        sections=[
            steps_of(found),
            Section(say("Connections that it served"), Table(heads, rows, say("None yet."))),
        ],
    ).answer(request)


class StoreForm(EntryForm):
    """A place where meters are kept."""

    code = forms.CharField(label=word("Code"), max_length=16)
    name = forms.CharField(label=word("Name"), max_length=80)
    plant = forms.ModelChoiceField(
        Plant.objects.none(), label=word("Plant (empty: a warehouse for all)"), required=False
    )

    def __init__(self, data: Any, subject: Any) -> None:
        super().__init__(data, subject)
        plant = self.fields["plant"]
        assert isinstance(plant, forms.ModelChoiceField)
        plant.queryset = subject


class PlaceForm(EntryForm):
    """In which store."""

    store = forms.ModelChoiceField(Store.objects.all(), label=word("Store"), empty_label=None)
    note = forms.CharField(label=word("Note"), max_length=300, required=False)


class ReceiveForm(PlaceForm):
    """Which meter."""

    meter = forms.CharField(label=word("Meter"), max_length=16)
    field_order = ("meter", "store", "note")


class KeepForm(EntryForm):
    """For which consumer."""

    consumer = forms.CharField(label=word("Consumer number"), max_length=20)


def _open(_all: Any, form: StoreForm, actor: str) -> str:
    typed = form.cleaned_data
    plant = typed["plant"].pk if typed["plant"] else None
    services.add_store(code=typed["code"], name=typed["name"], plant_code=plant, actor=actor)
    return say("{0} is noted.", typed["name"])


def _receive(_all: Any, form: ReceiveForm, actor: str) -> str:
    typed = form.cleaned_data
    if typed["store"].plant is not None:
        check_member(actor, "inventory.change", typed["store"].plant)
    services.receive(
        meter_id=typed["meter"].upper(), store_code=typed["store"].pk, note=typed["note"],
        actor=actor,
    )  # fmt: skip
    return say("{0} is in {1}.", typed["meter"].upper(), typed["store"].name)


def _transfer(found: Item, form: PlaceForm, actor: str) -> str:
    typed = form.cleaned_data
    services.transfer(
        meter_id=found.pk, store_code=typed["store"].pk, note=typed["note"], actor=actor
    )
    return say("{0} is in {1}.", found.pk, typed["store"].name)


def _keep(found: Item, form: KeepForm, actor: str) -> str:
    consumer = consumers.find_consumer(form.cleaned_data["consumer"])
    check_member(actor, "inventory.change", consumer.plant)
    services.reserve(meter_id=found.pk, consumer_id=consumer.pk, actor=actor)
    return say("{0} is kept for {1}.", found.pk, consumer_id(consumer.pk))


def _with(call: Callable[..., Item], field: str = "reason") -> Callable[[Item, Any, str], str]:
    def do(found: Item, form: ReasonForm, actor: str) -> str:
        given = {field: form.cleaned_data["reason"][:300]}
        moved = call(meter_id=found.pk, actor=actor, **given)
        return f"{moved.pk}: {said(moved.get_state_display())}"

    return do


def _in(*states: str) -> Callable[[Any], bool]:
    return lambda found: found.state in states


def _order(
    name: str, label: str, form: type[EntryForm], do: Callable[[Any, Any, str], str],
    *states: str, danger: bool = False,
) -> Order:  # fmt: skip
    return Order(
        name, label, word("The step is recorded with your name."), form, "inventory.change", find,
        do, lambda found: found.pk, lambda found: reverse("console:item", args=[found.pk]),
        danger, _in(*states),
    )  # fmt: skip


OPEN = Order(
    "add", word("Open a store"), word("Of a plant, or a warehouse that serves all."), StoreForm,
    "inventory.change", plants, _open, lambda _all: say("Stores"),
    lambda _all: reverse("console:stores"),
)  # fmt: skip
RECEIVE = Order(
    "receive", word("Receive a meter"), word("A registered meter comes into a store."),
    ReceiveForm, "inventory.change", plants, _receive, lambda _all: say("Store of meters"),
    lambda _all: reverse("console:items"),
)  # fmt: skip
ORDERS = (
    _order("transfer", word("To another store"), PlaceForm, _transfer, S.IN_STORE),
    _order("keep", word("Keep for a consumer"), KeepForm, _keep, S.IN_STORE),
    _order("free", word("Free again"), ReasonForm, _with(services.free), S.RESERVED),
    _order("faulty", word("Faulty"), ReasonForm, _with(services.mark_faulty), S.IN_STORE,
           S.RESERVED, danger=True),
    _order("repair", word("Repaired"), ReasonForm, _with(services.repair, "note"), S.FAULTY),
    _order("scrap", word("Scrap"), ReasonForm, _with(services.scrap), S.FAULTY, danger=True),
)  # fmt: skip
