"""Finds tariffs and the version that is in force on a date."""

from datetime import date
from typing import Any

from django.db.models import QuerySet

from controller import clock
from controller.errors import Refused
from controller.profile.queries import setting
from controller.tariffs import rules
from controller.tariffs.explain import Basis
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


def versions_in(code: str, first_day: date, last_day: date) -> list[TariffVersion]:
    """The versions in force in these days, the oldest first; of each date the last revision.

    A bill takes one part for each. Raises Refused for an unknown tariff.
    """
    versions = find_tariff(code).versions.filter(valid_from__lte=last_day)
    by_date = {version.valid_from: version for version in versions}
    begun = [day for day in by_date if day <= first_day]
    return [version for day, version in by_date.items() if not begun or day >= begun[-1]]


def record_for(version: TariffVersion, *, prepaid: bool) -> dict[str, Any]:
    """The record that a connection is charged by; a prepaid one has the rebate of that (UP-2)."""
    record: dict[str, Any] = version.record
    return prepaid_record(record, version.prepaid_rebate_bp) if prepaid else record


def prepaid_record(record: dict[str, Any], tariff_rebate_bp: int | None) -> dict[str, Any]:
    """The record with the rebate of prepayment that tariff or profile gives (UP-2)."""
    return rules.prepaid_record(record, tariff_rebate_bp, setting("prepaid_rebate_bp"))


def basis_of(version: TariffVersion, clause: str) -> Basis:
    """Where it is ordered, of what was charged by this clause of the version."""
    return Basis(
        clause, version.tariff.code, version.tariff.name, str(version.valid_from), version.order
    )


def late_charges_on(on: date) -> dict[str, int]:
    """Hundredths of a percent by tariff code, where the version in force on that day has its own
    late charge; for the others the utility profile's counts.
    """
    versions = TariffVersion.objects.filter(valid_from__lte=on)
    rows = versions.order_by("valid_from", "revision").values_list(
        "tariff__code", "late_charge_bp"
    )
    return {code: share_bp for code, share_bp in dict(rows).items() if share_bp is not None}


def is_ahead(version: TariffVersion) -> bool:
    """Whether the version's day has begun nowhere on earth yet, so that it can be revised."""
    return version.valid_from > clock.moment(clock.now_s() + 14 * 3_600).date()


def tariffs() -> QuerySet[Tariff]:
    """All tariffs with their versions, by code."""
    return Tariff.objects.prefetch_related("versions")
