"""Puts notices into the outbox, and empties it.

The outbox is itself the record of who was told what; the audit trail has only changed routes.
Bodies, recipients and providers' addresses are never logged.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import transaction

from controller import clock
from controller.audit import services as audit
from controller.consumers import queries as consumers
from controller.consumers.models import Consumer
from controller.documents.queries import language_of
from controller.errors import Refused
from controller.fleet import sealing
from controller.notices import delivery, queries, rules
from controller.notices.models import WAITING, Message, MessageState, Route
from controller.profile.queries import settings
from controller.words.lists import word_list

LOG = logging.getLogger(__name__)
CLAIM_MAX = 20  # messages that one sender takes at a time
INDIA_OFFSET_MIN = 330


class Delivered(NamedTuple):
    """What became of the messages that were due."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0


@transaction.atomic
def send(
    *,
    template: str,
    key: str,
    actor: str,
    consumer_id: str = "",
    recipient: str = "",
    channel: str = "",
    language: str = "",
    values: Mapping[str, Any] | None = None,
    subject: str = "",
) -> Message:
    """Puts a notice into the outbox, inside the caller's transaction (MG-10d).

    `key` names what is told: a second call with it gives the first message. Without `recipient`
    it is the consumer's phone (or, with `channel` email or without a phone, the address). Who
    cannot be reached gets a message that is given up at once, so that it can be seen. `values`:
    rules.TEMPLATES. Raises Refused for an unknown template, wrong values or a bad recipient.
    """
    known = rules.find(template)
    earlier = Message.objects.filter(key=key).first()
    if earlier is not None:
        return earlier
    consumer = consumers.find_consumer(consumer_id) if consumer_id else None
    channel, recipient = _destination(consumer, channel, recipient)
    spoken, text = _compose(template, values or {}, consumer, language)
    now_s = clock.now_s()
    message, made = Message.objects.get_or_create(
        key=key,
        defaults={
            "template": template,
            "language": spoken,
            "channel": channel,
            "recipient": recipient,
            "consumer": consumer,
            "subject": subject,
            "title": text.title,
            "body": "" if known.secret else text.body,
            "sealed": sealing.seal(_seal_name(key), text.body.encode()) if known.secret else b"",
            "segments": rules.segments(text.body) if channel == rules.SMS else 1,
            "next_try_s": now_s,
            "expires_s": now_s + known.lives_s,
            "made_s": now_s,
            "actor": actor,
        },
    )
    if made and not recipient:
        message.mark_given_up(now_s, "no phone number or address")
        message.save()
    return message


def _compose(
    template: str, values: Mapping[str, Any], consumer: Consumer | None, language: str
) -> tuple[str, rules.Text]:
    """The language that is spoken, and what is said in it."""
    profile = settings(["languages", "utility_name"])
    spoken = language or (language_of(consumer) if consumer else profile["languages"][0])
    text = rules.compose(
        template,
        values,
        language=spoken,
        utility=profile["utility_name"],
        utc_offset_min=consumer.plant.utc_offset_min if consumer else INDIA_OFFSET_MIN,
        words=word_list("notice", spoken),
        paper_words=word_list("paper", spoken),
    )
    return spoken, text


def _destination(consumer: Consumer | None, channel: str, recipient: str) -> tuple[str, str]:
    """By which channel to whom; an empty recipient when the consumer cannot be reached."""
    if recipient:
        chosen = channel or (rules.EMAIL if "@" in recipient else rules.SMS)
        return chosen, rules.read_recipient(chosen, recipient)
    if consumer is None:
        raise Refused("A notice needs somebody to tell", "Name a consumer or a recipient.")
    known = {rules.SMS: consumer.phone, rules.EMAIL: consumer.email}
    order = [channel] if channel else list(rules.CHANNELS)
    for candidate in order:
        if candidate not in known:
            rules.read_recipient(candidate, "")  # refuses the channel
        try:
            return candidate, rules.read_recipient(candidate, known[candidate])
        except Refused:
            continue  # what stands there is no number or address
    return order[0], ""


def _seal_name(key: str) -> str:
    return f"notice {key}"


@transaction.atomic
def set_route(*, channel: str, url: str, actor: str) -> Route:
    """Sets the provider of a channel: apprise's URL with `{recipient}` in it. Raises Refused."""
    if channel not in rules.CHANNELS:
        raise Refused(f"{channel!r} is no channel", f"Choose of {', '.join(rules.CHANNELS)}.")
    scheme = delivery.check_url(url)
    route, _made = Route.objects.update_or_create(
        channel=channel,
        defaults={
            "sealed": sealing.seal(f"route {channel}", url.encode()),
            "scheme": scheme[:40],
            "changed_s": clock.now_s(),
            "actor": actor,
        },
    )
    audit.record(actor, "set notice route", f"channel {channel}", service=scheme)
    return route


def deliver(limit: int = 100) -> Delivered:
    """Sends up to `limit` messages that are due, each once; whose provider is away waits longer.

    A message is taken by one sender for rules.LEASE_S; one that dies between handing over and
    noting it leaves the message to be sent a second time. Messages of a channel without a route
    wait, until they are too old.
    """
    outcomes: Counter[str] = Counter()
    while outcomes.total() < limit:
        room = min(limit - outcomes.total(), CLAIM_MAX)
        outcomes[MessageState.GIVEN_UP] += (given_up := _give_up_old(room))
        routes = queries.routes()
        claimed = _claim(list(routes), room - given_up)
        if not claimed and not given_up:
            break
        for message in claimed:
            outcomes[_deliver_one(message, routes[message.channel])] += 1
    return Delivered(
        outcomes[MessageState.SENT],
        outcomes[MessageState.FAILED],
        outcomes[MessageState.GIVEN_UP],
    )


@transaction.atomic
def _give_up_old(count: int) -> int:
    """Up to `count` messages whose time is over are given up."""
    now_s = clock.now_s()
    waiting = Message.objects.select_for_update(skip_locked=True).filter(state__in=WAITING)
    old = list(waiting.filter(expires_s__lte=now_s)[:count])
    for message in old:
        message.mark_given_up(now_s, message.last_error or "not sent in time")
        message.save()
    return len(old)


@transaction.atomic
def _claim(channels: list[str], count: int) -> list[Message]:
    """Up to `count` messages that are due, out of other senders' reach for the lease."""
    now_s = clock.now_s()
    waiting = Message.objects.select_for_update(skip_locked=True).filter(
        state__in=WAITING, channel__in=channels, next_try_s__lte=now_s
    )
    claimed = list(waiting.order_by("next_try_s", "pk")[:count])
    for message in claimed:
        message.tries += 1
        message.next_try_s = now_s + rules.LEASE_S
        message.save(update_fields=["tries", "next_try_s"])
    return claimed


def _deliver_one(message: Message, url: str) -> str:
    """Hands it over, outside of any transaction, then notes what came of it. Its new state."""
    title = message.title if message.channel == rules.EMAIL else ""
    outcome = delivery.hand_over(url, message.recipient, title, text_of(message))
    return _note(message, outcome)


def text_of(message: Message) -> str:
    """What it says, opened if it is secret; empty once that is forgotten."""
    if not message.sealed:
        return message.body
    return sealing.unseal(_seal_name(message.key), bytes(message.sealed)).decode()


@transaction.atomic
def _note(claimed: Message, outcome: delivery.Outcome) -> str:
    """The lease may have run out meanwhile: then another sender speaks for the message."""
    message = Message.objects.select_for_update().get(pk=claimed.pk)
    now_s = clock.now_s()
    if message.state not in WAITING or message.tries != claimed.tries:
        return str(message.state)
    if outcome.taken:
        message.mark_sent(now_s, outcome.service[:80])
    elif message.tries >= rules.TRIES_MAX:
        message.mark_given_up(now_s, f"{outcome.service or 'provider'} did not take it")
    else:
        waits_s = rules.back_off_s(message.tries)
        message.mark_failed(now_s + waits_s, f"{outcome.service or 'provider'} did not take it")
    message.save()
    LOG.info("notice %s (%s): %s", message.pk, message.template, message.state)
    return str(message.state)
