"""Credit sold = credit applied = charged + balance, and charged = consumption × tariff. Pure.

A span lies between two midnights (or fitting, removal) of which a meter has told its registers;
spans follow each other without a hole, so that nothing falls between two of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import combinations
from typing import Any, NamedTuple

from controller.billing import rules as billing
from controller.billing.rules import Month, Terms
from protocol.programme import MODE_ENERGY, MODE_FLAT, MODE_MONEY, MODE_POSTPAID

UNITS = {MODE_ENERGY: "Wh", MODE_MONEY: "paise", MODE_FLAT: "days"}
DAY_S = 86_400
LOOSE_MAX = 12  # purchases of unknown moment that are tried together
TOGETHER_MAX = 3

CREDIT, CHARGE, RECEIPT = "reconcile_credit", "reconcile_charge", "reconcile_receipt"
PAYMENT, BILL, LEDGER = "reconcile_payment", "reconcile_bill", "reconcile_ledger"


class Registers(NamedTuple):
    """What a meter told at `at_s`; `reading_id` is None for a new meter, whose registers are 0."""

    at_s: int
    reading_id: int | None
    rate_wh: Sequence[int]
    mode: int
    charged: int
    balance: int

    @property
    def credited(self) -> int:
        """All that the account was ever credited."""
        return self.charged + self.balance


class Span(NamedTuple):
    """Two moments of one meter, `begin` with the account of the mode that `end` runs."""

    begin: Registers
    end: Registers


class Sale(NamedTuple):
    """A purchase: applied at `from_s`, or (keyed in as a voucher, or not told yet) between
    `from_s` and `until_s`; `until_s` is None while nobody has confirmed it.
    """

    purchase_id: str
    unit: int
    amount: int
    from_s: int
    until_s: int | None

    @property
    def is_loose(self) -> bool:
        """Whether the moment is not known."""
        return self.from_s != self.until_s


class Meter(NamedTuple):
    """One meter at one connection, with all that its spans are judged by."""

    consumer_id: str
    meter_id: str
    utc_offset_min: int
    spans: list[Span]
    sales: list[Sale]
    terms: list[Terms]
    at_changes: Mapping[int, Sequence[int]]  # rate registers at each change of terms
    at_months: Mapping[str, Sequence[int]]  # and at the begin of each month, or at the fitting


class Mismatch(NamedTuple):
    """Something that is not one and the same. `key` names it once and for all."""

    kind: str
    subject: str
    key: str
    title: str
    evidence: dict[str, Any]


class Judgement(NamedTuple):
    """What a meter's spans showed: how many could be judged, and what did not agree."""

    judged: int
    not_judged: int  # the begin of a month in them was not told
    mismatches: list[Mismatch]


def judge(meter: Meter, from_s: int) -> Judgement:
    """Judges the spans that end after `from_s`; earlier ones only settle loose purchases."""
    found: list[Mismatch] = []
    judged = not_judged = 0
    for span, surplus, used in _settle(meter):
        if span.end.at_s <= from_s or span.end.mode == MODE_POSTPAID:
            continue
        judged += 1
        if surplus:
            found.append(_credit_mismatch(meter, span, surplus, used))
        expected = _charged_by_tariff(meter, span)
        if expected is None:
            not_judged += 1
        elif expected != span.end.charged - span.begin.charged:
            found.append(_charge_mismatch(meter, span, expected))
    return Judgement(judged, not_judged, found)


# --- credit -------------------------------------------------------------------------------------


def _settle(meter: Meter) -> Iterable[tuple[Span, int, list[Sale]]]:
    """Each span, what the meter credited in it beyond the sales (below 0: what is missing), and
    the sales that count in it.

    A board writes the reading of a second before it takes a command in that second. A loose sale
    counts in the first span that lacks just what it brought, at the latest in its last one.
    """
    loose = [sale for sale in meter.sales if sale.is_loose]
    for span in meter.spans:
        begin, end = span
        used = [
            sale
            for sale in meter.sales
            if not sale.is_loose and sale.unit == end.mode and begin.at_s <= sale.from_s < end.at_s
        ]
        surplus = end.credited - begin.credited - _sum(used)
        chosen = _choose(_possible(loose, span), surplus)
        overdue = [
            sale
            for sale in _possible(loose, span)
            if sale not in chosen and sale.until_s is not None and sale.until_s < end.at_s
        ]
        counted = [
            *chosen,
            *(sale for sale in overdue if sale.from_s >= meter.spans[0].begin.at_s),
        ]
        loose = [sale for sale in loose if sale not in chosen and sale not in overdue]
        yield span, surplus - _sum(counted), [*used, *counted]


def _sum(sales: Iterable[Sale]) -> int:
    return sum(sale.amount for sale in sales)


def _possible(loose: Sequence[Sale], span: Span) -> list[Sale]:
    """Those that may have been applied in the span, the oldest first."""
    return [
        sale
        for sale in loose
        if sale.unit == span.end.mode
        and sale.from_s < span.end.at_s
        and (sale.until_s is None or sale.until_s >= span.begin.at_s)
    ]


def _choose(possible: Sequence[Sale], surplus: int) -> Sequence[Sale]:
    """The fewest of them that make the surplus; none when none do."""
    if surplus <= 0:
        return []
    tried = possible[:LOOSE_MAX]
    for count in range(1, TOGETHER_MAX + 1):
        for chosen in combinations(tried, count):
            if _sum(chosen) == surplus:
                return chosen
    return []


# --- charges ------------------------------------------------------------------------------------


def _charged_by_tariff(meter: Meter, span: Span) -> int | None:
    """What the tariff gives for the span, in the account's unit; None when it cannot be told."""
    mode = span.end.mode
    if mode == MODE_FLAT:  # paid days go by with the calendar: there is nothing to rate
        return span.end.charged - span.begin.charged
    month = month_of(span.end.at_s - 1, meter.utc_offset_min)
    begin_s = max(month.start_s, span.begin.at_s)
    if span.begin.at_s < month.start_s or month.name not in meter.at_months:
        return None
    before = 0 if begin_s == month.start_s else _month_to_date(meter, month, span.begin, mode)
    return _month_to_date(meter, month, span.end, mode) - before


def _month_to_date(meter: Meter, month: Month, at: Registers, mode: int) -> int:
    """What an account of this mode is charged from the month's begin up to `at`."""
    terms = billing.terms_in(month._replace(end_s=at.at_s), meter.terms)
    if not terms:
        return 0
    begin = meter.at_months[month.name]
    if terms[0].from_s > month.start_s:  # before, the board had no terms of ours
        begin = meter.at_changes.get(terms[0].from_s, begin)
    changes = [meter.at_changes.get(row.from_s, begin) for row in terms[1:]]
    parts = billing.split_month(month, terms, [begin, *changes, at.rate_wh])
    last_day = month.day_of(at.at_s - 1)
    parts = [part._replace(last_day=min(part.last_day, last_day)) for part in parts]
    return billing.account_charge(month, parts, mode)


def month_of(at_s: int, utc_offset_min: int) -> Month:
    """The local month of a board time."""
    local = local_day(at_s, utc_offset_min)
    return billing.read_month(f"{local.year}-{local.month:02}", utc_offset_min)


# --- days ---------------------------------------------------------------------------------------

BOARD_DAY_0 = date(2020, 1, 1)


def local_day(at_s: int, utc_offset_min: int) -> date:
    """The local day of a board time."""
    return BOARD_DAY_0 + timedelta(days=(at_s + utc_offset_min * 60) // DAY_S)


def midnight_s(day: date, utc_offset_min: int) -> int:
    """The board time at which a local day begins."""
    return (day - BOARD_DAY_0).days * DAY_S - utc_offset_min * 60


# --- what is said of a mismatch -----------------------------------------------------------------


def _credit_mismatch(meter: Meter, span: Span, surplus: int, used: list[Sale]) -> Mismatch:
    unit = UNITS[span.end.mode]
    amount, days = f"{abs(surplus)} {unit}", _days(meter, span)
    title = f"{amount} sold and confirmed, not credited, {days}"
    if surplus > 0:
        title = f"{amount} credited beyond what was sold, {days}"
    return Mismatch(
        CREDIT,
        f"meter {meter.meter_id}",
        _key(CREDIT, meter, span),
        title,
        {
            **_evidence(meter, span),
            "credited": span.end.credited - span.begin.credited,
            "sold": _sum(used),
            "purchases": [sale.purchase_id for sale in used],
        },
    )


def _charge_mismatch(meter: Meter, span: Span, expected: int) -> Mismatch:
    charged = span.end.charged - span.begin.charged
    unit = UNITS[span.end.mode]
    return Mismatch(
        CHARGE,
        f"meter {meter.meter_id}",
        _key(CHARGE, meter, span),
        f"{charged} {unit} charged, {expected} by the tariff, {_days(meter, span)}",
        {
            **_evidence(meter, span),
            "charged": charged,
            "by_tariff": expected,
            "rate_wh": [
                end - begin
                for begin, end in zip(span.begin.rate_wh, span.end.rate_wh, strict=True)
            ],
        },
    )


def _key(kind: str, meter: Meter, span: Span) -> str:
    return f"{kind}:{meter.meter_id}:{span.begin.at_s}-{span.end.at_s}"


def _days(meter: Meter, span: Span) -> str:
    first = local_day(span.begin.at_s, meter.utc_offset_min)
    last = local_day(span.end.at_s - 1, meter.utc_offset_min)
    return f"on {first}" if first == last else f"from {first} to {last}"


def _evidence(meter: Meter, span: Span) -> dict[str, Any]:
    return {
        "consumer": meter.consumer_id,
        "unit": UNITS[span.end.mode],
        "from_s": span.begin.at_s,
        "until_s": span.end.at_s,
        "first_reading": span.begin.reading_id,
        "last_reading": span.end.reading_id,
        "balance_before": span.begin.balance,
        "balance_after": span.end.balance,
    }
