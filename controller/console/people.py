"""Consumers: their list, searched by anything that one may know of them, and a new one."""

from typing import Any

from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from controller.console import reach
from controller.console.entry import EntryForm
from controller.console.orders import Order
from controller.console.queries import without_check
from controller.console.rows import Choice, Rows
from controller.console.sheets import BAD, GOOD, SOFT, Button, Cell, list_page, money
from controller.console.templatetags.format import consumer_id
from controller.console.words import said, say, word
from controller.consumers import services
from controller.consumers.models import Category, Consumer, Plant, Sector
from controller.ledger import queries as ledger

LOOKS: dict[str, str] = {Consumer.Status.ACTIVE: GOOD, Consumer.Status.BANNED: BAD}
ALL = ""


def search(found: QuerySet[Consumer], asked: str) -> QuerySet[Consumer]:
    """Those whose ID (with or without its check character), name, phone or meter it is."""
    if not asked:
        return found
    return found.filter(
        Q(id__icontains=without_check(asked))
        | Q(name__icontains=asked)
        | Q(phone__icontains=asked)
        | Q(connection__meter__id__icontains=asked)
    )


def consumers(request: HttpRequest) -> HttpResponse:
    """The consumers at the user's plants, with how many there are of each status."""
    found = reach.consumers(request)
    numbers = dict(found.order_by().values_list("status").annotate(count=Count("pk")))
    labels = [(ALL, say("All"), sum(numbers.values()))]
    labels += [(status.value, said(str(status.label)), numbers.get(status.value, 0))
               for status in Consumer.Status]  # fmt: skip
    rows = Rows(request.GET, [Choice(value, f"{text} {count}") for value, text, count in labels])
    if rows.show:
        found = found.filter(status=rows.show)
    add = Button(say("Add a consumer"), reverse("console:consumer_add"))
    return list_page(
        request, say("Consumers"), rows, search(found, rows.search),
        [say("Consumer"), say("Status"), say("Meter"), say("Owes")], row,
        hint=say("Number, name, phone or meter"), prepare=owed,
        buttons=[add] if reach.rights(request).may("consumers.add") else [],
        empty=say("No consumer matches."),
    )  # fmt: skip


def owed(page: list[Consumer]) -> dict[str, int]:
    """What each of them owes, in paise; below 0 what they have paid ahead."""
    return ledger.balances([f"consumer:{consumer.pk}" for consumer in page])


def row(consumer: Consumer, owes: dict[str, int]) -> list[Cell]:
    """A consumer in a list."""
    connection = getattr(consumer, "connection", None)
    meter = connection.meter_id if connection else None
    return [
        Cell(
            consumer.name, reverse("console:account", args=[consumer.pk]),
            small=consumer_id(consumer.pk),
        ),
        Cell(said(consumer.get_status_display()), look=LOOKS.get(consumer.status, SOFT)),
        Cell(meter or "–", reverse("console:meter", args=[meter]) if meter else ""),
        money(owes[f"consumer:{consumer.pk}"]),
    ]  # fmt: skip


class ConsumerForm(EntryForm):
    """A new consumer and the place of the connection."""

    plant = forms.ModelChoiceField(Plant.objects.all(), empty_label=None, label=word("Plant"))
    name = forms.CharField(label=word("Name"), max_length=120)
    phone = forms.CharField(label=word("Phone"), max_length=20, required=False)
    pole = forms.IntegerField(label=word("Pole"), min_value=1, max_value=999)
    number = forms.IntegerField(label=word("Connection at the pole"), min_value=1, max_value=99)
    load_w = forms.IntegerField(label=word("Sanctioned load, W"), min_value=1)
    phases = forms.ChoiceField(label=word("Phases"), choices=[("1", "1"), ("3", "3")])
    category = forms.ChoiceField(label=word("Category"), choices=Category.choices)
    sector = forms.ChoiceField(label=word("Sector"), choices=Sector.choices)

    def __init__(self, data: Any, subject: list[str]) -> None:
        super().__init__(data, subject)
        field = self.fields["plant"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Plant.objects.filter(pk__in=subject)


def _plants(request: HttpRequest) -> list[str]:
    return reach.rights(request).plants


def _add(_plants: list[str], form: ConsumerForm, actor: str) -> str:
    typed = form.cleaned_data
    added = services.add_consumer(
        typed["plant"].pk, typed["name"], typed["pole"], typed["number"], typed["load_w"],
        int(typed["phases"]), typed["phone"], typed["category"], typed["sector"], actor=actor,
    )  # fmt: skip
    return say("{0} is consumer {1}.", added.name, consumer_id(added.pk))


ADD = Order(
    "add",
    word("Add a consumer"),
    word("The number is made from the plant, the pole and the connection at it."),
    ConsumerForm,
    "consumers.add",
    _plants,
    _add,
    lambda _plants: say("Consumers"),
    lambda _plants: reverse("console:consumers"),
)
