"""The running board keeps its tasks alive: one that dies is started again, soon if it was well."""

from tests.micropython import run_micropython

PAUSES = """
import asyncio

from firmware import application


class Asleep:
    pauses_s = []

    async def sleep(self, seconds):
        self.pauses_s.append(seconds)
        if not lives_s:
            raise KeyboardInterrupt


async def task():
    app.uptime_s += lives_s.pop(0)
    raise OSError("ends")


lives_s = [0, 0, 5, 0, 1000, 0]
app = application.Application(*[None] * 8)
application.asyncio = Asleep()
try:
    asyncio.run(app._supervise("task", task))
except KeyboardInterrupt:
    print(Asleep.pauses_s)
"""


def test_a_task_that_lived_long_is_started_again_soon_one_that_keeps_dying_ever_later() -> None:
    """The metering feeds the watchdog: it must not pay for a mishap of last year."""
    printed = run_micropython(PAUSES).splitlines()
    assert printed[-1] == "[1, 2, 4, 8, 1, 2]"
