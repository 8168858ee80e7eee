"""`python -m controller.reconcile`: the process that reconciles every night."""

import logging
import os
import signal
import threading

IDLE_S = 60.0
TROUBLE_S = 600.0
ACTOR = "nightly"
LOG = logging.getLogger(__name__)


def main() -> None:
    """Runs until SIGTERM or SIGINT."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controller.settings")
    import django

    django.setup()
    ended = threading.Event()
    for end in (signal.SIGTERM, signal.SIGINT):
        signal.signal(end, lambda *_of: ended.set())
    while not ended.is_set():
        ended.wait(work())


def work() -> float:
    """Reconciles when it is due; how long (s) to wait before looking again."""
    from django.db import DatabaseError, close_old_connections

    from controller.errors import Refused
    from controller.reconcile import services

    close_old_connections()
    try:
        report = services.run_night_if_due(actor=ACTOR)
    except (DatabaseError, Refused) as error:  # it may come back: a day is still posted to
        LOG.warning("the night's reconciliation failed: %s", error)
        return TROUBLE_S
    if report is not None:
        LOG.info("reconciled up to %s: %d mismatches", report.last_day, report.mismatches)
    return IDLE_S


if __name__ == "__main__":
    main()
