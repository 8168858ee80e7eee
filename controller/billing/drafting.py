"""From a connection's evidence to its bill and what the ledger is told of it. Pure.

It must not know a database: what was asked there comes as arguments.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from controller.billing import rules
from controller.billing.rules import Line, Month, Part
from protocol import rating
from protocol.limits import EPOCH_UNIX_S
from protocol.programme import MODE_ENERGY, MODE_FLAT, MODE_MONEY, MODE_POSTPAID

UNITS = {
    MODE_ENERGY: "Wh",
    MODE_MONEY: "paise",
    MODE_FLAT: "days",
}  # of an account, by the wire's credit mode
BP_PER_WHOLE = 10_000
INTERVAL_S_MAX = 3_600  # of readings: what a meter may not have told when it was removed

# To whose account in the ledger each kind of line goes (docs/ledger.md).
HEADS = {
    "energy": "income:energy",
    "rate": "income:energy",
    "fixed": "income:fixed",
    "service": "income:service",
    "surcharge": "income:surcharge",
    "duty": "payable:duty",
    "minimum": "income:minimum",
    "rebate": "income:rebate",
    rules.SUBSIDY: "clearing:subsidy",  # owed by whoever pays it in the consumer's place
    rules.LATE_CHARGE: "income:late_charge",
}


# Debit account, credit account, paise.
Transfer = tuple[str, str, int]


class Registers(NamedTuple):
    """A meter's registers, by a signed reading or (`reading_id` None) by an estimate."""

    reading_id: int | None
    sequence: int
    end_s: int
    rate_wh: tuple[int, int, int, int]
    mode: int = 0
    charged: int = 0
    balance: int = 0


class Stretch(NamedTuple):
    """One meter's part of the month: its registers at both ends (first None: it was new)."""

    meter_id: str
    fitted_s: int
    removed_s: int | None  # None: it is there
    first: Registers | None
    last: Registers | None

    def risen_wh(self) -> tuple[int, ...]:
        """What it counted, by rate. What was billed too high by an estimate stays billed."""
        return tuple(
            max(0, end - begin)
            for begin, end in zip(rate_wh_of(self.first), rate_wh_of(self.last), strict=True)
        )


class Evidence(NamedTuple):
    """What a bill rests on. `changes` are the registers up to each change of terms, by its time;
    `stretches` the meters that served the connection, the oldest first.
    """

    connection_id: int
    consumer_id: str
    terms: list[rules.Terms]
    stretches: list[Stretch]
    changes: dict[int, Registers | None]
    currency: str

    @property
    def begin_s(self) -> int:
        """From when on it charges."""
        first = self.stretches[0]
        return first.first.end_s if first.first else first.fitted_s

    @property
    def end_s(self) -> int:
        """Until when it charges."""
        last = self.stretches[-1].last
        return last.end_s if last else self.begin_s


class Standing(NamedTuple):
    """How the consumer stood before this bill: paise owed (less than 0: paid ahead), of it
    overdue, lines that others have charged for this month already (they are not in the other
    two), and credit that was sold and not yet earned.
    """

    owed_paise: int = 0
    overdue_paise: int = 0
    charged: Sequence[Line] = ()
    prepaid_paise: int = 0


class Account(NamedTuple):
    """A prepaid account: what each meter told at begin and end, and our own sales."""

    ends: Sequence[tuple[Registers | None, Registers | None]]
    sold: int


class Office(NamedTuple):
    """What is the same for all bills of a batch. A late charge is what the tariff (by its code)
    asks for at the month's end, else `late_charge_bp`.
    """

    month: Month
    period_id: int
    now_s: int
    due_s: int
    late_charge_bp: int
    late_charge_bp_by_tariff: Mapping[str, int]


class Draft(NamedTuple):
    """A bill before it is stored: fields as in `models.Bill`, in that order."""

    number: str
    kind: str
    connection_id: int
    period_id: int
    revision: int
    meter_id: str
    first_reading_id: int | None
    last_reading_id: int | None
    begin_wh: Sequence[int]
    end_wh: Sequence[int]
    units_wh: int
    total_paise: int
    charged_paise: int
    arrears_paise: int
    due_s: int
    lines: list[Line]
    currency: str
    estimated: bool
    note: str
    account_unit: str
    bought: int
    sold: int
    used: int
    balance: int
    difference: int
    issued_s: int

    @property
    def agrees(self) -> bool:
        """Whether the meter's account agrees with the tariff and with what was sold."""
        return not self.difference and self.sold == self.bought


def draft(
    evidence: Evidence,
    office: Office,
    standing: Standing,
    account: Account | None,
    revision: int = 0,
) -> Draft:
    """The bill of a connection's month; `account` where its last terms are prepaid."""
    month, last = office.month, evidence.stretches[-1]
    parts = _parts(evidence, month)
    is_bill = rules.is_payable(parts)
    lines = _lines(parts, month, is_bill=is_bill)
    if is_bill:
        lines += _late_charge(standing.overdue_paise, evidence.terms[-1], office)
        lines += standing.charged
    note = _explain_readings(evidence, month)
    estimated = bool(note)
    state = _NO_ACCOUNT
    if account is not None:
        state, difference_note = _state_account(month, parts, account)
        note += difference_note
    first = evidence.stretches[0].first
    return Draft(
        number=rules.bill_number(evidence.consumer_id, month, revision),
        kind="bill" if is_bill else "statement",
        connection_id=evidence.connection_id,
        period_id=office.period_id,
        revision=revision,
        meter_id=last.meter_id,
        first_reading_id=first.reading_id if first else None,
        last_reading_id=last.last.reading_id if last.last else None,
        begin_wh=rate_wh_of(first),
        end_wh=_higher(rate_wh_of(last.first), rate_wh_of(last.last)),
        units_wh=sum(sum(part.rate_wh) for part in parts),
        total_paise=sum(line.amount_paise for line in lines),
        charged_paise=sum(line.amount_paise for line in standing.charged) if is_bill else 0,
        arrears_paise=standing.owed_paise if is_bill else 0,
        due_s=office.due_s if is_bill else 0,
        lines=lines,
        currency=evidence.currency,
        estimated=estimated,
        note=note.strip(),
        **state._asdict(),
        issued_s=office.now_s,
    )


def transfers(of: Draft, consumer_id: str) -> list[Transfer]:
    """What the ledger is told of a bill, one transfer an account; what others charged it knows.

    A statement is for information; what it says was paid when the credit was bought.
    """
    return _moves(f"consumer:{consumer_id}", _by_head(of.lines)) if of.kind == "bill" else []


def earnings(of: Draft, consumer_id: str, standing: Standing) -> list[Transfer]:
    """What of the credit sold is earned by the use of the month, for the ledger.

    Money is earned as the board charged it; energy and days at what those left on the account
    had cost on the average.
    """
    earned = min(_worth_used(of, standing.prepaid_paise), standing.prepaid_paise)
    if not of.account_unit or earned <= 0:
        return []
    heads = _by_head(of.lines) if of.kind == "statement" else {}
    if sum(heads.values()) != earned:
        heads = {HEADS["energy"]: earned}
    return _moves(f"prepaid:{consumer_id}", heads)


def _worth_used(of: Draft, prepaid_paise: int) -> int:
    if of.account_unit == UNITS[MODE_MONEY]:
        return of.used
    before = of.used + max(of.balance, 0)
    return (2 * prepaid_paise * of.used + before) // (2 * before) if before > 0 else 0


def _by_head(lines: Sequence[Line]) -> dict[str, int]:
    heads: dict[str, int] = {}
    for line in lines:
        head = HEADS.get(line.kind)
        if head is not None:
            heads[head] = heads.get(head, 0) + line.amount_paise
    return heads


def _moves(payer: str, heads: dict[str, int]) -> list[Transfer]:
    return [
        (payer, head, amount) if amount > 0 else (head, payer, -amount)
        for head, amount in heads.items()
        if amount
    ]


def _parts(evidence: Evidence, month: Month) -> list[Part]:
    """The parts of the month, over all its meters: registers count on from one to the next."""
    begin = rate_wh_of(evidence.stretches[0].first)
    counted = [begin]  # at the begin of each stretch, and at the end of the last
    for stretch in evidence.stretches:
        counted.append(tuple(map(int.__add__, counted[-1], stretch.risen_wh())))
    at_changes = [_counted_at(evidence, row.from_s, counted) for row in evidence.terms[1:]]
    removed_s = evidence.stretches[-1].removed_s
    return rules.split_month(month, evidence.terms, [begin, *at_changes, counted[-1]], removed_s)


def _counted_at(evidence: Evidence, at_s: int, counted: Sequence[Sequence[int]]) -> Sequence[int]:
    """The registers at a change of terms, counted on over the meters before."""
    index = max(
        (index for index, of in enumerate(evidence.stretches) if of.fitted_s <= at_s), default=0
    )
    begin = rate_wh_of(evidence.stretches[index].first)
    now = _higher(begin, rate_wh_of(evidence.changes.get(at_s)))
    risen = map(int.__sub__, now, begin)
    return tuple(
        min(base + rise, end)
        for base, rise, end in zip(counted[index], risen, counted[index + 1], strict=True)
    )


def rate_wh_of(registers: Registers | None) -> Sequence[int]:
    """The rate registers; all 0 where a meter was new."""
    return rules.NO_WH if registers is None else registers.rate_wh


def _higher(before: Sequence[int], now: Sequence[int]) -> tuple[int, ...]:
    return tuple(map(max, before, now))


def _lines(parts: list[Part], month: Month, *, is_bill: bool) -> list[Line]:
    """The lines to pay; where nothing is payable, the same lines for information."""
    shown = parts
    if is_bill:
        shown = [part for part in parts if part.terms.mode == MODE_POSTPAID]
    alone = len(parts) == 1
    return [line for part in shown for line in rules.part_lines(month, part, alone=alone)]


def _late_charge(overdue_paise: int, terms: rules.Terms, office: Office) -> list[Line]:
    if overdue_paise <= 0:
        return []
    code = rules.read_record(terms.record)[rating.CODE]
    late_charge_bp = office.late_charge_bp_by_tariff.get(code, office.late_charge_bp)
    amount = rating.share(overdue_paise, late_charge_bp, BP_PER_WHOLE)
    return [Line(rules.LATE_CHARGE, overdue_paise, late_charge_bp, amount)] if amount else []


def _explain_readings(evidence: Evidence, month: Month) -> str:
    """Says where a reading at the bounds of the month is missing, and what stands for it."""
    notes = []
    begins_here = evidence.stretches[0].fitted_s >= month.start_s
    first = evidence.stretches[0].first
    if not begins_here and (first is None or first.end_s != month.start_s):
        notes.append(f"No reading at the month's begin; used: {_when(first, month)}.")
    for stretch in evidence.stretches:
        notes += _explain_end(stretch, month)
    return " ".join(notes)


def _explain_end(stretch: Stretch, month: Month) -> list[str]:
    last, removed_s = stretch.last, stretch.removed_s
    if removed_s is not None and removed_s < month.end_s:
        if last is not None and removed_s - last.end_s <= INTERVAL_S_MAX:
            return []
        return [f"Meter {stretch.meter_id} was removed; last told: {_when(last, month)}."]
    if last is None or last.end_s != month.end_s:
        return [f"No reading at the month's end; used: {_when(last, month)}."]
    if last.reading_id is None:
        return ["No reading at the month's end; its registers are estimated."]
    return []


def _when(registers: Registers | None, month: Month) -> str:
    """Which reading, and when by the plant's local time."""
    if registers is None:
        return "registers at 0"
    unix_s = registers.end_s + EPOCH_UNIX_S
    local = datetime.fromtimestamp(unix_s, UTC) + timedelta(minutes=month.utc_offset_min)
    return f"number {registers.sequence} of {local:%Y-%m-%d %H:%M}"


class _AccountState(NamedTuple):
    """A prepaid account on its statement, named as in `Draft`."""

    account_unit: str = ""
    bought: int = 0
    sold: int = 0
    used: int = 0
    balance: int = 0
    difference: int = 0


_NO_ACCOUNT = _AccountState()


def _state_account(month: Month, parts: list[Part], account: Account) -> tuple[_AccountState, str]:
    """The prepaid account by its signed registers, by the tariff, and by our own books."""
    mode = parts[-1].terms.mode
    unit = UNITS[mode]
    ends = [(_account_of(first), _account_of(last)) for first, last in account.ends]
    used = sum(after[0] - before[0] for before, after in ends)
    bought = used + sum(after[1] - before[1] for before, after in ends)
    difference = used - _used_by_tariff(month, parts, mode, used)
    note = ""
    if difference:
        note += f" The meter charged {used} {unit}, {difference:+} against the tariff."
    if account.sold != bought:
        note += f" The meter credited {bought} {unit}, {account.sold} were sold and confirmed."
    return _AccountState(unit, bought, account.sold, used, ends[-1][1][1], difference), note


def _account_of(registers: Registers | None) -> tuple[int, int]:
    return (registers.charged, registers.balance) if registers is not None else (0, 0)


def _used_by_tariff(month: Month, parts: list[Part], mode: int, used: int) -> int:
    if mode == MODE_FLAT:  # paid days go by with the calendar: there is nothing to rate
        return used
    return rules.account_charge(month, parts, mode)
