"""How many messages a second the headend verifies, stores and answers. Prints JSON.

`python -m tools.bench.ingest [--meters 100] [--messages 4000] [--readings 4] [--batch 200]`
Runs the real ingest, without a broker, on the database that BIJLI_DATABASE_URL names (SQLite in
a temporary folder when there is none). Knows nothing of the network's cost.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from typing import Any

NOW_S = 200_000_000
INTERVAL_S = 900


def main() -> None:
    """Makes the messages first, then measures their way in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=100)
    parser.add_argument("--messages", type=int, default=4_000)
    parser.add_argument("--readings", type=int, default=4, help="in each message, 1 to 24")
    parser.add_argument("--batch", type=int, default=200, help="messages in one transaction")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bijli-bench-") as home:
        _set_up(home)
        print(json.dumps(measure(**vars(options)), indent=2))


def _set_up(home: str) -> None:
    os.environ |= {"BIJLI_HOME": home, "DJANGO_SETTINGS_MODULE": "controller.settings"}
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)


def measure(meters: int, messages: int, readings: int, batch: int) -> dict[str, Any]:
    """Rate of whole batches, and how long one took (median, worst)."""
    from django.db import connection

    from controller.headend import ingest

    arrivals = _arrivals(meters, messages, readings)
    durations_s = []
    started_s = time.perf_counter()
    for first in range(0, len(arrivals), batch):
        batch_started_s = time.perf_counter()
        ingest.handle(arrivals[first : first + batch])
        durations_s.append(time.perf_counter() - batch_started_s)
    elapsed_s = time.perf_counter() - started_s
    return {
        "database": connection.vendor,
        "messages": messages,
        "readings_per_message": readings,
        "messages_per_batch": batch,
        "messages_per_s": round(messages / elapsed_s),
        "readings_per_s": round(messages * readings / elapsed_s),
        "batch_ms_median": round(statistics.median(durations_s) * 1000, 1),
        "batch_ms_worst": round(max(durations_s) * 1000, 1),
    }


def _arrivals(meters: int, count: int, readings: int) -> list[tuple[str, bytes]]:
    from controller.fleet import services
    from protocol import keys, messages

    names = [f"BENCH{n:05d}" for n in range(meters)]
    uplink = {}
    for name in names:
        root_key = os.urandom(32)
        services.add_meter(name, root_key=root_key, actor="bench")
        uplink[name] = keys.role_key(root_key, 1, keys.ROLE_UPLINK, name)
    made = []
    for n in range(count):
        name, turn = names[n % meters], n // meters
        body = {0: [_reading(turn * readings + k + 1) for k in range(readings)]}
        payload = messages.seal_message(
            uplink[name], name, 1, messages.UP, messages.READINGS, turn + 1, NOW_S, body
        )
        made.append((messages.topic(name, messages.UP, messages.READINGS), payload))
    return made


def _reading(sequence: int) -> list[int]:
    energy_wh = 100 * sequence
    registers = [energy_wh, energy_wh, 0, 0, 0]
    return [sequence, NOW_S + sequence * INTERVAL_S, 0, *registers, 500, 225, 235, 900, 2, 0, 3, 0]


if __name__ == "__main__":
    main()
