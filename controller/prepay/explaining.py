"""Why each share of a recharge is as it is: at which prices, by which version and clause (UP-2).

The stored shares count. Prices are told only where they give exactly what was taken; so what was
sold is explained by what was in force then.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from controller.consumers.models import Package, PackageAssignment
from controller.consumers.queries import assignments
from controller.consumers.rules import price_record
from controller.errors import Refused
from controller.prepay.dues import local_day, start_s
from controller.prepay.models import Purchase, PurchaseState
from controller.prepay.rules import CREDIT, FIXED, LIFELINE
from controller.tariffs import queries as tariffs
from controller.tariffs.explain import Basis, Reason, Sentence
from controller.tariffs.models import TariffVersion
from controller.tariffs.rules import LINE_NAMES, rate

SHARES = ("surcharge", "duty", "rebate")
BY_TARIFF = (FIXED, LIFELINE, CREDIT)


def reasons_of(purchase: Purchase) -> list[Reason]:
    """A reason for each line of the purchase, in their order."""
    assignment = _assignment_at(purchase)
    version = _version_at(purchase, assignment)
    lines = list(purchase.lines.all())
    sentences: list[Sentence] = []
    if assignment is not None and purchase.unit == Purchase.Unit.ENERGY:
        paise = sum(line.amount_paise for line in lines if line.kind in (CREDIT, LIFELINE))
        sentences = _prices(purchase, assignment, version, paise)
    return [
        Reason(
            sentences if line.kind == CREDIT else [],
            _basis(line.kind, assignment, version),
        )
        for line in lines
    ]


def _assignment_at(purchase: Purchase) -> PackageAssignment | None:
    """What the board ran when it was sold; the first that it got, where it ran none yet."""
    known = assignments(purchase.connection)
    ran = known.filter(activated_s__lte=purchase.sold_s).order_by("activated_s", "pk").last()
    return ran or known.first()


def _version_at(purchase: Purchase, assignment: PackageAssignment | None) -> TariffVersion | None:
    if assignment is None or assignment.package.tariff is None:
        return None
    try:
        return tariffs.version_on(
            assignment.package.tariff.code, local_day(purchase.connection, purchase.sold_s)
        )
    except Refused:
        return None


def _basis(
    kind: str, assignment: PackageAssignment | None, version: TariffVersion | None
) -> Basis:
    if kind not in BY_TARIFF or assignment is None:
        return Basis()
    if version is None:
        return Basis(package=assignment.package_id)
    clause = version.clauses.get("fixed" if kind == FIXED else "energy", version.order)
    return tariffs.basis_of(version, clause)


def _prices(
    purchase: Purchase,
    assignment: PackageAssignment,
    version: TariffVersion | None,
    paise: int,
) -> list[Sentence]:
    """At which prices the energy was sold, going on from what was sold before in the month; none
    where they do not give what was taken.
    """
    record = _record(assignment.package, version)
    before_wh = _sold_before_wh(purchase)
    earlier = _rated(purchase, record, before_wh)
    now = _rated(purchase, record, before_wh + purchase.amount)
    nothing = (0, 0)
    risen = {
        key: tuple(map(int.__sub__, now.get(key, nothing), earlier.get(key, nothing)))
        for key in {**now, **earlier}
    }
    told = {key: of for key, of in risen.items() if of[1]}
    known = ("energy", *SHARES)
    is_plain = all(kind in known and of[0] > 0 for (kind, _price), of in told.items())
    if not is_plain or sum(of[1] for of in told.values()) != paise:
        return []
    clauses = version.clauses if version else {}
    return [
        Sentence(*_message(kind, price, of[0]), clauses.get(kind, ""), of[1])
        for (kind, price), of in told.items()
    ]


def _message(kind: str, price: int, quantity: int) -> tuple[str, dict[str, int | str]]:
    if kind in SHARES:
        return kind, {"base_paise": quantity, "share_bp": abs(price)}
    return "energy.all", {"units_wh": quantity, "price_paise": price}


def _record(package: Package, version: TariffVersion | None) -> dict[str, Any]:
    if version is not None:
        return tariffs.record_for(version, prepaid=True)
    record = price_record(package.price_paise or 0, package.monthly_paise)
    return tariffs.prepaid_record(record, None)


def _rated(
    purchase: Purchase, record: Mapping[str, Any], wh: int
) -> dict[tuple[str, int], tuple[int, int]]:
    """By kind and price of a line, its quantity and paise, on the day of the sale."""
    day = local_day(purchase.connection, purchase.sold_s)
    following = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    days = (following - day.replace(day=1)).days
    load_w, phases = purchase.connection.sanctioned_load_w, purchase.connection.phases
    found: dict[tuple[str, int], tuple[int, int]] = {}
    for kind, quantity, price, paise in rate(record, [wh, 0, 0, 0], load_w, phases, day.day, days):
        key = (LINE_NAMES[kind], price)
        had = found.get(key, (0, 0))
        found[key] = (had[0] + quantity, had[1] + paise)
    return found


def _sold_before_wh(purchase: Purchase) -> int:
    """The energy sold to the connection in the same local month, before this purchase."""
    day = local_day(purchase.connection, purchase.sold_s)
    earlier = purchase.connection.purchases.filter(
        unit=Purchase.Unit.ENERGY,
        sold_s__gte=start_s(purchase.connection, day.replace(day=1)),
        sold_s__lt=purchase.sold_s,
    ).exclude(state=PurchaseState.REFUSED)
    return sum(earlier.values_list("amount", flat=True))
