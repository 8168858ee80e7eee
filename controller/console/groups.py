"""Groups of connections that are programmed again, with how far each group is (MG-14)."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from controller.console.details import pairs
from controller.console.entry import EntryForm, board_s, moment_field
from controller.console.offers import tabs
from controller.console.orders import Order
from controller.console.pieces import changed
from controller.console.reach import rights
from controller.console.rows import Rows
from controller.console.sheets import (
    Button,
    Cell,
    Section,
    Sheet,
    Table,
    list_page,
    number,
    when,
)
from controller.console.templatetags.format import moment, package_id
from controller.console.words import said, say, word
from controller.consumers import reprogramming
from controller.consumers.models import Batch, Category, Package, Plant
from controller.errors import Refused
from controller.tariffs.models import Tariff

REFUSED_SHOWN = 50


def batches(request: HttpRequest) -> HttpResponse:
    """Groups that were programmed again, the newest first."""
    rows = Rows(request.GET)
    found = Batch.objects.annotate(of=Count("items")).select_related("package").order_by("-pk")
    start = Button(said(REPROGRAMME.label), reverse("console:batch_start"))
    heads = [say("Group"), say("Package"), say("Connections"), say("Since")]
    return list_page(
        request, say("Groups programmed again"), rows, found, heads, _batch_row,
        tabs=tabs("batches"),
        buttons=[start] if rights(request).may("packages.design") else [],
    )  # fmt: skip


def _batch_row(batch: Any) -> list[Cell]:
    asked = ", ".join(f"{name}: {value}" for name, value in pairs("", batch.asked))
    package = package_id(batch.package_id) if batch.package_id else say("each its own")
    return [
        Cell(str(batch.pk), reverse("console:batch", args=[batch.pk]), small=asked),
        Cell(package),
        number(batch.of),
        when(batch.begun_s),
    ]


def find_batch(_request: HttpRequest, batch_id: int) -> Batch:
    """A group. Raises Http404."""
    try:
        return reprogramming.find_batch(batch_id)
    except Refused as refused:
        raise Http404(refused) from refused


def batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    """One group with its progress, kept up to date."""
    return _batch_sheet(request, find_batch(request, batch_id)).answer(request)


def batch_live(request: HttpRequest, batch_id: int) -> HttpResponse:
    """What changed on that page since the browser last looked."""
    return changed(request, _batch_sheet(request, find_batch(request, batch_id)).pieces())


def _batch_sheet(request: HttpRequest, found: Batch) -> Sheet:
    counts = reprogramming.progress(found)
    total = counts.pop("connections", 0)
    done = counts.get("active", 0)
    rows = [[Cell(said(name.capitalize())), number(count)] for name, count in counts.items()]
    refused = [
        [Cell(item.connection.consumer_id), Cell(said(item.reason))]
        for item in reprogramming.refusals(found).filter(
            connection__consumer__plant__in=rights(request).plants
        )[:REFUSED_SHOWN]
    ]
    orders = (ADVANCE, RETRY) if rights(request).may("packages.design") else ()
    return Sheet(
        title=f"{say('Group')} {found.pk}",
        subtitle=package_id(found.package_id) if found.package_id else say("each its own"),
        tabs=tabs("batches"),
        facts=[*pairs("", found.asked), (say("Begun"), moment(found.begun_s)),
               (say("By"), found.actor)],
        buttons=[Button(said(order.label), f"{order.name}/") for order in orders],
        sections=[
            Section(say("Confirmed by their boards"), Table([say("State"), say("Connections")],
                    rows), done=done, of=total, id="progress"),
            Section(say("To be looked at"), Table([say("Consumer"), say("Why")], refused),
                    id="refused"),
        ],
        live_url=reverse("console:batch_live", args=[found.pk]) + "?seen=",
    )  # fmt: skip


class GroupForm(EntryForm):
    """Who gets which package, and from when."""

    plant = forms.ModelChoiceField(Plant.objects.all(), label=word("Plant"), required=False)
    running = forms.ModelChoiceField(
        Package.objects.all(), label=word("Whose package now is"), required=False
    )
    tariff = forms.ModelChoiceField(
        Tariff.objects.all(), label=word("Whose package has the tariff"), required=False
    )
    category = forms.ChoiceField(
        label=word("Category"), choices=[("", "–"), *Category.choices], required=False
    )
    package = forms.ModelChoiceField(
        Package.objects.all(), label=word("New package (empty: each its own anew)"),
        required=False,
    )  # fmt: skip
    activation = moment_field(word("Active from (empty: at once)"))


def _reprogramme(_nothing: str, form: GroupForm, actor: str) -> str:
    typed = form.cleaned_data
    names = {"plant_code": "plant", "running_id": "running", "package_id": "package"}
    chosen = {key: typed[name].pk for key, name in names.items() if typed[name]}
    if typed["tariff"]:
        chosen["tariff_code"] = typed["tariff"].code
    begun = reprogramming.reprogramme_group(
        **chosen, category=typed["category"] or None, activation_s=board_s(typed["activation"]),
        actor=actor,
    )  # fmt: skip
    left = reprogramming.advance_batch(begun.pk, actor=actor)
    return say("Group {0} is written down; {1} are still to be sent.", begun.pk, left)


class VersionForm(EntryForm):
    """Which version."""

    version = forms.ChoiceField(label=word("From"))

    def __init__(self, data: Any, subject: Tariff) -> None:
        super().__init__(data, subject)
        field = self.fields["version"]
        assert isinstance(field, forms.ChoiceField)
        days = dict.fromkeys(str(one.valid_from) for one in reversed(subject.versions.all()))
        field.choices = [(day, day) for day in days]


def _find_tariff(_request: HttpRequest, code: str) -> Tariff:
    return get_object_or_404(Tariff.objects.prefetch_related("versions"), code=code)


def _programme(found: Tariff, form: VersionForm, actor: str) -> str:
    valid_from = date.fromisoformat(form.cleaned_data["version"])
    begun = reprogramming.tariff_changed(
        tariff_code=found.code, valid_from=valid_from, actor=actor
    )
    left = reprogramming.advance_batch(begun.pk, actor=actor)
    return say("Group {0} is written down; {1} are still to be sent.", begun.pk, left)


def _advance(found: Batch, _form: EntryForm, actor: str) -> str:
    left = reprogramming.advance_batch(found.pk, actor=actor)
    return say("Group {0} is written down; {1} are still to be sent.", found.pk, left)


def _retry(found: Batch, _form: EntryForm, actor: str) -> str:
    return say("{0} are tried again.", reprogramming.retry_batch(found.pk, actor=actor))


REPROGRAMME = Order(
    "start", word("Programme a group again"),
    word("Each meter of the group gets its programme; complete is what its board confirms."),
    GroupForm, "packages.design", lambda _request: say("Packages"), _reprogramme, str,
    lambda _nothing: reverse("console:batches"),
)  # fmt: skip
PROGRAMME = Order(
    "programme", word("Programme a version"),
    word("Each meter of the tariff gets this version at its midnight; packages stay as they are."),
    VersionForm, "packages.design", _find_tariff, _programme, str,
    lambda found: reverse("console:tariff", args=[found.code]),
)  # fmt: skip
ADVANCE = Order(
    "advance", word("Go on"), word("Sends the programmes of the next connections."), EntryForm,
    "packages.design", find_batch, _advance, str,
    lambda found: reverse("console:batch", args=[found.pk]),
)  # fmt: skip
RETRY = Order(
    "retry", word("Try the refused again"), word("Those that were refused wait again."),
    EntryForm, "packages.design", find_batch, _retry, str,
    lambda found: reverse("console:batch", args=[found.pk]),
)  # fmt: skip
