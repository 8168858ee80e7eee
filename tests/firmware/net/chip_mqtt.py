"""Runs inside MicroPython: a client that tells what it hears and sends what stdin says.

Lines on stdin: the settings, then `publish N`: send N octets. Answers on stdout: `heap N` (octets
in use before connecting), `session N` (then, after collecting), `sent N`, `heard …`.
"""

import asyncio
import gc
import json
import sys

from firmware.net.certificate import load_context
from firmware.net.mqtt import Client


def begin():
    print("session", used_bytes())


def used_bytes():
    gc.collect()
    return gc.mem_alloc()


def receive(topic, payload):
    print("heard", topic.split("/")[-1], "too large" if payload is None else payload.decode())


async def serve(client):
    lines = asyncio.StreamReader(sys.stdin)
    while True:
        line = (await lines.readline()).split()
        if not line:
            return
        size = int(line[1])
        await client.publish("bijli/1/M1/up/status", b"x" * size)
        print("sent", size)


async def main(settings):
    host = settings.get("host", "127.0.0.1")
    tls = load_context(settings["folder"]) if "folder" in settings else None
    client = Client(host, settings["port"], tls, "M1", "secret")
    client.spread_ms = 2_000
    client.attach("bijli/1/M1/down/#", receive, None, begin)
    print("heap", used_bytes())
    task = asyncio.create_task(client.run())
    await serve(client)
    task.cancel()


asyncio.run(main(json.loads(sys.stdin.readline())))
