"""The utility profile: what is set, what it is for, what it was before; and setting it."""

import json
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from controller.console.entry import EntryForm
from controller.console.orders import Order
from controller.console.reach import rights
from controller.console.sheets import Button, Cell, Section, Sheet, Table, when
from controller.console.words import said, say, word
from controller.errors import Refused
from controller.figures import rupees
from controller.profile import queries, rules, services

PAISE = "_paise"
VERSIONS_SHOWN = 20


def written(name: str, value: Any) -> str:
    """A value as people read it."""
    if name.endswith(PAISE):
        return rupees(value)
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def settings(request: HttpRequest) -> HttpResponse:
    """All settings with their values."""
    values = queries.settings()
    rows = [
        [
            Cell(
                said(one.meaning), reverse("console:setting", args=[name]),
                small=f"{name} · {one.requirement}",
            ),
            Cell(written(name, values[name]) or "–"),
        ]
        for name, one in rules.SETTINGS.items()
    ]  # fmt: skip
    return Sheet(
        title=say("Settings"),
        subtitle=say("What this utility has decided; nothing is edited, only superseded."),
        sections=[Section(table=Table([say("Setting"), say("Value")], rows))],
    ).answer(request)


def find(_request: HttpRequest, name: str) -> rules.Setting:
    """A setting by its name. Raises Http404."""
    try:
        return rules.find(name)
    except Refused as refused:
        raise Http404(refused) from refused


def setting(request: HttpRequest, name: str) -> HttpResponse:
    """One setting with its earlier values."""
    found = find(request, name)
    rows = [
        [
            when(version.from_s),
            Cell(written(name, version.value)),
            Cell(version.actor, look="soft"),
        ]
        for version in queries.history(name)[:VERSIONS_SHOWN]
    ]
    change = Button(say("Change"), reverse("console:setting_change", args=[name]))
    heads = [say("Since"), say("Value"), say("By")]
    return Sheet(
        title=said(found.meaning),
        subtitle=f"{name} · {found.requirement}",
        facts=[
            (say("Value"), written(name, queries.setting(name)) or "–"),
            (say("Allowed"), said(found.check.allowed)),
            (say("Until it is set"), written(name, found.default) or "–"),
        ],
        buttons=[change] if rights(request).may("profile.change") else [],
        sections=[Section(say("Earlier values"), Table(heads, rows, say("Never changed.")))],
    ).answer(request)


class SettingForm(EntryForm):
    """The new value, as in a profile file."""

    value = forms.CharField(label=word("New value"), max_length=1000)

    def __init__(self, data: Any, subject: rules.Setting) -> None:
        super().__init__(data, subject)
        now = queries.setting(subject.name)
        self.fields["value"].initial = now if isinstance(now, str) else json.dumps(now)
        self.fields["value"].help_text = subject.check.allowed


def _change(found: rules.Setting, form: SettingForm, actor: str) -> str:
    value = rules.read_word(form.cleaned_data["value"])
    changed = services.change(name=found.name, value=value, actor=actor)
    if changed is None:
        return say("It had that value already.")
    return say("{0} is now {1}.", found.name, written(found.name, changed.value))


CHANGE = Order(
    "change",
    word("Change"),
    word("The new value holds from now on, everywhere; the old one stays on record."),
    SettingForm,
    "profile.change",
    find,
    _change,
    lambda found: said(found.meaning),
    lambda found: reverse("console:setting", args=[found.name]),
)
