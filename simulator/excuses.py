"""What excuses a board for a while: both gears' inspectors ask here, so that they excuse the same.

A relay that cannot follow, and what ends a hold that a power cut alone may not end. It must not
know a house, a board, nor who plays the far end.
"""

from collections.abc import Iterable

from protocol import commands, messages
from simulator.truth import Truth

# A relay that stuck is pulsed again every ten minutes (firmware/core/relay.py, LATER_S).
RELAY_TRIED_AGAIN_S = 660.0
SEEN_DW = 3_600  # what counts a watt-hour in ten seconds shows that open contacts are not open
BUTTON_SETTLES_S = 5.0  # a press acts when it is let go, a long one after 3 s

# What a command that is under way may have ended.
ENDS = {
    commands.RECONNECT: messages.HOLD_OPERATOR,
    commands.CREDIT: messages.HOLD_CREDIT,
    commands.SET_PROGRAMME: messages.HOLD_CREDIT,
    commands.CLEAR_TAMPER: messages.HOLD_TAMPER,
}
BUTTON_ENDS = messages.HOLD_OVERLOAD | messages.HOLD_CONFIRM


class RelayIllness:
    """From the first pulse that may fail until the contacts are as told, or were tried again.

    A wrong sense alone is no excuse, because the contacts follow all the same; but what stuck
    before may stay so while the sense is wrong and no load through the contacts belies it.
    """

    def __init__(self) -> None:
        self._until_s = float("-inf")
        self._is_ill = self._was_excused = False

    def follow(
        self, at_s: float, truth: Truth, *, is_stuck: bool, is_sense_wrong: bool, told: bool | None
    ) -> bool:
        """Tell whether the relay is ill.

        `is_stuck`: welded, or its next pulse fails; `told` closed, or open, or None in the dark.
        """
        is_belied = truth.load_dw >= SEEN_DW and not truth.chip_fault
        is_excused = is_stuck or (self._is_ill and is_sense_wrong and not is_belied)
        is_as_told = truth.relay_closed == told
        # What excused until now may have failed the last pulse: the next is ten minutes away.
        if is_stuck or (not is_as_told and (is_excused or self._was_excused)):
            self._until_s = at_s + RELAY_TRIED_AGAIN_S
        elif is_as_told:
            self._until_s = float("-inf")
        self._was_excused = is_excused
        self._is_ill = at_s < self._until_s
        return self._is_ill


class Endings:
    """Holds that something may have ended since the board was last seen with power."""

    def __init__(self) -> None:
        self._until_s: dict[int, float] = {}  # by hold bits

    def press(self, at_s: float) -> None:
        """The button is pressed."""
        self._until_s[BUTTON_ENDS] = at_s + BUTTON_SETTLES_S

    def conclude(self, name: int, at_s: float) -> None:
        """A command of that name was carried out, some time before `at_s`."""
        if name in ENDS:
            self._until_s[ENDS[name]] = at_s

    def tell(self, under_way: Iterable[int]) -> int:
        """Return the holds that may have ended; `under_way` are names of commands."""
        may_end = 0
        for holds in self._until_s:
            may_end |= holds
        for name in under_way:
            may_end |= ENDS.get(name, 0)
        return may_end

    def seen(self, at_s: float) -> None:
        """The board was seen with power: what is over by then is in what it told."""
        self._until_s = {
            holds: until_s for holds, until_s in self._until_s.items() if until_s > at_s
        }
