"""What the firmware costs on the chip's interpreter: heap, allocation, time. Prints JSON.

`python -m tools.bench.firmware [--hours 6] [--skip-heap]`. One board lives a scripted day under
virtual time, with a real broker; machines are noisy, so the cost of an empty MicroPython loop
stands beside every time. Pages: docs/bench.md.
"""

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from simulator import fleet, interpreter
from simulator.errors import SimulatorError
from tools.bench.connected import START_S, ConnectedBoard

WARM_UP_S = 600
DAY_S = 86_400
CATCH_UP_S = 900
HEAP_STEP_BYTES = 1024
INTERVAL_S = 900
SECOND_SCRIPT = interpreter.ROOT / "tests/firmware/chip_pass.py"

Facts = dict[str, Any]


class NotWhole(Exception):
    """The day did not end as it must; the text says what is missing."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--hours", type=int, default=6, help="virtual time for board-days a minute"
    )
    parser.add_argument(
        "--skip-heap", action="store_true", help="not the smallest heap (a minute)"
    )
    options = parser.parse_args()
    print(json.dumps(measure(options.hours, with_heap=not options.skip_heap), indent=2))


def measure(hours: int, *, with_heap: bool) -> Facts:
    """All figures; the heap takes a minute of its own."""
    facts = {"interpreter_bits": interpreter.find().bits, **measure_second()}
    facts |= measure_speed(hours)
    return facts | (measure_heap() if with_heap else {})


def measure_second() -> Facts:
    """The once-a-second path alone: what it allocates and how long it takes."""
    argv = [*interpreter.find().argv, "-X", "heapsize=512k", str(SECOND_SCRIPT)]
    environment = {"MICROPYPATH": f"{interpreter.compile_sources()}:.frozen"}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
    facts: Facts = json.loads(done.stdout)
    return facts


def measure_speed(hours: int) -> Facts:
    """Board-days that one core simulates in a minute, from the board's CPU time."""
    facts: Facts = {}
    for name, line, connected in (
        ("", "model", True),
        ("_without_broker", "model", False),
        ("_real_line", "pty", True),
    ):
        cpu_us = _cpu_us_per_second(hours * 3600, line, connected)
        facts[f"board_us_per_virtual_second{name}"] = round(cpu_us, 1)
        facts[f"board_days_per_minute_firmware{name}"] = round(60e6 / (cpu_us * DAY_S), 1)
    return facts


def _cpu_us_per_second(duration_s: int, line: str, connected: bool) -> float:
    with tempfile.TemporaryDirectory(prefix="bijli-bench-") as folder:
        board = ConnectedBoard(Path(folder), line=line)
        try:
            if connected:
                board.connect()
            board.house.start()
            board.house.run_until(START_S + WARM_UP_S)
            before_s = _cpu_s(board)
            board.house.run_until(START_S + WARM_UP_S + duration_s)
            return (_cpu_s(board) - before_s) * 1e6 / duration_s
        finally:
            board.end()


def _cpu_s(board: ConnectedBoard) -> float:
    """CPU time that the board's process has taken, user and system."""
    fields = Path(f"/proc/{board.house.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_heap() -> Facts:
    """The smallest heap in which the day passes, found by halving, less simulator and code."""
    with tempfile.TemporaryDirectory(prefix="bijli-bench-") as folder:
        fixed, facts = _live_day(Path(folder), fleet.heap_budget())
        least, most = 0, fleet.DATA_BYTES
        while most - least > HEAP_STEP_BYTES:
            middle = (least + most) // 2
            try:
                _live_day(Path(folder), fixed + middle)
                most = middle
            except (SimulatorError, NotWhole):
                least = middle
    return {
        "code_bytes": _compiled_bytes(),
        "code_heap_bytes": facts["code_bytes"],
        "heap_data_live_bytes": facts["data_bytes_peak"],
        "heap_data_peak_bytes": most,
        "heap_data_budget_bytes": fleet.DATA_BYTES,
    }


def _compiled_bytes() -> int:
    """Bytecode of what runs on a board: in flash on the chip, in an image of its own here."""
    compiled = interpreter.compile_sources()
    rooms = (compiled / "protocol", compiled / "firmware")
    return sum(path.stat().st_size for room in rooms for path in room.rglob("*.mpy"))


def _live_day(folder: Path, heap_bytes: int) -> tuple[int, Facts]:
    """Return what simulator and code take, and the board's facts about its heap."""
    with tempfile.TemporaryDirectory(dir=folder) as home:
        board = ConnectedBoard(Path(home), heap_bytes=heap_bytes)
        try:
            heap = live_day(board)
        finally:
            board.end()
    return heap["simulator_bytes"] + heap["code_bytes"], heap


def live_day(board: ConnectedBoard) -> Facts:
    """An overload and its reset; a day without broker, and everything handed in afterwards.

    Returns the board's facts about its heap. Raises SimulatorError, NotWhole.
    """
    house = board.house
    board.connect()
    house.start()
    house.run_until(START_S + WARM_UP_S)
    house.act(appliance="heater", power_w=1500)
    house.run_until(house.now_s + 60)
    house.act(appliance="heater", power_w=0)
    house.act(button=True)
    house.run_until(house.now_s + INTERVAL_S)
    board.disconnect()
    house.run_until(house.now_s + DAY_S)
    board.connect()
    house.run_until(house.now_s + CATCH_UP_S)
    facts = house.observe()
    _require_whole(board, facts["status"])
    heap: Facts = facts["heap"]
    return heap


def _require_whole(board: ConnectedBoard, status: Facts) -> None:
    readings, events = len(board.responder.readings), len(board.responder.events)
    if "MemoryError" in board.house.log.read_text():
        raise NotWhole("a task ran out of memory")
    if (readings, events) != (status["18"], status["19"]) or readings < DAY_S // INTERVAL_S:
        raise NotWhole(f"{readings} readings and {events} events came, of {status}")


if __name__ == "__main__":
    main()
