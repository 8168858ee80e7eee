"""A connection's meter: fitted, put in the place of another, released; and its first package.

Stores and the way of a meter through them are `store`; a later package is a change (`asking`).
"""

from typing import Any

from django import forms
from django.db.models import Q

from controller.access.services import check_member
from controller.console import account, reach
from controller.console.entry import WH_A_KWH, EntryForm, board_s, moment_field
from controller.console.orders import Order
from controller.console.templatetags.format import package_id
from controller.console.words import say, word
from controller.consumers import queries as consumers
from controller.consumers import services as consumer_services
from controller.consumers.models import WAITING, AssignmentState, Consumer, Package
from controller.inventory import queries, services
from controller.inventory.models import Item, Store

METERS_MAX = 200  # offered in one list; a particular one of more can be typed at its store
REASON_MAX = 200


def _to_be_had(consumer: Consumer) -> list[tuple[str, str]]:
    """The meter that is kept for the consumer, then those free in the plant's stores."""
    kept = Item.objects.filter(connection__consumer=consumer).select_related("store")
    found = [(item.pk, f"{item.pk} · {say('Kept for a connection')}") for item in kept]
    free = queries.available(consumer.plant)[:METERS_MAX]
    return found + [(item.pk, f"{item.pk} · {item.store.name}") for item in free]


class FitForm(EntryForm):
    """Which meter."""

    meter = forms.ChoiceField(label=word("Meter"))

    def __init__(self, data: Any, subject: Consumer) -> None:
        super().__init__(data, subject)
        field = self.fields["meter"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = _to_be_had(subject)


class OffForm(EntryForm):
    """What a meter that is taken off showed at the last, where it goes, and why."""

    closing_kwh = forms.DecimalField(
        label=word("Register on the display, kWh (empty: as last reported)"), min_value=0,
        decimal_places=3, required=False,
    )  # fmt: skip
    store = forms.ModelChoiceField(
        Store.objects.none(), label=word("Store (empty: where it came from)"), required=False
    )
    reason = forms.CharField(label=word("Why"), max_length=REASON_MAX)

    def __init__(self, data: Any, subject: Consumer) -> None:
        super().__init__(data, subject)
        field = self.fields["store"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Store.objects.filter(Q(plant=subject.plant) | Q(plant=None))

    def facts(self) -> dict[str, Any]:
        """What the services take."""
        typed = self.cleaned_data
        closing = typed["closing_kwh"]
        return {
            "closing_wh": None if closing is None else int(closing * WH_A_KWH),
            "store_code": typed["store"].pk if typed["store"] else None,
            "reason": typed["reason"],
        }


class ReleaseForm(OffForm):
    """And for whom it is kept next."""

    next_consumer = forms.CharField(
        label=word("Keep it for consumer number (empty: nobody)"), max_length=20, required=False
    )


class SwapForm(OffForm):
    """And which meter takes its place."""

    meter = forms.ChoiceField(label=word("New meter"))
    is_faulty = forms.BooleanField(label=word("The old meter is faulty"), required=False)
    field_order = ("meter", "closing_kwh", "is_faulty", "store", "reason")

    def __init__(self, data: Any, subject: Consumer) -> None:
        super().__init__(data, subject)
        field = self.fields["meter"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = _to_be_had(subject)


class FirstPackageForm(EntryForm):
    """Which package, and from when."""

    package = forms.ModelChoiceField(
        Package.objects.all(), empty_label=None, label=word("Package")
    )
    activation = moment_field(word("Active from (empty: at once)"))


def _fit(consumer: Consumer, form: FitForm, actor: str) -> str:
    meter_id = form.cleaned_data["meter"]
    consumer_services.fit_meter(consumer.pk, meter_id, actor=actor)
    return say("Meter {0} is fitted; now it needs a package.", meter_id)


def _swap(consumer: Consumer, form: SwapForm, actor: str) -> str:
    typed = form.cleaned_data
    services.change_meter(
        consumer_id=consumer.pk, meter_id=typed["meter"], is_faulty=typed["is_faulty"],
        **form.facts(), actor=actor,
    )  # fmt: skip
    return say("Meter {0} took the place of the old one.", typed["meter"])


def _release(consumer: Consumer, form: ReleaseForm, actor: str) -> str:
    wanted, following = form.cleaned_data["next_consumer"], None
    if wanted:
        following = consumers.find_consumer(wanted)
        check_member(actor, "inventory.change", following.plant)
    fitting = services.release(
        consumer_id=consumer.pk, **form.facts(),
        next_consumer_id=following.pk if following else None, actor=actor,
    )  # fmt: skip
    return say("Meter {0} is released.", fitting.meter_id)


def _assign(consumer: Consumer, form: FirstPackageForm, actor: str) -> str:
    typed = form.cleaned_data
    consumer_services.assign_package(
        consumer.connection.pk, typed["package"].pk, board_s(typed["activation"]), actor=actor
    )
    return say("Package {0} is on its way to the board.", package_id(typed["package"].pk))


def _is_fitted(consumer: Consumer) -> bool:
    return account.meter_of(consumer) is not None


def _can_be_fitted(consumer: Consumer) -> bool:
    return hasattr(consumer, "connection") and not _is_fitted(consumer)


def _can_be_released(consumer: Consumer) -> bool:
    return _is_fitted(consumer) and consumer.status != Consumer.Status.ACTIVE


def _has_no_package(consumer: Consumer) -> bool:
    if not _is_fitted(consumer):
        return False
    known = consumer.connection.assignments.filter(meter=consumer.connection.meter)
    return not known.filter(state__in=(*WAITING, AssignmentState.ACTIVE)).exists()


FIT = Order(
    "fit", word("Fit a meter"), word("A meter out of the store serves the connection from now."),
    FitForm, "inventory.change", reach.consumer, _fit, account.title, account.url,
    shown=_can_be_fitted,
)  # fmt: skip
ASSIGN = Order(
    "package", word("Assign the first package"),
    word("The board stores the new programme and confirms it; it counts from the time chosen."),
    FirstPackageForm, "packages.assign", reach.consumer, _assign, account.title, account.url,
    shown=_has_no_package,
)  # fmt: skip
SWAP = Order(
    "change", word("Change the meter"),
    word("Another meter takes its place and gets the same package; the old register closes."),
    SwapForm, "inventory.change", reach.consumer, _swap, account.title, account.url,
    shown=_is_fitted,
)  # fmt: skip
RELEASE = Order(
    "release", word("Release the meter"),
    word("The meter of a consumer who is no longer supplied goes back to a store."),
    ReleaseForm, "inventory.change", reach.consumer, _release, account.title, account.url, True,
    _can_be_released,
)  # fmt: skip
ORDERS = (FIT, ASSIGN, SWAP, RELEASE)
account.ORDERS |= {f"fitted_{one.name}": one for one in ORDERS}
