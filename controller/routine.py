"""`python -m controller.routine`: what must happen by itself, again and again.

Status by rules (MG-6), payments that were called back and not worked on, bill runs that were
begun, and once a day reminders and what falls due. Each chore may be done at any time, twice, or
late: it finds what is to be done in the database. One that fails is logged, and the others go on.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

LOG = logging.getLogger(__name__)
ACTOR = "routine"
TICK_S = 20.0
BATCHES_A_ROUND = 5  # so that a large run does not keep the other chores waiting
DAILY_HOUR = 9  # local: who is reminded reads it by day


class Chore(NamedTuple):
    """What is done every so many seconds; 0: once a day, from DAILY_HOUR on."""

    name: str
    every_s: int
    do: Callable[[], object]


def main() -> None:
    """Runs until SIGTERM or SIGINT; both end it after the chore under way."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controller.settings")
    import django

    django.setup()
    from django.db import close_old_connections

    ended = threading.Event()
    for end in (signal.SIGTERM, signal.SIGINT):
        signal.signal(end, lambda *_of: ended.set())
    routine = Routine(CHORES)
    while not ended.is_set():
        close_old_connections()  # one that the server has closed meanwhile
        routine.work()
        ended.wait(TICK_S)


class Routine:
    """Does the chores that are due, by the controller's clock."""

    def __init__(self, chores: tuple[Chore, ...]):
        self._chores = chores
        self._done_s: dict[str, int] = {}
        self._done_on: dict[str, date] = {}

    def work(self) -> list[str]:
        """One round; the names of what was done, or tried."""
        from django.utils import timezone

        from controller import clock

        now_s = clock.now_s()
        local = timezone.localtime(clock.moment(now_s))
        due = [chore for chore in self._chores if self._is_due(chore, now_s, local.hour,
                                                               local.date())]  # fmt: skip
        for chore in due:
            self._done_s[chore.name], self._done_on[chore.name] = now_s, local.date()
            try:
                chore.do()
            except Exception:
                LOG.exception("%s failed", chore.name)
        return [chore.name for chore in due]

    def _is_due(self, chore: Chore, now_s: int, hour: int, today: date) -> bool:
        if chore.every_s:
            return now_s >= self._done_s.get(chore.name, now_s - chore.every_s) + chore.every_s
        return hour >= DAILY_HOUR and self._done_on.get(chore.name) != today


def _enforce_status() -> None:
    from controller.changes.standing import enforce

    outcome = enforce()
    if any(outcome):
        LOG.info("status by rules: %s", outcome)


def _work_on_payments() -> None:
    from controller.payments import services

    services.process_callbacks()
    services.expire_orders()


def _make_bills() -> None:
    """A few batches of runs that were begun and wait for a worker, also after a kill (MG-8)."""
    from controller.billing.runs import work_on_runs

    work_on_runs(BATCHES_A_ROUND)


def _charge_instalments() -> None:
    """Of the month before, for who gets no bill; a bill run charges its own (MG-15)."""
    from django.utils import timezone

    from controller import clock
    from controller.extras.services import charge_due

    today = timezone.localdate(clock.moment(clock.now_s()))
    before = today.replace(day=1) - timedelta(days=1)
    charge_due(month=f"{before:%Y-%m}", actor=ACTOR)


def _remind() -> None:
    from controller.billing.dunning import take_steps
    from controller.payments.points import remind_of_cash
    from controller.prepay.services import remind_of_recharges

    take_steps(actor=ACTOR)
    remind_of_recharges(actor=ACTOR)
    remind_of_cash(actor=ACTOR)


CHORES = (
    Chore("status by rules", 300, _enforce_status),
    Chore("payments", 60, _work_on_payments),
    Chore("bill runs", 15, _make_bills),
    Chore("instalments", 0, _charge_instalments),
    Chore("reminders", 0, _remind),
)

if __name__ == "__main__":
    main()
