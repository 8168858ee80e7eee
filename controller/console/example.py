"""What a month of so many units costs by a tariff, line by line, and what each line rests on.

Nothing is stored: it answers what a bill would say (UP-2, UP-5, UP-8, UP-9, UP-10).
"""

import re
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from controller import clock
from controller.console.entry import WH_A_KWH, EntryForm
from controller.console.sheets import Cell, Table, number
from controller.console.words import said, say, word
from controller.consumers.services import LOAD_W_MAX, PHASES
from controller.errors import Refused
from controller.tariffs import explain, queries, rules
from controller.tariffs.explain import Line, Sentence, Supply, Terms
from controller.tariffs.models import Tariff, TariffVersion

MONTH_DAYS = 30  # an example's month is a whole one
UNITS_MAX = 100_000  # a month
RATES = 4
OURS = {"period"}  # values that are words of ours; a name is the utility's, and stands as it is


class MonthForm(EntryForm):
    """How much is used, and by whom."""

    day = forms.DateField(
        label=word("On the day"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    load_w = forms.IntegerField(
        label=word("Sanctioned load, W"), min_value=1, max_value=LOAD_W_MAX, initial=1_000
    )
    phases = forms.ChoiceField(
        label=word("Phases"), choices=[(str(count), str(count)) for count in PHASES]
    )
    units0 = forms.DecimalField(
        label=word("Units in the month"), min_value=0, max_value=UNITS_MAX, decimal_places=3,
        initial=100,
    )  # fmt: skip
    prepaid = forms.BooleanField(label=word("Prepaid"), required=False)

    def __init__(self, data: Any, subject: list[str]) -> None:
        super().__init__(data, subject)
        self.fields["day"].initial = timezone.localtime(clock.moment(clock.now_s())).date()
        for rate, name in enumerate(subject, start=1):
            self.fields[f"units{rate}"] = forms.DecimalField(
                label=say("Units in the hours: {0}", name), min_value=0,
                max_value=UNITS_MAX, decimal_places=3, required=False,
            )  # fmt: skip

    def rate_wh(self) -> list[int]:
        """Wh at rates 0 to 3."""
        typed = [self.cleaned_data.get(f"units{rate}") or 0 for rate in range(RATES)]
        return [int(units * WH_A_KWH) for units in typed]


def month(request: HttpRequest, code: str) -> HttpResponse:
    """The form, and below it the month line by line."""
    tariff = get_object_or_404(Tariff.objects.prefetch_related("versions"), code=code)
    newest = tariff.versions.last()
    form = MonthForm(request.GET or None, newest.rate_names if newest else [])
    table, refused = None, None
    if form.is_valid():
        try:
            version = queries.version_on(code, form.cleaned_data["day"])
            table = _table(_sentences(version, form), tariff.currency)
        except Refused as error:
            refused = error
    context = {"tariff": tariff, "form": form, "table": table, "refused": refused}
    failed = refused is not None or (form.is_bound and not form.is_valid())
    return render(request, "console/month.html", context, status=422 if failed else 200)


def _sentences(version: TariffVersion, form: MonthForm) -> list[Sentence]:
    typed, rate_wh = form.cleaned_data, form.rate_wh()
    record = queries.record_for(version, prepaid=typed["prepaid"])
    phases, load_w = int(typed["phases"]), typed["load_w"]
    rated = rules.rate(record, rate_wh, load_w, phases, MONTH_DAYS, MONTH_DAYS)
    lines = [
        Line(rules.LINE_NAMES[kind], quantity, price, paise, 0, MONTH_DAYS)
        for kind, quantity, price, paise in rated
    ]
    terms = Terms(record, version.clauses, version.rate_names, version.order)
    supply = Supply(load_w, phases, rate_wh, MONTH_DAYS)
    subsidies = rules.subsidy_lines(version.subsidies, rated, sum(rate_wh), MONTH_DAYS, MONTH_DAYS)
    return explain.explain(lines, terms, supply) + explain.explain_subsidies(subsidies)


def _table(sentences: list[Sentence], currency: str) -> Table:
    rows = [
        [
            Cell(told(one, currency), small=one.clause),
            number("" if one.amount_paise is None else _money(one.amount_paise, currency)),
        ]
        for one in sentences
    ]
    total_paise = sum(one.amount_paise or 0 for one in sentences)
    rows.append([Cell(say("Total")), number(_money(total_paise, currency))])
    return Table([say("For"), say("Amount")], rows)


def _money(paise: int, currency: str) -> str:
    return explain.show_money(paise, currency)


def told(sentence: Sentence, currency: str) -> str:
    """A sentence of `explain` in the language spoken, without amount and clause."""
    shown = explain.shown(sentence.values, currency)
    if sentence.message == "other":
        return shown["text"]
    form, names = placed(explain.ENGLISH[sentence.message])
    return say(form, *(said(shown[name]) if name in OURS else shown[name] for name in names))


def placed(form: str) -> tuple[str, list[str]]:
    """A form with named values as the word lists write it, `{0}`, `{1}`…, and their names."""
    names = list(dict.fromkeys(re.findall(r"\{(\w+)\}", form)))
    return re.sub(r"\{(\w+)\}", lambda found: f"{{{names.index(found[1])}}}", form), names
