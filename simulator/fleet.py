"""A house with a real firmware, driven from CPython.

A `House` owns a folder (flash image, world state, log) and a MicroPython process; both speak
line-JSON over a socket pair. It must not know the firmware's insides nor the controller.
"""

import shutil
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

from simulator import flash_image
from simulator import profile as profiles
from simulator.errors import BoardDied, BoardRefused, NotRunning, SimulatorError
from simulator.line import SerialLine
from simulator.plant import chips
from simulator.process import BoardProcess

DATA_BYTES = 64 * 1024  # what the firmware may use beyond its code, as on an ESP32
HOLD_MS = 10_000
MEASURING_HEAP_BYTES = 4 * 1024 * 1024
POWER_ON, RESET = 1, 2
START_LOOK_S = 4  # so long after a start a watched grant ends: all that starts has started
BOARDS = {
    "pzem004t": "esp32_devkit", "sdm120": "esp32_sdm120", "sdm630": "esp32_sdm630",
    "atm90e32": "esp32_atm90e32",
}  # fmt: skip

Facts = dict[str, Any]


class House:
    """One house at one meter; `folder` must be empty, or that of the same house before.

    `line` is how the metering chip is reached: `"model"` in the board's process, `"pty"` through a
    real serial line and a Modbus server. `profile` is one, the name of a shipped one, or a CSV
    (`FILE` or `FILE#METER`, see `simulator.profile`); None draws nothing but appliances.
    `clock_file` is where the board writes its board time, for a controller that shall live in its
    time. `settings` change its config.json, `files` lie beside it; for `hold_ms` of real time an
    answer that stays away may hold its clock. `trace` gets every change of what flows (a record
    of `simulator/board.py`). `chip` is its metering chip, one of `simulator/plant/chips.py`, and
    chooses the board definition. Raises SimulatorError.
    """

    def __init__(
        self,
        directory: Path,
        meter: str,
        root_key: bytes,
        broker_port: int,
        seed: int,
        start_s: int,
        profile: str | Path | profiles.Profile | None = None,
        line: str = "model",
        heap_bytes: int | None = None,
        build: Path | None = None,
        clock_file: Path | None = None,
        settings: Facts | None = None,
        files: dict[str, bytes] | None = None,
        hold_ms: int = HOLD_MS,
        trace: Path | None = None,
        chip: str = chips.DEFAULT,
    ) -> None:
        _require_chip(chip, line)
        self.directory = Path(directory).resolve()
        self.meter = meter
        self._chip = chip
        self._line_kind = line
        self._line: SerialLine | None = None
        self.now_s = start_s
        self.dark = False
        self.heap: Facts = {}
        self._seed = seed
        self._start_s = start_s
        self._profile = str(self.directory / "profile.bin") if profile else None
        self._heap_bytes = heap_bytes
        self._build = build
        self._files = files or {}
        self._hold_ms = hold_ms
        self._trace = str(trace.resolve()) if trace else None
        self._clock_file = str(clock_file.resolve()) if clock_file else None
        if clock_file:
            clock_file.write_text(f"{start_s:010d}")
        self._power_s: int | None = None  # when mains come back by the profile
        self._multiple = 0  # of real time, when live
        self._live_from = (0.0, start_s)  # real time and board time
        self._observation: Facts = {}
        self._process: BoardProcess | None = None
        self._target_s = start_s
        self._watch = False  # the grant ends when the relay moves, and soon after a start
        self._watched_s: int | None = None  # such an end
        config = _config(meter, root_key, broker_port, BOARDS[chip]) | (settings or {})
        self._keep_profile(profile)
        self._prepare(config)

    @property
    def log(self) -> Path:
        """What the firmware printed."""
        return self.directory / "board.log"

    @property
    def pid(self) -> int | None:
        """The process in which the board runs now, for who measures or kills it."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Power the board; after `kill`, go on from the world's last checkpoint.

        Raises SimulatorError.
        """
        if self._process is not None:
            return
        if not self.dark:
            self._launch(POWER_ON, None)

    def wake(self, now_s: int) -> None:
        """Power the board at `now_s`; until then the house was left alone without mains."""
        self.dark = True
        self.now_s = now_s
        self.act(mains=True)

    def run_until(self, t_s: int) -> None:
        """Let the house live until board time `t_s`. Raises BoardDied, NotRunning."""
        self.begin(t_s)
        self.finish()

    def run_until_relay(self, t_s: int) -> None:
        """Let it live until its relay has moved, or it has started, at most until `t_s`.

        It needs a `trace`.
        """
        self._watch = True
        self._watched_s = None
        try:
            self.run_until(t_s)
        finally:
            self._watch = False
            self._watched_s = None

    def begin(self, t_s: int) -> None:
        """Grant time until `t_s` without waiting; `finish` waits."""
        self._multiple = 0
        self._target_s = max(t_s, self.now_s)
        if self.dark:
            self._pass_darkness()
        if not self.dark:
            self._grant()

    def finish(self) -> None:
        """Wait until the time that `begin` granted is over."""
        while not self.dark:
            answer = self._receive()
            if "arrived" in answer:
                self.now_s = answer["arrived"]
                return
            self._take_news(answer)
            if "dark" in answer:
                self._pass_darkness()
            if not self.dark:
                self._grant()
        self.now_s = self._target_s

    def _grant(self) -> None:
        second = self._target_s if self._watched_s is None else self._watched_s
        self._send(do="grant", second=second, watch=self._watch)

    def act(self, **action: Any) -> None:
        """Something happens in the house now: one of `simulator/hardware/actions.py`.

        - `appliance="heater", power_w=2000` (0: off), `inrush_w`, `inrush_ms`,
          `duty=[on_s, off_s]`
        - `button=True` (`press_ms`, `bounces`)
        - `mains` (`off_s`), `main_switch` (the consumer's own), `generator`, `wifi`: `True` or
          `False`
        - the faults that `simulator/faults.py` lists

        Raises BoardRefused, NotRunning.
        """
        self.tend()
        if action.get("mains") and self.dark:
            self._power_up(self.now_s)
            return
        answer = self._exchange(do="act", **action)
        while "ok" not in answer:
            self._take_news(answer)
            if answer["acted"]:
                return
            answer = self._exchange(do="act", **action)  # that came just as we asked

    def observe(self) -> Facts:
        """Facts of the moment; those of the last moment with power, when there is none."""
        self.tend()
        try:
            return self._ask(do="observe")
        except NotRunning:
            if not self.dark:
                raise
        return dict(self._observation, t_s=self.now_s, mains=False, power_w=0)

    def settle(self) -> None:
        """Let no time pass until no network exchange of the board is outstanding."""
        if not self.dark:
            self.run_until(self.now_s)

    def live(self, multiple: int) -> None:
        """Let time run at `multiple` times real time, until 0 or the next `run_until`.

        Call `tend` now and then, so that outages of the profile end.
        """
        self.now_s = self._ask(do="live", multiple=multiple)["second"]
        self._live_from = (time.monotonic(), self.now_s)
        self._multiple = multiple

    def tend(self) -> None:
        """In live time: take note of outages and resets, and end an outage that is over."""
        if not self._multiple:
            return
        if not self.dark and self._running().has_news():
            self._take_news(self._receive())
        if self.dark:
            began_s, from_s = self._live_from
            self.now_s = from_s + int((time.monotonic() - began_s) * self._multiple)
            if self._power_s is not None and self.now_s >= self._power_s:
                self._power_up(self.now_s)

    def kill(self) -> None:
        """`SIGKILL`, at whatever the board does; `start` goes on from the last checkpoint."""
        if self._process is not None:
            self._process.kill()
            self._end_process()

    def stop(self) -> None:
        """Keep the world's state and end the process."""
        if self._process is not None:
            try:
                self._exchange(do="stop")
            finally:
                self._end_process()

    def _keep_profile(self, profile: str | Path | profiles.Profile | None) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        if profile:
            find_profile(profile).write(self.directory / "profile.bin")

    def _prepare(self, config: Facts) -> None:
        flash = self.directory / "flash.img"
        if flash.exists():
            return
        (self.directory / "world.bin").touch()
        try:
            flash_image.make(flash, config, self._files, self._build)
        except SimulatorError:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise

    def _launch(self, reset_cause: int, power_s: int | None) -> None:
        if self._line_kind == "pty":
            self._line = SerialLine(self._registers, chips.REGISTERS[self._chip])
        self._process = BoardProcess(
            self.meter,
            self.log,
            self._heap_bytes or heap_budget(self._build),
            self._build,
            self._parameters(reset_cause, power_s),
            self._line.board_end if self._line else None,
        )
        self.heap = self._process.receive()
        self.now_s = self.heap["ready"]
        if self._watch:
            self._watched_s = min(self._target_s, self.now_s + START_LOOK_S)
        if self._multiple:
            self.live(self._multiple)

    @property
    def _registers(self) -> Path:
        return self.directory / "registers.bin"

    def _parameters(self, reset_cause: int, power_s: int | None) -> Facts:
        return {
            "registers": str(self._registers), "world": str(self.directory / "world.bin"),
            "flash": str(self.directory / "flash.img"), "profile": self._profile,
            "clock": self._clock_file, "meter": self.meter, "seed": self._seed,
            "start_s": self._start_s, "reset_cause": reset_cause, "power_s": power_s,
            "hold_ms": self._hold_ms, "chip": self._chip, "trace": self._trace,
        }  # fmt: skip

    def _power_up(self, power_s: int) -> None:
        self.dark = False
        self._power_s = None
        self._launch(POWER_ON, power_s)

    def _take_news(self, answer: Facts) -> None:
        """The board says unasked that mains are gone, or that it resets."""
        if "dark" in answer:
            self._lose_power(answer)
        elif "left" in answer:
            self.kill()
            self._launch(answer["left"], None)

    def _lose_power(self, answer: Facts) -> None:
        """Mains are gone: the process is killed, as the chip would be."""
        self.kill()
        self.dark = True
        self.now_s = answer["dark"]
        self._power_s = answer["power_s"]
        self._observation = answer["observation"]

    def _pass_darkness(self) -> None:
        """Go to the end of the granted time, or to where the profile brings mains back."""
        if self._power_s is None or self._power_s > self._target_s:
            self.now_s = self._target_s
            return
        self._power_up(self._power_s)

    def _ask(self, **request: Any) -> Facts:
        answer = self._exchange(**request)
        while "dark" in answer or "left" in answer:  # it came just as we asked
            self._take_news(answer)
            answer = self._exchange(**request)
        return answer

    def _exchange(self, **request: Any) -> Facts:
        self._send(**request)
        answer = self._receive()
        if "error" in answer:
            raise BoardRefused(f"board {self.meter} refused {request}: {answer['error']}")
        return answer

    def _send(self, **request: Any) -> None:
        try:
            self._running().send(**request)
        except BoardDied:
            self._end_process()
            raise

    def _receive(self) -> Facts:
        try:
            return self._running().receive()
        except BoardDied:
            self._end_process()
            raise

    def _running(self) -> BoardProcess:
        if self._process is None:
            state = "has no mains: act(mains=True)" if self.dark else "is not running: start() it"
            raise NotRunning(f"board {self.meter} {state} first")
        return self._process

    def _end_process(self) -> None:
        process, self._process = self._process, None
        line, self._line = self._line, None
        if line is not None:
            line.close()  # with the answer to a request that the next process never made
        if process is not None:
            process.end()


def _require_chip(chip: str, line: str) -> None:
    if line not in ("model", "pty"):
        raise SimulatorError(f"the line to a metering chip is model or pty, not {line!r}")
    if chip not in chips.NAMES:
        raise SimulatorError(f"a metering chip is one of {', '.join(chips.NAMES)}, not {chip}")
    if line == "pty" and chip == "atm90e32":
        raise SimulatorError("an ATM90E32 has no serial line: leave pty out")


def _config(meter: str, root_key: bytes, broker_port: int, board: str) -> Facts:
    return {
        "meter": meter, "root_key": root_key.hex(), "epoch": 1,
        "broker": {"host": "127.0.0.1", "port": broker_port, "tls": False},
        "wifi": {"ssid": "simulated", "password": ""}, "board": board,
    }  # fmt: skip


def find_profile(name: str | Path | profiles.Profile) -> profiles.Profile:
    """The shipped profile called `name`, or the CSV at that path. Raises ProfileError."""
    if isinstance(name, profiles.Profile):
        return name
    plain = "/" not in str(name) and "." not in str(name)
    return profiles.read(profiles.shipped(str(name)) if plain else name)


@cache
def heap_budget(build: Path | None = None) -> int:
    """Heap of a board's process, bytes: simulator, compiled firmware, and 64 KB for data.

    Measured twice: a large heap keeps some garbage of the imports, which no small one does.
    """
    heap_bytes = MEASURING_HEAP_BYTES
    for _ in range(2):
        with tempfile.TemporaryDirectory(prefix="bijli-") as at:
            house = House(Path(at), "HEAP", bytes(32), 1, 0, 0, heap_bytes=heap_bytes, build=build)
            house.start()
            house.kill()
        taken_bytes = house.heap["simulator_bytes"] + house.heap["code_bytes"]
        # Of a heap, 3 in 131 octets are the collector's own tables.
        heap_bytes = (taken_bytes + DATA_BYTES) * 131 // 128
    return heap_bytes
