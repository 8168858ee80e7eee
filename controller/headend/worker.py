"""The headend's conversation with the broker: receive, store, acknowledge, send what is due.

Storing and sending take turns in one thread, so that downlink counters leave in order. Messages
are taken from the broker before they are stored; that is safe because a board keeps everything
until our own acknowledgement, which is published after the commit.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Callable
from concurrent.futures import Executor

import aiomqtt
from django.conf import settings
from django.db import close_old_connections

from controller.headend import ingest, outbox, services
from controller.headend.downlink import Publication

log = logging.getLogger(__name__)

USER = "headend"
UPLINK = "$share/headend/bijli/1/+/up/+"
QOS = 1

BATCH_MAX = 500
INBOX_MAX = 20_000  # beyond, messages are dropped unacknowledged, and come again
BATCHING_PAUSE_S = 0.003
OUTBOX_POLL_S = 0.2
FAILURE_PAUSE_S = 1.0
BROKER_TIMEOUT_S = 5
RECONNECT_FIRST_S = 0.2
RECONNECT_LONGEST_S = 2.0


async def run(thread: Executor) -> None:
    """Serves for ever; a broker that is away is awaited. `thread` must have one thread only."""
    wait_s, is_known_away = RECONNECT_FIRST_S, False
    while True:
        try:
            async with _client() as client:
                log.info("connected to the broker at %s", settings.BIJLI_BROKER)
                wait_s, is_known_away = RECONNECT_FIRST_S, False
                await _converse(client, thread)
        except* aiomqtt.MqttError as errors:
            if not is_known_away:
                log.warning("the broker is away: %s; trying again", errors.exceptions[0])
                is_known_away = True
        await asyncio.sleep(wait_s)
        wait_s = min(wait_s * 2, RECONNECT_LONGEST_S)


def _client() -> aiomqtt.Client:
    host, _colon, port = settings.BIJLI_BROKER.rpartition(":")
    client = aiomqtt.Client(
        host,
        int(port),
        identifier=settings.BIJLI_HEADEND,
        username=USER,
        password=services.broker_password(),
        clean_session=False,  # the broker keeps for us what comes while we are away
        timeout=BROKER_TIMEOUT_S,
        # Small messages one after another: without this each waits 40 ms for the other side.
        socket_options=((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),),
        max_inflight_messages=BATCH_MAX,
        max_queued_incoming_messages=INBOX_MAX,
    )
    client.pending_calls_threshold = 2 * BATCH_MAX  # a batch of answers is no reason to warn
    return client


async def _converse(client: aiomqtt.Client, thread: Executor) -> None:
    await client.subscribe(UPLINK, qos=QOS)
    inbox: asyncio.Queue[Publication] = asyncio.Queue(BATCH_MAX)
    async with asyncio.TaskGroup() as group:
        group.create_task(_receive(client, inbox))
        group.create_task(_work(client, inbox, thread))


async def _receive(client: aiomqtt.Client, inbox: asyncio.Queue[Publication]) -> None:
    async for message in client.messages:
        payload = message.payload
        await inbox.put((message.topic.value, payload if isinstance(payload, bytes) else b""))


async def _work(
    client: aiomqtt.Client, inbox: asyncio.Queue[Publication], thread: Executor
) -> None:
    loop = asyncio.get_running_loop()
    while True:
        batch = await _next_batch(inbox)
        publications = await loop.run_in_executor(thread, _take_turn, batch)
        await asyncio.gather(
            *(client.publish(topic, payload, qos=QOS) for topic, payload in publications)
        )


async def _next_batch(inbox: asyncio.Queue[Publication]) -> list[Publication]:
    try:
        async with asyncio.timeout(OUTBOX_POLL_S):
            batch = [await inbox.get()]
    except TimeoutError:
        return []
    if not inbox.empty():  # busy: a commit costs the same for one message and for many
        await asyncio.sleep(BATCHING_PAUSE_S)
    while len(batch) < BATCH_MAX and not inbox.empty():
        batch.append(inbox.get_nowait())
    return batch


def _take_turn(batch: list[Publication]) -> list[Publication]:
    answers = _survive(lambda: ingest.handle(batch)) if batch else []
    return answers + _survive(outbox.take_due)


def _survive(action: Callable[[], list[Publication]]) -> list[Publication]:
    """The action's publications, or none when it failed.

    What failed was not committed, so nothing is promised: boards send their records again, and
    commands are still due.
    """
    try:
        return action()
    except Exception:
        log.exception("nothing was stored or sent this time; trying on")
        close_old_connections()
        time.sleep(FAILURE_PAUSE_S)
        return []
