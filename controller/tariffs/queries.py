"""Finds tariffs and the version that is in force on a date."""

from datetime import date

from controller.errors import Refused
from controller.tariffs.models import Tariff, TariffVersion


def find_tariff(code: str) -> Tariff:
    """The tariff; raises Refused when there is none of that code."""
    tariff = Tariff.objects.filter(code=code).first()
    if tariff is None:
        raise Refused(f"There is no tariff {code!r}", "Add it first.")
    return tariff


def version_on(code: str, on: date) -> TariffVersion:
    """The version in force on the local date `on`; raises Refused when none is yet."""
    version = find_tariff(code).versions.filter(valid_from__lte=on).last()
    if version is None:
        raise Refused(
            f"Tariff {code} has no version in force on {on}", "Add a version that begins earlier."
        )
    return version
