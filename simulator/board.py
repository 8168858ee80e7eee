"""Entry of a board's process, inside MicroPython: a house around the chip, and the firmware in it.

It speaks line-JSON with `simulator/fleet.py` over one file descriptor: requests in, one answer
each out. It must not reach into the firmware beyond `firmware.boot.start`,
`firmware.main.run` and `firmware.main.application`.
"""

import binascii
import gc
import json
import struct
import sys

import network
import rom
import uos
import vfs

from simulator.hardware import memories, rig, virtual
from simulator.hardware.actions import Actions
from simulator.hardware.display import Hd44780
from simulator.hardware.flash import FileMedium, Flash
from simulator.hardware.serial import SerialLine
from simulator.hardware.statefile import StateFile
from simulator.plant.loads import Profile
from simulator.plant.world import World

_LOOK_S = 60  # profiles step by the minute, so outages begin on one
_IMPORT_THRESHOLD_BYTES = 2048
TRACE_RECORD = "<IHIB"  # second, ms, 0.1 W through the relay, contacts closed
_HEAP_EVERY = 15  # looks between two measurements of the heap
_NAMES_MAX = 4000
# The module that drives each chip: `firmware` imports it when it builds, but it is code, not data.
_DRIVERS = {
    "pzem004t": "pzem004t", "sdm120": "sdm", "sdm630": "sdm", "atm90e32": "atm90e32",
}  # fmt: skip
_TABLE_BYTES_MIN = 4096
_REAL_ROOT = "/host"  # where the computer's files are once the chip's own flash is at /


class Heap:
    """Live bytes, measured after collecting: simulator, firmware's code, data now and at most."""

    def __init__(self):
        self.simulator_bytes = 0
        self.code_bytes = 0
        self.peak_bytes = 0

    def simulator_loaded(self):
        """All that is live now is the simulator's."""
        self.simulator_bytes = _live_bytes()

    def code_loaded(self):
        """What has come since `simulator_loaded` is the firmware's code."""
        self.code_bytes = _live_bytes() - self.simulator_bytes

    def measure(self):
        """Return the bytes of live data now."""
        data_bytes = _live_bytes() - self.simulator_bytes - self.code_bytes
        self.peak_bytes = max(self.peak_bytes, data_bytes)
        return data_bytes

    def facts(self):
        """Return all of it by name, in bytes, and what the heap has free."""
        data_bytes = self.measure()
        return {
            "simulator_bytes": self.simulator_bytes,
            "code_bytes": self.code_bytes,
            "data_bytes": data_bytes,
            "data_bytes_peak": self.peak_bytes,
            "free_bytes": gc.mem_free(),
        }


class Bench:
    """The board on its bench: obeys the fleet, in a task beside the firmware's own."""

    def __init__(self, channel, clock, heap, clock_file):
        self._channel = channel
        self._clock = clock
        self._clock_file = clock_file
        self._told_s = 0
        self._heap = heap
        self._looks = 0
        self._busy_from = (0, 0)
        self._acting = False
        self._stop_at_relay = False
        self._closed = None
        self.actions = Actions(clock, self.go_dark, self.leave)
        self.application = None
        self.queue = virtual.install(clock, self.outstanding, self._arrived, None)
        if clock_file:
            self.queue.moved = self._tell_time

    def outstanding(self):
        """How many network exchanges of the firmware wait for the far end."""
        return self.application.outstanding() if self.application else 0

    def say(self, **facts):
        """Send one line to the fleet."""
        json.dump(facts, self._channel)  # piece by piece: the heap is the board's
        self._channel.write("\n")

    def serve(self):
        """Obey requests as they come, for as long as the fleet is there (a coroutine)."""
        while True:
            yield self.queue.queue_read(self._channel)
            line = self._channel.readline()
            if not line:
                sys.exit()
            try:
                self._obey(json.loads(line))
            except (ValueError, TypeError, KeyError) as error:
                self.say(error="%s: %s" % (type(error).__name__, error))

    def look(self):
        """Once a virtual minute: has the profile cut the mains?"""
        self._find_application()
        self._clock.call_at(self._clock.now_ms + _LOOK_S * 1000, self.look)
        self._looks += 1
        if self._looks % _HEAP_EVERY == 0:
            self._heap.measure()
        world = rig.look()
        if not world.mains.supplied:
            self.go_dark(world.next_power_s())

    def follow_brown_outs(self):
        """The power came just now, and may go at once."""
        lasts_ms = rig.look().next_brown_out_ms()
        if lasts_ms is not None:
            self._clock.call_at(self._clock.now_ms + lasts_ms, self._brown_out)

    def _obey(self, request):
        do = request.pop("do")
        self._find_application()
        if do == "grant":
            self._stop_at_relay = request.get("watch", False)
            self.queue.grant(max(self._clock.now_ms, self._ms(request["second"])))
        elif do == "live":
            self.queue.live(request["multiple"])
            self.say(second=self._clock.second())
        elif do == "observe":
            self.say(**self._observe())
        elif do == "act":
            self._act(**request)
        elif do == "stop":
            rig.checkpoint(force=True)
            self.say(ok=True)
            sys.exit()

    def _act(self, **action):
        """One thing that happens in the house now."""
        self._acting = True
        try:
            self.actions.do(action)
        finally:
            self._acting = False
        rig.checkpoint(force=True)
        self.say(ok=True)

    def _observe(self):
        facts = rig.look().observe()
        facts["display"] = rig.display.lines()
        facts["outstanding"] = self.outstanding()
        facts["pulse"] = rig.pulse
        facts["heap"] = self._heap.facts()
        facts["wear"] = memories.wear()
        facts["pass_us"] = self._pass_us()
        facts["connected"] = bool(getattr(self._client(), "connected", False))
        facts["uptime_s"] = self._clock.uptime_ms() // 1000
        board = getattr(self.application, "board", None)
        if board is not None:
            facts["status"] = {
                str(key): value for key, value in board.status(rig.world.rtc_s()).items()
            }
        return facts

    def _client(self):
        return getattr(self.application, "client", None)

    def bear_witness(self, file):
        """Write every change of what flows into `file`, and stop the clock when told to.

        It stops where the relay's contacts have come to rest in another place.
        """

        def change(second, ms, power_dw, closed):
            file.write(struct.pack(TRACE_RECORD, second, ms, power_dw, closed))
            if closed != self._closed and rig.world.relay.left_ms is None:
                self._closed = closed
                if self._stop_at_relay:
                    self._clock.grant_ms = min(self._clock.grant_ms, self._clock.now_ms)

        rig.world.witness = change

    def _pass_us(self):
        """Real µs per virtual second, waiting left out: firmware, hardware shims and world."""
        busy_us, polls = self._busy_from
        passed_us = self.queue.busy_us - busy_us
        passed = rig.polls - polls
        return passed_us // passed if passed else 0

    def _ms(self, second):
        return (second - self._clock.origin_s) * 1000

    def _arrived(self):
        self.say(arrived=self._clock.second())

    def _tell_time(self):
        """Write down what time it is here, for a far end that has no time of its own."""
        second = self._clock.second()
        if second != self._told_s:
            self._told_s = second
            self._clock_file.seek(0)
            self._clock_file.write("%010d" % second)

    def _find_application(self):
        """Once the firmware has made its application, that one's exchanges hold the clock."""
        if self.application is None:
            self.application = getattr(sys.modules["firmware.main"], "application", None)
            if self.application is not None:
                self.queue.outstanding = self.application.outstanding

    def go_dark(self, power_s):
        """Mains are gone until `power_s` (None: until told); nothing of the firmware runs now."""
        rig.look().lose_power()
        facts = rig.look().observe()
        facts["display"] = [" " * 16, " " * 16]
        rig.checkpoint(force=True)
        self._end(dark=rig.world.second, power_s=power_s, observation=facts)

    def leave(self, cause):
        """The chip resets: the fleet starts another process, with that reset cause."""
        rig.look().lose_power()
        rig.checkpoint(force=True)
        self._end(left=cause, at=self._clock.second())

    def _brown_out(self):
        self.go_dark(rig.look().second + rig.world.brown_out_s())

    def _end(self, **news):
        """Tell the fleet why this process is over, and stand still until it is killed."""
        self.say(acted=self._acting, **news)
        while self._channel.readline():
            pass
        sys.exit()


def main(parameters):
    """Run one board; `parameters` is the JSON that `simulator/fleet.py` made."""
    parameters = json.loads(parameters)
    root_folders = _put_files_aside(parameters)
    heap = Heap()
    channel = open(parameters["channel"], "r+b")
    world, states = _build_world(parameters)
    clock = virtual.Clock(world.second, world.ms)
    rig.connect(clock, world, lambda state: states.save(json.dumps(state)))
    network.available = world.has_wifi
    rig.display = Hd44780()
    rig.meter = parameters["meter"].encode()
    rig.reset_cause = parameters["reset_cause"]
    if parameters["line"] is not None:
        registers = open(parameters["registers"], "r+b")
        rig.serial = SerialLine(open(parameters["line"], "r+b"), registers)
    clock_file = open(parameters["clock"], "r+b") if parameters["clock"] else None
    bench = Bench(channel, clock, heap, clock_file)
    bench.queue.hold_ms = parameters["hold_ms"]
    if parameters["trace"]:
        bench.bear_witness(open(parameters["trace"], "ab"))
    _plug_memories(parameters, root_folders)
    _sow(parameters["seed"], world)
    rig.checkpoint(force=True)
    rig.leave = bench.leave
    import asyncio

    asyncio.create_task(bench.serve())
    _start(bench, heap, parameters["chip"])


def _start(bench, heap, chip):
    heap.simulator_loaded()
    # Code runs from the image, but what it makes when imported lies in this heap: collecting often
    # keeps that in one piece, and what is left for the firmware's data too.
    gc.threshold(_IMPORT_THRESHOLD_BYTES)
    # Every level of an import takes stack, of which the unix port has 40 KB: the deepest go first.
    import firmware.core.board
    import firmware.drivers.buzzer
    import firmware.drivers.ds3231
    import firmware.drivers.keypad
    import firmware.link
    import firmware.main
    from firmware import boot

    __import__("firmware.drivers." + _DRIVERS[chip])
    _grow_name_table()
    gc.threshold(-1)
    heap.code_loaded()
    bench.say(
        ready=rig.clock.second(), simulator_bytes=heap.simulator_bytes, code_bytes=heap.code_bytes
    )
    bench.actions.wear_flash()
    bench.follow_brown_outs()
    bench.look()
    boot.start()
    firmware.main.run()
    bench.say(ended=rig.clock.second())


def _grow_name_table():
    """Let the interpreter's table of names double now, and not at some name of the firmware's.

    A frozen image has its names in ROM: the table is code, and not the firmware's data.
    """
    for number in range(_NAMES_MAX):
        before_bytes = gc.mem_alloc()
        hasattr(rig, "spare_%d" % number)
        if gc.mem_alloc() - before_bytes > _TABLE_BYTES_MIN:
            return


def format_flash(parameters):
    """Make the file system of a new board and put its `config.json` and other files on it."""
    parameters = json.loads(parameters)
    flash = Flash(FileMedium(open(parameters["flash"], "r+b")))
    rig.checkpoint = lambda **_: None  # there is no world to keep
    vfs.VfsLfs2.mkfs(flash)
    vfs.mount(vfs.VfsLfs2(flash), "/new")
    with open("/new/config.json", "w") as file:
        json.dump(parameters["config"], file)
    for name, content in parameters["files"].items():
        with open("/new/" + name, "wb") as file:
            file.write(binascii.a2b_base64(content))
    vfs.umount("/new")


def _build_world(parameters):
    profile = None
    if parameters["profile"]:
        profile = Profile(open(parameters["profile"], "rb"), uos.stat(parameters["profile"])[6])
    world = World(parameters["start_s"], parameters["seed"], profile, 0, parameters["chip"])
    states = StateFile(open(parameters["world"], "r+b"))
    kept = states.load()
    if kept:
        world.restore(json.loads(kept))
    if parameters["power_s"] is not None:
        _sit_in_the_dark(world, parameters["power_s"])
    return world, states


def _sit_in_the_dark(world, power_s):
    """Mains come back at `power_s`; until then there were none, whatever the state says."""
    world.set_mains(False)
    if power_s > world.second:
        world.advance((power_s - world.second) * 1000 - world.ms)
    world.set_mains(True)


def _put_files_aside(parameters):
    """Opening by path will mean the chip's flash: our paths become ones below `_REAL_ROOT`."""
    vfs.mount(vfs.VfsPosix("/"), _REAL_ROOT)
    for name in ("world", "flash", "profile", "registers", "trace"):
        if parameters[name]:
            parameters[name] = _REAL_ROOT + parameters[name]
    return [
        folder if folder.startswith((".frozen", rom.FOLDER)) else _REAL_ROOT + folder
        for folder in sys.path
        if folder
    ]


def _plug_memories(parameters, folders):
    """Give the chip its memories; whether a file system is mounted is `firmware.boot`'s to do."""
    flash = parameters["flash"]
    memories.plug(flash[: flash.rindex("/")])
    vfs.umount("/")
    uos.chdir("/")
    sys.path[:] = folders


def _sow(seed, world):
    """Randomness of this start of the chip: by the seed, and another one at every start."""
    import os
    import random

    os.seed(b"%d %d %d" % (seed, world.chance.below(30_000), world.second))
    random.seed(seed * 31 + world.chance.below(30_000))


def _live_bytes():
    gc.collect()
    return gc.mem_alloc()
