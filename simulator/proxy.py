"""A way to the broker that misbehaves: between a board and its broker, for faults of the far end.

What is disturbed is what the broker says to the board; what the board says is passed on whole, or
not at all. One seed and one order of events disturb alike. It must not know MQTT, nor a board.
"""

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Any

LOOPBACK = "127.0.0.1"
CHUNK_BYTES = 4096
STOP_TIMEOUT_S = 10
PASS = "pass"  # noqa: S105 (the name of a mode)
# What can be wrong, and what its value counts: (in words, least, most, when it is not told).
MODES: dict[str, tuple[str, int, int, int]] = {
    PASS: ("everything is passed on", 0, 0, 0),
    "stall": ("connections are accepted, and nothing comes or goes", 0, 0, 0),
    "half_close": ("the broker's side of every connection is closed, ours stays open", 0, 0, 0),
    "reset": ("connections are reset, new ones as soon as the board speaks", 0, 0, 0),
    "late": ("what the broker says comes so many ms later", 1, 30_000, 2_000),
    "drop": ("one of so many octets of the broker's is lost", 2, 100_000, 50),
    "mid_packet": ("a connection ends within the next that the broker says", 0, 0, 0),
    "drip": ("what the broker says comes one octet each so many ms", 1, 5_000, 20),
}


class Proxy:
    """Listens on `port` of this machine and passes on to `target_port`, as `set` says."""

    def __init__(self, target_port: int, seed: int = 0, port: int = 0) -> None:
        self.mode = PASS
        self.value = 0
        self.accepted = 0  # connections, ever
        self._target_port = target_port
        self._random = random.Random(seed)  # noqa: S311 (chance of a fault, not a secret)
        self._listener = socket.create_server((LOOPBACK, port))
        self.port: int = self._listener.getsockname()[1]
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Listen, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Cut every connection and listen no more."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(STOP_TIMEOUT_S)
        self._listener.close()
        self._loop.close()

    def set(self, mode: str, value: int | None = None) -> None:
        """Misbehave so from now on; standing connections too. Raises ValueError."""
        if mode not in MODES:
            raise ValueError(f"a broker's fault is one of {', '.join(MODES)}, not {mode}")
        what, least, most, usual = MODES[mode]
        value = usual if value is None else value
        if not least <= value <= most:
            raise ValueError(f"{mode}: {what}: {least} to {most}, not {value}")
        self._do(self._change(mode, value))

    def cut(self) -> int:
        """Reset every connection; return how many there were. New ones are treated as before."""
        return self._do(self._cut_all())

    def _do(self, work: Coroutine[Any, Any, int]) -> int:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(STOP_TIMEOUT_S)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accept, sock=self._listener)
        await self._ended.wait()
        server.close()
        await self._cut_all()
        while self._links:  # each ends by itself, now that it is cut
            for link in self._links:
                link.mode_changed.set()
            await asyncio.sleep(0.01)

    async def _change(self, mode: str, value: int) -> int:
        self.mode, self.value = mode, value
        for link in list(self._links):
            if mode == "reset":
                link.cut()
            elif mode == "half_close":
                link.close_half()
            link.mode_changed.set()
        return 0

    async def _cut_all(self) -> int:
        links = list(self._links)
        for link in links:
            link.cut()
        return len(links)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        link = _Link(self, self._random, writer)
        self._links.add(link)
        try:
            await link.run(reader, self._target_port)
        except OSError:
            pass  # the broker is away, or one side has gone
        finally:
            link.cut()
            self._links.discard(link)


class _Link:
    """One connection of a board, and the one to the broker that belongs to it."""

    def __init__(self, proxy: Proxy, chance: random.Random, board: asyncio.StreamWriter) -> None:
        self.mode_changed = asyncio.Event()
        self._proxy = proxy
        self._random = chance
        self._board = board
        self._broker: asyncio.StreamWriter | None = None

    async def run(self, from_board: asyncio.StreamReader, target_port: int) -> None:
        from_broker, self._broker = await asyncio.open_connection(LOOPBACK, target_port)
        ways = (self._pass_up(from_board, self._broker), self._pass_down(from_broker))
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def cut(self) -> None:
        """Reset both connections."""
        self.mode_changed.set()
        for writer in (self._board, self._broker):
            if writer and not writer.transport.is_closing():
                raw = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()

    def close_half(self) -> None:
        """Tell the board that nothing more comes; what it says is still taken."""
        if not self._board.transport.is_closing():
            self._board.write_eof()

    async def _pass_up(
        self, from_board: asyncio.StreamReader, broker: asyncio.StreamWriter
    ) -> None:
        while said := await from_board.read(CHUNK_BYTES):
            await self._stand_still()
            if self._proxy.mode == "reset":
                return
            if self._proxy.mode == "half_close":
                self.close_half()
            broker.write(said)
            await broker.drain()

    async def _pass_down(self, from_broker: asyncio.StreamReader) -> None:
        while said := await from_broker.read(CHUNK_BYTES):
            await self._stand_still()
            mode, value = self._proxy.mode, self._proxy.value
            if mode == "half_close":
                continue
            if mode == "late":
                await asyncio.sleep(value / 1000)
            elif mode == "drop":
                said = bytes(octet for octet in said if self._random.randrange(value))
            elif mode == "mid_packet":
                self._board.write(said[: self._random.randrange(len(said))])
                await self._board.drain()
                return
            elif mode == "drip":
                await self._drip(said, value)
                continue
            self._board.write(said)
            await self._board.drain()

    async def _drip(self, said: bytes, pause_ms: int) -> None:
        for octet in said:
            self._board.write(bytes((octet,)))
            await self._board.drain()
            await asyncio.sleep(pause_ms / 1000 if self._proxy.mode == "drip" else 0)

    async def _stand_still(self) -> None:
        while self._proxy.mode == "stall" and not self._board.transport.is_closing():
            self.mode_changed.clear()
            await self.mode_changed.wait()
