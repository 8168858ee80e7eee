"""What people type, turned into the integers that services take. Knows no page."""

import secrets
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict

from controller.console.words import said, word
from protocol.limits import EPOCH_UNIX_S

PAISE_A_RUPEE = 100
WH_A_KWH = 1_000
AMOUNT_MAX = 10**9  # of paise or Wh in one entry (docs/wire.md, credit)
KEY_BYTES = 8
TEXT_MAX = 500


class EntryForm(forms.Form):
    """What an order asks for about one `subject`; as it stands no more than a yes."""

    def __init__(self, data: QueryDict | None, subject: Any = None) -> None:
        super().__init__(data)
        self.subject = subject
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField):
                continue  # its choices are rows, which have names
            if isinstance(field, forms.ChoiceField):
                known: Any = field.choices
                field.choices = [(value, said(str(label))) for value, label in known]


class KeyedForm(EntryForm):
    """Carries a key that is made when the form is first shown: sent twice, it counts once."""

    key = forms.RegexField(r"\A[0-9a-f]{16}\Z", widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, subject: Any = None) -> None:
        super().__init__(data, subject)
        self.fields["key"].initial = secrets.token_hex(KEY_BYTES)


class ReasonForm(EntryForm):
    """Why; it stands in the record."""

    reason = forms.CharField(label=word("Why"), max_length=TEXT_MAX)


def amount_field(
    label: str, smallest_a_unit: int, places: int, **options: Any
) -> forms.DecimalField:
    """A positive amount, exact to the smallest unit."""
    smallest = Decimal(1) / smallest_a_unit
    return forms.DecimalField(
        label=label,
        min_value=smallest,
        max_value=Decimal(AMOUNT_MAX) / smallest_a_unit,
        decimal_places=places,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": str(smallest)}),
        **options,
    )


def rupees_field(label: str, **options: Any) -> forms.DecimalField:
    """Rupees, exact to the paisa."""
    return amount_field(label, PAISE_A_RUPEE, 2, **options)


def paise(rupees: Decimal | None) -> int:
    """Typed rupees as paise; nothing typed is 0."""
    return int((rupees or 0) * PAISE_A_RUPEE)


def moment_field(label: str, *, required: bool = False) -> forms.DateTimeField:
    """A local day and time."""
    return forms.DateTimeField(
        label=label,
        required=required,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        error_messages={"invalid": word("Write the time as 2026-11-22 18:00.")},
    )


def board_s(typed: Any) -> int:
    """Board time of what a moment field holds, typed in the pages' zone; 0 for nothing."""
    return 0 if typed is None else int(typed.timestamp()) - EPOCH_UNIX_S
