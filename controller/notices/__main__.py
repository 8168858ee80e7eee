"""`python -m controller.notices`: the process that empties the outbox."""

import logging
import os
import signal
import threading

IDLE_S = 2.0
TROUBLE_S = 15.0
BATCH = 100
LOG = logging.getLogger(__name__)


def main() -> None:
    """Runs until SIGTERM or SIGINT; both end it after the message under way."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controller.settings")
    import django

    django.setup()
    ended = threading.Event()
    for end in (signal.SIGTERM, signal.SIGINT):
        signal.signal(end, lambda *_of: ended.set())
    while not ended.is_set():
        ended.wait(work())


def work() -> float:
    """Sends one batch; how long (s) to wait before the next."""
    from django.db import DatabaseError, close_old_connections

    from controller.errors import Refused
    from controller.notices import services

    close_old_connections()
    try:
        delivered = services.deliver(BATCH)
    except (DatabaseError, Refused) as error:  # it may come back: a database restarts, a key too
        LOG.warning("the outbox cannot be emptied: %s", type(error).__name__)
        return TROUBLE_S
    return 0.0 if sum(delivered) >= BATCH else IDLE_S


if __name__ == "__main__":
    main()
