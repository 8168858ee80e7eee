"""What is really so in a simulated house, in the words of the invariants.

The plant knows it, and whoever cut, sold and broke things there; a board does not. Both gears of
the trials fill this in. It must not know how a board is run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from protocol import messages
from protocol import programme as wire

# Holds that only their owner may end: a power cut does not.
LASTING_HOLDS = (
    messages.HOLD_OPERATOR
    | messages.HOLD_CREDIT
    | messages.HOLD_OVERLOAD
    | messages.HOLD_LOCKOUT
    | messages.HOLD_TAMPER
    | messages.HOLD_CONFIRM
)

FROZEN_S = 300  # where a programme does not say
# A change of load shows after 1.25 to 2.25 s, the board looks up to a second later and pulses the
# relay (60 ms).
CHIP_LAG_S = 3.5


@dataclass(frozen=True)
class Limits:
    """What a programme promises, as far as it can be seen from outside."""

    version: int
    limit_w: int
    bands: tuple[tuple[int, int], ...]  # percent, seconds
    wait_s: int
    lockout_s: int
    silent_s: int
    fault_after_s: int
    frozen_s: int = FROZEN_S
    second_limit_w: int = 0  # 0: none
    is_retried: bool = False  # a trip ends by itself once its wait is over
    mode: int = wire.MODE_POSTPAID
    # Nothing but consumption is charged: no debt, no daily charge.
    is_pure: bool = True

    @classmethod
    def of(cls, programme: Mapping[int, Any]) -> "Limits":
        """The promises of a decoded programme."""
        load, credit = programme[wire.LOAD], programme[wire.CREDIT]
        second = programme.get(wire.SECOND_LIMIT)
        return cls(
            version=programme[wire.VERSION],
            limit_w=load[wire.LOAD_LIMIT_W],
            bands=tuple((percent, seconds) for percent, seconds in load[wire.LOAD_BANDS]),
            wait_s=load[wire.LOAD_WAIT_S],
            lockout_s=load[wire.LOAD_LOCKOUT_S],
            silent_s=load[wire.LOAD_SILENT_S],
            fault_after_s=load[wire.LOAD_FAULT_AFTER_S],
            frozen_s=load.get(wire.LOAD_FROZEN_S, FROZEN_S),
            second_limit_w=second[0] if second else 0,
            is_retried=load.get(wire.LOAD_RETRIES_MAX, 0) > 0,
            mode=credit[wire.CREDIT_MODE],
            is_pure=not any(credit.get(key) for key in range(wire.CREDIT_EMERGENCY, 17)),
        )


# Before any package: 500 W, postpaid (docs/board.md, "Programme").
BUILT_IN = Limits(
    version=0,
    limit_w=500,
    bands=((105, 60), (125, 10), (150, 3), (200, 0)),
    wait_s=10,
    lockout_s=1800,
    silent_s=5,
    fault_after_s=30,
)


@dataclass
class Truth:
    """The house at one moment. What the caller does not know keeps its default and is not judged.

    Sums since birth: `delivered_mwh`, `loss_mwh` (what the cuts so far may cost by declaration),
    `cuts`, `presses`. Times are true seconds of board time, whatever the board's clock says.
    """

    powered: bool = True  # the board runs
    mains: bool = True
    relay_closed: bool = False  # the contacts
    load_dw: int = 0  # through the relay, in the unit of the limit: 0.1 W or 0.1 VA
    delivered_mwh: int = 0
    loss_mwh: int = 0
    cuts: int = 0
    booted_s: float = 0.0  # of the present start
    # Kind of the fault the metering chip has now ("" none; BLIND_KINDS in invariants.py), since
    # when, and since when it was well again.
    chip_fault: str = ""
    chip_fault_s: float = 0.0
    chip_well_s: float = float("-inf")
    relay_fault: bool = False  # welded, or pulses that the armature does not follow
    clock_fault: bool = False  # stepped while the board was off: it cannot know what passed
    store_fault: bool = False  # the flash refuses
    # As commanded, or perhaps: the command is under way. 0: none.
    emergency_limits_w: tuple[int, ...] = ()
    # Money or Wh of the account in force: purchases known applied, and those under way.
    credited: int | None = None
    pending: tuple[int, ...] = ()
    # Consumption as rated from outside; None: the caller cannot say at this moment.
    charged: int | None = None
    # Lasting holds that something under way when the power was cut may have ended or begun.
    may_end: int = 0
    acknowledged: range | tuple[int, ...] = ()  # readings that the far end has acknowledged
    tasks_dead: int | None = None
    heap_bytes: int | None = None
    heap_budget_bytes: int = 65_536
    faults: tuple[str, ...] = field(default=())  # names of what is broken now, for the report
