"""What can be asked for about a connection, from the consumer's account page (MG-14, MG-6, UP-7).

Whoever asks does not decide; how it goes on is `approvals`.
"""

from collections.abc import Callable
from typing import Any

from django import forms

from controller.changes import rules, services
from controller.changes.models import Change
from controller.console import account, reach
from controller.console.entry import EntryForm
from controller.console.orders import Order
from controller.console.words import say, word
from controller.consumers.models import Consumer, Package


class PackageForm(EntryForm):
    """Which package, and from when."""

    package = forms.ModelChoiceField(
        Package.objects.all(), empty_label=None, label=word("Package wanted")
    )
    effective = forms.ChoiceField(label=word("From when"), choices=Change.Effective.choices)
    note = forms.CharField(label=word("Note"), max_length=300, required=False)


class LoadForm(PackageForm):
    """And which sanctioned load."""

    load_w = forms.IntegerField(label=word("Sanctioned load, W"), min_value=1)
    field_order = ("load_w", "package", "effective", "note")


class SupplyForm(EntryForm):
    """Why a connection is to be deactivated."""

    cause = forms.ChoiceField(label=word("Why"), choices=Change.Cause.choices[1:])
    note = forms.CharField(label=word("Note"), max_length=300, required=False)


class NoteForm(EntryForm):
    """Anything to add."""

    note = forms.CharField(label=word("Note"), max_length=300, required=False)


def ask_package(consumer: Consumer, form: PackageForm, actor: str, channel: str) -> str:
    """Asks for another package, by the consumer or on their behalf."""
    typed = form.cleaned_data
    asked = services.request_package(
        consumer_id=consumer.pk, package_id=typed["package"].pk, effective=typed["effective"],
        channel=channel, note=typed["note"], actor=actor,
    )  # fmt: skip
    return say("Change {0} is asked for; another person decides.", asked.pk)


def _ask_package(consumer: Consumer, form: PackageForm, actor: str) -> str:
    return ask_package(consumer, form, actor, Change.Channel.AGENT)


def _ask_load(consumer: Consumer, form: LoadForm, actor: str) -> str:
    typed = form.cleaned_data
    asked = services.request_load(
        consumer_id=consumer.pk, sanctioned_load_w=typed["load_w"],
        package_id=typed["package"].pk, effective=typed["effective"],
        channel=Change.Channel.AGENT, note=typed["note"], actor=actor,
    )  # fmt: skip
    return say("Change {0} is asked for; another person decides.", asked.pk)


def _ask_supply(*, is_on: bool) -> Callable[[Consumer, Any, str], str]:
    def ask(consumer: Consumer, form: Any, actor: str) -> str:
        typed = form.cleaned_data
        asked = services.request_supply(
            consumer_id=consumer.pk, is_on=is_on, cause=typed.get("cause", rules.WISH),
            channel=Change.Channel.AGENT, note=typed["note"], actor=actor,
        )  # fmt: skip
        return say("Change {0} is asked for; another person decides.", asked.pk)

    return ask


def _is_active(consumer: Consumer) -> bool:
    return consumer.status == Consumer.Status.ACTIVE


def _is_metered(consumer: Consumer) -> bool:
    return account.meter_of(consumer) is not None


def _asking(
    name: str, label: str, form: type[EntryForm], do: Any, shown: Callable[[Consumer], bool],
    *, danger: bool = False,
) -> Order:  # fmt: skip
    return Order(
        name, label, word("It is decided by another person, and done by the meter board."), form,
        "changes.request", reach.consumer, do, account.title, account.url, danger, shown,
    )  # fmt: skip


ASKINGS = (
    _asking("package", word("Ask for another package"), PackageForm, _ask_package,
            _is_metered),
    _asking("load", word("Ask for another load"), LoadForm, _ask_load, _is_metered),
    _asking("deactivate", word("Ask for deactivation"), SupplyForm, _ask_supply(is_on=False),
            _is_active, danger=True),
    _asking("reactivate", word("Ask for reactivation"), NoteForm, _ask_supply(is_on=True),
            lambda consumer: not _is_active(consumer)),
)  # fmt: skip
account.ORDERS |= {f"change_{one.name}": one for one in ASKINGS}
