"""Tariffs with their dated versions, packages and their design, and groups programmed again."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from controller.console.entry import EntryForm
from controller.console.orders import Order
from controller.console.prices import version_section
from controller.console.reach import rights
from controller.console.rows import Rows
from controller.console.sheets import (
    SOFT,
    Button,
    Cell,
    Sheet,
    Tab,
    list_page,
    money,
    number,
)
from controller.console.templatetags.format import package_id
from controller.console.words import said, say, word
from controller.consumers import identity, services
from controller.consumers.models import AssignmentState, Category, Package
from controller.figures import rupees, watts
from controller.tariffs import queries as tariffs
from controller.tariffs import services as tariff_services
from controller.tariffs.models import Tariff

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
    sections = [version_section(version) for version in reversed(found.versions.all())]
    buttons = [Button(say("What a month costs"), "month/")] if sections else []
    if sections and rights(request).may("packages.design"):
        buttons.append(Button(say("Programme a version"), "programme/"))
    return Sheet(
        title=found.code, subtitle=found.name, tabs=tabs("tariffs"), sections=sections,
        buttons=buttons,
    ).answer(request)  # fmt: skip


class ImportForm(EntryForm):
    """A tariff file, sent as it is or with its text typed."""

    file = forms.FileField(
        label=word("Tariff file (YAML or JSON)"), required=False,
        widget=forms.ClearableFileInput({"accept": ".yaml,.yml,.json"}),
    )  # fmt: skip
    text = forms.CharField(
        label=word("or its text"), max_length=FILE_BYTES_MAX, strip=False, required=False,
        widget=forms.Textarea({"rows": 10}),
    )  # fmt: skip
    valid_from = forms.DateField(
        label=word("From (where the file names no date)"), required=False,
        widget=forms.DateInput({"type": "date"}),
    )  # fmt: skip
    revises = forms.BooleanField(
        label=word("It corrects the newest version, which is not in force yet"), required=False
    )

    def clean(self) -> dict[str, Any]:
        """Exactly one of the two, and not more than anybody writes."""
        typed: dict[str, Any] = super().clean() or {}
        if bool(typed.get("file")) == bool(typed.get("text")):
            raise forms.ValidationError(word("Choose a file or type its text."))
        if typed["file"] and typed["file"].size > FILE_BYTES_MAX:
            raise forms.ValidationError(word("The file is too long for a tariff."))
        return typed

    def source(self) -> tuple[bytes, str]:
        """What the file holds, and what faults call it."""
        sent = self.cleaned_data["file"]
        if sent:
            return sent.read(), sent.name
        return self.cleaned_data["text"].encode(), "tariffs.yaml"


def _import(_nothing: str, form: ImportForm, actor: str) -> str:
    typed = form.cleaned_data
    begin: date | None = typed["valid_from"]
    data, name = form.source()
    remarks = tariff_services.import_file(data, name, begin, revises=typed["revises"], actor=actor)
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
