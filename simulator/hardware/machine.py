"""`machine` of an ESP32 whose pins, buses and clocks end in a simulated house.

Takes the place of the interpreter's built-in module. It must not know the firmware: it offers what
the chip offers, and looks up in `rig` what is wired where.
"""

from simulator.hardware import front, rig
from simulator.hardware.buses import SPI, UART  # noqa: F401 (part of `machine`)

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5


def reset():
    rig.leave(HARD_RESET)


soft_reset = reset


def reset_cause():
    return rig.reset_cause


def unique_id():
    return rig.meter


def freq(_hz=None):
    return 160_000_000


def disable_irq():
    return 0


def enable_irq(_state):
    pass


def idle():
    rig.clock.sleep(1)


def lightsleep(duration_ms=0):
    rig.clock.sleep(duration_ms)


# What the house shows at a pin.
_LEVELS = {
    rig.LOAD_SIDE_PIN: lambda: 1 if rig.look().load_side_live() else 0,
    rig.BUTTON_PIN: lambda: 0 if rig.world.button_down or rig.world.button_stuck else 1,
    rig.COVER_PIN: lambda: 1 if rig.world.cover_open else 0,
    rig.GENERATOR_PIN: lambda: 1 if rig.world.mains.generator else 0,
    rig.POWER_FAIL_PIN: lambda: 0 if rig.power_failing else 1,
}
for _number in rig.KEYPAD_COLUMN_PINS:
    _LEVELS[_number] = lambda number=_number: rig.keypad.read(number)


class Pin:
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2

    watched = {}  # pin number -> (handler, trigger, pin)

    def __init__(self, number, mode=-1, pull=-1, value=None):
        self.number = number
        self._level = 0
        self._see = _LEVELS.get(number)
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if level is None:
            return self._see() if self._see else self._level
        if level != self._level:
            self._level = level
            self._drive(level)

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=3, **_options):
        Pin.watched[self.number] = (handler, trigger, self)

    def init(self, *_arguments, **_options):
        pass

    def _drive(self, level):
        if self.number == rig.METER_SELECT_PIN:
            rig.meter_selected = not level
        elif self.number == rig.RELAY_OPEN_PIN:
            self._drive_coil(False, level)
        elif self.number == rig.RELAY_CLOSE_PIN:
            self._drive_coil(True, level)
        elif self.number in rig.KEYPAD_ROW_PINS:
            rig.keypad.drive(self.number, level)
        elif self.number == rig.BUZZER_PIN:
            rig.buzzer.drive(level)

    def _drive_coil(self, closing, level):
        if level:
            rig.note_pulse(closing)
        rig.look().drive_coil(closing, level)


def edge(number, rising):
    """The world changed the level of pin `number`: interrupt whoever watches it."""
    handler, trigger, pin = Pin.watched.get(number, (None, 0, None))
    if handler and trigger & (Pin.IRQ_RISING if rising else Pin.IRQ_FALLING):
        handler(pin)
        rig.clock.interrupted = True  # whoever waits for it is looked at now


def press_key(key, down):
    """Somebody pushes a key of the keypad, or lets it go."""
    for number, level in rig.keypad.press(key, down):
        edge(number, level == 1)


def announce_power_failure(failing):
    """The comparator before the regulator sees the supply go, or come back."""
    rig.power_failing = failing
    edge(rig.POWER_FAIL_PIN, not failing)


class I2C:
    def __init__(self, *_arguments, **_options):
        pass

    def scan(self):
        return sorted([rig.DISPLAY_ADDRESS] + list(rig.memories))

    def writeto(self, address, buffer, stop=True):
        if address != rig.DISPLAY_ADDRESS:
            raise OSError(19)
        rig.display.write(buffer)
        return len(buffer)

    def writeto_mem(self, address, memory_address, buffer, *, addrsize=8):
        self._memory(address).write_memory(memory_address, bytes(buffer))

    def readfrom_mem_into(self, address, memory_address, buffer, *, addrsize=8):
        self._memory(address).read_memory(memory_address, buffer)

    def readfrom_mem(self, address, memory_address, count, *, addrsize=8):
        buffer = bytearray(count)
        self._memory(address).read_memory(memory_address, buffer)
        return bytes(buffer)

    def _memory(self, address):
        if address not in rig.memories:
            raise OSError(19)
        return rig.memories[address]


SoftI2C = I2C


class RTC:
    """The battery-backed clock; `datetime` is `(year, month, day, weekday, h, m, s, 0)`."""

    def datetime(self, civil=None):
        import time

        if civil is None:
            year, month, day, hour, minute, second, weekday, _ = time.gmtime()
            return (year, month, day, weekday, hour, minute, second, 0)
        year, month, day, _, hour, minute, second = civil[:7]
        seconds = time.mktime((year, month, day, hour, minute, second, 0, 0))
        rig.look().set_rtc(seconds - 631_152_000)
        rig.checkpoint(force=True)


class WDT:
    """A watchdog on virtual time: the board resets when it was not fed for `timeout` ms."""

    def __init__(self, id=0, timeout=5000):
        self._timeout_ms = timeout
        self._due_ms = 0
        self.feed()
        rig.clock.call_at(self._due_ms, self._bark)

    def feed(self):
        self._due_ms = rig.clock.now_ms + self._timeout_ms

    def _bark(self):
        if rig.clock.now_ms >= self._due_ms:
            rig.leave(WDT_RESET)
        rig.clock.call_at(self._due_ms, self._bark)


class Timer:
    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, _number=-1, **options):
        self._serial = 0
        if options:
            self.init(**options)

    def init(self, mode=1, period=1000, callback=None, **_options):
        self.deinit()
        self._arm(self._serial, mode, period, callback)

    def deinit(self):
        self._serial += 1

    def _arm(self, serial, mode, period_ms, callback):
        def fire():
            if serial == self._serial:
                callback(self)
                if mode == Timer.PERIODIC:
                    self._arm(serial, mode, period_ms, callback)

        rig.clock.call_at(rig.clock.now_ms + period_ms, fire)


front.plug()
