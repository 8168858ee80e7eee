"""Runs inside MicroPython: asks a time server or a name server, as often as stdin says.

Lines on stdin: the port, then `time` or `name HOST`; each is answered on stdout by what was found.
"""

import asyncio
import sys

from firmware.net import datagram, names, sntp

SERVER = "127.0.0.1"


async def answer(port, what, host=None):
    try:
        if what == "time":
            return await datagram.ask(SERVER, port, sntp.build_request(), sntp.read_answer)
        return await names.look_up(host, SERVER, port)
    except asyncio.TimeoutError:
        return "silence"
    except OSError as error:
        return "error %s" % error


async def serve(port):
    while True:
        words = sys.stdin.readline().split()
        if not words:
            return
        print(await answer(port, *words))


asyncio.run(serve(int(sys.stdin.readline())))
