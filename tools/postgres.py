"""A PostgreSQL server to throw away, for tests that must hold on more than SQLite.

Listens on a socket in a folder of its own and never on the network. Knows nothing of what is
stored.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tools import debian
from tools.errors import ToolError, Unavailable
from tools.folders import CACHE

USER = "bijli"
START_TIMEOUT_S = 60
# PostgreSQL refuses to run as root; whichever of these exists takes its place.
STAND_INS = ("postgres", "nobody")
# The data lives for one test run: no need to wait for the disk.
SETTINGS = "-c fsync=off -c full_page_writes=off -c listen_addresses='' -c max_connections=100"


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run a new, empty server and give the URL of its database `bijli`; it is gone afterwards.

    Raises Unavailable when no PostgreSQL can be had, ToolError when it does not start.
    """
    user = _stand_in()
    # Short and outside the checkout: a socket's path has room for 107 bytes, and the stand-in must
    # get there.
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as name:
        home = Path(name)
        (home / "data").mkdir()
        if user is not None:
            os.chown(home / "data", user, -1)
            os.chown(home, user, -1)
        programs = _Programs(_within_reach(find(), user, home), user)
        programs.run(
            "initdb", "-D", home / "data", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C"
        )
        control = ("-D", home / "data", "-w", "-t", str(START_TIMEOUT_S))
        programs.run(
            "pg_ctl", *control, "-l", home / "log", "-o", f"{SETTINGS} -k {home}", "start"
        )
        try:
            programs.run("createdb", "-h", home, "-U", USER, USER)
            yield f"postgresql://{USER}@/{USER}?host={home}"
        finally:
            programs.run("pg_ctl", *control, "-m", "immediate", "stop")


@dataclass(frozen=True)
class Installation:
    """PostgreSQL's files under `root`; `programs` is where initdb lies below it."""

    root: Path
    programs: Path
    brings_libraries: bool = False  # fetched by us, with what the system lacks beside it
    parts: tuple[str, ...] = (".",)  # what of `root` belongs to it

    def program(self, name: str) -> Path:
        """The path of one of its programs."""
        return self.root / self.programs / name

    def environment(self) -> dict[str, str]:
        """What its programs need in the environment."""
        if not self.brings_libraries:
            return dict(os.environ)
        libraries = ":".join(str(path) for path in debian.library_folders(self.root))
        return {**os.environ, "LD_LIBRARY_PATH": libraries}


def find() -> Installation:
    """PostgreSQL as named, the system's, the wheel's, or fetched, in this order. Raises
    Unavailable.
    """
    named = os.environ.get("BIJLI_POSTGRESQL")
    found = [_installed_at(Path(named))] if named else [*_of_system(), *_of_wheel(), *_of_cache()]
    if not found:
        debian.fetch_with_dependencies("postgresql", "postgresql")
        found = _of_cache()
    for installation in found:
        if installation.program("initdb").exists():
            return installation
    raise Unavailable(
        "There is no PostgreSQL here.",
        "install it, or name its folder of programs in BIJLI_POSTGRESQL.",
    )


def _installed_at(programs: Path) -> Installation:
    return Installation(programs.parent, Path(programs.name))


def _of_system() -> list[Installation]:
    """Newest first, as Debian keeps several versions side by side."""
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    found = sorted(versions, key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    return [
        _installed_at(path)
        for path in [*found, *([Path(on_path).resolve().parent] if on_path else [])]
    ]


def _of_wheel() -> list[Installation]:
    spec = importlib.util.find_spec("pgserver")
    places = (spec.submodule_search_locations or []) if spec else []
    parts = ("pgserver/pginstall", "pgserver.libs")
    return [
        Installation(Path(place).parent, Path(parts[0], "bin"), parts=parts) for place in places
    ]


def _of_cache() -> list[Installation]:
    root = CACHE / "postgresql"
    found = sorted(root.glob("usr/lib/postgresql/*/bin"))
    return [Installation(root, path.relative_to(root), brings_libraries=True) for path in found]


def _stand_in() -> int | None:
    """The user id to run as, None where we are not root."""
    if os.geteuid() != 0:
        return None
    for name in STAND_INS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    raise Unavailable(
        "PostgreSQL does not run as root, and there is no user to run it as.",
        "add a user `nobody`.",
    )


def _within_reach(installation: Installation, user: int | None, home: Path) -> Installation:
    """The installation where `user` may start it: copied, when the checkout is closed to that
    user.
    """
    try:
        command = [str(installation.program("initdb")), "--version"]
        subprocess.run(
            command, user=user, env=installation.environment(), capture_output=True, cwd="/"
        )
    except PermissionError:
        copy = home / "installed"
        for part in installation.parts:
            shutil.copytree(installation.root / part, copy / part, symlinks=True)
        return replace(installation, root=copy)
    return installation


class _Programs:
    """Runs the programs of one installation as one user."""

    def __init__(self, installation: Installation, user: int | None) -> None:
        self._installation = installation
        self._user = user

    def run(self, name: str, *arguments: str | Path) -> None:
        """Run one program to its end. Raises ToolError with its words."""
        command = [self._installation.program(name), *arguments]
        # To a file: a server that inherits a pipe would keep us waiting for the pipe's end.
        with tempfile.TemporaryFile() as output:
            result = subprocess.run(
                command,
                user=self._user,
                env=self._installation.environment(),
                cwd="/",
                stdout=output,
                stderr=output,
            )
            output.seek(0)
            words = output.read().decode(errors="replace").strip()
        if result.returncode != 0:
            raise ToolError(
                f"{name} failed: {words[-500:]}", "see that /tmp has room, then run it again."
            )
