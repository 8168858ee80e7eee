"""The holds: everything that can keep the supply off, and which of them to tell first.

The relay is closed exactly when no hold stands. Each hold has one owner and one way to end; this
module only names them. It must not know when a hold begins or ends.
"""

from protocol import messages

OPERATOR = messages.HOLD_OPERATOR
CREDIT = messages.HOLD_CREDIT
WINDOW = messages.HOLD_WINDOW
OVERLOAD = messages.HOLD_OVERLOAD
LOCKOUT = messages.HOLD_LOCKOUT
TAMPER = messages.HOLD_TAMPER
FAULT = messages.HOLD_FAULT
START = messages.HOLD_START
CONFIRM = messages.HOLD_CONFIRM

# What the consumer cannot change comes before what the consumer can; a lockout explains more than
# the overload hold that always stands beside it; `start` passes by itself and comes late,
# `confirm` waits for all others.
ORDER = (FAULT, TAMPER, OPERATOR, LOCKOUT, OVERLOAD, CREDIT, WINDOW, START, CONFIRM)

# Holds that only their owner may end: they outlive a power cut. The others are judged anew.
LASTING = OPERATOR | CREDIT | OVERLOAD | LOCKOUT | TAMPER | CONFIRM


def explain(holds):
    """Return the one hold that best answers "why is it off?", or 0 when nothing holds."""
    for hold in ORDER:
        if holds & hold:
            return hold
    return 0
