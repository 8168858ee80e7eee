"""Works now and then on callbacks that a killed process has left, beside the web server.

A round costs two small queries while there is nothing to do. Knows only whom to call.
"""

import logging
import threading
import time

from django.db import DatabaseError, close_old_connections

from controller.payments import services as payments

log = logging.getLogger(__name__)

EVERY_S = 60


def start() -> threading.Thread:
    """Begins the rounds in a thread of their own, the first one at once."""
    thread = threading.Thread(target=_keep_working, name="callback rounds", daemon=True)
    thread.start()
    return thread


def _keep_working() -> None:
    while True:
        work_once()
        time.sleep(EVERY_S)


def work_once() -> None:
    """One round: stored callbacks, then orders whose time is over."""
    close_old_connections()
    try:
        payments.process_callbacks()
        payments.expire_orders()
    except DatabaseError as error:  # it may come back
        log.warning("callbacks wait for the next round: %s", type(error).__name__)
