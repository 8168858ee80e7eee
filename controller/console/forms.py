"""What people type for an action, turned into the integers that services take."""

import secrets
from decimal import Decimal

from django import forms
from django.http import QueryDict

from controller.consumers import queries as consumers
from controller.consumers.models import WAITING, Connection, Package
from protocol.limits import EPOCH_UNIX_S

PAISE_A_RUPEE = 100
WH_A_KWH = 1_000
AMOUNT_MAX = 10**9  # of paise or Wh in one purchase (docs/wire.md, credit)
PURCHASE_ID_BYTES = 8


class ActionForm(forms.Form):
    """What an action asks for about one `connection`; as it stands no more than a yes."""

    def __init__(self, data: QueryDict | None, connection: Connection | None) -> None:
        super().__init__(data)
        self.connection = connection


def _amount(label: str, smallest_a_unit: int, places: int) -> forms.DecimalField:
    """A positive amount, exact to the smallest unit."""
    smallest = Decimal(1) / smallest_a_unit
    return forms.DecimalField(
        label=label,
        min_value=smallest,
        max_value=Decimal(AMOUNT_MAX) / smallest_a_unit,
        decimal_places=places,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": str(smallest)}),
    )


class CreditForm(ActionForm):
    """An amount of credit in the account's unit, and the money taken for it.

    The purchase id is made when the form is first shown: sending the form twice sells once.
    """

    purchase_id = forms.RegexField(r"\A[0-9a-f]{16}\Z", widget=forms.HiddenInput)
    paid_rupees = _amount("Money received, ₹", PAISE_A_RUPEE, 2)
    energy_kwh = _amount("Energy, kWh", WH_A_KWH, 3)

    def __init__(self, data: QueryDict | None, connection: Connection | None) -> None:
        super().__init__(data, connection)
        self.fields["purchase_id"].initial = secrets.token_hex(PURCHASE_ID_BYTES)
        package = _package_of(connection)
        self.unit = (
            "days" if package is not None and package.mode == Package.Mode.FLAT else "money"
        )
        if package is None or package.mode != Package.Mode.ENERGY:
            del self.fields["energy_kwh"]
            return
        self.unit = "energy"
        if package.price_paise and not package.monthly_paise:
            self.fields["energy_kwh"].required = False
            self.fields["energy_kwh"].label = "Energy, kWh (empty: what the money buys)"

    def paid_paise(self) -> int:
        """The money received."""
        return int(self.cleaned_data["paid_rupees"] * PAISE_A_RUPEE)

    def amount(self) -> int | None:
        """The credit in Wh or paise, as `unit` says; None for what the money buys."""
        energy_kwh = self.cleaned_data.get("energy_kwh")
        return None if energy_kwh is None else int(energy_kwh * WH_A_KWH)


def _package_of(connection: Connection | None) -> Package | None:
    """The package that the board runs, or the newest on its way there."""
    if connection is None:
        return None
    rows = consumers.assignments(connection)
    chosen = consumers.active_assignment(connection) or rows.filter(state__in=WAITING).last()
    return chosen.package if chosen else None


class PackageForm(ActionForm):
    """Which package, and from when; an empty time means at once."""

    package = forms.ModelChoiceField(Package.objects.all(), empty_label=None)
    activation = forms.DateTimeField(
        label="Active from (empty: at once)",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        error_messages={"invalid": "Write the time as 2026-11-22 18:00."},
    )

    def activation_s(self) -> int:
        """Board time of the activation, typed in the pages' zone; 0 means at once."""
        chosen = self.cleaned_data["activation"]
        if chosen is None:
            return 0
        return int(chosen.timestamp()) - EPOCH_UNIX_S
