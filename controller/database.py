"""Which database, from one setting: SQLite in the data folder, or PostgreSQL by URL.

Used by the settings only; knows nothing of the apps.
"""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

LOCK_WAIT_S = 10

# FULL, not NORMAL: a board lets go of a reading once it is acknowledged, and NORMAL can lose
# the last commits in a power cut of the server. One fsync a batch is the price.
SQLITE_START = (
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA wal_autocheckpoint = 1000;"
    "PRAGMA cache_size = -16000;"
)

# A server's own guesses are for few long queries on spinning disks. Ours are many short ones:
# compiling one took five times as long as running it, and indexes were left for whole tables.
POSTGRESQL_START = "-c jit=off -c random_page_cost=1.1"


def describe(url: str, home: Path) -> dict[str, Any]:
    """Django's description of the database that `url` names; empty means SQLite in `home`.

    PostgreSQL: `postgres://user:password@host:port/name`, or through a unix socket
    `postgres://user@/name?host=/run/postgresql`. Raises ValueError for anything else.
    """
    if not url:
        return _sqlite(home / "bijli.sqlite3")
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or len(parts.path) < 2:
        raise ValueError("BIJLI_DATABASE_URL must be empty or postgres://user@host/name")
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    options["options"] = f"{POSTGRESQL_START} {options.get('options', '')}".strip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or options.pop("port", "")),
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 60,
        "OPTIONS": options,
    }


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # A transaction takes the write lock at once, so that it waits for its turn
            # instead of failing half way when it turns from reading to writing.
            "transaction_mode": "IMMEDIATE",
            "timeout": LOCK_WAIT_S,
            "init_command": SQLITE_START,
        },
    }
