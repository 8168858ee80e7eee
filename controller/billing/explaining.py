"""Why each line of a bill stands there: by which version of a tariff, and by which clause (MG-8).

Nothing is charged anew: the stored lines count. A version, which never changes, is named only
where it gives exactly these lines; so a bill is explained for ever by what it was made of.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from controller.billing import rules
from controller.billing.models import Bill
from controller.billing.rules import DAY_S, Line, Month
from controller.consumers.models import Package, PackageAssignment
from controller.tariffs import explain
from controller.tariffs import rules as tariffs
from controller.tariffs.explain import Basis, Reason, Supply
from controller.tariffs.models import TariffVersion
from controller.tariffs.queries import basis_of
from protocol.errors import RatingError

RATES = (1, 2, 3)
KINDS = {name: kind for kind, name in tariffs.LINE_NAMES.items()}


class Offer(NamedTuple):
    """What a part of a month may have been charged by."""

    record: dict[str, Any]
    assignment: PackageAssignment
    version: TariffVersion | None


def reasons_of(bills: Sequence[Bill]) -> dict[str, list[Reason]]:
    """By number, a reason for each line of each bill, in their order; two queries for them all."""
    confirmed = PackageAssignment.objects.filter(
        connection__in={bill.connection_id for bill in bills},
        activated_s__isnull=False,
        tariff_record__isnull=False,
    ).select_related("package")
    by_connection: dict[int, list[PackageAssignment]] = {}
    for each in confirmed.order_by("-activated_s", "-pk"):
        by_connection.setdefault(each.connection_id, []).append(each)
    versions = list(
        TariffVersion.objects.filter(
            tariff__in={each.package.tariff_id for of in by_connection.values() for each in of}
        ).select_related("tariff").order_by("-valid_from", "-revision")
    )  # fmt: skip
    return {
        bill.number: _reasons(bill, by_connection.get(bill.connection_id, []), versions)
        for bill in bills
    }


def _reasons(
    bill: Bill, assignments: Sequence[PackageAssignment], versions: Sequence[TariffVersion]
) -> list[Reason]:
    month = rules.read_month(bill.period.month, bill.connection.consumer.plant.utc_offset_min)
    lines = [Line(*row) for row in bill.lines]
    reasons: list[Reason] = []
    for (of_tariff, _first_day), group in groupby(
        lines, key=lambda line: (line.kind in KINDS or line.kind == rules.SUBSIDY, line.first_day)
    ):
        of = list(group)
        if of_tariff:
            reasons += _of_part(of, month, assignments, versions)
        else:
            reasons += [_of_other(line, month, assignments, versions) for line in of]
    return reasons


def _of_part(
    lines: list[Line],
    month: Month,
    assignments: Sequence[PackageAssignment],
    versions: Sequence[TariffVersion],
) -> list[Reason]:
    rated = [line for line in lines if line.kind in KINDS]
    for offer in _offers(lines, month, assignments, versions):
        if _gives(offer, rated, month):
            break
    else:
        return [Reason([], Basis())] * len(lines)
    load_w, phases = offer.assignment.sanctioned_load_w, offer.assignment.phases
    supply = Supply(load_w, phases, _rate_wh(rated, offer.record), month.days)
    terms = _terms(offer)
    told = explain.explain([explain.Line(*line) for line in rated], terms, supply)
    reasons, before = [], []
    for sentence in told:
        before.append(sentence)
        if sentence.amount_paise is not None:
            reasons.append(Reason(before, _basis(offer, sentence.clause)))
            before = []
    return reasons + [_of_subsidy(line, offer) for line in lines if line.kind not in KINDS]


def _of_subsidy(line: Line, offer: Offer) -> Reason:
    subsidies = offer.version.subsidies if offer.version else []
    clause = next((one["clause"] for one in subsidies if one["name"] == line.text), "")
    return Reason([], _basis(offer, clause or _order(offer)))


def _offers(
    lines: Sequence[Line],
    month: Month,
    assignments: Sequence[PackageAssignment],
    versions: Sequence[TariffVersion],
) -> Iterable[Offer]:
    """What was in force on the last day of these lines, the newest first; then what came later in
    the month, because who came on a day pays for it.
    """
    last = lines[0].first_day + lines[0].days - 1 if lines[0].first_day else month.days
    last_s = month.start_s + (max(last, 1) - 1) * DAY_S
    known = [each for each in assignments if (each.activated_s or 0) < month.end_s]
    known.sort(key=lambda each: (each.activated_s or 0) > last_s)  # stable: else the newest first
    on = rules.last_day(month).replace(day=max(last, 1))
    for each in known:
        record = each.tariff_record or {}
        of_tariff = [
            version for version in versions
            if version.tariff_id == each.package.tariff_id and version.valid_from <= on
        ]  # fmt: skip
        for version in of_tariff:
            if each.package.mode == Package.Mode.POSTPAID:
                yield Offer(version.record, each, version)
            elif {**version.record, "rebate_bp": 0} == {**record, "rebate_bp": 0}:
                yield Offer(record, each, version)
        yield Offer(record, each, None)


def _gives(offer: Offer, rated: Sequence[Line], month: Month) -> bool:
    """Whether these terms make of the stored quantities exactly the stored lines."""
    days = rated[0].days if rated else month.days
    assignment = offer.assignment
    rate_wh = _rate_wh(rated, offer.record)
    try:
        found = tariffs.rate(
            offer.record, rate_wh, assignment.sanctioned_load_w, assignment.phases, days,
            month.days,
        )  # fmt: skip
    except RatingError:
        return False
    stored = [[KINDS[line.kind], line.quantity, line.price, line.amount_paise] for line in rated]
    return found == stored


def _rate_wh(rated: Sequence[Line], record: dict[str, Any]) -> list[int]:
    """Wh at rates 0 to 3, as the lines have them; what is not on a line of its own is at 0."""
    rate_wh = [sum(line.quantity for line in rated if line.kind == explain.ENERGY), 0, 0, 0]
    rates = iter(RATES)
    for line in rated:
        if line.kind == explain.RATE:
            adders = record["rate_adder_paise"]
            rate = next((each for each in rates if adders[each - 1] == line.price), 0)
            rate_wh[rate] += line.quantity if rate else 0
            rate_wh[0] -= line.quantity if rate else 0
    return rate_wh


def _terms(offer: Offer) -> explain.Terms:
    version = offer.version
    if version is None:
        return explain.Terms(offer.record)
    clauses = dict(version.clauses)
    is_prepaid = offer.assignment.package.mode != Package.Mode.POSTPAID
    if is_prepaid and "prepaid_rebate" in clauses:
        clauses["rebate"] = clauses["prepaid_rebate"]
    return explain.Terms(offer.record, clauses, version.rate_names, version.order)


def _order(offer: Offer) -> str:
    return offer.version.order if offer.version else ""


def _basis(offer: Offer, clause: str) -> Basis:
    if offer.version is None:
        return Basis(package=offer.assignment.package_id)
    return basis_of(offer.version, clause)


def _of_other(
    line: Line,
    month: Month,
    assignments: Sequence[PackageAssignment],
    versions: Sequence[TariffVersion],
) -> Reason:
    """A late charge by the tariff where its version has this one; all else is no tariff's."""
    if line.kind != rules.LATE_CHARGE:
        return Reason([], Basis())
    in_force = next((each for each in assignments if (each.activated_s or 0) < month.end_s), None)
    on = rules.last_day(month)
    for version in versions:
        is_its = in_force is not None and version.tariff_id == in_force.package.tariff_id
        if in_force and is_its and version.valid_from <= on:
            if version.late_charge_bp != line.price:
                break
            clause = version.clauses.get("late_charge", version.order)
            return Reason([], basis_of(version, clause))
    return Reason([], Basis())
