"""Pins the newest allowed dependencies anew, with hashes and without addresses (`make lock`)."""

import subprocess
import sys

from tools.folders import ROOT

PYTHON_OLDEST = "3.11"
LOCKS = {"requirements.txt": ["build"], "requirements-dev.txt": ["build", "dev"]}


def main() -> int:
    """Write both lock files; returns the exit status of the first that fails."""
    for name, groups in LOCKS.items():
        command = [
            "uv",
            "pip",
            "compile",
            "--quiet",
            "--universal",
            "--upgrade",
            "--generate-hashes",
        ]
        command += ["--python-version", PYTHON_OLDEST, "--no-header", "--no-annotate"]
        command += [part for group in groups for part in ("--group", group)]
        status = subprocess.run(
            [sys.executable, "-m", *command, "pyproject.toml", "-o", name], cwd=ROOT
        ).returncode
        if status != 0:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
