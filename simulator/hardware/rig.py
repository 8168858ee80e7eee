"""What one simulated board is wired to: its clock, its house, its flash, its display.

`simulator/board.py` fills it once at start; `machine`, `time` and the others look here. It must
not know the firmware. The pins are those of `firmware/boards/esp32_devkit.py`.
"""

RELAY_OPEN_PIN = 25
RELAY_CLOSE_PIN = 26
LOAD_SIDE_PIN = 34
BUTTON_PIN = 32
BUZZER_PIN = 2
KEYPAD_ROW_PINS = (13, 14, 27, 33)
KEYPAD_COLUMN_PINS = (18, 19, 23)
COVER_PIN = 35
GENERATOR_PIN = 36
POWER_FAIL_PIN = 39
METER_SELECT_PIN = 5
DISPLAY_ADDRESS = 0x27
RTC_ADDRESS = 0x68

clock = None  # virtual.Clock
world = None  # plant.world.World
display = None  # display.Hd44780
keypad = None  # front.Keypad
buzzer = None  # front.Buzzer
power_failing = False  # the comparator before the regulator sees the supply go
serial = None  # the file of a real serial line, or None: the chip model answers in this process
meter = b""
reset_cause = 1
leave = None  # called with a reset cause to end this process
partitions = {}  # label -> function that returns its flash.Flash, for esp32.Partition
memories = {}  # I2C address -> what answers `read_memory` and `write_memory` there
nvs = None  # statefile.StateFile, or None: the NVS does not open
meter_selected = False  # its select pin is low
polls = 0  # times that the firmware asked its metering chip
answered_ms = 0  # when the firmware last took an answer of it
pulse = None  # the last current in a coil of the relay: facts for people and tests
_world_ms = 0
_saved_ms = -1
_save = None


def connect(new_clock, new_world, save):
    """Wire the board: `save(state_bytes)` keeps the world's state."""
    global clock, world, _world_ms, _save
    clock = new_clock
    world = new_world
    _world_ms = new_clock.now_ms
    _save = save


def look():
    """Return the world, brought to the present."""
    global _world_ms
    passed_ms = clock.now_ms - _world_ms
    if passed_ms:
        world.advance(passed_ms)
        _world_ms = clock.now_ms
    return world


def note_pulse(closing):
    """A coil of the relay gets current now; the sample that it follows was taken before."""
    global pulse
    pulse = {
        "closing": closing,
        "second": clock.second(),
        "ms": clock.now_ms % 1000,
        "after_sample_ms": clock.now_ms - answered_ms,
    }


def checkpoint(force=False):
    """Keep the world's state if time has passed since it was last kept.

    Called before the firmware's flash changes: after `kill -9` the world then resumes from a
    moment that the firmware's memory cannot contradict.
    """
    global _saved_ms
    if force or clock.now_ms != _saved_ms:
        _save(look().state())
        _saved_ms = clock.now_ms
