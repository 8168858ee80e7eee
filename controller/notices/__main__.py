"""`python -m controller.notices`: the process that empties the outbox."""

import logging
import os
import signal
import threading
from datetime import date

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
    worker = Worker()
    while not ended.is_set():
        ended.wait(worker.work())


class Worker:
    """Sends what is due, and once a day tells consumers what they are told daily."""

    def __init__(self) -> None:
        self._told_on: date | None = None

    def work(self) -> float:
        """One batch; how long (s) to wait before the next."""
        from django.db import DatabaseError, close_old_connections

        from controller.errors import Refused
        from controller.notices import services

        close_old_connections()
        try:
            self._tell_daily()
            delivered = services.deliver(BATCH)
        except (DatabaseError, Refused) as error:  # it may come back: a database, a master key
            LOG.warning("the outbox cannot be emptied: %s", type(error).__name__)
            return TROUBLE_S
        return 0.0 if sum(delivered) >= BATCH else IDLE_S

    def _tell_daily(self) -> None:
        from django.utils import timezone

        from controller import clock
        from controller.notices import daily

        now = timezone.localtime(clock.moment(clock.now_s()))
        if daily.is_due(self._told_on, now):
            daily.tell()
            self._told_on = now.date()


if __name__ == "__main__":
    main()
