"""Runs inside MicroPython: a second in which nothing happens allocates nothing; what it costs."""

import gc
import json
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
    from firmware.core.energy import Sample
    from firmware.core.panel import Panel
    from firmware.drivers.button import Button
    from firmware.drivers.calibration import Calibration
    from firmware.drivers.inputs import Inputs
    from firmware.drivers.led import StatusLed
    from firmware.drivers.modbus import Line as ModbusLine
    from firmware.drivers.modbus import crc16
    from firmware.drivers.pzem004t import Pzem004t
    from firmware.drivers.relay import LatchingRelay
    from firmware.front import Front

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
    chip = Pzem004t(ModbusLine(line), 1, Calibration())
    sample = Sample()
    panel = Panel(board, "BHKATS01112", "bijli", sample)
    front = Front(panel, Silent(), Button(Pin(1)), StatusLed(Pin()))
    inputs = Inputs(Pin(), Pin(), Pin(1))
    app = Application(board, chip, sample, relay, front, inputs, Silent(), None)
    return app, line, frames


def second(app):
    app.uptime_s += 1
    app._chip.request()
    app._chip.collect(app._sample)
    app.measure()
    app.front.attend(
        app.uptime_s
    )  # whether a page turns now; turning it is no second without news


def main():
    app, line, frames = build()
    for _ in range(10):
        second(app)
    turns = (frames[0], frames[1], frames[1], frames[0])
    gc.collect()
    before_bytes = gc.mem_alloc()
    for frame in turns:
        line.frame = frame
        micropython.heap_lock()
        try:
            second(app)
        finally:
            micropython.heap_unlock()
    allocated_bytes = gc.mem_alloc() - before_bytes
    line.frame = frames[0]
    # A chip that repeated itself through all rounds would be taken for frozen.
    same_us = median_us(lambda: second(app), lambda: change(app, line, frames))
    facts = {
        "alloc_bytes_per_pass": allocated_bytes // 4,
        "pass_us_median": same_us,
        "pass_us_median_new_frame": median_us(lambda: change(app, line, frames)),
        "baseline_empty_loop_ns": empty_loop_ns(),
    }
    print(json.dumps(facts))


def change(app, line, frames):
    """A second in which the chip says something else than before."""
    line.frame = frames[1] if line.frame is frames[0] else frames[0]
    second(app)


def median_us(action, prepare=lambda: None):
    """Time of one `action`: the median of 41 rounds of 25, each after a `prepare`."""
    rounds_us = []
    for _ in range(41):
        prepare()
        started_us = time.ticks_us()
        for _ in range(25):
            action()
        rounds_us.append(time.ticks_diff(time.ticks_us(), started_us) / 25)
    return round(sorted(rounds_us)[20], 1)


def empty_loop_ns():
    """What one turn of an empty loop costs here: how fast is this machine at this moment?"""
    started_us = time.ticks_us()
    for _ in range(100_000):
        pass
    return time.ticks_diff(time.ticks_us(), started_us) // 100


main()
