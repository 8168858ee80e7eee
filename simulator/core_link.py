"""The far end of a house around the core: it asks until it has a receipt, stores, acknowledges.

It stands for the controller without keys, messages or a broker: what is lost on the way is said
by whoever lets the two meet. It must not know what a command does.
"""

from firmware.core.clock import SYNCED
from firmware.core.journal import unpack_event, unpack_reading

STEP_IGNORED_S = 1  # a hello's answer this near leaves the clock alone
RECORDS_MAX = 192  # of one ring in one session
FOREVER_S = 0x3FFFFFFF
RECEIPTS_LOST, ACKNOWLEDGEMENTS_LOST = 1, 2


class Link:
    """What is under way between a house and its far end."""

    def __init__(self, house):
        self.is_online = True
        self.ahead_s = 0  # how far the far end's clock is wrong
        self._house = house
        self._is_told = False  # this start has had its hello answered
        self._asked = []  # commands without a receipt
        self._sent = {}  # of these, what may have arrived: identity to entry
        self._receipts = []
        self._readings = []
        self._events = []
        self._notes = []

    def begin(self):
        """The board has started: it says hello again."""
        self._is_told = False

    def ask(self, identity, name, arguments):
        """Send this command (`identity` and texts after "x" in hex) until there is a receipt."""
        self._asked.append((identity, name, arguments))

    def note(self, name):
        """Something happened that the inspector must know and the plan does not tell him."""
        self._notes.append(name)

    def report(self, facts):
        """Add to `facts` what has gathered since the last report."""
        facts["sent"] = list(self._sent.values())
        facts["receipts"] = self._receipts
        facts["readings"] = self._readings
        facts["events"] = self._events
        facts["released"] = self._house.store.readings.released
        facts["notes"] = self._notes
        self._receipts = []
        self._readings = []
        self._events = []
        self._notes = []

    def meet(self, lost):
        """One session: hello, commands, readings, events."""
        house = self._house
        if not house.board or not self.is_online:
            return
        if not self._is_told:
            self._is_told = house.tell(self._answer_hello)
        for entry in list(self._asked):
            if not house.board or not self._send(entry, lost):
                return
        if house.board:
            self._deliver(house.store.readings, unpack_reading, self._readings, lost)
            self._deliver(house.store.events, unpack_event, self._events, lost)

    def _answer_hello(self, board, _now_s, _uptime_s):
        now_s = self._house.world.second + self.ahead_s
        if abs(now_s - board.now_s) <= STEP_IGNORED_S:
            now_s = board.now_s
        board.set_clock(now_s, SYNCED)
        self._house.world.set_rtc(now_s)
        self._house.set_fault("rtc", 0)
        return 0

    def _send(self, entry, lost):
        """Hand one command over; False when the power failed meanwhile."""
        house = self._house
        identity, name, arguments = entry
        body = {
            0: _octets(identity),
            1: 0,
            2: 0,
            3: FOREVER_S,
            4: name,
            5: {int(key): _octets(value) for key, value in (arguments or {}).items()},
        }
        self._sent[identity] = entry
        if not house.tell(lambda board, now_s, uptime_s: board.apply(body, now_s, uptime_s)):
            return False
        if lost != RECEIPTS_LOST:
            self._asked.remove(entry)
            del self._sent[identity]
            board = house.board
            receipt = (identity, name, arguments, board.receipt_stage, board.receipt_reason)
            self._receipts.append(receipt)
        return True

    def _deliver(self, ring, unpack, into, lost):
        first = max(ring.released + 1, ring.first)
        through = min(ring.last, first + RECORDS_MAX - 1)
        for sequence in range(first, through + 1):
            record = ring.records.get(sequence)
            if record is not None:
                into.append(unpack(record))
        if lost != ACKNOWLEDGEMENTS_LOST:
            ring.released = max(ring.released, through)


def _octets(value):
    """A text after "x" is octets in hex; anything else is itself."""
    if isinstance(value, str) and value.startswith("x"):
        digits = value[1:]
        return bytes([int(digits[at : at + 2], 16) for at in range(0, len(digits), 2)])
    return value
