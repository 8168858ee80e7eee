"""Adds tariffs and dated versions. Nothing is edited: a later version supersedes."""

import re
from datetime import date
from typing import Any

from django.db import transaction

from controller.audit import services as audit
from controller.errors import Refused
from controller.tariffs import queries, rules
from controller.tariffs.models import Tariff, TariffVersion

# Begins with a letter, so that a package ID can tell a tariff from a price per unit.
CODE = re.compile(r"[A-Z][A-Za-z0-9.-]{0,31}")
CURRENCY = re.compile(r"[A-Z]{3}")
NAME_MAX = 200


@transaction.atomic
def add_tariff(code: str, name: str, currency: str = "INR", *, actor: str) -> Tariff:
    """Adds a tariff without versions. Raises Refused for a malformed or used code."""
    if not CODE.fullmatch(code):
        raise Refused(
            f"{code!r} is no tariff code",
            "Use a capital letter, then at most 31 letters, digits, dots and hyphens.",
        )
    if len(name) > NAME_MAX:
        raise Refused(f"The name of tariff {code} is too long", f"Use {NAME_MAX} characters.")
    if not isinstance(currency, str) or not CURRENCY.fullmatch(currency):
        raise Refused(f"{currency!r} is no currency", "Use three capital letters, as INR.")
    if Tariff.objects.filter(code=code).exists():
        raise Refused(f"Tariff {code} exists already", "Add a version to it.")
    tariff = Tariff.objects.create(code=code, name=name, currency=currency)
    audit.record(actor, "add tariff", f"tariff {code}", name=name, currency=currency)
    return tariff


@transaction.atomic
def add_version(
    code: str, valid_from: date, record: dict[str, Any], *, actor: str
) -> TariffVersion:
    """Adds what the tariff charges from the local date `valid_from` on.

    `record` has the names of docs/rating.md. Raises Refused when it cannot be rated, or when a
    version of the same or a later date exists: what was in force cannot change afterwards.
    """
    tariff = queries.find_tariff(code)
    checked = rules.check_record({**record, "code": code})
    latest = tariff.versions.last()
    if latest is not None and valid_from <= latest.valid_from:
        raise Refused(
            f"Tariff {code} has a version from {latest.valid_from} on",
            "Let the new version begin after it.",
        )
    version = TariffVersion.objects.create(tariff=tariff, valid_from=valid_from, record=checked)
    audit.record(
        actor, "add tariff version", f"tariff {code}", valid_from=str(valid_from), record=checked
    )
    return version


@transaction.atomic
def import_entries(entries: list[dict[str, Any]], valid_from: date, *, actor: str) -> list[str]:
    """Adds published tariffs (docs/rating.md, "Tariff files"), each with one version.

    A tariff that is there already gets a further version. All are added, or none when Refused
    is raised. Returns remarks on what had to be assumed, which are audited, too.
    """
    if not isinstance(entries, list):
        raise Refused("`tariffs` is no list", "Give a list, also for a single tariff.")
    return [remark for entry in entries for remark in _import_entry(entry, valid_from, actor)]


def _import_entry(entry: dict[str, Any], valid_from: date, actor: str) -> list[str]:
    record, remarks = rules.read_entry(entry)
    code: str = record["code"]
    if not Tariff.objects.filter(code=code).exists():
        name = f"{entry.get('region', '')}: {entry.get('category', '')}".strip(": ")
        add_tariff(code, name, entry.get("currency", "INR"), actor=actor)
    add_version(code, valid_from, record, actor=actor)
    for remark in remarks:
        audit.record(actor, "assume in tariff import", f"tariff {code}", remark=remark)
    return remarks
