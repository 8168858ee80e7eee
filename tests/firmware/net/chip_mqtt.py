"""Runs inside MicroPython: a client that tells what it hears and sends what stdin says.

Lines on stdin: `publish N`: send N octets. Answers on stdout: `session`, `sent N`, `heard …`.
"""

import asyncio
import json
import sys

from firmware.net.mqtt import Client


def begin():
    print("session")


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
    client = Client("127.0.0.1", settings["port"], None, "M1", "secret")
    client.attach("bijli/1/M1/down/#", receive, None, begin)
    task = asyncio.create_task(client.run())
    await serve(client)
    task.cancel()


asyncio.run(main(json.loads(sys.stdin.readline())))
