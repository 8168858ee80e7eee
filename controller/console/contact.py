"""Contact details: asked for by an agent or the consumer, made with the consumer's code (MG-11);
and the security deposit used for dues or given back (MG-13).
"""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest
from django.urls import reverse

from controller.console import account, own, reach
from controller.console.entry import EntryForm, ReasonForm
from controller.console.orders import Order
from controller.console.words import LANGUAGES, say, word
from controller.consumers.models import Consumer
from controller.contact import queries, services
from controller.contact.models import ContactEdit, EditState
from controller.deposits import services as deposits
from controller.figures import rupees
from controller.payments.models import PointOfSale

AGENT, CONSUMER = "agent", "consumer"


class ContactForm(EntryForm):
    """What is to be another."""

    phone = forms.CharField(label=word("Phone"), max_length=20)
    email = forms.CharField(label=word("E-mail"), max_length=120, required=False)
    address = forms.CharField(label=word("Address"), max_length=200, required=False)
    language = forms.ChoiceField(
        label=word("Language of papers and messages"),
        choices=[("", "–"), *LANGUAGES.items()],
        required=False,
    )

    def __init__(self, data: Any, subject: Consumer) -> None:
        super().__init__(data, subject)
        for name, field in self.fields.items():
            field.initial = getattr(subject, name)

    def changes(self) -> dict[str, str]:
        """Only what was typed anew; an empty language is no wish."""
        typed = {name: value.strip() for name, value in self.cleaned_data.items()}
        return {
            name: value
            for name, value in typed.items()
            if value != getattr(self.subject, name) and (value or name != "language")
        }


class CodeForm(EntryForm):
    """The code that the consumer tells."""

    code = forms.CharField(
        label=word("Code from the text message"), max_length=12,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )  # fmt: skip


def _ask(channel: str) -> Any:
    def ask(consumer: Consumer, form: ContactForm, actor: str) -> str:
        edit = services.request_edit(
            consumer_id=consumer.pk, changes=form.changes(), channel=channel, actor=actor
        )
        if edit.state == EditState.APPLIED:
            return say("The details are changed.")
        return say("A code is on its way to the consumer's phone; type it here.")

    return ask


def _after(consumer: Consumer, confirm: str, page: str) -> str:
    """To the code while one is waited for, else back."""
    return confirm if queries.open_edit(consumer) else page


def _confirm(edit: ContactEdit, form: CodeForm, actor: str) -> str:
    done = services.confirm(edit_id=edit.pk, code=form.cleaned_data["code"], actor=actor)
    if done.state == EditState.APPLIED:
        return say("The details are changed.")
    return say("One more code went to the other phone; type it, too.")


def _find_edit(request: HttpRequest, consumer_id: str) -> ContactEdit:
    return _open_edit(reach.consumer(request, consumer_id))


def _find_own_edit(request: HttpRequest) -> ContactEdit:
    return _open_edit(own.consumer(request))


def _open_edit(consumer: Consumer) -> ContactEdit:
    edit = queries.open_edit(consumer)
    if edit is None:
        raise Http404
    return edit


def _title(edit: ContactEdit) -> str:
    return account.title(edit.consumer)


EXPLANATION = word("A code goes to the consumer's phone; with it the details are changed.")
EDIT = Order(
    "contact", word("Edit contact details"), EXPLANATION, ContactForm, "contact.edit",
    reach.consumer, _ask(AGENT), account.title,
    lambda consumer: _after(
        consumer, reverse("console:contact_confirm", args=[consumer.pk]), account.url(consumer)
    ),
)  # fmt: skip
CONFIRM = Order(
    "contact_confirm", word("Type the code"), EXPLANATION, CodeForm, "contact.edit", _find_edit,
    _confirm, _title,
    lambda edit: _after(
        edit.consumer, reverse("console:contact_confirm", args=[edit.consumer_id]),
        account.url(edit.consumer),
    ),
)  # fmt: skip
OWN_EDIT = Order(
    "contact", word("Edit contact details"), EXPLANATION, ContactForm, "own.see", own.consumer,
    _ask(CONSUMER), account.title,
    lambda consumer: _after(consumer, reverse("console:own_confirm"), reverse("console:own")),
)  # fmt: skip
OWN_CONFIRM = Order(
    "contact_confirm", word("Type the code"), EXPLANATION, CodeForm, "own.see", _find_own_edit,
    _confirm, _title,
    lambda edit: _after(edit.consumer, reverse("console:own_confirm"), reverse("console:own")),
)  # fmt: skip
account.ORDERS["contact_edit"] = EDIT


# --- the security deposit -----------------------------------------------------------------------


class GiveBackForm(EntryForm):
    """From where the money is paid out."""

    source = forms.ChoiceField(label=word("Paid out from"))

    def __init__(self, data: Any, subject: Consumer) -> None:
        super().__init__(data, subject)
        counters = PointOfSale.objects.filter(kind="counter", is_open=True)
        field = self.fields["source"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("bank", say("Bank transfer"))] + [
            (f"cash:{point.pk}", point.name) for point in counters
        ]


def _use(consumer: Consumer, form: ReasonForm, actor: str) -> str:
    moved = deposits.use_for_dues(
        consumer_id=consumer.pk, reason=form.cleaned_data["reason"][:200], actor=actor
    )
    return say("{0} of the deposit were used for dues.", rupees(moved.amount_paise))


def _give_back(consumer: Consumer, form: GiveBackForm, actor: str) -> str:
    paid = deposits.give_back(
        consumer_id=consumer.pk, account=form.cleaned_data["source"], actor=actor
    )
    return say("{0} were paid out.", rupees(paid))


def _deposit_page(consumer: Consumer) -> str:
    return reverse("console:account_deposit", args=[consumer.pk])


DEPOSIT_ORDERS = (
    Order(
        "use", word("Use the deposit for dues"),
        word("The deposit is then smaller than it must be: that is demanded anew."), ReasonForm,
        "deposits.use", reach.consumer, _use, account.title, _deposit_page, danger=True,
    ),
    Order(
        "give-back", word("Give the deposit back"),
        word("Where the connection is given up: what is left after dues is paid out."),
        GiveBackForm, "deposits.use", reach.consumer, _give_back, account.title, _deposit_page,
        danger=True,
    ),
)  # fmt: skip
account.DEPOSIT_ORDERS |= {f"deposit_{one.name}": one for one in DEPOSIT_ORDERS}
