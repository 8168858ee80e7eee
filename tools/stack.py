"""The running controller: broker, headend, console and what runs beside them, as child processes.

`bijli up` and `bijli demo` both stand on it. It starts, watches, restarts and stops processes; it
knows nothing of meters, boards or money.
"""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tools.broker import HEADEND_USER, LOOPBACK, Broker, require_free_port
from tools.errors import StackError

READY_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 5.0
RESTARTS_MAX = 50  # of a process that ended by itself, within one run; beyond, it is broken

CONSOLE_PORT = 8000
BROKER_PORT = 1883

# What a utility needs by day and by night beside headend and console; `bijli up` starts them.
BESIDE = {
    "night": ["controller.reconcile"],
    "routine": ["controller.routine"],
    "notices": ["controller.notices"],  # only where there is a provider to send them by
}


def environment(home: Path, broker_port: int, clock_file: Path | None = None) -> dict[str, str]:
    """The settings (docs/architecture.md, Controller) that every controller process is given."""
    settings = {
        "BIJLI_HOME": str(home),
        "BIJLI_BROKER": f"127.0.0.1:{broker_port}",
        "DJANGO_SETTINGS_MODULE": "controller.settings",
    }
    if clock_file is not None:
        settings["BIJLI_CLOCK_FILE"] = str(clock_file)
    return settings


def connect_database(settings: dict[str, str], *, migrate: bool = False) -> None:
    """Make Django's models usable in this process, on the database that `settings` names."""
    os.environ.update(settings)
    import django
    from django.core.management import call_command

    django.setup()
    if migrate:
        call_command("migrate", verbosity=0, interactive=False)


class Process:
    """One child process with its log file, restarted while the stack is up."""

    def __init__(self, name: str, arguments: list[str], settings: dict[str, str], log: Path):
        self.name = name
        self._arguments = arguments
        self._environment = {**os.environ, **settings}
        self.log = log
        self.restarts = 0  # not counting those after our own `kill`
        self._was_killed = False
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run it as a child; what it prints goes to the end of its log."""
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", *self._arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child is not None and self._child.poll() is None

    def died(self) -> bool:
        """Whether it was started and runs no more, without having been stopped."""
        return self._child is not None and self._child.poll() is not None

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL, no last words."""
        self._was_killed = True
        self._end(signal.SIGKILL)

    def revive(self) -> bool:
        """Start it again; False, and it stays down, when it has ended by itself too often."""
        if not self._was_killed:
            self.restarts += 1
        self._was_killed = False
        if self.restarts > RESTARTS_MAX:
            return False
        self.start()
        return True

    def stop(self) -> None:
        """End it in order; it is not revived afterwards."""
        self._end(signal.SIGTERM)
        self._child = None

    def _end(self, signal_number: signal.Signals) -> None:
        if self._child is None:
            return
        self._child.send_signal(signal_number)
        try:
            self._child.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def last_words(self, lines: int = 15) -> str:
        """The last `lines` of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


class Stack:
    """Broker, headend, console and the processes beside them over one data folder."""

    def __init__(
        self,
        home: Path,
        *,
        broker_port: int = BROKER_PORT,
        broker_address: str = LOOPBACK,
        console_port: int = CONSOLE_PORT,
        clock_file: Path | None = None,
    ):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)  # database, root keys, logs
        self.home = home
        self.broker = Broker(home / "broker", port=broker_port, address=broker_address)
        self._broker_wanted = False
        self._lock = threading.Lock()  # `watch` may be called from two threads
        self.console_port = console_port
        self.settings = environment(home, self.broker.port, clock_file)
        self.headend = self._process("headend", ["controller.headend"])
        self.console = self._process(
            "console", ["controller.console.serve", LOOPBACK, str(console_port)]
        )
        self.beside = [self._process(name, arguments) for name, arguments in BESIDE.items()]

    def _process(self, name: str, arguments: list[str]) -> Process:
        return Process(name, arguments, self.settings, self.home / f"{name}.log")

    @property
    def console_url(self) -> str:
        """Where a browser finds the console."""
        return f"http://127.0.0.1:{self.console_port}/"

    def start(
        self, say: Callable[[str], None], *, console: bool = True, beside: bool = False
    ) -> None:
        """Bring all of it up; `say` hears a line before each step that takes time.

        `beside`: with those that act by the clock; a demo does itself what they do.
        Raises ToolError: a port in use, or a process that does not come up.
        """
        if console:  # looked at first: whoever listens there would pass for the console
            require_free_port(LOOPBACK, self.console_port)
        say("preparing the database")
        connect_database(self.settings, migrate=True)
        from controller.headend.services import broker_password

        self.broker.set_user(HEADEND_USER, broker_password())
        say(f"starting the broker on port {self.broker.port}")
        self.raise_broker()
        say("starting the headend")
        self.headend.start()
        self.wait_for_headend()
        if console:
            say(f"starting the console on {self.console_url}")
            self.console.start()
            self._wait_for_console()
        if beside:
            self._start_beside(say)

    def _start_beside(self, say: Callable[[str], None]) -> None:
        from controller.notices.queries import routes

        for process in self.beside:
            if process.name == "notices" and not routes():
                say("messages wait: set a provider (bijli notices route) and start again")
                continue
            say(f"starting {process.name}")
            process.start()

    def _wait_for_console(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline:
            if not self.console.running():
                raise self._failure(self.console, "did not start")
            try:
                with urllib.request.urlopen(self.console_url, timeout=2):  # noqa: S310 (our own)
                    return
            except OSError:
                time.sleep(0.1)
        raise self._failure(self.console, "does not answer")

    def lose_broker(self) -> None:
        """The broker is gone (SIGKILL) and stays away until `raise_broker`."""
        with self._lock:
            self._broker_wanted = False
            self.broker.kill()

    def raise_broker(self) -> None:
        """Start the broker, which `watch` then keeps up. Raises ToolError."""
        with self._lock:
            self._broker_wanted = True
            if not self.broker.running():
                self.broker.start()

    def wait_for_headend(self) -> None:
        """Wait until the headend talks to the broker that runs now. Raises StackError."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not self.broker.has_client(HEADEND_USER):
            if time.monotonic() > deadline:
                raise self._failure(self.headend, "does not connect to the broker")
            time.sleep(0.05)

    def watch(self, say: Callable[[str], None] = lambda _line: None) -> None:
        """Restart what should run and does not.

        Raises StackError when headend or console keep failing. What runs beside them then stays
        down, and `say` hears it: supply and counter go on.
        """
        with self._lock:
            if self._broker_wanted and not self.broker.running():
                self.broker.start()
            for process in (self.headend, self.console):
                if process.died() and not process.revive():
                    raise self._failure(process, "keeps failing")
            for process in self.beside:
                if process.died() and not process.revive():
                    process.stop()
                    say(str(self._failure(process, "keeps failing and stays down")))

    def _failure(self, process: Process, what: str) -> StackError:
        return StackError(
            f"The {process.name} {what}; it said last:\n{process.last_words()}",
            f"Mend what it says and start again; all that it said is in {process.log}.",
        )

    def stop(self) -> None:
        """End what runs beside, console, headend and broker, in this order."""
        for process in (*self.beside, self.console, self.headend):
            process.stop()
        self.broker.stop()
