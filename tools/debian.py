"""Fetches packages of Debian and Ubuntu into the cache folder, with root or without.

The machine's own apt does the work (mirror, proxy, signatures), with lists and caches of ours, so
that nothing of the system changes. A package is unpacked and never installed: no script of it
runs. Must not know what a package is for.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import Unavailable
from tools.folders import CACHE

ATTEMPTS_MAX = 3
TIMEOUT_S = 900
APT_FOLDER = Path("/etc/apt")
OS_RELEASE = Path("/etc/os-release")
# What Debian and Ubuntu call the places that hold their own packages; anything else is a third
# party's.
OWN_ARCHIVE = re.compile(r"/(debian|debian-security|ubuntu|ubuntu-ports)$")
# Where cloud images hide the mirror behind a file; such a file only ever names the distribution's
# own.
MIRROR_LIST = "mirror+file:"
# Libraries that must stay the system's own, as its loader fits no other.
NEVER_FETCHED = frozenset({"libc6", "libc-bin", "debconf", "dpkg", "init-system-helpers"})


@dataclass(frozen=True)
class Source:
    """One line of apt's sources: an archive, one suite of it, and the key that signs it."""

    uri: str
    suite: str
    signed_by: str = ""

    def line(self) -> str:
        """This source in apt's one-line form, with the parts that hold free software."""
        components = "main universe" if "ubuntu" in self.signed_by + self.uri else "main"
        option = f"[signed-by={self.signed_by}] " if self.signed_by else ""
        return f"deb {option}{self.uri} {self.suite} {components}"


def read_os_release(path: Path = OS_RELEASE) -> dict[str, str]:
    """What the machine says that it runs; empty where there is no such file (macOS)."""
    if not path.exists():
        return {}
    pairs = (line.partition("=") for line in path.read_text().splitlines() if "=" in line)
    return {name: "".join(shlex.split(value)) for name, _, value in pairs}


def parse_one_line(text: str) -> list[Source]:
    """The binary sources of a `.list` file."""
    sources = []
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)", line)
        if match:
            options, uri, suite = match.groups()
            key = re.search(r"signed-by=(\S+)", options or "")
            sources.append(Source(uri.rstrip("/"), suite, key.group(1) if key else ""))
    return sources


def parse_deb822(text: str) -> list[Source]:
    """The binary sources of a `.sources` file; a key written into it counts as none (apt has its
    own keys).
    """
    sources = []
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for paragraph in re.split(r"\n\s*\n", plain):
        fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*)$", paragraph, re.MULTILINE))
        if "deb" not in fields.get("Types", "").split() or fields.get("Enabled") == "no":
            continue
        key = fields.get("Signed-By", "").strip()
        for uri in fields.get("URIs", "").split():
            suites = fields.get("Suites", "").split()
            signed_by = key if key.startswith("/") else ""
            sources += [Source(uri.rstrip("/"), suite, signed_by) for suite in suites]
    return sources


def own_sources(folder: Path = APT_FOLDER) -> list[Source]:
    """The machine's sources of its distribution's own packages, third parties left out."""
    found = []
    for path in [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]:
        if path.suffix == ".list" and path.exists():
            found += parse_one_line(path.read_text())
        elif path.suffix == ".sources":
            found += parse_deb822(path.read_text())
    return [s for s in found if OWN_ARCHIVE.search(s.uri) or s.uri.startswith(MIRROR_LIST)]


def sources_of_suite(suite: str, sources: Iterable[Source]) -> list[Source]:
    """The same archives, pointed at `suite`: as they are when it is the machine's own, else its
    main archive.
    """
    known = list(sources)
    own = [s for s in known if s.suite == suite or s.suite.startswith(f"{suite}-")]
    if own:
        return [s for s in own if not s.suite.endswith("-backports")]
    main = [s for s in known if not s.uri.endswith("-security") and "-" not in s.suite]
    return [Source(s.uri, suite, s.signed_by) for s in main[:1]]


class Archive:
    """One suite and architecture of the distribution's archive; apt's own files about it in
    `folder`.
    """

    def __init__(
        self, suite: str, architecture: str, sources: Sequence[Source], folder: Path
    ) -> None:
        self.suite = suite
        self.architecture = architecture
        self.sources = sources
        self.folder = folder

    def update(self) -> None:
        """Fetch the list of packages. Raises Unavailable without apt, mirror or network."""
        if not self.sources:
            raise Unavailable(
                "This machine has no apt sources of Debian or Ubuntu to fetch packages from.",
                "install what is missing by hand and name it (README, 'Other systems').",
            )
        for name in ("lists/partial", "cache/archives/partial", "packages"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        lines = "".join(source.line() + "\n" for source in self.sources)
        (self.folder / "sources.list").write_text(lines)
        self._run(["update"], cwd=self.folder)

    def missing_packages(self, packages: Sequence[str]) -> list[str]:
        """`packages` and what they need that the system lacks, as apt itself works it out."""
        plan = self._run(
            ["--simulate", "--no-install-recommends", "install", *packages], cwd=self.folder
        )
        names = re.findall(r"^Inst (\S+)", plan, re.MULTILINE)
        return [name for name in names if name.partition(":")[0] not in NEVER_FETCHED]

    def all_packages(self, package: str) -> list[str]:
        """`package` and all that it needs, whether the system has it or not."""
        kinds = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
        without = [f"--no-{kind}" for kind in kinds]
        tree = self._run(["depends", "--recurse", *without, package], self.folder, "apt-cache")
        return re.findall(r"^(\w\S*)$", tree, re.MULTILINE)

    def unpack(self, packages: Sequence[str], destination: Path) -> None:
        """Download `packages` and unpack them into `destination`."""
        self._run(["download", *packages], cwd=self.folder / "packages")
        destination.mkdir(parents=True, exist_ok=True)
        for name in packages:
            for path in (self.folder / "packages").glob(f"{name.partition(':')[0]}_*.deb"):
                subprocess.run(["dpkg", "-x", str(path), str(destination)], check=True)
                path.unlink()

    def _options(self) -> list[str]:
        values = {
            "Dir::State::Lists": self.folder / "lists",
            "Dir::Cache": self.folder / "cache",
            "Dir::Cache::pkgcache": "",  # what it works out is not asked again
            "Dir::Cache::srcpkgcache": "",
            "Dir::Etc::sourcelist": self.folder / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "APT::Architecture": self.architecture,
            "APT::Architectures": self.architecture,
            "APT::Default-Release": "",
            "APT::Sandbox::User": "root",  # root's own apt would else try to write as another user
            "APT::Update::Error-Mode": "any",  # no list is a failure, not a remark
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "Debug::NoLocking": "true",  # a plan needs no lock, and without root gets none
        }
        return [part for name, value in values.items() for part in ("-o", f"{name}={value}")]

    def _run(self, arguments: Sequence[str], cwd: Path, program: str = "apt-get") -> str:
        command = [program, "-q", *self._options(), *arguments]
        environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
        for _ in range(ATTEMPTS_MAX):
            result = subprocess.run(
                command,
                cwd=cwd,
                env=environment,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
            )
            if result.returncode == 0:
                return result.stdout
        last = " ".join((result.stderr.strip() or result.stdout.strip()).splitlines()[-3:])
        raise Unavailable(
            f"{program} {arguments[0]} failed ({self.suite} {self.architecture}): {last}",
            "see that this machine reaches its package mirror (`apt-get update` as root "
            "shows it), then run the same command again.",
        )


def machine_suite() -> str:
    """The code name of the release that this machine runs, such as `bookworm`; empty elsewhere."""
    return read_os_release().get("VERSION_CODENAME", "")


def machine_architecture() -> str:
    """What Debian calls this machine's architecture, such as `amd64`."""
    shown = subprocess.run(
        ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
    )
    return shown.stdout.strip()


def fetch_self_contained(
    name: str, package: str, suite: str, architecture: str, sources: Sequence[Source] = ()
) -> None:
    """Unpack `package` with everything it needs, the C library too, into the cache folder `name`.

    So it may be of another release, architecture or (by `sources`) distribution than the machine.
    Done before, it does nothing.
    """
    found = sources or sources_of_suite(suite, own_sources())
    _fetch(name, suite, architecture, found, lambda archive: archive.all_packages(package))


def debian_on_ubuntu(suite: str) -> Source:
    """Debian's archive as Ubuntu knows it: address and keys are from packages of Ubuntu."""
    name, packages = "debian-archive", ["python-apt-common", "debian-archive-keyring"]
    own = sources_of_suite(machine_suite(), own_sources())
    _fetch(name, machine_suite(), "", own, lambda _: packages)
    share = CACHE / name / "usr/share"
    known = (share / "python-apt/templates/Debian.info").read_text()
    address = re.search(r"^BaseURI: https?(://\S+?)/*$", known, re.MULTILINE)
    if address is None:
        raise Unavailable("Ubuntu does not name Debian's archive.", "see python-apt-common.")
    keyring = share / "keyrings/debian-archive-keyring.gpg"
    # Plain: a small system has no certificates yet, and the signature is what counts.
    return Source(f"http{address.group(1)}", suite, str(keyring))


def fetch_with_dependencies(name: str, *packages: str) -> None:
    """
    Unpack `packages` of the machine's own release, with what the system lacks for them, into the
    cache folder `name`. Done before, it does nothing.
    """
    own = sources_of_suite(machine_suite(), own_sources())
    _fetch(name, machine_suite(), "", own, lambda archive: archive.missing_packages(packages))


def library_folders(folder: Path) -> list[Path]:
    """The folders of an unpacked tree that hold shared libraries, for `LD_LIBRARY_PATH`."""
    usual = [path for root in ("usr/lib", "lib") for path in folder.glob(f"{root}/*-linux-*")]
    # A few keep theirs one level down, where an installed system finds them by other means.
    private = {path.parent for place in usual for path in place.glob("*/lib*.so*")}
    return [*usual, *sorted(private)]


def _fetch(
    name: str,
    suite: str,
    architecture: str,
    sources: Sequence[Source],
    choose: Callable[[Archive], Sequence[str]],
) -> None:
    """Unpack beside the cache folder `name` first, so that the cache only holds what is whole."""
    target = CACHE / name
    if target.exists():
        return
    if sys.platform != "linux" or not shutil.which("dpkg") or not shutil.which("apt-get"):
        raise Unavailable(
            f"{name} is missing, and only on Debian and Ubuntu can it be fetched.",
            "install it by hand and name it (README, 'Other systems').",
        )
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=CACHE) as work:
        archive = Archive(
            suite, architecture or machine_architecture(), sources, Path(work, "apt")
        )
        print(f"  fetching {name} ({suite}, {archive.architecture}) ...", flush=True)
        archive.update()
        unpacked = Path(work, "unpacked")
        archive.unpack(choose(archive), unpacked)
        if not target.exists():  # another process may have been faster
            unpacked.rename(target)
