"""From a batch of uplink messages to rows and acknowledgements, in one transaction.

Sans-I/O towards the broker: `handle` takes (topic, payload) pairs and returns those to publish.
What it returns is committed, so that an acknowledgement never promises what could be lost.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import OperationalError, close_old_connections, connection, transaction
from django.db.models import F

from controller import clock
from controller.fleet import rules as fleet
from controller.fleet.models import Meter, MeterState
from controller.headend import downlink, receipt, rules
from controller.headend.arrival import Arrival, open_arrival, read_topic, reason_of
from controller.headend.downlink import Publication, lock_meters
from controller.headend.models import PENDING, Command, Refusal, SignedMessage
from controller.headend.signals import meters_locking
from controller.readings import services as readings
from protocol import messages
from protocol.errors import ProtocolError

log = logging.getLogger(__name__)

ATTEMPTS_MAX = 5  # each waits LOCK_WAIT_S for the database before it fails
PAUSE_S = 0.2
REFUSED_METERS_MAX = 1_000  # beyond, refusals of further unknown names are counted together
EVERY_OTHER_METER = "*"
WORDS = (messages.RECEIPT, messages.EVENTS)  # kinds that may change what belongs to a consumer

METER_FIELDS = ("uplink_highest", "uplink_window", "downlink_counter")
STATE_FIELDS = tuple(
    field.name for field in MeterState._meta.concrete_fields if not field.primary_key
)

Refusals = Counter[tuple[str, str]]  # (meter, reason)
Result = TypeVar("Result")


def handle(batch: Sequence[Publication]) -> list[Publication]:
    """Stores a batch and returns the acknowledgements, in the order of the downlink counters.

    A message that cannot be stored is counted and costs the others nothing. Raises
    OperationalError when the database stays locked or away: nothing is then stored and nothing
    acknowledged, and the boards will send again.
    """
    try:
        return _in_transaction(lambda: _store(batch))
    except OperationalError:
        raise
    except Exception:
        log.exception("a batch of %d could not be stored; trying one by one", len(batch))
        return [answer for message in batch for answer in _handle_alone(message)]


def _handle_alone(message: Publication) -> list[Publication]:
    try:
        return _in_transaction(lambda: _store([message]))
    except OperationalError:
        raise
    except Exception:
        log.exception("a message on %s cannot be stored", message[0])
        refused = Refusals({(message[0].split("/")[2][:16], rules.NOT_STORABLE): 1})
        _in_transaction(lambda: _count(refused, clock.now_s()))
        return []


def _in_transaction(action: Callable[[], Result]) -> Result:
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            with transaction.atomic():
                return action()
        except OperationalError as error:
            if attempt == ATTEMPTS_MAX or connection.in_atomic_block:
                raise
            log.warning("the database is busy or away (%s); attempt %d", error, attempt)
            close_old_connections()
            time.sleep(PAUSE_S * attempt)
    raise AssertionError("not reached")


def _store(batch: Sequence[Publication]) -> list[Publication]:
    now_s = clock.now_s()
    refused = Refusals()
    arrivals = _open_all(batch, refused)
    signed = _store_envelopes(arrivals, now_s)
    _store_records(readings.READINGS, messages.READINGS, signed)
    _store_records(readings.EVENTS, messages.EVENTS, signed)
    for arrival, message in signed:
        _take(arrival, message)
    answers = _acknowledge(arrivals, now_s)
    _save({arrival.meter.pk: arrival.meter for arrival in arrivals})
    _count(refused, now_s)
    return answers


def _open_all(batch: Sequence[Publication], refused: Refusals) -> list[Arrival]:
    addressed = []
    speaking = set()
    for topic, payload in batch:
        try:
            meter_id, kind = read_topic(topic)
        except ProtocolError:
            refused[("", rules.BAD_TOPIC)] += 1
            continue
        addressed.append((meter_id, payload))
        if kind in WORDS:
            speaking.add(meter_id)
    if speaking:  # what a word may change is locked before its meter, as everybody does
        meters_locking.send(sender=Meter, meter_ids=speaking)
    meters = lock_meters({meter_id for meter_id, _payload in addressed})
    arrivals = []
    for meter_id, payload in addressed:
        if meter_id not in meters:
            refused[(meter_id, rules.UNKNOWN_METER)] += 1
            continue
        try:
            arrival = open_arrival(meters[meter_id], payload)
        except ProtocolError as error:
            refused[(meter_id, reason_of(error))] += 1
            continue
        if not arrival.is_new:
            refused[(meter_id, rules.DUPLICATE)] += 1
        arrivals.append(arrival)
    return arrivals


def _store_envelopes(arrivals: list[Arrival], now_s: int) -> list[tuple[Arrival, SignedMessage]]:
    new = [arrival for arrival in arrivals if arrival.is_new]
    rows = [
        SignedMessage(
            meter=arrival.meter,
            epoch=arrival.meter.key_epoch,
            counter=arrival.counter,
            kind=arrival.kind,
            envelope=arrival.envelope,
            received_s=now_s,
        )
        for arrival in new
    ]
    return list(zip(new, SignedMessage.objects.bulk_create(rows), strict=True))


def _store_records(
    ring: readings.Ring, kind: int, signed: list[tuple[Arrival, SignedMessage]]
) -> None:
    batches = [
        readings.Batch(arrival.meter, message, arrival.body[0])
        for arrival, message in signed
        if arrival.kind == kind
    ]
    readings.store(ring, batches)


def _take(arrival: Arrival, message: SignedMessage) -> None:
    state = arrival.meter.state
    now_s = state.received_s = clock.now_s(arrival.meter.pk)
    if arrival.kind == messages.HELLO:
        _report(arrival, arrival.body[4])
        _greet(arrival, now_s)
    elif arrival.kind == messages.STATUS:
        _report(arrival, arrival.body)
    elif arrival.kind == messages.RECEIPT:
        _report(arrival, arrival.body[3])
        receipt.take(message, arrival.body, fleet.named(arrival.body[3]))


def _report(arrival: Arrival, status: dict[int, int]) -> None:
    if not arrival.is_latest:
        return  # overtaken: what is known already is newer
    for key, name in enumerate(fleet.STATUS_FIELDS):
        setattr(arrival.meter.state, name, status[key])
    arrival.meter.state.further = fleet.further(status)
    # A clock that is not set begins at 0, and 0 means never.
    arrival.meter.state.reported_s = max(arrival.sent_s, 1)


def _greet(arrival: Arrival, now_s: int) -> None:
    body: dict[int, Any] = arrival.body
    state = arrival.meter.state
    if body[3] >= state.boots:  # else the hello of a later boot has overtaken this one
        state.firmware, state.reset_cause, state.boots = body[0], body[2], body[3]
        state.messages_refused = body[5]
    # A board can only lack what it once had: its own last sequence bounds the hole.
    readings.open_gap(readings.READINGS, state, min(body[6], body[4][18] + 1))
    readings.open_gap(readings.EVENTS, state, min(body[7], body[4][19] + 1))
    # It is there now: whatever it has not answered is sent again at once.
    Command.objects.filter(meter=arrival.meter, state__in=PENDING, sends__gt=0).update(
        next_send_s=now_s
    )


def _acknowledge(arrivals: list[Arrival], now_s: int) -> list[Publication]:
    answers: dict[tuple[str, int], tuple[Meter, dict[int, object]]] = {}
    for arrival in arrivals:
        body = _answer(arrival, now_s)
        if body:
            answers[(arrival.meter.pk, arrival.kind)] = (arrival.meter, body)
    return [downlink.seal(meter, messages.ACK, body, now_s) for meter, body in answers.values()]


def _answer(arrival: Arrival, now_s: int) -> dict[int, object]:
    state = arrival.meter.state
    if arrival.kind == messages.HELLO:
        return {0: messages.HELLO, 1: 0, 2: clock.now_s(arrival.meter.pk), 3: arrival.body[1]}
    if arrival.kind == messages.READINGS:
        return {0: messages.READINGS, 1: state.readings_through, 2: now_s}
    if arrival.kind == messages.EVENTS:
        return {0: messages.EVENTS, 1: state.events_through, 2: now_s}
    return {}


def _save(meters: dict[str, Meter]) -> None:
    """Upserts rows that exist: one statement for all, where bulk_update's CASE grows quadratic."""
    Meter.objects.bulk_create(
        meters.values(), update_conflicts=True, unique_fields=["id"], update_fields=METER_FIELDS
    )
    MeterState.objects.bulk_create(
        [meter.state for meter in meters.values()],
        update_conflicts=True,
        unique_fields=["meter"],
        update_fields=STATE_FIELDS,
    )


def _count(refused: Refusals, now_s: int) -> None:
    for (meter_id, reason), count in sorted(refused.items()):  # as the meters: always in one order
        rows = Refusal.objects.filter(reason=reason)
        is_known = rows.filter(meter=meter_id).exists() or rows.count() < REFUSED_METERS_MAX
        refusal, _is_first = Refusal.objects.get_or_create(
            meter=meter_id if is_known else EVERY_OTHER_METER,
            reason=reason,
            defaults={"last_s": now_s},
        )
        Refusal.objects.filter(pk=refusal.pk).update(count=F("count") + count, last_s=now_s)
