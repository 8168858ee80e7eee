"""PZEM-004T v3 metering chip: Modbus RTU, 9600 8N1, one block of ten input registers.

`request()` asks, `collect(sample)` reads what has come since. Neither waits, neither allocates.
It must not judge what it measures: a plausible frame is a sample, the core decides. The chip's own
alarm is left alone.

Input registers 0-9: voltage 0.1 V, current mA (two words, low word first), power 0.1 W (two),
energy Wh (two), frequency 0.1 Hz, power factor 0.01, alarm.
"""

import time

from micropython import const

from firmware.drivers import modbus

_REGISTERS = const(10)
_GENERAL_ADDRESS = const(0xF8)  # every chip answers to it: only for one alone on its line
_ADDRESS_REGISTER = const(2)  # holding register
_DETECT_TRIES = const(3)


class Pzem004t:
    """The chip behind a `modbus.Line`.

    `address` 0: it is asked what it is, alone on its line. `faults` counts the collections in
    which something came but no frame was in it. `calibration` scales its samples.
    """

    name = "pzem004t"
    phases = 1
    keeps_counter = True
    answer_ms = 80  # 8 octets out, 25 back are 35 ms; the chip thinks for up to 40

    def __init__(self, line, address, calibration):
        if not (0 <= address <= modbus.ADDRESS_MAX or address == _GENERAL_ADDRESS):
            raise ValueError("METER_ADDRESS of a PZEM-004T is 1 to 247, or 0 to find it")
        self._line = line
        self._block = modbus.Block(address or _GENERAL_ADDRESS, modbus.READ_INPUT, 0, _REGISTERS)
        if address in (0, _GENERAL_ADDRESS):
            self._block.ask_at(_GENERAL_ADDRESS, modbus.ANY_ADDRESS)
        self.calibration = calibration
        self._filled = None
        self.faults = 0

    @property
    def address(self):
        """The address it answers at; 0 while that is not known."""
        return self._block.address

    def detect(self):
        """Return whether the chip answers; at most 0.5 s. Only at boot: it sleeps."""
        if not self._block.address:
            self._find_address()
        for _ in range(_DETECT_TRIES):
            self.request()
            time.sleep_ms(self.answer_ms)
            if self._block.take(self._line) >= modbus.SAME:
                return True
        return False

    def _find_address(self):
        asked = modbus.Block(_GENERAL_ADDRESS, modbus.READ_HOLDING, _ADDRESS_REGISTER, 1)
        asked.ask_at(_GENERAL_ADDRESS, modbus.ANY_ADDRESS)
        for _ in range(_DETECT_TRIES):
            asked.ask(self._line)
            time.sleep_ms(self.answer_ms)
            if asked.take(self._line) >= modbus.SAME:
                address = asked.data[asked.at + 1]
                if 1 <= address <= modbus.ADDRESS_MAX:
                    self._block.ask_at(address, address)
                    return

    def request(self):
        """Drop what is left of earlier answers and ask for the ten registers."""
        self._block.ask(self._line)

    def collect(self, sample):
        """Fill `sample` from the frame that has come; return (and note in it) whether one has."""
        state = self._block.take(self._line)
        if state == modbus.NEW or (state == modbus.SAME and self._filled is not sample):
            self._parse(sample)
            self._filled = sample
        elif state != modbus.SAME:
            if state == modbus.NOISE:
                self.faults += 1
            sample.valid = False
            return False
        sample.valid = True
        return True

    def _parse(self, sample):
        data = self._block.data
        at = self._block.at
        sample.phases = 1
        sample.voltage_dv = data[at] << 8 | data[at + 1]
        sample.current_ma = self._long(at + 2)
        sample.power_dw = self._long(at + 6)
        sample.energy_wh = self._long(at + 10)
        sample.frequency_dhz = data[at + 14] << 8 | data[at + 15]
        sample.power_factor_pct = data[at + 16] << 8 | data[at + 17]
        sample.apparent_dva = sample.voltage_dv * sample.current_ma // 1000
        self.calibration.scale(sample)

    def _long(self, at):
        data = self._block.data
        low = data[at] << 8 | data[at + 1]
        return (data[at + 2] << 8 | data[at + 3]) << 16 | low
