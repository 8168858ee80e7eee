"""Runs inside MicroPython: what a far end without keys, or a flash that fails, cannot stop."""

import gc

from firmware.net.backlog import Backlog
from firmware.net.downlink import Downlink
from protocol import messages

METER = "M1"
KEY = bytes(range(32))
NOW_S = 215_000_000
FREE_BYTES = 48 * 1024  # what a board has to spare
ACK_OF_READINGS = {0: messages.READINGS, 1: 7, 2: NOW_S}
TOO_LARGE = 15


class Board:
    now_s = NOW_S

    def __init__(self):
        self.downlink_counter = 0
        self.refused = []

    def refuse_message(self, reason):
        self.refused.append(reason)


class Uplink:
    def __init__(self):
        self.acknowledged = []

    def note(self, wanted):
        pass

    def acknowledge(self, kind, through):
        self.acknowledged.append((kind, through))


class FullRing:
    """What the controller holds is noted in memory; the flash takes nothing any more."""

    record_bytes = 4
    first = 1
    last = 9
    released = 0

    def read(self, sequence, buffer):
        buffer[:] = sequence.to_bytes(4, "big")
        return True

    def release(self, through):
        self.released = through
        raise OSError(28)


def fill_heap():
    """Leave as much as a board has; return what fills the rest."""
    filling = []
    gc.collect()
    while gc.mem_free() > FREE_BYTES:
        filling.append(bytearray(1024))
    return filling


def check_a_message_of_nothing_but_lists_is_refused_and_the_next_is_taken():
    board, uplink = Board(), Uplink()
    downlink = Downlink(board, uplink, METER, 1, KEY, None)
    good = messages.seal_message(
        KEY, METER, 1, messages.DOWN, messages.ACK, 1, NOW_S, ACK_OF_READINGS
    )
    bomb = b"\xd1\x84\x43\xa1\x01\x05\xa1\x04\x41\x01\x99\x0f\x00" + b"\x80" * 3900
    filling = fill_heap()
    downlink.receive("", bomb)
    downlink.receive("", good)
    filling.clear()
    assert board.refused == [TOO_LARGE], board.refused
    assert uplink.acknowledged == [(messages.READINGS, 7)]


def check_an_acknowledgement_counts_though_the_flash_is_full():
    ring = FullRing()
    backlog = Backlog(ring, bytes, ring.release, 24)
    assert len(backlog.take(0)) == 9
    backlog.acknowledge(9)
    assert not backlog.is_sent()
    assert not backlog.is_due()


for name, check in sorted(globals().items()):
    if name.startswith("check_"):
        check()
        print(name)
