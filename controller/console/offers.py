"""Tariffs with their dated versions, packages and their design, and groups programmed again."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from controller.console.details import pairs
from controller.console.entry import EntryForm, board_s, moment_field
from controller.console.orders import Order
from controller.console.pieces import changed
from controller.console.reach import rights
from controller.console.rows import Rows
from controller.console.sheets import (
    SOFT,
    Button,
    Cell,
    Section,
    Sheet,
    Tab,
    Table,
    list_page,
    money,
    number,
    when,
)
from controller.console.templatetags.format import moment, package_id
from controller.console.words import said, say, word
from controller.consumers import identity, reprogramming, services
from controller.consumers.models import AssignmentState, Batch, Category, Package, Plant
from controller.errors import Refused
from controller.figures import rupees, watts
from controller.tariffs import queries as tariffs
from controller.tariffs import services as tariff_services
from controller.tariffs.models import Tariff, TariffVersion

FILE_BYTES_MAX = 200_000


def tabs(current: str) -> list[Tab]:
    """Tariffs, packages, groups."""
    pages = (("tariffs", say("Tariffs")), ("packages", say("Packages")),
             ("batches", say("Groups programmed again")))  # fmt: skip
    return [Tab(label, reverse(f"console:{name}"), name == current) for name, label in pages]


# --- tariffs ------------------------------------------------------------------------------------


def tariff_list(request: HttpRequest) -> HttpResponse:
    """All tariffs with the version in force."""
    rows = Rows(request.GET)
    found = tariffs.tariffs()
    if rows.search:
        found = found.filter(Q(code__icontains=rows.search) | Q(name__icontains=rows.search))
    add = Button(said(IMPORT.label), reverse("console:tariff_import"))
    return list_page(
        request, say("Tariffs"), rows, found, [say("Tariff"), say("For"), say("Versions")],
        _tariff_row, hint=say("Name"), tabs=tabs("tariffs"),
        buttons=[add] if rights(request).may("tariffs.change") else [],
    )  # fmt: skip


def _tariff_row(tariff: Tariff) -> list[Cell]:
    versions = list(tariff.versions.all())
    latest = str(versions[-1].valid_from) if versions else "–"
    categories = ", ".join(said(str(Category(one).label)) for one in tariff.for_categories)
    return [
        Cell(tariff.code, reverse("console:tariff", args=[tariff.code]), small=tariff.name),
        Cell(categories or say("All"), look=SOFT),
        Cell(str(len(versions)), small=latest, look="n"),
    ]


def tariff(request: HttpRequest, code: str) -> HttpResponse:
    """One tariff: what each version charges, in words."""
    found = get_object_or_404(Tariff.objects.prefetch_related("versions"), code=code)
    sections = [_version(version) for version in reversed(found.versions.all())]
    return Sheet(
        title=found.code, subtitle=found.name, tabs=tabs("tariffs"), sections=sections
    ).answer(request)


def _version(version: TariffVersion) -> Section:
    record = version.record
    rows = [row for table in record["tables"] for row in _slabs(table)]
    for name, value in record.items():
        if name not in ("tables", "code") and value and value != [0, 0, 0]:
            rows += [[Cell(label), Cell(shown, look="n")] for label, shown in pairs(name, value)]
    revision = f" ({version.revision})" if version.revision > 1 else ""
    heading = say("From {0}", f"{version.valid_from}{revision}")
    return Section(heading, Table([say("What"), say("Price")], rows), text=version.order)


def _slabs(table: list[Any]) -> list[list[Cell]]:
    """Each slab of a table with its price a unit."""
    upper, is_telescopic, slabs = table
    rows, above = [], 0
    for bound, price in slabs:
        text = (
            say("Units {0} to {1}", above + 1, bound) if bound else say("Units above {0}", above)
        )
        small = [] if is_telescopic else [say("counts for all units of the month")]
        small += [say("in a month of up to {0} units", upper)] if upper else []
        rows.append([Cell(text, small=" · ".join(small)), Cell(rupees(price), look="n")])
        above = bound or above
    return rows


class ImportForm(EntryForm):
    """The text of a tariff file."""

    text = forms.CharField(
        label=word("Tariff file (YAML)"), max_length=FILE_BYTES_MAX, strip=False,
        widget=forms.Textarea({"rows": 16}),
    )  # fmt: skip
    valid_from = forms.DateField(
        label=word("From (where the file names no date)"), required=False,
        widget=forms.DateInput({"type": "date"}),
    )  # fmt: skip


def _import(_nothing: str, form: ImportForm, actor: str) -> str:
    typed = form.cleaned_data
    begin: date | None = typed["valid_from"]
    remarks = tariff_services.import_file(
        typed["text"].encode(), "tariffs.yaml", begin, actor=actor
    )
    return " · ".join([say("The tariffs are added."), *map(said, remarks)])


IMPORT = Order(
    "import", word("Add tariffs"),
    word("Nothing is edited: a new version supersedes. A fault names its line."), ImportForm,
    "tariffs.change", lambda _request: say("Tariffs"), _import, str,
    lambda _nothing: reverse("console:tariffs"),
)  # fmt: skip


# --- packages -----------------------------------------------------------------------------------


def packages(request: HttpRequest) -> HttpResponse:
    """All packages, and how many boards run each at the user's plants."""
    rows = Rows(request.GET)
    here = Q(
        assignments__state=AssignmentState.ACTIVE,
        assignments__connection__consumer__plant__in=rights(request).plants,
    )
    found = Package.objects.annotate(boards=Count("assignments", filter=here)).order_by("id")
    if rows.search:
        found = found.filter(id__icontains=rows.search)
    design = Button(said(DESIGN.label), reverse("console:package_design"))
    heads = [say("Package"), say("How it is paid"), say("A month"), say("A unit"), say("In use")]
    return list_page(
        request, say("Packages"), rows, found, heads, _package_row, hint=say("Package"),
        tabs=tabs("packages"),
        buttons=[design] if rights(request).may("packages.design") else [],
    )  # fmt: skip


def _package_row(package: Any) -> list[Cell]:
    price = rupees(package.price_paise) if package.price_paise else "–"
    unit = package.tariff_id and package.tariff.code
    return [
        Cell(package_id(package.pk), small=watts(package.limit_w)),
        Cell(said(package.get_mode_display()), look=SOFT),
        money(package.monthly_paise),
        Cell(unit or price, look="n"),
        number(package.boards),
    ]


class DesignForm(EntryForm):
    """What a package fixes: kind, hours, load, price (MG-1)."""

    kind = forms.ChoiceField(label=word("Type"), choices=[(kind, kind) for kind in identity.KINDS])
    timing = forms.ChoiceField(
        label=word("Hours"), choices=[(timing, timing) for timing in identity.TIMINGS]
    )
    limit_w = forms.IntegerField(label=word("Load limit, W"), min_value=1)
    monthly = forms.IntegerField(label=word("A month, ₹"), min_value=0, initial=0)
    price = forms.DecimalField(
        label=word("A unit, ₹ (or a tariff)"), min_value=0, decimal_places=2, required=False
    )
    tariff = forms.ModelChoiceField(Tariff.objects.all(), label=word("Tariff"), required=False)


def _design(_nothing: str, form: DesignForm, actor: str) -> str:
    typed = form.cleaned_data
    made = services.design_package(
        typed["kind"], typed["timing"], typed["limit_w"], typed["monthly"],
        int(typed["price"] * 100) if typed["price"] else None,
        typed["tariff"].code if typed["tariff"] else None, actor=actor,
    )  # fmt: skip
    return say("Package {0} is designed.", package_id(made.pk))


DESIGN = Order(
    "design", word("Design a package"),
    word("Its ID says all of it; a package that no meter would take is refused."), DesignForm,
    "packages.design", lambda _request: say("Packages"), _design, str,
    lambda _nothing: reverse("console:packages"),
)  # fmt: skip


# --- groups programmed again --------------------------------------------------------------------


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
        for item in reprogramming.refusals(found)[:50]
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
    begun = reprogramming.reprogramme_group(
        **chosen, category=typed["category"] or None, activation_s=board_s(typed["activation"]),
        actor=actor,
    )  # fmt: skip
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
