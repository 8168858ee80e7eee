"""A thousand reconnects of the real firmware, with TLS and client certificates: does memory hold?

`python -m tools.bench.reconnect [--cycles 1000] [--plain]` prints JSON. One board lives in the
heap of a chip (its code and 64 KB), its connection is reset again and again, and it greets again
every time. The pauses take virtual time, so a cycle costs a TLS handshake and little else. The
heap is measured after collecting. What is live depends on how far a session is: from a reading's
acknowledgement to the next greeting it is 224 bytes less. So each figure is the least that was
seen over a whole interval of readings, and growth is the highest of the later half's figures less
the lowest of the earlier half's, so that no leak of a few bytes a session can hide. The process's
own memory shows what TLS keeps outside of Python's heap. It must not know the firmware.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from simulator.fleet import House
from simulator.proxy import Proxy
from tools.bench.authority import BROKER_NAME, Authority, TlsBroker
from tools.bench.connected import METER, ROOT_KEY, START_S
from tools.bench.responder import Responder

WARM_UP_S = 600
BACK_S = 20  # longer than the first pause after a session
BACK_TRIES_MAX = 10
SAMPLES = 10
READINGS_EVERY_S = 900  # the board's interval of readings
LOOK_EVERY_S = 20

Facts = dict[str, Any]


class Reconnector:
    """A board, a broker that wants certificates, and a way between them that can be cut."""

    def __init__(self, folder: Path, tls: bool = True, heap_bytes: int | None = None) -> None:
        authority = Authority()
        self.broker = TlsBroker(folder / "broker", authority)
        self.proxy = Proxy(self.broker.tls_port if tls else self.broker.port)
        clock = folder / "clock"
        settings = {"broker": {"host": BROKER_NAME, "port": self.proxy.port, "tls": tls}}
        self.house = House(
            folder / "house", METER, ROOT_KEY, self.proxy.port, 7, START_S, heap_bytes=heap_bytes,
            clock_file=clock, settings=settings, files=authority.board_files(METER),
        )  # fmt: skip
        self.responder = Responder(self.broker, METER, ROOT_KEY, lambda: int(clock.read_text()))

    def start(self) -> None:
        """Let the board come to its first session."""
        self.broker.start()
        self.responder.start()
        self.proxy.start()
        self.house.start()
        self.house.act(appliance="lamp", power_w=100)
        self.house.run_until(START_S + WARM_UP_S)

    def end(self) -> None:
        """Leave nothing running."""
        self.house.kill()
        self.responder.stop()
        self.proxy.stop()
        self.broker.stop()

    def cycle(self) -> bool:
        """Cut the connection; return whether the board came back and greeted."""
        accepted, greeted = self.proxy.accepted, self.responder.greeted
        self.proxy.cut()
        for _ in range(BACK_TRIES_MAX):
            self.house.run_until(self.house.now_s + BACK_S)
            if self.proxy.accepted > accepted and self.responder.greeted > greeted:
                return True
        return False

    def rest(self) -> Facts:
        """Let an interval of readings pass; return the heap as it was when least was live."""
        seen: list[Facts] = []
        for _ in range(0, READINGS_EVERY_S, LOOK_EVERY_S):
            self.house.run_until(self.house.now_s + LOOK_EVERY_S)
            seen.append(self.house.observe()["heap"])
        peak = max(heap["data_bytes_peak"] for heap in seen)
        return min(seen, key=lambda heap: heap["data_bytes"]) | {"data_bytes_peak": peak}

    def process_bytes(self) -> int:
        """Memory of the board's process: Python's heap and what lies outside of it."""
        status = Path(f"/proc/{self.house.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024

    def descriptors(self) -> int:
        """How many files and sockets the board's process holds."""
        return len(list(Path(f"/proc/{self.house.pid}/fd").iterdir()))


def measure(cycles: int, tls: bool = True) -> Facts:
    """Reconnect `cycles` times; return the figures."""
    with tempfile.TemporaryDirectory(prefix="bijli-bench-") as folder:
        bench = Reconnector(Path(folder), tls)
        try:
            bench.start()
            return _run(bench, cycles, tls)
        finally:
            bench.end()


def _run(bench: Reconnector, cycles: int, tls: bool) -> Facts:
    every = max(1, cycles // SAMPLES)
    failures = 0
    live, process, descriptors = [], [], []
    for cycle in range(1, cycles + 1):
        failures += not bench.cycle()
        if cycle % every == 0:
            heap = bench.rest()
            live.append(heap["data_bytes"])
            process.append(bench.process_bytes())
            descriptors.append(bench.descriptors())
    return {
        "tls": tls,
        "reconnects": cycles,
        "failures": failures,
        "heap_live_bytes": live,
        "heap_peak_bytes": heap["data_bytes_peak"],
        "heap_budget_bytes": heap["data_bytes"] + heap["free_bytes"],
        "heap_growth_bytes": growth(live),
        "process_bytes": process,
        "process_growth_bytes": process[-1] - process[0],
        "descriptors": descriptors,
    }


def growth(live: list[int]) -> int:
    """Bytes by which the later half of `live` came above the earlier half, 0 when it did not."""
    half = len(live) // 2
    return max(0, max(live[half:]) - min(live[:half]))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=1000)
    parser.add_argument("--plain", action="store_true", help="without TLS")
    options = parser.parse_args()
    print(json.dumps(measure(options.cycles, not options.plain), indent=2))


if __name__ == "__main__":
    main()
