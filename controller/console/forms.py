"""What is typed for an order at a meter."""

from typing import Any

from django import forms
from django.http import QueryDict

from controller.console import entry
from controller.console.words import word
from controller.consumers import queries as consumers
from controller.consumers.models import WAITING, Connection, Package
from controller.fleet.models import Meter


class CreditForm(entry.KeyedForm):
    """An amount of credit in the account's unit, and the money taken for it."""

    paid_rupees = entry.rupees_field(word("Money received, ₹"))
    energy_kwh = entry.amount_field(word("Energy, kWh"), entry.WH_A_KWH, 3)

    def __init__(self, data: QueryDict | None, subject: Any = None) -> None:
        super().__init__(data, subject)
        package = _package_of(connection_of(subject))
        flat = package is not None and package.mode == Package.Mode.FLAT
        self.unit = "days" if flat else "money"
        if package is None or package.mode != Package.Mode.ENERGY:
            del self.fields["energy_kwh"]
            return
        self.unit = "energy"
        if package.price_paise and not package.monthly_paise:
            self.fields["energy_kwh"].required = False
            self.fields["energy_kwh"].label = word("Energy, kWh (empty: what the money buys)")

    def paid_paise(self) -> int:
        """The money received."""
        return entry.paise(self.cleaned_data["paid_rupees"])

    def amount(self) -> int | None:
        """The credit in Wh or paise, as `unit` says; None for what the money buys."""
        energy_kwh = self.cleaned_data.get("energy_kwh")
        return None if energy_kwh is None else int(energy_kwh * entry.WH_A_KWH)


def connection_of(meter: Meter) -> Connection | None:
    """The connection that the meter serves; None while it is in the store."""
    return getattr(meter, "connection", None)


def _package_of(connection: Connection | None) -> Package | None:
    """The package that the board runs, or the newest on its way there."""
    if connection is None:
        return None
    rows = consumers.assignments(connection)
    chosen = consumers.active_assignment(connection) or rows.filter(state__in=WAITING).last()
    return chosen.package if chosen else None


class PackageForm(entry.EntryForm):
    """Which package, and from when; an empty time means at once."""

    package = forms.ModelChoiceField(
        Package.objects.all(), empty_label=None, label=word("Package")
    )
    activation = entry.moment_field(word("Active from (empty: at once)"))

    def activation_s(self) -> int:
        """Board time of the activation; 0 means at once."""
        return entry.board_s(self.cleaned_data["activation"])
