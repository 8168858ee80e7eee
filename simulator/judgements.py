"""The judgements behind the invariants: one function for each, and the allowances it makes.

Each gets the checker (what was seen before), the truth and the board's status map; it returns ""
when the invariant holds, the reason when it does not, and None when this moment cannot tell. The
table of them is in `simulator.invariants`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from protocol import messages
from protocol import programme as wire
from simulator.truth import LASTING_HOLDS, Truth

if TYPE_CHECKING:
    from simulator.invariants import Checker

# The status map (docs/wire.md), as far as it is judged.
HOLDS, RELAY, ENERGY_WH, BALANCE, MODE, CREDITED, CHARGED = 1, 2, 5, 6, 7, 8, 9
VERSION, PASSIVE_VERSION, LIMIT_W, WAIT_UNTIL_S, TRIPS, OUTAGES = 10, 11, 13, 14, 15, 16
SUPPLY_MIN, READING, EVENT, CLOCK_S = 17, 18, 19, 23
RISING = {
    TRIPS: "trips",
    OUTAGES: "outages",
    SUPPLY_MIN: "supply minutes",
    READING: "reading sequence",
    EVENT: "event sequence",
}

SETTLE_S = 3.0  # after the start: until the first tick has driven the relay
FOLLOW_S = 2.0  # from the decision to contacts that rest: pulse and bounce
RETRY_S = 16.0  # a pulse that the armature missed: three more, three seconds apart
RECOVER_S = 90.0  # chip and registers agree again: start, or a jump that became the baseline
ROUNDING_MWH = 2  # what flowed is told in whole mWh, twice rounded down where a chip has a gain
RESOLUTION_MWH = 2000  # the chip counts whole Wh, and the board looks once a second
# What the last writes before a cut may be short of, until the chip has told: 10 Wh, or a minute
# at 25 kW (docs/board.md, "Energy").
LEDGER_STEP_WH = 10 + 25_000 // 60
TICK_S = 2.0  # seconds are whole on the board and not here

# Of a noisy line at least one answer arrives in the time after which silence is a fault.
SEEING_KINDS = ("", "noise")
# Faults in which the chip tells nothing true, and the limit by which each must be noticed.
BLIND_KINDS = {
    "silent": "silent_s",
    "address": "silent_s",
    "zeroed": "silent_s",
    "frozen": "frozen_s",
}


def registers(checker: "Checker", truth: Truth, status: Mapping[int, int]) -> str | None:
    """Registers, sequences and counts only rise; after a cut within one ledger step."""
    before = checker.before
    if checker.has_cut and truth.store_fault:
        return None
    if status[ENERGY_WH] < checker.told_wh and not checker.has_cut:
        return f"{status[ENERGY_WH]} Wh, and a reading had told {checker.told_wh}"
    if not before:
        return ""
    if checker.has_cut:
        fall_wh = checker.highest_wh - status[ENERGY_WH]
        checker.margin("register behind after a cut, Wh", fall_wh, LEDGER_STEP_WH)
        if fall_wh > LEDGER_STEP_WH:
            return f"{status[ENERGY_WH]} Wh after a cut, {checker.highest_wh} before"
    elif status[ENERGY_WH] < before[ENERGY_WH]:
        return f"{status[ENERGY_WH]} Wh, {before[ENERGY_WH]} a moment before"
    for key, name in RISING.items():
        if status[key] < before[key] and not (checker.has_cut and key == SUPPLY_MIN):
            return f"{name} {status[key]}, {before[key]} before"
    return ""


def not_above(checker: "Checker", truth: Truth, status: Mapping[int, int]) -> str | None:
    """Nothing is registered that did not flow."""
    delivered_mwh = truth.delivered_mwh + truth.delivered_mwh * checker.gain_bp // 10_000
    over_mwh = status[ENERGY_WH] * 1000 - delivered_mwh
    checker.margin("registered above delivered, mWh", over_mwh, ROUNDING_MWH)
    return f"{over_mwh} mWh more than delivered" if over_mwh > ROUNDING_MWH else ""


def not_below(checker: "Checker", truth: Truth, status: Mapping[int, int]) -> str | None:
    """Nothing that flowed is lost, but what is declared."""
    well_s = checker.now_s - max(truth.chip_well_s, truth.booted_s)
    if truth.chip_fault or truth.store_fault or well_s < RECOVER_S:
        return None
    delivered_mwh = truth.delivered_mwh - truth.delivered_mwh * checker.gain_bp // 10_000
    # What flows in the seconds until the chip has been asked again.
    allowed_mwh = truth.loss_mwh + RESOLUTION_MWH + truth.load_dw * 100 * 4 // 3600
    short_mwh = delivered_mwh - status[ENERGY_WH] * 1000
    checker.margin("delivered and not registered, mWh", short_mwh, allowed_mwh)
    return f"{short_mwh} mWh lost, declared {allowed_mwh}" if short_mwh > allowed_mwh else ""


def relay(checker: "Checker", truth: Truth, status: Mapping[int, int]) -> str | None:
    """Told as the holds say, at once; the contacts as told, when they have settled."""
    if checker.now_s - truth.booted_s < SETTLE_S:
        return None
    told = bool(status[RELAY])
    if told == bool(status[HOLDS]):
        return f"told {'closed' if told else 'open'} with holds {status[HOLDS]}"
    if truth.relay_fault:
        checker.mismatch_s = None
        return ""
    if truth.relay_closed == told:
        checker.mismatch_s = None
        return ""
    if checker.mismatch_s is None:
        checker.mismatch_s = checker.now_s
    since_s = checker.now_s - checker.mismatch_s
    return f"contacts not as told for {since_s:.0f} s" if since_s > FOLLOW_S + RETRY_S else ""


def wait(checker: "Checker", truth: Truth, status: Mapping[int, int]) -> str | None:
    """No closing, told or done, before the wait is over."""
    if truth.relay_fault or not checker.before:
        return None
    closing = status[RELAY] and not checker.before[RELAY]
    closing = closing or (truth.relay_closed and not checker.closed_before)
    early_s = checker.not_before_s - checker.now_s
    return f"closed {early_s:.0f} s before the wait was over" if closing and early_s > 0 else ""


def outage(checker: "Checker", truth: Truth, status: Mapping[int, int]) -> str | None:
    """What stood before the cut stands after it."""
    if not checker.has_cut or not checker.before or truth.store_fault:
        return None
    must = checker.before[HOLDS] & LASTING_HOLDS & ~truth.may_end
    if checker.now_s >= checker.not_before_s:
        if checker.limits.is_retried and not must & messages.HOLD_LOCKOUT:
            must &= ~messages.HOLD_OVERLOAD
        must &= ~messages.HOLD_LOCKOUT
    missing = must & ~status[HOLDS]
    return f"holds {missing} are gone after a cut" if missing else ""


def dark(checker: "Checker", truth: Truth, _status: Mapping[int, int]) -> str | None:
    """The contacts do not close while the board is off."""
    if truth.relay_fault:
        return None
    return "closed in the dark" if truth.relay_closed and not checker.closed_before else ""


def overload(checker: "Checker", truth: Truth, status: Mapping[int, int]) -> str | None:
    """No load outlives a band by more than the chip and the board need to see it."""
    if truth.relay_fault or not truth.relay_closed or truth.chip_fault not in SEEING_KINDS:
        return None
    overrun_s = checker.overrun_s(checker.now_s)
    if overrun_s < -checker.limits.bands[0][1]:
        return ""  # nothing is over
    checker.margin("overload beyond its band, s", max(0.0, overrun_s), checker.chip_lag_s)
    if overrun_s > checker.chip_lag_s:
        return f"{overrun_s:.1f} s beyond its band and still closed, limit {status[LIMIT_W]} W"
    return ""


def blind(checker: "Checker", truth: Truth, _status: Mapping[int, int]) -> str | None:
    """Supply ends when the chip has told nothing true for as long as the programme allows."""
    kind = truth.chip_fault
    if kind not in BLIND_KINDS or truth.relay_fault:
        return None
    limits = checker.limits
    detected_s = getattr(limits, BLIND_KINDS[kind])
    if not detected_s:
        return None  # the programme switched this off
    bound_s = detected_s + limits.fault_after_s + checker.chip_lag_s + TICK_S
    blind_s = checker.now_s - max(truth.chip_fault_s, truth.booted_s)
    if not truth.relay_closed:
        return ""
    checker.margin(f"closed, chip {kind}, s", blind_s, bound_s)
    return f"closed for {blind_s:.0f} s, chip {kind}" if blind_s > bound_s else ""


def credit(_checker: "Checker", truth: Truth, status: Mapping[int, int]) -> str | None:
    """The account adds up, and what came in is what was bought."""
    if status[MODE] not in (wire.MODE_ENERGY, wire.MODE_MONEY):
        return None
    if status[CREDITED] - status[CHARGED] != status[BALANCE]:
        return f"credited {status[CREDITED]} - charged {status[CHARGED]} is not {status[BALANCE]}"
    if truth.credited is None:
        return ""
    possible = {truth.credited}
    for amount in truth.pending:
        possible |= {total + amount for total in possible}
    if status[CREDITED] not in possible:
        return f"credited {status[CREDITED]}, bought {truth.credited} (pending {truth.pending})"
    return ""


def charges(checker: "Checker", truth: Truth, status: Mapping[int, int]) -> str | None:
    """What went out is what the energy costs."""
    if truth.charged is not None and status[CHARGED] != truth.charged:
        return f"charged {status[CHARGED]}, rated {truth.charged}"
    if status[MODE] != wire.MODE_ENERGY or not checker.limits.is_pure:
        checker.charged_base = None
        return None if truth.charged is None else ""
    # In Wh every registered Wh is charged: the two run side by side.
    base = (status[VERSION], status[ENERGY_WH] - status[CHARGED])
    before = checker.charged_base
    checker.charged_base = base
    if before and before[0] == base[0] and before[1] != base[1]:
        return f"{base[1] - before[1]} Wh registered and not charged"
    return ""


def stored(checker: "Checker", truth: Truth, _status: Mapping[int, int]) -> str | None:
    """The far end has every reading that it acknowledged."""
    if not truth.acknowledged:
        return None
    missing = [number for number in truth.acknowledged if number not in checker.stored]
    return f"acknowledged and not stored: {missing[:5]}" if missing else ""


def programme(checker: "Checker", truth: Truth, status: Mapping[int, int]) -> str | None:
    """The programme in force, and the one that waits, was sent, and is in force as a whole."""
    version, before = status[VERSION], checker.before
    limits = checker.knows(version)
    if limits is None or (status[PASSIVE_VERSION] and not checker.knows(status[PASSIVE_VERSION])):
        return f"programme {version} (waiting {status[PASSIVE_VERSION]}) was never sent"
    if before and version < before[VERSION]:
        return f"programme {version} after {before[VERSION]}"
    allowed = {limits.limit_w, limits.second_limit_w, *truth.emergency_limits_w}
    if status[LIMIT_W] not in allowed or status[MODE] != limits.mode:
        return f"limit {status[LIMIT_W]} W, mode {status[MODE]}: not programme {version}'s"
    return ""


def tasks(_checker: "Checker", truth: Truth, _status: Mapping[int, int]) -> str | None:
    """Every task of the firmware lives."""
    if truth.tasks_dead is None:
        return None
    return f"{truth.tasks_dead} tasks are dead" if truth.tasks_dead else ""


def heap(checker: "Checker", truth: Truth, _status: Mapping[int, int]) -> str | None:
    """Live data are within the budget."""
    if truth.heap_bytes is None:
        return None
    checker.margin("heap, bytes", truth.heap_bytes, truth.heap_budget_bytes)
    over = truth.heap_bytes > truth.heap_budget_bytes
    return f"{truth.heap_bytes} bytes live, budget {truth.heap_budget_bytes}" if over else ""
