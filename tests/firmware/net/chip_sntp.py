"""Runs inside MicroPython: which time the board takes from a server that nobody vouches for."""

import asyncio

from firmware.core import actions
from firmware.core.clock import HELD, SYNCED, UNSET
from firmware.net import names, sntp

NOW_S = 215_000_000
YEAR_S = 31_557_600


class Clock:
    def __init__(self, state):
        self.state = state


class Board:
    def __init__(self, state, now_s):
        self.clock = Clock(state)
        self.now_s = now_s
        self.set_to = None

    def set_clock(self, now_s, state):
        self.set_to = now_s
        self.clock.state = state


def take(state, board_s, told_s):
    """What the board's clock is set to, None when it is left alone."""
    board, acted = Board(state, board_s), []
    sntp.TimeSource(board, "127.0.0.1", None, acted.append)._take(told_s)
    if board.set_to is not None:
        assert board.clock.state == HELD
        assert acted == [actions.SET_CLOCK | actions.SEND_EVENTS]
    return board.set_to


def check_an_unset_clock_is_set_but_never_back():
    for board_s, told_s, taken in (
        (NOW_S, NOW_S, True),
        (NOW_S, NOW_S + 3600, True),
        (NOW_S, NOW_S + 9 * YEAR_S, True),
        (NOW_S, NOW_S + 11 * YEAR_S, False),
        (NOW_S, NOW_S - 1, False),
        (0, NOW_S, True),  # a new board knows of no time
        (0, sntp.EARLIEST_S - 1, False),
        (0, sntp.EARLIEST_S + 11 * YEAR_S, False),
    ):
        assert take(UNSET, board_s, told_s) == (told_s if taken else None), (board_s, told_s)


def check_a_held_clock_is_moved_a_minute_forward_at_most():
    for step_s, taken in ((0, False), (1, False), (2, True), (60, True), (61, False), (-2, False)):
        assert take(HELD, NOW_S, NOW_S + step_s) == (NOW_S + step_s if taken else None), step_s


def check_while_the_controllers_time_is_there_nobody_is_asked():
    class Asked(Exception):
        pass

    class Slept(Exception):
        pass

    async def ask(*_about):
        raise Asked

    async def sleep(_duration_s):
        if slept:
            raise Slept
        slept.append(True)

    async def live(state):
        source = sntp.TimeSource(Board(state, NOW_S), "127.0.0.1", None, None)
        try:
            await source.run()
        except Slept:
            return "slept"
        except Asked:
            return "asked"

    sntp.ask = ask
    sntp.asyncio = Hurry()
    sntp.asyncio.sleep = sleep
    for state, does in ((SYNCED, "slept"), (HELD, "asked"), (UNSET, "asked")):
        slept = []
        assert asyncio.run(live(state)) == does, state


class Hurry:
    TimeoutError = asyncio.TimeoutError


def check_an_address_that_served_stays_in_use_until_it_has_failed_often():
    asked = []

    async def look_up(name, server):
        asked.append(name)
        if server is None:
            raise OSError("no name server")
        return "10.0.0.%d" % len(asked)

    async def live():
        host = names.Host("broker.example")
        found = []
        for server, succeeds in (
            ("10.0.0.9", True),
            ("10.0.0.9", True),
            (None, False),
            (None, False),
            (None, False),
            (None, False),  # after three failures: asked, and nobody answers
            (None, False),
            (None, False),
            ("10.0.0.9", False),  # asked again
        ):
            found.append(await host.find(server))
            if succeeds:
                host.succeeded()
        return found

    real, names.look_up = names.look_up, look_up
    found = asyncio.run(live())
    names.look_up = real
    assert found == ["10.0.0.1"] * 8 + ["10.0.0.3"], found
    assert len(asked) == 3


def check_a_numeric_address_is_never_looked_up():
    async def live():
        for name in ("192.0.2.7", "2001:db8::1"):
            assert await names.Host(name).find("10.0.0.9") == name

    asyncio.run(live())


for name, check in sorted(globals().items()):
    if name.startswith("check_"):
        check()
        print(name)
