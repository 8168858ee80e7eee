"""Joining: who is on the way to become a consumer, from the survey to supply (MG-4)."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from controller.access.queries import staff_at
from controller.console import account, reach
from controller.console.entry import EntryForm, ReasonForm
from controller.console.orders import Order
from controller.console.reach import Rights, rights
from controller.console.rows import Choice, Rows
from controller.console.sheets import SOFT, Button, Cell, Sheet, list_page, when
from controller.console.steps import steps_of
from controller.console.templatetags.format import consumer_id, moment, package_id
from controller.console.words import LANGUAGES, said, say, word
from controller.consumers.models import Category, Package, Plant, Sector
from controller.figures import rupees, watts
from controller.inventory import queries as inventory
from controller.joining import installation, queries, rules, services
from controller.joining.models import UNDER_WAY, Joining, JoiningState

ALL = ""
S = JoiningState


def _plants(held: Rights) -> Any:
    return Plant.objects.filter(pk__in=held.plants)


def joinings(request: HttpRequest) -> HttpResponse:
    """Who is on the way, by how far they have come."""
    held = rights(request)
    counts = queries.counts(_plants(held))
    choices = [Choice(ALL, f"{say('On the way')} {sum(counts.get(s, 0) for s in UNDER_WAY)}")]
    choices += [Choice(state.value, f"{said(str(state.label))} {counts[state]}")
                for state in S if counts.get(state)]  # fmt: skip
    rows = Rows(request.GET, choices)
    found = queries.under_way(_plants(held), rows.show or None)
    if rows.search:
        found = found.filter(name__icontains=rows.search)
    survey = Button(said(SURVEY.label), reverse("console:joining_survey"))
    heads = [say("Name"), say("State"), say("Place"), say("Since")]
    return list_page(
        request, say("Joining"), rows, found, heads, _row, hint=say("Name"),
        buttons=[survey] if held.may(SURVEY.needs) else [],
    )  # fmt: skip


def _row(joining: Joining) -> list[Cell]:
    place = say("Pole {0}, {1} m", joining.pole, joining.distance_m) if joining.pole else "–"
    return [
        Cell(joining.name, reverse("console:joining", args=[joining.pk]), small=joining.phone),
        Cell(said(joining.get_state_display()), small=joining.agent, look=SOFT),
        Cell(place, small=joining.plant.name, look=SOFT),
        when(joining.surveyed_s),
    ]


def find(request: HttpRequest, joining_id: int) -> Joining:
    """Somebody on the way at one of the user's plants. Raises Http404."""
    found = Joining.objects.select_related("plant", "package", "consumer", "referrer")
    joining: Joining = get_object_or_404(reach.at_plants(request, found, "plant"), pk=joining_id)
    return joining


def one(request: HttpRequest, joining_id: int) -> HttpResponse:
    """One of them: what is known, what was done, what is next."""
    joining = find(request, joining_id)
    held = rights(request)
    orders = [order for order in ORDERS if order.shown(joining) and held.may(order.needs)]
    links = [Button(say("Account"), account.url(joining.consumer))] if joining.consumer else []
    return Sheet(
        title=joining.name,
        subtitle=joining.plant.name,
        headline=said(joining.get_state_display()),
        facts=_facts(joining),
        buttons=[Button(said(o.label), f"{o.name}/", o.danger) for o in orders] + links,
        sections=[steps_of(joining)],
    ).answer(request)


def _facts(joining: Joining) -> list[tuple[str, str]]:
    facts = [
        (say("Kind"), said(joining.get_segment_display())),
        (say("Phone"), joining.phone or "–"),
        (say("Place"), say("Pole {0}, {1} m", joining.pole, joining.distance_m)
         if joining.pole else "–"),
        (say("Needs"), joining.needs or "–"),
        (say("Since"), moment(joining.surveyed_s)),
    ]  # fmt: skip
    if joining.identity_shown:
        proof = rules.PROOFS[joining.identity_kind].name
        facts.append((say("Identity proof"), f"{said(proof)} {joining.identity_shown}"))
    if joining.package_id:
        facts += [
            (say("Package"), package_id(joining.package_id)),
            (say("Sanctioned load"), watts(joining.sanctioned_load_w or 0)),
            (say("Security deposit"), rupees(joining.deposit_paise)),
            (say("Activation charge"), rupees(joining.activation_charge_paise)),
        ]
    if joining.consumer_id:
        facts.append((say("Consumer"), consumer_id(joining.consumer_id)))
    return facts


# --- forms --------------------------------------------------------------------------------------


class SurveyForm(EntryForm):
    """A prospect."""

    plant = forms.ModelChoiceField(Plant.objects.none(), label=word("Plant"), empty_label=None)
    name = forms.CharField(label=word("Name"), max_length=rules.NAME_MAX)
    phone = forms.CharField(label=word("Phone"), max_length=20, required=False)
    segment = forms.ChoiceField(label=word("Kind"), choices=list(rules.SEGMENTS.items()))
    pole = forms.IntegerField(label=word("Pole"), min_value=1, max_value=999, required=False)
    distance_m = forms.IntegerField(
        label=word("Distance from the pole, m"), min_value=0, required=False
    )
    needs = forms.CharField(label=word("Needs"), max_length=rules.NEEDS_MAX, required=False)
    expected_kwh = forms.IntegerField(
        label=word("Expected units a month"), min_value=0, required=False
    )

    def __init__(self, data: Any, subject: Any) -> None:
        super().__init__(data, subject)
        plant = self.fields["plant"]
        assert isinstance(plant, forms.ModelChoiceField)
        plant.queryset = subject


class NoteForm(EntryForm):
    """What there is to say."""

    note = forms.CharField(label=word("Note"), max_length=300, required=False)


class SayForm(EntryForm):
    """What must be said."""

    note = forms.CharField(label=word("Note"), max_length=300)


class AcquireForm(EntryForm):
    """How they came, and who has the request."""

    way = forms.ChoiceField(label=word("How they came"), choices=list(rules.WAYS.items()))
    agent = forms.CharField(label=word("Member of the sales team"), max_length=80)
    referrer_id = forms.CharField(
        label=word("Referred by consumer"), max_length=20, required=False
    )
    pole = forms.IntegerField(label=word("Pole"), min_value=1, max_value=999, required=False)
    distance_m = forms.IntegerField(
        label=word("Distance from the pole, m"), min_value=0, required=False
    )


class IdentifyForm(EntryForm):
    """Who it is, by which proof."""

    name = forms.CharField(label=word("Name"), max_length=rules.NAME_MAX)
    phone = forms.CharField(label=word("Phone"), max_length=20)
    address = forms.CharField(label=word("Address"), max_length=200)
    language = forms.ChoiceField(label=word("Language"), choices=list(LANGUAGES.items()))
    identity_kind = forms.ChoiceField(
        label=word("Identity proof"),
        choices=[(kind, proof.name) for kind, proof in rules.PROOFS.items()],
    )
    identity_number = forms.CharField(label=word("Number of the proof"), max_length=30)
    category = forms.ChoiceField(label=word("Category"), choices=Category.choices)
    sector = forms.ChoiceField(label=word("Sector"), choices=Sector.choices)
    commitments_given = forms.BooleanField(
        label=word("The supplier's commitments were handed over on paper"), required=False
    )

    def __init__(self, data: Any, subject: Joining) -> None:
        super().__init__(data, subject)
        for name in ("name", "phone", "address"):
            self.fields[name].initial = getattr(subject, name)


class PackageForm(EntryForm):
    """Which package and load."""

    package = forms.ModelChoiceField(
        Package.objects.all(), label=word("Package"), empty_label=None
    )
    load_w = forms.IntegerField(label=word("Sanctioned load, W"), min_value=1)
    phases = forms.ChoiceField(label=word("Phases"), choices=[("1", "1"), ("3", "3")])


class HandOverForm(EntryForm):
    """Which meter, and who fits it."""

    meter = forms.ChoiceField(label=word("Meter"))
    technician = forms.ChoiceField(label=word("Technician"))

    def __init__(self, data: Any, subject: Joining) -> None:
        super().__init__(data, subject)
        meter, technician = self.fields["meter"], self.fields["technician"]
        assert isinstance(meter, forms.ChoiceField)
        assert isinstance(technician, forms.ChoiceField)
        meter.choices = [(item.pk, f"{item.pk} · {item.store.name}")
                         for item in inventory.available(subject.plant)[:200]]  # fmt: skip
        names = [user.username for user in staff_at(subject.plant, "technician")]
        technician.choices = [(name, name) for name in names]


# --- orders -------------------------------------------------------------------------------------


def _survey(_all: Any, form: SurveyForm, actor: str) -> str:
    typed = dict(form.cleaned_data)
    expected = typed.pop("expected_kwh")
    services.survey(
        plant_code=typed.pop("plant").pk,
        expected_wh=None if expected is None else expected * 1_000,
        actor=actor,
        **typed,
    )
    return say("{0} is noted.", typed["name"])


def _moved(joining: Joining) -> str:
    return f"{joining.name}: {said(joining.get_state_display())}"


def _plain(
    call: Callable[..., Joining], field: str = "note"
) -> Callable[[Joining, Any, str], str]:
    """A step whose form has one field, given as `field`."""

    def do(joining: Joining, form: Any, actor: str) -> str:
        typed = next(iter(form.cleaned_data.values()), "")
        return _moved(call(joining_id=joining.pk, actor=actor, **{field: typed}))

    return do


def _acquire(joining: Joining, form: AcquireForm, actor: str) -> str:
    typed = {**form.cleaned_data, "referrer_id": form.cleaned_data["referrer_id"] or None}
    return _moved(services.acquire(joining_id=joining.pk, actor=actor, **typed))


def _identify(joining: Joining, form: IdentifyForm, actor: str) -> str:
    return _moved(services.identify(joining_id=joining.pk, actor=actor, **form.cleaned_data))


def _choose(joining: Joining, form: PackageForm, actor: str) -> str:
    typed = form.cleaned_data
    chosen = services.choose_package(
        joining_id=joining.pk, package_id=typed["package"].pk, sanctioned_load_w=typed["load_w"],
        phases=int(typed["phases"]), actor=actor,
    )  # fmt: skip
    return say("Deposit {0}, activation charge {1}.", rupees(chosen.deposit_paise),
               rupees(chosen.activation_charge_paise))  # fmt: skip


def _open(joining: Joining, _form: EntryForm, actor: str) -> str:
    return _moved(services.open_account(joining_id=joining.pk, actor=actor))


def _hand_over(joining: Joining, form: HandOverForm, actor: str) -> str:
    typed = form.cleaned_data
    return _moved(installation.hand_over(
        joining_id=joining.pk, meter_id=typed["meter"], technician=typed["technician"],
        actor=actor,
    ))  # fmt: skip


def _in(*states: str) -> Callable[[Any], bool]:
    return lambda joining: joining.state in states


def _step(
    name: str, label: str, needs: str, form: type[EntryForm], do: Callable[[Any, Any, str], str],
    *states: str, danger: bool = False,
) -> Order:  # fmt: skip
    return Order(
        name, label, word("The step is recorded with your name."), form, needs, find, do,
        lambda joining: joining.name,
        lambda joining: reverse("console:joining", args=[joining.pk]), danger, _in(*states),
    )  # fmt: skip


SURVEY = Order(
    "survey", word("Note a prospect"), word("Within reach of a pole, with needs and segment."),
    SurveyForm, "joining.sell", lambda request: _plants(rights(request)), _survey,
    lambda _all: say("Joining"), lambda _all: reverse("console:joinings"),
)  # fmt: skip
ORDERS = (
    _step("contact", word("They were told what is offered"), "joining.sell", SayForm,
          _plain(services.contact_prospect), S.SURVEYED),
    _step("acquire", word("They want to be connected"), "joining.sell", AcquireForm, _acquire,
          S.SURVEYED, S.CONTACTED),
    _step("identify", word("Identity"), "joining.sell", IdentifyForm, _identify, S.ACQUIRED),
    _step("package", word("Choose the package"), "joining.sell", PackageForm, _choose,
          S.IDENTIFIED, S.PACKAGED),
    _step("account", word("Open the account"), "joining.account", EntryForm, _open, S.PACKAGED),
    _step("hand-over", word("To the technical team"), "joining.install", HandOverForm,
          _hand_over, S.ACCOUNT),
    _step("pole", word("Pole done"), "joining.install", NoteForm,
          _plain(installation.finish_pole), S.INSTALLING),
    _step("wire", word("Service wire done"), "joining.install", NoteForm,
          _plain(installation.finish_service_wire), S.POLE),
    _step("house", word("House wired, meter fitted"), "joining.install", NoteForm,
          _plain(installation.finish_house_wire), S.SERVICE_WIRE),
    _step("review", word("The work is good"), "joining.install", SayForm,
          _plain(installation.pass_review), S.HOUSE_WIRE),
    _step("again", word("Something must be done again"), "joining.install", ReasonForm,
          _plain(installation.fail_review, "reason"), S.HOUSE_WIRE, danger=True),
    _step("activate", word("Activate"), "joining.activate", NoteForm,
          _plain(installation.activate), S.REVIEWED),
    _step("cancel", word("It comes to nothing"), "joining.sell", ReasonForm,
          _plain(services.cancel, "reason"), *UNDER_WAY, danger=True),
)  # fmt: skip
