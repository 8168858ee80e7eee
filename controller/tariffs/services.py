"""Adds tariffs and dated versions. Nothing is edited: a later version supersedes."""

from datetime import date
from typing import Any

from django.db import transaction

from controller import document
from controller.audit import services as audit
from controller.document import Document, Fault
from controller.errors import Refused
from controller.tariffs import entry, queries, rules
from controller.tariffs.entry import TariffEntry, VersionEntry
from controller.tariffs.models import Tariff, TariffVersion

TARIFFS_MAX = 200  # in one file
FILE_NAMES = {"tariffs", "schema", "not_found", "note", "sources"}  # beside `tariffs` only words


@transaction.atomic
def add_tariff(
    code: str,
    name: str,
    currency: str = "INR",
    for_categories: list[str] | None = None,
    *,
    actor: str,
) -> Tariff:
    """Adds a tariff without versions. Raises Refused for a malformed or used code."""
    if not entry.CODE.fullmatch(code):
        raise Refused(
            f"{code!r} is no tariff code",
            "Use a capital letter, then at most 31 letters, digits, dots and hyphens.",
        )
    if len(name) > entry.NAME_MAX:
        raise Refused(
            f"The name of tariff {code} is too long", f"Use {entry.NAME_MAX} characters."
        )
    if not isinstance(currency, str) or not entry.CURRENCY.fullmatch(currency):
        raise Refused(f"{currency!r} is no currency", "Use three capital letters, as INR.")
    if Tariff.objects.filter(code=code).exists():
        raise Refused(f"Tariff {code} exists already", "Add a version to it.")
    tariff = Tariff.objects.create(
        code=code, name=name, currency=currency, for_categories=for_categories or []
    )
    audit.record(
        actor, "add tariff", f"tariff {code}", name=name, currency=currency,
        for_categories=tariff.for_categories,
    )  # fmt: skip
    return tariff


def add_version(
    code: str, valid_from: date, record: dict[str, Any], *, actor: str
) -> TariffVersion:
    """Adds what the tariff charges from the local date `valid_from` on, without further terms.

    `record` has the names of docs/rating.md. Raises Refused as `add_terms` does.
    """
    terms = VersionEntry(valid_from, record, "", {}, [], [], None, None)
    return add_terms(code, valid_from, terms, actor=actor)


@transaction.atomic
def add_terms(
    code: str, valid_from: date, terms: VersionEntry, *, revises: bool = False, actor: str
) -> TariffVersion:
    """Adds a version with all that a tariff file may say of it.

    Raises Refused when it cannot be rated, or when a version of the same or a later date exists:
    what was in force cannot change afterwards. Only the newest version can be revised before its
    day: `revises` adds another of the same date, which then counts instead.
    """
    tariff = Tariff.objects.select_for_update().get(pk=queries.find_tariff(code).pk)
    checked = rules.check_record({**terms.record, "code": code})
    latest = tariff.versions.last()
    revision = 1
    if latest is not None and valid_from <= latest.valid_from:
        if not revises or valid_from != latest.valid_from or not queries.is_ahead(latest):
            raise Refused(
                f"Tariff {code} has a version from {latest.valid_from} on",
                "Let the new version begin after it.",
            )
        revision = latest.revision + 1
    version = TariffVersion.objects.create(
        tariff=tariff,
        valid_from=valid_from,
        revision=revision,
        record=checked,
        **{name: value for name, value in terms._asdict().items()
           if name not in ("valid_from", "record")},
    )  # fmt: skip
    audit.record(
        actor, "add tariff version", f"tariff {code}", valid_from=str(valid_from),
        revision=revision, record=checked, subsidies=terms.subsidies, order=terms.order,
    )  # fmt: skip
    return version


@transaction.atomic
def import_file(
    data: bytes, name: str, valid_from: date | None = None, *, revises: bool = False, actor: str
) -> list[str]:
    """Adds the tariffs of a YAML or JSON file (docs/tariffs.md), with all their versions.

    `name` is what faults call the file. `valid_from` is for versions that name no date. A tariff
    that is there already gets the versions that are new to it. All are added, or none when Refused
    is raised, which names the lines. Returns remarks on what had to be assumed; they are audited.
    """
    read = document.read(data, name)
    found = _read_entries(read)
    remarks = []
    for index, tariff in enumerate(found):
        try:
            _import(tariff, valid_from, revises, actor)
        except Refused as refused:
            line = read.line_of(("tariffs", index))
            raise Refused(f"{name}, line {line}: {refused.what}", refused.what_to_do) from refused
        remarks += tariff.remarks
    return remarks


def _read_entries(read: Document) -> list[TariffEntry]:
    faults: list[Fault] = []
    entries = read.value.get("tariffs") if isinstance(read.value, dict) else None
    if not isinstance(entries, list) or not 1 <= len(entries) <= TARIFFS_MAX:
        what = "The file has no list `tariffs`"
        faults.append(Fault((), what, f"Give 1 to {TARIFFS_MAX} tariffs, also a single one so."))
        entries = []
    if isinstance(read.value, dict):
        faults += [
            Fault((name,), f"There is no {name!r} in a tariff file", "Put it into a tariff.")
            for name in read.value
            if name not in FILE_NAMES
        ]
    found = [
        entry.read_entry(each, ("tariffs", index), faults) for index, each in enumerate(entries)
    ]
    read.refuse(faults)
    return [each for each in found if each is not None]


def _import(tariff: TariffEntry, valid_from: date | None, revises: bool, actor: str) -> None:
    if not Tariff.objects.filter(code=tariff.code).exists():
        add_tariff(tariff.code, tariff.name, tariff.currency, tariff.for_categories, actor=actor)
    for terms in tariff.versions:
        begin = terms.valid_from or valid_from
        if begin is None:
            raise Refused(
                f"Tariff {tariff.code} does not say from when on",
                "Give `valid_from`, or --valid-from for the whole file.",
            )
        add_terms(tariff.code, begin, terms, revises=revises, actor=actor)
    for remark in tariff.remarks:
        audit.record(actor, "assume in tariff import", f"tariff {tariff.code}", remark=remark)
