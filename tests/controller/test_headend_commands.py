"""Commands: one at a time to a meter, and their state changes by the board's word alone."""

import pytest

from controller.audit.models import AuditEvent
from controller.errors import Refused
from controller.fleet.models import Meter
from controller.headend import ingest, outbox, queries, rules, services
from controller.headend.models import Command
from controller.headend.signals import command_finished
from protocol import messages

NOW_S = 200_000_000
RECEIVED, APPLIED, REFUSED, EXPIRED = 1, 2, 3, 4

pytestmark = pytest.mark.usefixtures("clock")


def queue(name="disconnect", arguments=None, **options) -> Command:
    return services.queue_command("BHK01", name, arguments or {}, actor="meena", **options)


def sent(board) -> list[tuple[str, dict]]:
    """(command id, body) of what the outbox sends now."""
    opened = [board.open(publication) for publication in outbox.take_due()]
    assert all(kind == messages.COMMAND for kind, _counter, _body in opened)
    return [(body[0].hex(), body) for _kind, _counter, body in opened]


def answer(board, command: Command, stage: int, reason: int = 0, result=None) -> str:
    """The command's state after a receipt."""
    ingest.handle([board.receipt(bytes.fromhex(command.pk), stage, reason, result)])
    return Command.objects.get(pk=command.pk).state


@pytest.fixture
def finished():
    """The (id, state) of each command that was announced as finished."""
    heard: list[tuple[str, str]] = []

    def listen(sender, command, **_named):
        heard.append((command.pk, command.state))

    command_finished.connect(listen)
    yield heard
    command_finished.disconnect(listen)


def test_a_command_is_recorded_with_who_gave_it_and_sent_as_the_wire_wants_it(board):
    command = queue("credit", {0: b"8 bytes!", 1: 2, 2: 5_000})
    assert AuditEvent.objects.get(action="queue command").detail == {
        "command": command.pk, "name": "credit",
        "arguments": {"0": {"hex": b"8 bytes!".hex()}, "1": 2, "2": 5_000},
    }  # fmt: skip
    [(command_id, body)] = sent(board)
    assert command_id == command.pk
    assert [body[key] for key in (1, 2, 3, 4)] == [
        NOW_S, 0, NOW_S + 86_400, 4,
    ]  # fmt: skip
    assert body[5] == {0: b"8 bytes!", 1: 2, 2: 5_000}


def test_sent_is_not_delivered_and_delivered_is_not_applied(board, finished):
    command = queue()
    assert command.state == "queued"
    sent(board)
    assert Command.objects.get().state == "sent"
    assert answer(board, command, RECEIVED) == "received"
    assert finished == []
    assert answer(board, command, APPLIED) == "applied"
    assert finished == [(command.pk, "applied")]


@pytest.mark.parametrize(
    ("stage", "reason", "state"),
    [(APPLIED, 0, "applied"), (REFUSED, 6, "refused"), (EXPIRED, 12, "expired")],
)
def test_the_last_receipt_counts_even_when_the_first_was_lost(
    board, finished, stage, reason, state
):
    command = queue()
    sent(board)
    assert answer(board, command, stage, reason) == state
    assert answer(board, command, RECEIVED) == state
    assert answer(board, command, stage, reason) == state
    assert finished == [(command.pk, state)]
    assert [r.stage for r in Command.objects.get().receipts.all()] == [stage, RECEIVED]


def test_a_refusal_carries_the_boards_reason(board):
    command = queue()
    sent(board)
    answer(board, command, REFUSED, 6)
    assert queries.reason_text(Command.objects.get().reason) == "programme version not newer"


def test_the_result_of_a_command_is_kept(board):
    command = queue("read_registers")
    sent(board)
    answer(board, command, APPLIED, result={0: 12, 1: b"\x01"})
    assert Command.objects.get().result == {"0": 12, "1": {"hex": "01"}}


def test_commands_to_one_meter_go_one_at_a_time_in_their_order(board):
    first, second = queue("disconnect"), queue("reconnect")
    assert [command_id for command_id, _body in sent(board)] == [first.pk]
    assert sent(board) == []
    answer(board, first, RECEIVED)
    assert sent(board) == []
    answer(board, first, APPLIED)
    assert [command_id for command_id, _body in sent(board)] == [second.pk]


def test_a_command_for_later_does_not_hold_up_the_others(board, clock):
    later = queue("disconnect", not_before_s=NOW_S + 600)
    now = queue("reconnect")
    assert [command_id for command_id, _body in sent(board)] == [now.pk]
    answer(board, now, APPLIED)
    clock(NOW_S + 600)
    assert [command_id for command_id, _body in sent(board)] == [later.pk]


def test_without_a_receipt_the_same_command_goes_again_with_a_new_counter(board, clock):
    command = queue()
    [first] = outbox.take_due()
    clock(NOW_S + 59)
    assert outbox.take_due() == []
    clock(NOW_S + 60)
    [second] = outbox.take_due()
    (_, first_counter, first_body), (_, second_counter, second_body) = map(
        board.open, (first, second)
    )
    assert second_counter > first_counter
    assert first_body == second_body
    assert Command.objects.get().sends == 2
    assert command.pk == second_body[0].hex()


def test_the_waits_between_sendings_double_up_to_an_hour_and_end():
    waits = [rules.next_send_s(n, 0, 86_400) for n in range(1, 9)]
    assert waits == [60, 120, 240, 480, 960, 1_920, 3_600, 3_600]
    assert rules.next_send_s(rules.SENDS_MAX, 0, 86_400) > 86_400


def test_a_meter_that_says_hello_gets_its_command_again_at_once(board):
    command = queue()
    sent(board)
    ingest.handle([board.hello()])
    assert [command_id for command_id, _body in sent(board)] == [command.pk]


def test_a_command_that_was_sent_as_often_as_may_be_still_goes_to_a_meter_that_comes_back(
    board, clock
):
    """The broker forgets what waits for a meter that is away for long; we must not."""
    command = queue(ttl_s=30 * 86_400)
    for hour in range(rules.SENDS_MAX):
        clock(NOW_S + hour * rules.RESEND_LONGEST_S)
        assert len(sent(board)) == 1
    clock(NOW_S + 20 * 86_400)
    assert sent(board) == []
    ingest.handle([board.hello()])
    assert [command_id for command_id, _body in sent(board)] == [command.pk]
    assert sent(board) == []


def test_a_command_that_is_never_answered_gives_way_to_the_next_in_the_end(board, clock):
    """A paid credit that the board cannot read must not keep it connected for a month."""
    queue("credit", {0: b"8 bytes!", 1: 2, 2: 5_000}, ttl_s=30 * 86_400)
    after = queue("disconnect", ttl_s=30 * 86_400)
    for hour in range(rules.SENDS_MAX):
        clock(NOW_S + hour * rules.RESEND_LONGEST_S)
        [(command_id, _body)] = sent(board)
        assert command_id != after.pk
    assert [command_id for command_id, _body in sent(board)] == [after.pk]


def test_a_meter_whose_key_does_not_open_holds_up_no_other(board, make_board):
    other = make_board("BHK02")
    Meter.objects.filter(pk="BHK01").update(root_key_sealed=bytes(60))
    spoilt = queue()
    fine = services.queue_command("BHK02", "disconnect", {}, actor="meena")
    assert [command_id for command_id, _body in sent(other)] == [fine.pk]
    spoilt.refresh_from_db()
    assert (spoilt.state, spoilt.sends) == ("queued", 0)
    assert spoilt.next_send_s == NOW_S + rules.RESEND_LONGEST_S


def test_what_the_clock_ends_is_in_the_audit_trail(board, clock):
    silent, never_sent = queue(ttl_s=60), queue(ttl_s=60)
    sent(board)
    clock(NOW_S + 61 + rules.GRACE_S)
    sent(board)
    ended = AuditEvent.objects.filter(actor="headend").order_by("pk")
    assert [(event.action, event.detail["command"]) for event in ended] == [
        ("command unconfirmed", silent.pk),
        ("command expired", never_sent.pk),
    ]


def test_a_command_that_was_never_sent_expires(board, clock, finished):
    command = queue(ttl_s=60)
    clock(NOW_S + 61)
    assert sent(board) == []
    assert finished == [(command.pk, "expired")]
    assert Command.objects.get().sends == 0


def test_a_sent_command_without_an_answer_stays_open_to_a_late_one(board, clock, finished):
    command, after = queue(ttl_s=60), queue("reconnect", ttl_s=600)
    sent(board)
    clock(NOW_S + 61)
    assert [command_id for command_id, _body in sent(board)] == [after.pk]
    clock(NOW_S + 61 + rules.GRACE_S)
    sent(board)
    assert Command.objects.get(pk=command.pk).state == "unconfirmed"
    assert finished == []
    assert answer(board, command, APPLIED) == "applied"
    assert finished == [(command.pk, "applied")]


def test_a_receipt_for_a_command_of_another_meter_changes_nothing(board, make_board):
    other = make_board("BHK02")
    command = queue()
    sent(board)
    assert answer(other, command, APPLIED) == "sent"


@pytest.mark.parametrize(
    ("name", "arguments", "options", "match"),
    [
        ("explode", {}, {}, "no command 'explode'"),
        ("disconnect", {0: 1}, {}, "not acceptable"),
        ("credit", {0: b"8 bytes!", 1: 2, 2: -5}, {}, "not acceptable"),
        ("credit", {0: b"8 bytes!", 1: 4, 2: 5}, {}, "not acceptable"),
        ("credit", {0: b"short", 1: 2, 2: 5}, {}, "not acceptable"),
        ("set_programme", {0: b"\xa0"}, {}, "not acceptable"),
        ("show_message", {0: "x" * 33, 1: 5}, {}, "not acceptable"),
        ("rotate_key", {}, {}, "not supported"),
        ("disconnect", {}, {"ttl_s": 0}, "expire"),
        ("disconnect", {}, {"ttl_s": 60, "not_before_s": NOW_S + 60}, "expire"),
    ],
)
def test_bad_input_is_refused_at_the_desk_and_leaves_nothing(
    board, name, arguments, options, match
):
    with pytest.raises(Refused, match=match):
        queue(name, arguments, **options)
    assert not Command.objects.exists()
    assert not AuditEvent.objects.filter(action="queue command").exists()


def test_a_command_for_an_unknown_meter_is_refused(db):
    with pytest.raises(Refused, match="no meter 'NOBODY'"):
        services.queue_command("NOBODY", "disconnect", {}, actor="meena")


def test_the_queue_of_a_meter_has_an_end(board, monkeypatch):
    monkeypatch.setattr(services, "QUEUE_MAX", 2)
    queue()
    queue()
    with pytest.raises(Refused, match="2 commands waiting"):
        queue()


def test_the_history_shows_the_newest_first_with_receipts(board):
    first, second = queue(), queue("reconnect")
    assert [c.pk for c in queries.command_history("BHK01")] == [second.pk, first.pk]
