"""Runs inside MicroPython: the keypad on a matrix of contacts, with bounce, ghosts and jams."""

import asyncio

from firmware.drivers import keypad as keypad_module
from firmware.drivers.keypad import KEYS, Keypad


class Matrix:
    """Four rows, three columns; a column is low if contacts join it to a row that is low."""

    def __init__(self):
        self.down = set()
        self.rows = [Row(self) for _ in range(4)]
        self.columns = [Column(self, number) for number in range(3)]
        self.looks = 0

    def press(self, *keys):
        before = [column.value() for column in self.columns]
        self.down = {divmod(KEYS.index(key), 3) for key in keys}
        for column in self.columns:
            if before[column.number] and not column.value():
                column.handler(column)

    def is_low(self, column):
        rows = {number for number, row in enumerate(self.rows) if not row.level}
        columns = set()
        for _ in range(4):
            for row, crossing in self.down:
                if row in rows:
                    columns.add(crossing)
                if crossing in columns:
                    rows.add(row)
        return column in columns


class Row:
    def __init__(self, matrix):
        self.level = 1

    def value(self, level):
        self.level = level


class Column:
    IRQ_FALLING = 2

    def __init__(self, matrix, number):
        self.matrix = matrix
        self.number = number

    def value(self):
        self.matrix.looks += 1
        return 0 if self.matrix.is_low(self.number) else 1

    def irq(self, handler, trigger):
        self.handler = handler


class StoryOver(Exception):
    pass


class Story:
    """Takes the place of asyncio: time is what the keypad sleeps; keys move when they are due."""

    def __init__(self, matrix, moves):
        self.matrix = matrix
        self.moves = []  # (ms, keys that are down from then on)
        self.now_ms = due_ms = 0
        self.is_touched = False
        for keys, duration_ms in moves:
            self.moves.append((due_ms, keys))
            due_ms += duration_ms

    def ThreadSafeFlag(self):  # noqa: N802 (asyncio's name)
        return self

    def set(self):
        self.is_touched = True

    def clear(self):
        self.is_touched = False

    async def wait(self):
        while not self.is_touched:
            if not self.moves:
                raise StoryOver
            self.now_ms = max(self.now_ms, self.moves[0][0])
            self.move()
        self.is_touched = False

    async def sleep_ms(self, duration_ms):
        self.now_ms += duration_ms
        self.move()

    def move(self):
        while self.moves and self.moves[0][0] <= self.now_ms:
            self.matrix.press(*self.moves.pop(0)[1])


def live(moves):
    """Live through (keys that are down, for so many ms) in turn; return matrix and keys told."""
    matrix = Matrix()
    typed = []
    keypad_module.asyncio = Story(matrix, moves)
    try:
        asyncio.run(Keypad(matrix.rows, matrix.columns, typed.append).run())
    except StoryOver:
        pass
    finally:
        keypad_module.asyncio = asyncio
    return matrix, "".join(typed)


def type_in(moves):
    return live(moves)[1]


def check_every_key_is_told_once_however_long_it_is_held():
    assert type_in([(key, 60) if down else ("", 100) for key in KEYS for down in (1, 0)]) == KEYS
    assert type_in([("7", 400), ("", 100)]) == "7"


def check_a_bounce_is_no_key_and_a_bouncing_key_is_one():
    assert type_in([("5", 4), ("", 120)]) == ""
    assert (
        type_in([("5", 3), ("", 2), ("5", 3), ("", 2), ("5", 80), ("", 2), ("5", 2), ("", 120)])
        == "5"
    )


def check_several_keys_at_once_count_as_none_until_all_are_up():
    assert type_in([("12", 100), ("", 100), ("9", 60), ("", 100)]) == "9"
    assert type_in([("124", 100), ("4", 100), ("", 100)]) == ""  # 5 is their ghost
    assert type_in([("1", 60), ("12", 60), ("2", 60), ("", 100)]) == "1"


def check_an_idle_keypad_is_not_scanned():
    touched, _ = live([("1", 60), ("", 100)])
    idle, typed = live([("1", 60), ("", 100_000)])
    assert idle.looks == touched.looks
    assert all(row.level == 0 for row in idle.rows), "any key must wake it"
    assert typed == "1"


def check_a_scan_allocates_nothing():
    import micropython

    class Quiet:
        IRQ_FALLING = 2

        def value(self, _level=None):
            return 1

        def irq(self, _handler, _trigger):
            pass

    keypad = Keypad([Quiet() for _ in range(4)], [Quiet() for _ in range(3)], None)
    keypad.scan()
    micropython.heap_lock()
    try:
        keypad.scan()
    finally:
        micropython.heap_unlock()


def check_a_jammed_key_is_looked_at_seldom():
    minute, _ = live([("1", 60_000), ("", 100)])
    hour, typed = live([("1", 3_600_000), ("", 100)])
    assert typed == "1"
    assert hour.looks < 3 * minute.looks, (hour.looks, minute.looks)


for name, check in sorted(globals().items()):
    if name.startswith("check_"):
        check()
        print(name)
