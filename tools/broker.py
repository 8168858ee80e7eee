"""Runs the MQTT broker (Mosquitto) of the demo, the tests and `bijli up`, and keeps its users.

It knows who may speak on which topic (docs/wire.md) and nothing of what is said. Standard library
only: the set-up imports it before anything is installed.
"""

import base64
import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tools import debian
from tools.errors import ToolError, Unavailable
from tools.folders import CACHE

HEADEND_USER = "headend"
LOOPBACK = "127.0.0.1"
START_TIMEOUT_S = 15
STOP_TIMEOUT_S = 10
LOG_LINES_SHOWN = 5
MEMORY_BYTES_MAX = 512 * 1024 * 1024
PACKET_BYTES_MAX = 16 * 1024
# Mosquitto's own number for its `$7$` (PBKDF2, SHA-512) passwords. Ours are 256-bit keys, not
# words to guess.
PASSWORD_ITERATIONS = 101
PASSWORD_SALT_BYTES = 12

# A board writes and reads its own branch only; the headend hears every board and speaks to every
# board.
ACCESS_RULES = f"""\
user {HEADEND_USER}
topic read bijli/1/+/up/#
topic write bijli/1/+/down/#

pattern write bijli/1/%u/up/#
pattern read bijli/1/%u/down/#
"""

CONFIGURATION = """\
listener {port} {address}
allow_anonymous false
password_file {home}/passwords
acl_file {home}/access
user {user}

# A board's messages wait for a headend that is away, and the headend's for a board: without a
# number, up to a size.
max_queued_messages 0
memory_limit {memory_bytes_max}
max_packet_size {packet_bytes_max}
persistent_client_expiration 14d
persistence true
persistence_location {home}/
autosave_interval 5

set_tcp_nodelay true
log_dest file {home}/broker.log
log_type error
log_type warning
log_type notice
"""


def ensure() -> None:
    """Fetch Mosquitto into the cache unless there is one that can be used. Raises Unavailable."""
    if os.environ.get("BIJLI_MOSQUITTO") or (CACHE / "mosquitto").exists():
        return
    system = _system_binary()
    if system and not Path("/etc/apparmor.d/usr.sbin.mosquitto").exists():
        return
    if system:  # there it may read its own folders only, a rule that is tied to its path
        target = CACHE / "mosquitto/usr/sbin/mosquitto"
        target.parent.mkdir(parents=True)
        shutil.copy(system, target)
        return
    if sys.platform == "darwin":
        raise Unavailable(
            "Mosquitto is missing.", "`brew install mosquitto`, or name it in BIJLI_MOSQUITTO."
        )
    debian.fetch_with_dependencies("mosquitto", "mosquitto")


def find() -> tuple[str, dict[str, str]]:
    """The broker's program and the environment that it needs. Raises Unavailable."""
    named = os.environ.get("BIJLI_MOSQUITTO")
    if named:
        return named, dict(os.environ)
    cached = CACHE / "mosquitto"
    if (cached / "usr/sbin/mosquitto").exists():
        libraries = ":".join(str(path) for path in debian.library_folders(cached))
        return str(cached / "usr/sbin/mosquitto"), {**os.environ, "LD_LIBRARY_PATH": libraries}
    system = _system_binary()
    if system is None:
        raise Unavailable(
            "Mosquitto is missing.", "run `make setup`, or name it in BIJLI_MOSQUITTO."
        )
    return system, dict(os.environ)


def _system_binary() -> str | None:
    places = [os.environ.get("PATH", ""), "/usr/sbin", "/opt/homebrew/sbin", "/usr/local/sbin"]
    return shutil.which("mosquitto", path=os.pathsep.join(places))


def password_entry(name: str, password: str, salt: bytes | None = None) -> str:
    """One line of Mosquitto's password file, without its end."""
    salt = salt or secrets.token_bytes(PASSWORD_SALT_BYTES)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, PASSWORD_ITERATIONS)
    parts = (
        str(PASSWORD_ITERATIONS),
        base64.b64encode(salt).decode(),
        base64.b64encode(key).decode(),
    )
    return f"{name}:$7${'$'.join(parts)}"


class Broker:
    """One Mosquitto with its users and its stored messages in the folder `home`.

    `port` 0 takes a free one, which then stays. `address` is what it listens on: this machine
    only, unless boards come from outside. A Broker of the same `home` in another process may add
    users while it runs.
    """

    def __init__(self, home: Path, port: int = 0, address: str = LOOPBACK) -> None:
        self.home = home.resolve()
        self.address = address
        self.port = port or free_port(address)
        self._process: subprocess.Popen[bytes] | None = None
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._passwords.touch(mode=0o600)

    def start(self) -> None:
        """Start the broker and wait until it accepts. Raises ToolError: port in use, home in use,
        or its own words.
        """
        program, environment = find()
        require_free_port(self.address, self.port)
        self._write_configuration()
        self._log.unlink(missing_ok=True)
        with self._pid_path.open("a+") as pid_file:
            self._claim_home(pid_file.fileno())
            self._process = subprocess.Popen(
                [program, "-c", str(self.home / "mosquitto.conf")],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[
                    pid_file.fileno()
                ],  # the lock lives as long as the broker, not as long as we
            )
            pid_file.truncate(0)
            pid_file.write(str(self._process.pid))
        self._wait_until_accepting(self._process)

    def stop(self) -> None:
        """End the broker in order: what it holds for absent clients is on disk afterwards."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End the broker at once (SIGKILL), as a power cut would."""
        process, self._process = self._process, None  # two threads may come to kill it
        if process is not None:
            process.kill()
            process.wait()

    def running(self) -> bool:
        """Whether a broker runs in this home, whoever started it."""
        return self._running_pid() is not None

    def set_user(self, name: str, password: str) -> None:
        """Let `name` in with `password`, at once and for good; an earlier password of that name is
        void.
        """
        with self._locked_passwords():
            lines = self._passwords.read_text().splitlines()
            kept = [line for line in lines if line.partition(":")[0] != name]
            new = self.home / "passwords.new"
            new.touch(mode=0o600)
            new.write_text(
                "".join(f"{line}\n" for line in [*kept, password_entry(name, password)])
            )
            new.replace(self._passwords)
        pid = self._running_pid()
        if pid is not None:
            os.kill(pid, signal.SIGHUP)

    def has_client(self, user: str) -> bool:
        """Whether `user` has logged in since the broker was started."""
        return self._log.exists() and f", u'{user}')" in self._log.read_text(errors="replace")

    def configured_port(self) -> int:
        """The port of the broker last started in this home. Raises ToolError when none was."""
        configuration = self.home / "mosquitto.conf"
        if not configuration.exists():
            raise ToolError(f"No broker was ever started in {self.home}.", "run `bijli up` first.")
        return int(configuration.read_text().split()[1])

    @property
    def _passwords(self) -> Path:
        return self.home / "passwords"

    @property
    def _log(self) -> Path:
        return self.home / "broker.log"

    @property
    def _pid_path(self) -> Path:
        return self.home / "broker.pid"

    @contextlib.contextmanager
    def _locked_passwords(self) -> Iterator[None]:
        with (self.home / "passwords.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _claim_home(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ToolError(
                f"A broker is already running in {self.home}.",
                "stop it first, or use another folder.",
            ) from None

    def _running_pid(self) -> int | None:
        """The process that holds the lock on the pid file; a number alone might be anybody's by
        now.
        """
        if not self._pid_path.exists():
            return None
        with self._pid_path.open() as pid_file:
            try:
                fcntl.flock(pid_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(pid_file.read() or 0) or None
        return None

    def _write_configuration(self) -> None:
        (self.home / "access").write_text(ACCESS_RULES)
        (self.home / "access").chmod(0o600)
        text = CONFIGURATION.format(
            port=self.port,
            address=self.address,
            home=self.home,
            user="root" if os.geteuid() == 0 else "mosquitto",  # only root would change to it
            memory_bytes_max=MEMORY_BYTES_MAX,
            packet_bytes_max=PACKET_BYTES_MAX,
        )
        (self.home / "mosquitto.conf").write_text(text)

    def _wait_until_accepting(self, process: subprocess.Popen[bytes]) -> None:
        target = LOOPBACK if self.address == "0.0.0.0" else self.address  # noqa: S104
        deadline = time.monotonic() + START_TIMEOUT_S
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection((target, self.port), 1):
                return
            time.sleep(0.02)
        self.kill()
        words = self._log.read_text().splitlines()[-LOG_LINES_SHOWN:] if self._log.exists() else []
        raise ToolError("Mosquitto did not start. " + " / ".join(words), f"see {self._log}.")


def free_port(address: str = LOOPBACK) -> int:
    """A port of `address` that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def require_free_port(address: str, port: int) -> None:
    """Raises ToolError when something listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise ToolError(
                f"Port {port} on {address} cannot be used: {error.strerror}.",
                "stop the program that listens there, or choose another port.",
            ) from None
