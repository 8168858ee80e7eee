"""The outbox: consumers are told once, in their language, and what becomes of it is noted."""

import logging
import os
import signal
import threading

import pytest
from django.db import connection, transaction
from requests import post as requests_post

from controller.audit.models import AuditEvent
from controller.consumers import services as consumers
from controller.contact import services as contact
from controller.errors import Refused
from controller.notices import __main__ as worker
from controller.notices import delivery, queries, rules, services
from controller.notices.models import Message, Route
from controller.notices.sink import Sink
from controller.profile import services as profile
from controller.requests import services as requests
from tests.controller.conftest import NOW_S

BILL = {
    "number": "BHKATS01112-2026-10",
    "month": "2026-10",
    "amount_paise": 98_794,
    "due_s": 217_000_000,
}


@pytest.fixture
def sink(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Sink() as running:
        yield running


@pytest.fixture
def consumer(db, clock):
    consumers.add_plant(code="KATS", state="BH", name="Katsa", actor="admin")
    added = consumers.add_consumer(
        plant_code="KATS", name="Sunita Devi", pole=11, number=12, sanctioned_load_w=500,
        phone="+919431012345", actor="admin",
    )  # fmt: skip
    profile.change(name="utility_name", value="Katsa Mini Grid", actor="admin")
    return added


@pytest.fixture
def route(consumer, sink):
    return services.set_route(channel="sms", url=sink.url, actor="admin")


def send(consumer, key="bill 1", **changed):
    wanted = {"template": "bill_issued", "values": BILL} | changed
    return services.send(key=key, consumer_id=consumer.pk, actor="billing", **wanted)


def test_a_notice_is_sent_once_and_noted(consumer, route, sink):
    """MG-10d: delivery is recorded."""
    first = send(consumer)
    assert send(consumer) == first
    assert services.deliver() == (1, 0, 0)
    assert services.deliver() == (0, 0, 0)
    assert [taken.recipient for taken in sink.taken] == ["+919431012345"]
    assert sink.taken[0].body.startswith("Katsa Mini Grid: Electricity bill")
    assert sink.taken[0].title == ""
    first.refresh_from_db()
    assert (first.state, first.tries, first.finished_s) == ("sent", 1, NOW_S)
    assert first.provider_reference == "JSON"


def test_the_consumers_language_is_spoken(consumer, route, sink):
    """MG-10: three languages."""
    consumer.language = "hi"
    consumer.save()
    assert send(consumer).language == "hi"
    services.deliver()
    assert "बिजली बिल" in sink.taken[0].body


def test_an_email_has_a_subject(consumer, sink):
    services.set_route(channel="email", url=sink.url, actor="admin")
    consumer.phone, consumer.email = "", "sunita@example.org"
    consumer.save()
    assert send(consumer).channel == "email"
    services.deliver()
    assert (sink.taken[0].recipient, sink.taken[0].title) == (
        "sunita@example.org", "Electricity bill",
    )  # fmt: skip


def test_who_cannot_be_reached_is_seen_in_the_outbox(consumer, route):
    consumer.phone = ""
    consumer.save()
    message = send(consumer)
    assert (message.state, message.last_error) == ("given_up", "no phone number or address")


def test_a_provider_that_is_down_is_asked_again_later_and_later_and_then_no_more(
    consumer, route, sink, clock
):
    sink.broken = True
    message = send(consumer)
    now_s = NOW_S
    for tries in range(1, rules.TRIES_MAX):
        assert services.deliver() == (0, 1, 0)
        assert services.deliver() == (0, 0, 0)
        message.refresh_from_db()
        assert (message.state, message.tries) == ("failed", tries)
        assert message.next_try_s == now_s + rules.back_off_s(tries)
        now_s = message.next_try_s
        clock(now_s)
    assert services.deliver() == (0, 0, 1)
    assert services.deliver() == (0, 0, 0)
    assert len(sink.taken) == 0


def test_a_provider_that_comes_back_gets_what_waited(consumer, route, sink, clock):
    sink.broken = True
    for number in range(3):
        send(consumer, key=f"bill {number}")
    assert services.deliver() == (0, 3, 0)
    sink.broken = False
    clock(NOW_S + rules.BACK_OFF_FIRST_S)
    assert services.deliver(limit=2) == (2, 0, 0)
    assert services.deliver(limit=2) == (1, 0, 0)


def test_without_a_provider_messages_wait_until_they_are_too_old(consumer, clock):
    send(consumer)
    assert services.deliver() == (0, 0, 0)
    assert queries.waiting() == 1
    clock(NOW_S + rules.LIVES_S)
    assert services.deliver() == (0, 0, 1)
    assert queries.counts() == {"given_up": 1}


def test_a_message_whose_sender_died_is_sent_after_the_lease(consumer, route, sink, clock):
    send(consumer)
    assert len(services._claim(["sms"], 5)) == 1  # and then the power fails
    assert services.deliver() == (0, 0, 0)
    clock(NOW_S + rules.LEASE_S)
    assert services.deliver() == (1, 0, 0)


def test_a_sender_that_comes_too_late_changes_nothing(consumer, route, sink, clock):
    send(consumer)
    (slow,) = services._claim(["sms"], 1)
    clock(NOW_S + rules.LEASE_S)
    assert services.deliver() == (1, 0, 0)
    services._note(slow, delivery.Outcome(False, "JSON"))
    assert queries.counts() == {"sent": 1}


def test_two_senders_at_once_send_each_message_once(consumer, route, sink, shared_database):
    """The outbox may be emptied by several processes."""
    for number in range(6):
        send(consumer, key=f"bill {number}")
    workers = [threading.Thread(target=_deliver_and_close) for _ in range(2)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    assert len(sink.taken) == 6
    assert queries.counts() == {"sent": 6}


def _deliver_and_close():
    try:
        services.deliver()
    finally:
        connection.close()


def test_a_one_time_code_reaches_the_phone_and_stands_nowhere_else(consumer, route, sink, caplog):
    """MG-11: the code is sealed until it is sent, and forgotten then; no log has it."""
    caplog.set_level(logging.DEBUG)
    edit = contact.request_edit(
        consumer_id=consumer.pk, changes={"phone": "+919431099999"}, channel="agent",
        actor="meena",
    )  # fmt: skip
    stored = Message.objects.get(template="otp", recipient="+919431012345")
    assert (stored.body, bool(stored.sealed)) == ("", True)
    assert services.deliver().sent == Message.objects.filter(template="otp").count()
    body = next(taken.body for taken in sink.taken if taken.recipient == "+919431012345")
    code = body.split(" is the code")[0].rpartition(" ")[2]
    assert len(code) == 6
    stored.refresh_from_db()
    assert (stored.state, stored.body, bytes(stored.sealed)) == ("sent", "", b"")
    everywhere = (
        caplog.text + str(list(AuditEvent.objects.values())) + str(list(Message.objects.values()))
    )
    assert code not in everywhere.replace(stored.recipient, "")
    assert "9431012345" not in caplog.text
    assert edit.pk


def test_a_code_that_is_too_old_is_not_sent(consumer, route, sink, clock):
    send(consumer, template="otp", values={"code": "123456", "minutes": 10})
    clock(NOW_S + rules.CODE_LIVES_S)
    assert services.deliver() == (0, 0, 1)
    assert len(sink.taken) == 0
    assert bytes(Message.objects.get().sealed) == b""


def test_a_service_request_tells_the_consumer_at_each_step(consumer, route, sink):
    """MG-12: confirmation when submitted, notice when completed."""
    request = requests.submit(
        consumer_id=consumer.pk, kind="outage", text="no light", channel="agent", actor="meena"
    )
    services.deliver()
    assert f"We have your service request {request.pk}" in sink.taken[0].body


def test_a_notice_is_taken_back_with_what_it_told_of(consumer):
    """It is part of the caller's transaction."""
    with pytest.raises(Refused, match="no phone number"):
        _tell_and_fail(consumer)
    assert Message.objects.count() == 0


@transaction.atomic
def _tell_and_fail(consumer):
    send(consumer)
    rules.read_recipient("sms", "what the caller did fails after that")


def test_the_worker_empties_the_outbox_until_it_is_told_to_end(consumer, route, sink, monkeypatch):
    monkeypatch.setattr("django.db.close_old_connections", lambda: None)  # the test's own stays
    send(consumer)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    ending = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM))
    ending.start()
    try:
        worker.main()
    finally:
        ending.join()
        for number, handler in before.items():
            signal.signal(number, handler)
    assert queries.counts() == {"sent": 1}


def test_a_provider_is_kept_sealed_and_never_named_in_the_trail(consumer, sink):
    """Its address holds a password."""
    url = "jsons://user:s3cret@example.org/{recipient}"
    services.set_route(channel="sms", url=url, actor="admin")
    row = str(list(Route.objects.values())) + str(list(AuditEvent.objects.values()))
    assert "s3cret" not in row
    assert queries.routes() == {"sms": url}


def test_the_environment_may_name_the_provider(consumer, settings):
    settings.BIJLI_NOTICE_ROUTES = {"sms": "json://127.0.0.1:1/{recipient}", "email": ""}
    assert queries.routes() == {"sms": "json://127.0.0.1:1/{recipient}"}


@pytest.mark.parametrize(
    ("channel", "url"),
    [
        ("sms", "json://127.0.0.1/"),
        ("sms", "nonsense://{recipient}"),
        ("sms", "{recipient}"),
        ("pigeon", "json://127.0.0.1/{recipient}"),
    ],
)
def test_a_route_without_a_provider_is_refused(consumer, channel, url):
    with pytest.raises(Refused) as refused:
        services.set_route(channel=channel, url=url, actor="admin")
    assert "nonsense" not in str(refused.value)


@pytest.mark.parametrize("wanted", [{}, {"recipient": "x", "channel": "sms"}])
def test_a_notice_to_nobody_is_refused(db, clock, wanted):
    with pytest.raises(Refused):
        services.send(template="reconnected", key="k", actor="a", **wanted)


def test_the_sink_keeps_what_came_and_refuses_nonsense(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    file = tmp_path / "sent.jsonl"
    with Sink(file=file) as sink:
        place = sink.url.replace("json://", "http://").format(recipient="%2B91")
        assert requests_post(place, data=b"[]", timeout=5).status_code == 400
        told = b'{"title": "t", "message": "m", "type": "info"}'
        assert requests_post(place, data=told, timeout=5).status_code == 200
    assert list(sink.taken) == [("+91", "t", "m")]
    assert file.read_text() == '{"recipient": "+91", "title": "t", "body": "m"}\n'
    assert file.stat().st_mode & 0o077 == 0
