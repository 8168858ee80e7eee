"""What the headend takes in: every record once, every bad message counted, no early promise."""

import pytest
from django.db import OperationalError

from controller.fleet import queries as fleet
from controller.fleet.models import Meter, MeterState
from controller.headend import ingest
from controller.headend.models import Refusal, SignedMessage
from controller.readings import queries
from controller.readings.models import Event, Gap, Reading
from controller.readings.signals import events_stored
from protocol import messages

pytestmark = pytest.mark.usefixtures("clock")


def refusals() -> dict[tuple[str, str], int]:
    return {(row.meter, row.reason): row.count for row in Refusal.objects.all()}


def acknowledged(board, answers) -> list[tuple[int, int]]:
    """(kind, through) of each acknowledgement."""
    opened = [board.open(answer) for answer in answers]
    assert all(kind == messages.ACK for kind, _counter, _body in opened)
    return [(body[0], body[1]) for _kind, _counter, body in opened]


def test_readings_are_stored_with_their_signed_message_and_acknowledged(board):
    arrival = board.readings(1, 2, 3)
    assert acknowledged(board, ingest.handle([arrival])) == [(messages.READINGS, 3)]
    third = Reading.objects.get(sequence=3)
    assert (third.energy_wh, third.balance, third.charged_total) == (300, 9_997, 3)
    assert bytes(third.message.envelope) == arrival[1]
    assert MeterState.objects.get().received_s == 200_000_000


def test_a_batch_of_many_meters_gets_one_answer_each(make_board):
    boards = [make_board(f"M{n}") for n in range(5)]
    answers = ingest.handle([b.readings(1) for b in boards] + [b.readings(2) for b in boards])
    assert [answer[0] for answer in answers] == [f"bijli/1/M{n}/down/ack" for n in range(5)]
    assert all(acknowledged(b, [a]) == [(2, 2)] for b, a in zip(boards, answers, strict=True))


def test_hello_is_answered_with_the_time_and_its_nonce(board):
    [answer] = ingest.handle([board.hello(k1=8, k14=123)])
    assert board.open(answer) == (
        messages.ACK, 1, {0: messages.HELLO, 1: 0, 2: 200_000_000, 3: b"77777777"},
    )  # fmt: skip
    state = MeterState.objects.get()
    assert (state.firmware, state.boots, state.reset_cause) == ("bijli 0.1", 5, 1)
    assert (state.holds, state.wait_until_s, state.clock_state) == (8, 123, 2)


def test_a_status_that_was_overtaken_does_not_undo_a_newer_one(board):
    older = board.send(messages.STATUS, board.status(k3=100))
    newer = board.send(messages.STATUS, board.status(k3=200))
    assert ingest.handle([newer, older]) == []
    assert MeterState.objects.get().power_w == 200


def test_fields_that_only_newer_boards_send_are_kept_known_by_name_or_not(board):
    ingest.handle([board.send(messages.STATUS, board.status(k24=4200, k35=2, k40=-7))])
    assert MeterState.objects.get().further == {"maximum_demand_w": 4200, "tampers": 2, "40": -7}
    ingest.handle([board.send(messages.STATUS, board.status())])
    assert MeterState.objects.get().further == {}


def test_a_board_whose_clock_is_not_set_has_reported_all_the_same(board):
    ingest.handle([board.send(messages.STATUS, board.status(k0=0, k2=1), sent_s=0)])
    assert fleet.supply(MeterState.objects.get()) == "on"


@pytest.mark.parametrize("together", [True, False], ids=["one batch", "one by one"])
def test_readings_that_overtake_each_other_are_acknowledged_up_to_the_hole(board, together):
    first, second, third = board.readings(1, 2), board.readings(3, 4), board.readings(5)
    if together:
        assert acknowledged(board, ingest.handle([third, first, second])) == [(2, 5)]
    else:
        through = [acknowledged(board, ingest.handle([one])) for one in (third, first, second)]
        assert through == [[(2, 0)], [(2, 2)], [(2, 5)]]
    assert queries.missing_sequences("BHK01") == []


def test_a_reading_sent_again_in_another_message_is_stored_once(board):
    ingest.handle([board.readings(1, 2)])
    assert acknowledged(board, ingest.handle([board.readings(2, 3)])) == [(2, 3)]
    assert list(Reading.objects.values_list("sequence", flat=True)) == [1, 2, 3]


def test_events_are_told_once_to_whoever_listens(board):
    heard = []

    def listen(sender, meter_id, events, **_named):
        heard.append((meter_id, [event.sequence for event in events]))

    events_stored.connect(listen)
    try:
        ingest.handle([board.events(1, 2)])
        ingest.handle([board.events(2, 3)])
    finally:
        events_stored.disconnect(listen)
    assert heard == [("BHK01", [1, 2]), ("BHK01", [3])]


def test_records_that_the_meter_lost_become_a_gap_and_are_acknowledged_past(board):
    ingest.handle([board.readings(1, 2)])
    ingest.handle([board.readings(5)])
    ingest.handle([board.hello(first_reading=8, first_event=3, k18=9, k19=4)])
    gaps = [(gap.kind, gap.first, gap.last) for gap in Gap.objects.all()]
    assert gaps == [("events", 1, 2), ("readings", 3, 4), ("readings", 6, 7)]
    assert acknowledged(board, ingest.handle([board.readings(8, 9)])) == [(2, 9)]
    assert queries.missing_sequences("BHK01") == [(3, 4), (6, 7)]


def test_a_hello_cannot_claim_to_have_lost_more_than_it_ever_had(board):
    ingest.handle([board.hello(first_reading=1_000_000, k18=2)])
    assert [(gap.first, gap.last) for gap in Gap.objects.all()] == [(1, 2)]
    assert acknowledged(board, ingest.handle([board.readings(3)])) == [(2, 3)]


# --- bad input ------------------------------------------------------------------------------


def flip(payload: bytes, index: int) -> bytes:
    return payload[:index] + bytes([payload[index] ^ 1]) + payload[index + 1 :]


BAD_PAYLOADS = [
    ("truncated", lambda payload: payload[:-1], "undecodable"),
    ("empty", lambda payload: b"", "undecodable"),
    ("flipped bit in the tag", lambda payload: flip(payload, len(payload) - 1), "authentication"),
    ("flipped bit in a value", lambda payload: flip(payload, len(payload) - 40), "authentication"),
    ("oversized", lambda payload: payload + bytes(5_000), "too large"),
    ("something after the end", lambda payload: payload + b"\0", "undecodable"),
    ("not CBOR at all", lambda payload: b"hello", "undecodable"),
]


@pytest.mark.parametrize(
    ("spoil", "reason"), [row[1:] for row in BAD_PAYLOADS], ids=[row[0] for row in BAD_PAYLOADS]
)
def test_a_spoiled_message_is_counted_and_costs_the_others_nothing(
    board, make_board, spoil, reason
):
    other = make_board("BHK02")
    topic, payload = board.readings(1)
    answers = ingest.handle([other.readings(1), (topic, spoil(payload)), other.readings(2)])
    assert acknowledged(other, answers) == [(2, 2)]
    assert refusals() == {("BHK01", reason): 1}
    # The genuine message still counts afterwards: a forgery uses up no counter.
    assert acknowledged(board, ingest.handle([(topic, payload)])) == [(2, 1)]


def test_a_message_sealed_with_another_meters_key_is_refused(board, make_board):
    other = make_board("BHK02")
    _topic, payload = other.readings(1)
    assert ingest.handle([("bijli/1/BHK01/up/readings", payload)]) == []
    assert refusals() == {("BHK01", "authentication"): 1}


def test_an_unknown_meter_is_counted_by_its_name(board):
    _topic, payload = board.readings(1)
    assert ingest.handle([("bijli/1/NOBODY/up/readings", payload)] * 2) == []
    assert refusals() == {("NOBODY", "unknown meter"): 2}


def test_names_without_end_do_not_fill_the_table(board, monkeypatch):
    monkeypatch.setattr(ingest, "REFUSED_METERS_MAX", 3)
    for n in range(9):
        ingest.handle([(f"bijli/1/X{n}/up/readings", b"")])
    assert refusals() == {
        ("X0", "unknown meter"): 1, ("X1", "unknown meter"): 1, ("X2", "unknown meter"): 1,
        ("*", "unknown meter"): 6,
    }  # fmt: skip


@pytest.mark.parametrize(
    "topic", ["bijli/1/BHK01/down/ack", "bijli/2/BHK01/up/readings", "x", "bijli/1/bhk/up/hello"]
)
def test_a_topic_that_is_none_of_ours_is_counted(board, topic):
    assert ingest.handle([(topic, b"")]) == []
    assert refusals() == {("", "bad topic"): 1}


def test_a_message_delivered_twice_is_stored_once_counted_and_acknowledged_again(board):
    arrival = board.readings(1)
    assert acknowledged(board, ingest.handle([arrival, arrival])) == [(2, 1)]
    assert acknowledged(board, ingest.handle([arrival])) == [(2, 1)]
    assert (Reading.objects.count(), SignedMessage.objects.count()) == (1, 1)
    assert refusals() == {("BHK01", "duplicate"): 2}


def test_an_old_message_played_back_is_refused(board):
    old = board.readings(1)
    ingest.handle([old])
    ingest.handle([board.readings(2, counter=100)])
    assert ingest.handle([old]) == []
    assert refusals() == {("BHK01", "replayed"): 1}


def test_a_message_that_cannot_be_stored_is_counted_and_the_rest_is_stored(board, make_board):
    other = make_board("BHK02")

    def stumble(sender, meter_id, events, **_named):
        if meter_id == "BHK01":
            raise ZeroDivisionError

    events_stored.connect(stumble)
    try:
        answers = ingest.handle([other.events(1), board.events(1), other.events(2)])
    finally:
        events_stored.disconnect(stumble)
    assert [acknowledged(other, [answer]) for answer in answers] == [[(3, 1)], [(3, 2)]]
    assert refusals() == {("BHK01", "not storable"): 1}
    assert Event.objects.filter(meter_id="BHK01").count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_locked_database_is_tried_again_and_nothing_is_acknowledged_before(board, monkeypatch):
    monkeypatch.setattr(ingest, "PAUSE_S", 0)
    failures = [OperationalError("database is locked")] * 2

    def lock(sender, meter_id, events, **_named):
        if failures:
            raise failures.pop()

    events_stored.connect(lock)
    try:
        answers = ingest.handle([board.events(1)])
    finally:
        events_stored.disconnect(lock)
    assert acknowledged(board, answers) == [(3, 1)]
    assert Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_database_that_stays_locked_keeps_the_board_waiting(board, monkeypatch):
    monkeypatch.setattr(ingest, "PAUSE_S", 0)

    def lock(sender, meter_id, events, **_named):
        raise OperationalError("database is locked")

    arrival = board.events(1)
    events_stored.connect(lock)
    try:
        with pytest.raises(OperationalError):
            ingest.handle([arrival])
    finally:
        events_stored.disconnect(lock)
    assert (Event.objects.count(), Meter.objects.get().uplink_highest) == (0, 0)
    assert acknowledged(board, ingest.handle([arrival])) == [(3, 1)]


def test_answers_carry_ever_higher_counters(board):
    answers = [a for n in range(1, 4) for a in ingest.handle([board.readings(n)])]
    assert [board.open(answer)[1] for answer in answers] == [1, 2, 3]
    assert Meter.objects.get().downlink_counter == 3


def test_a_hello_that_a_later_boots_hello_has_overtaken_says_nothing_new(board):
    earlier = board.hello()
    later = board.send(messages.HELLO, {
        0: "bijli 0.2", 1: b"8" * 8, 2: 3, 3: 6, 4: board.status(), 5: 2, 6: 1, 7: 1,
    })  # fmt: skip
    ingest.handle([later])
    ingest.handle([earlier])
    state = MeterState.objects.get(meter="BHK01")
    assert (state.firmware, state.boots, state.messages_refused) == ("bijli 0.2", 6, 2)


def test_the_largest_values_that_a_board_may_say_are_stored_and_cost_no_other_message(make_board):
    """Flat package, readings begun anew, unknown codes, every status field at its end."""
    wild, good = make_board("WILD"), make_board("GOOD")
    whole = 10**12
    reading = [1, 2**30 - 1, 255, whole, whole, 0, 0, 0, 200_000, 0, 1000, 86_400, 3]
    events = [[1, 2**30 - 1, 3, 65_535, whole], [2, 0, 0, messages.EVENT_PAID_UNTIL, -whole]]
    status = wild.status(k1=511, k6=-whole, k7=3, k13=100_000, k21=4, k31=2**30 - 1)
    answers = ingest.handle(
        [
            wild.send(messages.READINGS, {0: [[*reading, -whole, 2**30 - 1, whole]]}),
            wild.send(messages.EVENTS, {0: events}),
            wild.send(messages.STATUS, status | dict.fromkeys(range(36, 64), -whole)),
            good.readings(1),
        ]
    )
    assert acknowledged(wild, answers[:2]) == [(messages.READINGS, 1), (messages.EVENTS, 2)]
    assert acknowledged(good, answers[2:]) == [(messages.READINGS, 1)]
    assert refusals() == {}
    assert MeterState.objects.get(meter="WILD").further["63"] == -whole
