"""The lines of a bill, each with what it comes from: registers, rate, clause (MG-8)."""

from collections.abc import Iterator
from dataclasses import replace

from controller.billing import queries as billing
from controller.billing import rules
from controller.billing.explaining import reasons_of
from controller.billing.models import Bill
from controller.console.counter import division_table as share_table
from controller.console.example import told
from controller.console.sheets import Cell, Table, money
from controller.console.templatetags.format import moment
from controller.console.words import said, say, word
from controller.consumers.identity import show_package_id
from controller.consumers.queries import fittings_in
from controller.figures import kwh
from controller.prepay.explaining import reasons_of as of_purchase
from controller.prepay.models import Purchase
from controller.readings.models import Reading
from controller.tariffs.explain import Basis, Reason

BY_ENERGY = ("energy", "rate", "service")
SHARE_TEXTS = {
    "instalment": word("What is due of the meter's cost, in equal instalments."),
    "arrears": word("A share of the money goes to what was owed from before."),
    "lifeline": word("What the meter had given in advance, at the same prices."),
    "rest": word("Less than the smallest amount of credit: it stays the consumer's."),
}


def line_table(bill: Bill) -> Table:
    """Every line with its amount; what it comes from unfolds below it."""
    reasons = reasons_of([bill])[bill.number]
    used = _used(bill)
    rows = [
        [
            Cell(said(line.text), why=tuple(_why(line, bill, reason, used))),
            money(line.amount_paise),
        ]
        for line, reason in zip(billing.lines_of(bill), reasons, strict=True)
    ]
    rows.append([Cell(say("Total")), money(bill.total_paise)])
    return Table([say("For"), say("Amount")], rows)


def division_table(purchase: Purchase) -> Table:
    """What a recharge became, share by share, and why so (UP-2, UP-4, UP-5, UP-8)."""
    lines = list(purchase.lines.all())
    shares = [(line.kind, line.amount_paise, line.quantity) for line in lines]
    total_paise = purchase.paid_paise + purchase.carried_paise
    plain = share_table(shares, purchase.get_unit_display(), total_paise)
    rows = list(plain.rows)
    for index, reason in enumerate(of_purchase(purchase)):
        first, *rest = rows[index]
        told_why = tuple(_share_why(reason, lines[index].kind, purchase))
        rows[index] = [replace(first, why=told_why), *rest]
    return Table(plain.heads, rows)


def _share_why(reason: Reason, kind: str, purchase: Purchase) -> Iterator[str]:
    basis = reason.basis
    currency = "INR"
    for sentence in reason.sentences:
        yield told(sentence, currency)
    if kind in SHARE_TEXTS:
        yield say(SHARE_TEXTS[kind])
    if kind == "fixed" and purchase.charged_through is not None:
        yield say("For the days up to {0}", purchase.charged_through)
    if basis.clause:
        yield say("Clause: {0}", basis.clause)
    if basis.tariff or basis.package:
        yield _ordered(kind, basis)


def _why(line: billing.ShownLine, bill: Bill, reason: Reason, used: str) -> Iterator[str]:
    for sentence in reason.sentences:
        yield told(sentence, bill.currency)
    if line.kind in BY_ENERGY:
        yield used
    if reason.basis.clause:
        yield say("Clause: {0}", reason.basis.clause)
    yield _ordered(line.kind, reason.basis)


def _ordered(kind: str, basis: Basis) -> str:
    """Where it is ordered, in a sentence."""
    if basis.tariff:
        return say("Tariff {0} ({1}), in force from {2}", basis.tariff, basis.name,
                   basis.valid_from)  # fmt: skip
    if basis.package:
        return say("Price of the package {0}", show_package_id(basis.package))
    if kind == rules.LATE_CHARGE:
        return say("The tariff has no late charge of its own: the utility's setting counts.")
    if kind == rules.INSTALMENT:
        return say("As agreed when it was sold.")
    return say("As it was charged when the bill was made.")


def _used(bill: Bill) -> str:
    """Between which registers of which meter the energy of the bill was counted."""
    begin_wh, end_wh = sum(bill.begin_wh), sum(bill.end_wh)
    if end_wh - begin_wh == bill.units_wh:
        return say(
            "Meter {0}: from {1} ({2}) to {3} ({4})", bill.meter_id, kwh(begin_wh),
            _read(bill.first_reading, is_new=begin_wh == 0), kwh(end_wh),
            _read(bill.last_reading, is_new=False),
        )  # fmt: skip
    offset_min = bill.connection.consumer.plant.utc_offset_min
    month = rules.read_month(bill.period.month, offset_min)
    first_s = bill.first_reading.end_s if bill.first_reading else month.start_s
    meters = [one.meter_id for one in fittings_in(bill.connection, first_s, month.end_s)]
    return say("{0} over the meters {1}", kwh(bill.units_wh), ", ".join(meters))


def _read(reading: Reading | None, *, is_new: bool) -> str:
    if reading is not None:
        return say("reading {0} of {1}", reading.sequence, moment(reading.end_s))
    return say("new meter") if is_new else say("no signed reading")
