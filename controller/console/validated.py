"""Validation (MG-7): what was odd in a month's readings, and registers that a person enters."""

from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from controller.billing import validation
from controller.billing.models import Estimate, Validation
from controller.billing.validating import enter_registers, validate_month
from controller.console import reach
from controller.console.entry import (
    WH_A_KWH,
    EntryForm,
    ReasonForm,
    board_s,
    moment_field,
)
from controller.console.orders import Order
from controller.console.reach import rights
from controller.console.rows import Choice, Rows
from controller.console.sheets import (
    BAD,
    GOOD,
    NUMBER,
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
from controller.console.templatetags.format import moment, month
from controller.console.words import said, say, word
from controller.consumers.models import Plant
from controller.figures import kwh
from controller.fleet.models import Meter

ODD, EVERY = "odd", "all"
LISTS = (Choice(ODD, word("With findings")), Choice(EVERY, word("All")))
KINDS = {
    validation.GAP: word("gap"), validation.SPIKE: word("spike"),
    validation.ZERO: word("no energy"), validation.FALL: word("register fell"),
    validation.CLOCK: word("clock jump"), validation.SUM: word("sum check"),
}  # fmt: skip
RATES = 4
KWH_MAX = 10**6  # no register of a home counts further


def validations(request: HttpRequest) -> HttpResponse:
    """The newest validation of each meter and month, the latest month first."""
    rows = Rows(request.GET, LISTS)
    newer = Validation.objects.filter(
        connection=OuterRef("connection"), meter=OuterRef("meter"), month=OuterRef("month"),
        pk__gt=OuterRef("pk"),
    )  # fmt: skip
    found = _visible(request).filter(~Exists(newer)).order_by("-month", "-pk")
    if rows.show == ODD:
        found = found.exclude(findings=[])
    if rows.search:
        found = found.filter(
            Q(meter__id__icontains=rows.search)
            | Q(month=rows.search)
            | Q(connection__consumer__name__icontains=rows.search)
        )
    validate = Button(said(VALIDATE.label), reverse("console:validate"))
    heads = [say("Meter"), say("Month"), say("Findings"), say("Readings"), say("When")]
    return list_page(
        request, say("Validation of readings"), rows, found, heads, _row,
        hint=say("Meter, name or month"), empty=say("Nothing was found."),
        buttons=[validate] if rights(request).may(VALIDATE.needs) else [],
    )  # fmt: skip


def _visible(request: HttpRequest) -> QuerySet[Validation]:
    found = Validation.objects.select_related("connection__consumer")
    return reach.at_plants(request, found, "connection__consumer__plant")


def _row(done: Validation) -> list[Cell]:
    consumer = done.connection.consumer
    return [
        Cell(done.meter_id, reverse("console:validation", args=[done.pk]), consumer.name),
        Cell(month(done.month)),
        Cell(_kinds(done) or "–"),
        number(done.readings),
        when(done.made_s),
    ]


def _kinds(done: Validation) -> str:
    """Each kind of finding with how many there are."""
    of = [finding[0] for finding in done.findings]
    return ", ".join(f"{say(KINDS[kind])} {of.count(kind)}" for kind in KINDS if kind in of)


def one(request: HttpRequest, validation_id: int) -> HttpResponse:
    """One validation: every finding, and what was estimated or entered for the meter."""
    done = get_object_or_404(_visible(request), pk=validation_id)
    estimates = Estimate.objects.filter(meter=done.meter_id).order_by("-at_s", "-pk")
    enter = Button(said(ENTER.label), reverse("console:registers", args=[done.meter_id]))
    meter = Button(done.meter_id, reverse("console:meter", args=[done.meter_id]))
    headline = say("{0} findings", len(done.findings)) if done.findings else say("All is well.")
    return Sheet(
        title=f"{done.meter_id} · {month(done.month)}",
        subtitle=done.connection.consumer.name,
        headline=headline,
        look=GOOD if done.has_passed else BAD,
        facts=[
            (say("Readings"), str(done.readings)),
            (say("Made"), moment(done.made_s)),
            (say("By"), done.actor),
        ],
        buttons=[*([enter] if rights(request).may(ENTER.needs) else []), meter],
        sections=[
            Section(say("Findings"), _findings(done)),
            Section(say("Registers without a reading"), _estimates(estimates)),
        ],
    ).answer(request)


def _findings(done: Validation) -> Table:
    rows = [
        [
            Cell(say(KINDS[found.kind])),
            when(found.at_s),
            number(found.sequence),
            Cell(_reason(found)),
        ]
        for found in (validation.Finding(*row) for row in done.findings)
    ]
    heads = [say("Finding"), say("When"), say("Reading"), say("Why")]
    return Table(heads, rows, say("Nothing was found."))


def _reason(found: validation.Finding) -> str:
    """A clock's own numbers are board time, which people do not read."""
    if found.kind == validation.CLOCK:
        return say("the clock was set to {0}", moment(found.at_s))
    return said(found.reason)


def _estimates(found: QuerySet[Estimate]) -> Table:
    rows = [
        [
            when(row.at_s),
            Cell(kwh(sum(row.rate_wh)), look=NUMBER),
            Cell(said(row.get_method_display()), small=said(row.reason)),
            Cell(row.actor, look=SOFT),
        ]
        for row in found
    ]
    return Table([say("At"), say("Register"), say("How"), say("By")], rows, say("None yet."))


class MonthForm(EntryForm):
    """Which month of which plant."""

    plant = forms.ModelChoiceField(Plant.objects.none(), label=word("Plant"))
    month = forms.RegexField(
        r"\A\d{4}-\d{2}\Z", label=word("Month"), widget=forms.TextInput({"type": "month"})
    )

    def __init__(self, data: Any, subject: list[str]) -> None:
        super().__init__(data, subject)
        plant = self.fields["plant"]
        assert isinstance(plant, forms.ModelChoiceField)
        plant.queryset = Plant.objects.filter(pk__in=subject)
        plant.empty_label = None


def _validate(_plants: list[str], form: MonthForm, actor: str) -> str:
    typed = form.cleaned_data
    done = validate_month(plant_code=typed["plant"].pk, month=typed["month"], actor=actor)
    odd = sum(not row.has_passed for row in done)
    return say("{0} meters are validated; {1} have findings.", len(done), odd)


class RegistersForm(ReasonForm):
    """What stood on the meter, and where from it is known."""

    at = moment_field(word("When did they stand so?"), required=True)

    def __init__(self, data: Any, subject: Any = None) -> None:
        super().__init__(data, subject)
        reason = self.fields.pop("reason")
        for rate in range(RATES):
            self.fields[_rate(rate)] = forms.DecimalField(
                label=say("Register of rate {0} (kWh)", rate),
                min_value=0, max_value=KWH_MAX, decimal_places=3, initial=0 if rate else None,
                widget=forms.NumberInput({"inputmode": "decimal", "step": "0.001"}),
            )  # fmt: skip
        self.fields["reason"] = reason


def _rate(rate: int) -> str:
    return f"rate{rate}"


def _find_meter(request: HttpRequest, meter_id: str) -> Meter:
    """A meter at one of the user's plants: one in store has no bills. Raises Http404."""
    fitted = reach.meters(request).exclude(connection=None)
    return get_object_or_404(fitted, pk=meter_id)


def _enter(meter: Meter, form: RegistersForm, actor: str) -> str:
    typed = form.cleaned_data
    first, second, third, fourth = (
        int(typed[_rate(rate)] * WH_A_KWH) for rate in range(RATES)
    )  # fmt: skip
    enter_registers(
        meter_id=meter.pk, at_s=board_s(typed["at"]), rate_wh=(first, second, third, fourth),
        reason=typed["reason"], actor=actor,
    )  # fmt: skip
    return say("The registers of {0} are entered; bills that are made now take them.", meter.pk)


VALIDATE = Order(
    "validate", word("Validate a month"),
    word("The readings of every meter of the plant are looked through; what is odd becomes"
         " a task."),
    MonthForm, "bills.run", lambda request: rights(request).plants, _validate,
    lambda _plants: say("Validation of readings"), lambda _plants: reverse("console:validations"),
)  # fmt: skip
ENTER = Order(
    "registers", word("Enter registers"),
    word("What was read off the meter where its own reading is missing; never below a signed"
         " one."),
    RegistersForm, "bills.correct", _find_meter, _enter, lambda meter: meter.pk,
    lambda _meter: reverse("console:validations"),
)  # fmt: skip
