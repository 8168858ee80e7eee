"""Runs inside MicroPython: what boot.py does with the relay, whatever fails around it."""

import sys

sys.path.insert(1, sys.path[0] + "/../../simulator/hardware")  # machine, esp32

import machine

from firmware import boot
from firmware.core import ledger

pulses = []


class Pin:
    OUT = 1

    def __init__(self, number, mode=None, value=None):
        self.number = number

    def value(self, level):
        if level:
            pulses.append(self.number)


class Definition:
    RELAY_OPEN_PIN = 1
    RELAY_CLOSE_PIN = 2


class Ended(BaseException):
    pass


class Store:
    """`record` is what its ledger is, or what it raises."""

    trouble = 0

    def __init__(self, record):
        self.record = record

    def load_ledger(self):
        if isinstance(self.record, Exception):
            raise self.record
        return self.record


def supplied(is_on):
    values = ledger.create()
    values[ledger.SUPPLY_ON] = is_on
    ledger.seal(values)
    return bytes(values)


def opens(build_store):
    """Return whether the relay was opened with such a store."""
    pulses.clear()
    boot.build_store = build_store
    boot.secure_relay(Definition)
    return pulses == [1]


def refuse(_definition):
    raise ValueError("a bus that is not there")


def end():
    raise Ended


machine.Pin = Pin
machine.reset = end
boot.time = type("Time", (), {"sleep_ms": staticmethod(lambda _ms: None)})
boot.PULSE_MS = 0

assert not opens(lambda _definition: Store(supplied(1)))
assert opens(lambda _definition: Store(supplied(0)))
assert opens(lambda _definition: Store(OSError(5)))
assert opens(lambda _definition: Store(MemoryError()))
assert opens(lambda _definition: Store(b"\0" * 8))
assert opens(refuse)

# The firmware died: nobody measures any more, and the contacts stay as they are until it does.
sys.modules["firmware.main"] = type("Main", (), {"run": staticmethod(lambda: 1 // 0)})
boot.load_definition = lambda _name: Definition
boot.board_name = lambda: "any"
pulses.clear()
try:
    boot.run()
except Ended:
    print("opened" if pulses == [1] else pulses)
