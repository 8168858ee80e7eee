"""Cuts the power at every write of a story, and judges what the next start makes of it.

Runs inside MicroPython (`simulator/cuts.py` starts it). The story is lived once while every
operation on the memory is logged with the truth of that moment; then, operation by operation and
tear by tear, the memory is made as the cut left it and a board starts from it. Prints a line of
JSON. It must not know what the story tells.
"""

# Every level of an import takes stack, of which the unix port has 40 KB: the deepest go first.
# isort: off
import protocol.rating
import protocol.token_keys  # noqa: F401
import firmware.core.account
import firmware.core.panel  # noqa: F401

# isort: on
import json
import sys

from firmware.core import holds, journal, ledger
from firmware.core.actions import CLOSE_RELAY
from firmware.core.board import Board
from firmware.core.clock import HELD, UNSET
from firmware.core.energy import Sample
from protocol import commands
from simulator import cut_story
from simulator.cut_memory import ERASED, EVENTS_KEPT, READINGS_KEPT, Image, Log, Memory
from simulator.hardware import torn

# What stands in the rings before the story, so that it comes to the end of a segment or block.
BEFORE_READINGS = 712
BEFORE_EVENTS = 1_225
OFF_S = (0, 1, 45, 4_000, 100_000)
RESTART_S = 4
WHOLE_RING_EVERY = 499  # cuts after which every record of both rings is compared
VIOLATIONS_MAX = 20
STORES = ("files", "files+fram", "partition", "partition+fram")


class PowerCut(BaseException):
    """The power fails while the board recovers: nothing of its code runs any more."""


class Trial:
    """One store's story and its cuts."""

    def __init__(self, name, is_short):
        self.name = name
        self.memory = Memory(name)
        self.witness = cut_story.Witness()
        self._fill_rings()
        self.image = Image(self.memory.flash_medium.octets, self.memory.fram_medium.octets)
        self._live(is_short)
        self.violations = []
        self.cuts = 0

    def _fill_rings(self):
        store = self.memory.start()
        for sequence in range(1, BEFORE_READINGS + 1):
            record = bytearray(journal.READING_BYTES)
            journal.pack_reading(record, sequence, sequence * 900, *([0] * 14))
            store.append_reading(record)
            self.witness.readings.append(bytes(record))
        for sequence in range(1, BEFORE_EVENTS + 1):
            record = bytearray(journal.EVENT_BYTES)
            journal.pack_event(record, sequence, sequence, 0, 301, 0)
            store.append_event(record)
            self.witness.events.append(bytes(record))
        values = ledger.create()
        values[ledger.READING_SEQUENCE] = BEFORE_READINGS
        values[ledger.EVENT_SEQUENCE] = BEFORE_EVENTS
        ledger.seal(values)
        store.load_ledger()
        store.save_ledger(values)
        self.witness.change(readings=BEFORE_READINGS, events=BEFORE_EVENTS, ledger=bytes(values))
        self.memory.end()

    def _live(self, is_short):
        log = Log(self.memory, self.witness)
        house = cut_story.House(self.memory.start, self.witness)
        cut_story.tell(house, is_short)
        self.operations = log.operations
        self.memory.flash.watch = self.memory.fram.watch = None
        self.memory.end()

    def run(self, first, step, only=None):
        """Cut at every `step`th operation from `first` on, or at `only` (index, model)."""
        for index, (at, written, moment) in enumerate(self.operations):
            octets = ERASED if written is None else written
            wanted = index % step == first if only is None else index == only[0]
            for model in torn.MODELS if wanted else ():
                if only is None or model == only[1]:
                    self._cut(index, at, octets, model, self.witness.truths[moment])
            self.image.apply(at, octets)

    def _cut(self, index, at, octets, model, truth):
        memory = self.memory
        self.cuts += 1
        self.image.cut(memory, at, octets, model, index)
        memory.new_chips()
        case = Case(memory, self.witness, truth, index)
        try:
            if index % 3 == model:
                case.cut_again()
            case.judge()
        except AssertionError as error:
            if len(self.violations) < VIOLATIONS_MAX:
                what = [str(argument) for argument in error.args]
                self.violations.append(
                    {"index": index, "model": torn.NAMES[model], "what": " ".join(what)}
                )
        memory.end()


class Case:
    """A start after one cut, and everything that must be so then."""

    def __init__(self, memory, witness, truth, index):
        self.memory = memory
        self.witness = witness
        self.truth = truth
        self.index = index
        self.now_s = truth.now_s + OFF_S[index % len(OFF_S)]
        self.is_set = index % 11 != 0
        self.uptime_s = 0
        self.sample = Sample()
        self.sample.valid = True

    def cut_again(self):
        """Let the power fail once more while the board comes up."""

        def fall():
            raise PowerCut

        chip = self.memory.fram if self.memory.has_fram and self.index % 2 else self.memory.flash
        chip.cut_after(self.index % 23, self.index % 3, self.index, fall)
        try:
            board = Board(self.memory.start())
            self._start(board)
            self._tick(board, 1)
        except PowerCut:
            pass
        # Writes of the recovery: what it acknowledged may be there, and its own readings, events.
        images = bytes(self.memory.flash_medium.octets), bytes(self.memory.fram_medium.octets)
        self.memory.end()
        self.memory.flash_medium.octets[:], self.memory.fram_medium.octets[:] = images
        self.memory.new_chips()
        self.uptime_s = 0
        self.is_second = True

    is_second = False

    def judge(self):
        """Start, live on, start again; raises AssertionError with what is wrong."""
        store = self.memory.start()
        assert not store.trouble, ("the store cannot be read", store.trouble_text)
        self._judge_rings(store)
        kept = self._judge_ledger(store)
        board = Board(store)
        self._start(board)
        self._judge_registers(board, kept)
        self._judge_programme(board)
        self._judge_closing(board)
        self._tick(board, 1)
        assert board._values[ledger.ENERGY_WH] == self.truth.counter_wh - cut_story.KEPT_WH, (
            "energy", board._values[ledger.ENERGY_WH], self.truth.counter_wh - cut_story.KEPT_WH,
        )  # fmt: skip
        self._judge_charges(board, kept)
        if self.is_set:
            self._judge_credit(board)
        self._judge_readings_go_on(board, store)
        again = self.memory.start()
        assert again.load_ledger() is not None, "no ledger at the second start"
        assert again.events_range() == store.events_range(), "events at the second start"

    def _start(self, board):
        board.start(self.now_s, HELD if self.is_set else UNSET, 0, 0)

    def _tick(self, board, seconds):
        self.now_s += seconds
        self.uptime_s += seconds
        cut_story.measure(self.sample, self.truth.counter_wh, 0, self.uptime_s)
        return board.tick(self.now_s, self.uptime_s, self.sample, False)

    def _judge_ledger(self, store):
        record = store.load_ledger()
        if record is None:
            assert self.truth.ledger is None, "the ledger is gone"
            return ledger.create()
        kept = ledger.array("i", record)
        if not self.is_second:
            assert bytes(record) in (self.truth.ledger, self.truth.saving), (
                "an old or a false ledger", kept[ledger.SEQUENCE],
            )  # fmt: skip
        elif self.truth.ledger:
            told = ledger.array("i", self.truth.ledger)
            assert kept[ledger.SEQUENCE] >= told[ledger.SEQUENCE], "an old ledger"
        return kept

    def _judge_rings(self, store):
        for ring, told, records in (
            (store.readings, self.truth.readings, self.witness.readings),
            (store.events, self.truth.events, self.witness.events),
        ):
            assert ring.last >= told, ("acknowledged records are gone", ring.last, told)
            assert self.is_second or ring.last <= told + 1, ("records from nowhere", ring.last)
            buffer = bytearray(ring.record_bytes)
            is_whole = self.index % WHOLE_RING_EVERY == 0
            first = ring.first if is_whole else max(ring.first, told - 4)
            for sequence in range(first, told + 1):
                assert ring.read(sequence, buffer), ("a record is gone", sequence)
                assert buffer == records[sequence - 1], ("a false record", sequence)
        assert store.readings.last - store.readings.first >= READINGS_KEPT - 1, "few readings"
        assert store.events.last - store.events.first >= EVENTS_KEPT - 1, "few events"

    def _judge_registers(self, board, kept):
        told = ledger.array("i", self.truth.ledger) if self.truth.ledger else ledger.create()
        values = board._values
        energy_wh = values[ledger.ENERGY_WH]
        true_wh = self.truth.counter_wh - cut_story.KEPT_WH
        assert told[ledger.ENERGY_WH] <= energy_wh <= true_wh, ("energy", energy_wh, true_wh)
        for index in (ledger.BOOTS, ledger.TRIPS, ledger.UPLINK_RESERVED, ledger.CREDITED_WH):
            assert values[index] >= told[index], ("a register fell", index)
        lasting = kept[ledger.HOLDS] & holds.LASTING
        assert board.holds & lasting == lasting, ("a hold is gone", board.holds, lasting)

    def _judge_programme(self, board):
        before, after = self.truth.versions
        found = cut_story.versions(board)
        allowed = [before, after]
        if self.is_second:  # what waited may have come into force meanwhile
            allowed += [(waiting, 0) for _, waiting in (before, after) if waiting]
        assert found in allowed, ("programmes", found, before, after)

    def _judge_closing(self, board):
        """Press at once and every second: nothing closes before its time or against a hold."""
        saving = self.truth.saving
        for _ in range(RESTART_S):
            self._tick(board, 1)
            wanted = board.press_button(self.now_s, self.uptime_s)
            if wanted & CLOSE_RELAY and not saving and self.truth.ledger:
                assert self.now_s >= self.truth.closed_from_s, "closed before the wait was over"
                assert self.truth.may_close or self.truth.command, "closed against a hold"
        limiter = board.supply.limiter
        left_s = limiter.wait_left_s(self.uptime_s)
        if left_s:
            self._tick(board, left_s + 1)
            board.press_button(self.now_s, self.uptime_s)
        assert not board.holds & (holds.OVERLOAD | holds.LOCKOUT), ("held for ever", left_s)

    def _judge_charges(self, board, kept):
        values = board._values
        added_wh = values[ledger.ENERGY_WH] - kept[ledger.ENERGY_WH]
        assert sum(values[ledger.RATE_WH + rate] for rate in range(4)) == values[ledger.ENERGY_WH]
        charged_wh = values[ledger.CHARGED_WH] - kept[ledger.CHARGED_WH]
        assert charged_wh in (0, added_wh), ("charged", charged_wh, added_wh)
        before, after = self.truth.versions
        if before == after and 0 < before[0] < 3:
            assert charged_wh == added_wh, ("charged", charged_wh, added_wh)

    def _judge_credit(self, board):
        """Each purchase counts once, also the one under way, also when it is sent again."""
        told = self.truth.credited
        pending = self.truth.command
        is_purchase = pending is not None and pending[4] == commands.CREDIT
        for body in (self.truth.last_command, pending, pending):
            if body and body[4] == commands.CREDIT:
                board.apply(body, self.now_s, self.uptime_s)
        bought = set(told)
        for digits in (self.truth.last_token, self.truth.token, self.truth.token):
            if digits:
                cut_story.enter(board, digits, self.now_s, self.uptime_s)
        if self.truth.token == cut_story.make_voucher():
            bought.add(cut_story.VOUCHER)
        if is_purchase and board.receipt_stage == commands.STAGE_APPLIED:
            bought.add((pending[5][1], pending[5][2]))
        for unit, index in ((1, ledger.CREDITED_WH), (2, ledger.CREDITED_PAISE)):
            expected = sum(amount for kind, amount in bought if kind == unit)
            found = board._values[index]
            assert found == expected, ("credit", unit, found, expected)

    def _judge_readings_go_on(self, board, store):
        self._tick(board, 900)
        self._tick(board, 60)
        last = store.readings.last
        assert self.is_set is False or last >= self.truth.readings, "no reading"
        self._compare_order(
            store.readings, journal.unpack_reading, max(1, self.truth.readings - 3)
        )
        self._compare_order(store.events, None, max(1, self.truth.events - 3))

    def _compare_order(self, ring, unpack, first):
        buffer = bytearray(ring.record_bytes)
        end_s = -1
        for sequence in range(first, ring.last + 1):
            assert ring.read(sequence, buffer), ("a hole", sequence)
            if unpack:
                reading = unpack(buffer)
                assert reading[1] > end_s, ("a reading twice", sequence, reading[1], end_s)
                end_s = reading[1]


def main(parameters):
    """Run what `simulator/cuts.py` asked for, and print it."""
    parameters = json.loads(parameters)
    trial = Trial(parameters["store"], parameters["short"])
    trial.run(parameters["first"], parameters["step"], parameters["only"])
    facts = {
        "store": trial.name,
        "writes": len(trial.operations),
        "cuts": trial.cuts,
        "violations": trial.violations,
    }
    print(json.dumps(facts))
    sys.stdout.flush() if hasattr(sys.stdout, "flush") else None
