"""Runs the tests: all of them on SQLite, then those that use the database on a real PostgreSQL.

`python -m tools.test [pytest's arguments]`; whatever is given goes to both runs.
"""

import os
import subprocess
import sys

from tools import postgres
from tools.errors import ToolError
from tools.folders import ROOT

WORKERS_MAX = 4
# What pytest says when the chosen tests hold none that use the database.
NOTHING_COLLECTED = 5


def main(arguments: list[str]) -> int:
    """Run both rounds and return the exit status: 0 only when both passed."""
    print("Tests on SQLite", flush=True)
    status = run_pytest(arguments, "")
    if status not in (0, NOTHING_COLLECTED):
        return status
    try:
        with postgres.server() as url:
            print("Tests that use the database, on PostgreSQL", flush=True)
            status = run_pytest(["-m", "database", *arguments], url)
    except ToolError as error:
        print(f"bijli: {error}", file=sys.stderr)
        return 1
    return 0 if status == NOTHING_COLLECTED else status


def run_pytest(arguments: list[str], database_url: str) -> int:
    """One round; a file's tests stay in one worker, so that what they share is made once."""
    workers = min(WORKERS_MAX, os.cpu_count() or 1)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        str(workers),
        "--dist",
        "loadfile",
        *arguments,
    ]
    environment = {**os.environ, "BIJLI_DATABASE_URL": database_url}
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
