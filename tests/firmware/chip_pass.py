"""Runs inside MicroPython: a second in which nothing happens allocates nothing, and what it costs."""

import time

import micropython


class Pin:
    IN = OUT = PULL_UP = IRQ_FALLING = IRQ_RISING = 1

    def __init__(self, level=0):
        self.level = level

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = level
        return None

    def irq(self, handler, trigger):
        pass


class Line:
    def __init__(self):
        self.frame = None
        self.ready = False

    def write(self, _request):
        self.ready = True

    def readinto(self, buffer):
        if not self.ready:
            return None
        self.ready = False
        for index in range(25):
            buffer[index] = self.frame[index]
        return 25


class Store:
    readings = events = None

    def load_ledger(self):
        return None

    def load_programme(self, slot):
        return None

    def save_ledger(self, record):
        pass

    def append_event(self, record):
        pass

    def append_reading(self, record):
        pass

    def readings_range(self):
        return (0, 0)

    events_range = readings_range

    def read_reading(self, sequence, buffer):
        return False


class Silent:
    def show(self, line1, line2):
        pass

    def set_s(self, now_s):
        pass


def build():
    from firmware.application import Application
    from firmware.core.board import Board
    from firmware.drivers.button import Button
    from firmware.drivers.led import StatusLed
    from firmware.drivers.pzem004t import Pzem004t, crc16
    from firmware.drivers.relay import LatchingRelay

    line = Line()
    frames = []
    for voltage_dv in (2300, 2310):
        frame = bytearray(25)
        frame[0:5] = bytes((1, 4, 20, voltage_dv >> 8, voltage_dv & 255))
        frame[18] = 500 & 255
        frame[17] = 500 >> 8
        crc = crc16(frame, 0, 23)
        frame[23] = crc & 255
        frame[24] = crc >> 8
        frames.append(frame)
    line.frame = frames[0]
    board = Board(Store())
    board.start(217_000_000, 1, 0, 0, 1)
    relay = LatchingRelay(Pin(), Pin(), Pin(1))
    app = Application(
        board, Pzem004t(line), relay, Button(Pin(1)), StatusLed(Pin()), Silent(), Silent(), None
    )
    return app, line, frames


def second(app):
    app.uptime_s += 1
    app._chip.request()
    app.measure()


def main():
    app, line, frames = build()
    for _ in range(10):
        second(app)
    for frame in (frames[0], frames[1], frames[1], frames[0]):
        line.frame = frame
        micropython.heap_lock()
        try:
            second(app)
        finally:
            micropython.heap_unlock()
    for label, changing in (("same frame", False), ("new frame", True)):
        started_us = time.ticks_us()
        for index in range(1000):
            line.frame = frames[index & 1 if changing else 0]
            second(app)
        print(label, time.ticks_diff(time.ticks_us(), started_us) // 1000, "us a pass")


main()
