"""Runs inside MicroPython: what a press does, by how long it was and by what stands."""

from firmware.core import signals
from firmware.drivers.button import LONG_PRESS, NOTHING, PRESS, STUCK
from firmware.front import Front


class Account:
    offers = False

    def is_emergency_offered(self):
        return self.offers

    def low_level(self):
        return 0


class Clock:
    state = 0

    def now_s(self, uptime_s):
        return uptime_s


class Board:
    """Notes what it is asked; the first press ends its holds if `ends`."""

    def __init__(self):
        self.holds = 0
        self.ends = True
        self.account = Account()
        self.clock = Clock()
        self.recorder = self
        self.asked = []

    def press_button(self, _now_s, _uptime_s):
        self.asked.append("press")
        if self.ends:
            self.holds = 0
        return 2

    def accept_emergency(self, _now_s, _uptime_s):
        self.asked.append("emergency")
        return 64

    def record_event(self, code, value):
        self.asked.append(code)


class Panel:
    supply_ends_min = 0
    is_page_due = False

    def __init__(self, board):
        self.board = board
        self.turned = 0

    def wake(self, _uptime_s):
        pass

    def press(self, _uptime_s):
        self.turned += 1

    def press_key(self, key, _uptime_s):
        self.key = key
        return 64 if key == "#" else 0

    def is_due(self, _uptime_s):
        return self.is_page_due

    def lines(self, _uptime_s):
        return "one", "two"


class Part:
    """Button, LED, display and buzzer in one."""

    press = NOTHING
    pattern = 0

    def __init__(self):
        self.shown = 0
        self.sounds = []

    def take(self):
        return self.press

    def step(self):
        pass

    def show(self, _line1, _line2):
        self.shown += 1

    def play(self, sound):
        self.sounds.append(sound)


def live(press, holds=0, offers=False, ends=True):
    """One second in which the button says `press`; return all that followed."""
    board, part, acted = Board(), Part(), []
    board.holds, board.account.offers, board.ends, part.press = holds, offers, ends, press
    front = Front(Panel(board), part, part, part)
    front.act = acted.append
    front.buzzer = part
    front.is_wanted = False
    front.attend(100)
    return board.asked, acted, front.panel.turned, part.sounds, front.is_wanted


def check_a_press_does_what_stands_asks_for():
    for story, outcome in (
        ((NOTHING,), ([], [], 0, [], False)),
        ((PRESS,), ([], [], 1, [signals.CLICK], True)),
        ((PRESS, 8), (["press"], [2], 0, [signals.ACCEPTED], True)),
        ((PRESS, 8, False, False), (["press"], [2], 0, [signals.REFUSED], True)),
        ((LONG_PRESS, 2, True), (["emergency"], [64], 0, [signals.ACCEPTED], True)),
        ((LONG_PRESS, 2, False), ([], [], 0, [signals.REFUSED], True)),
        ((STUCK,), ([1039], [], 0, [], True)),
    ):
        assert live(*story) == outcome, (story, live(*story))


def check_a_key_clicks_and_is_shown_at_once():
    board, part = Board(), Part()
    front = Front(Panel(board), part, part, part)
    board.uptime_s = 5
    front.press_key("7")  # without a buzzer
    assert front.panel.key == "7"
    assert part.shown == 1
    assert not part.sounds


def check_a_token_is_acted_on_at_once_and_heard():
    for is_taken, sound in ((True, signals.ACCEPTED), (False, signals.REFUSED)):
        board, part, acted = Board(), Part(), []
        front = Front(Panel(board), part, part, part)
        front.act, front.buzzer, board.uptime_s = acted.append, part, 5
        board.tokens = board
        board.is_taken = lambda: is_taken  # noqa: B023  called within the turn
        front.press_key("#")
        assert (acted, part.sounds, part.shown) == ([64], [signals.CLICK, sound], 1)


for name, check in sorted(globals().items()):
    if name.startswith("check_"):
        check()
        print(name)
