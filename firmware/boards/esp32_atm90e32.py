"""The DevKit board with an ATM90E32 metering chip on SPI 2 (VSPI), one phase.

Otherwise as `esp32_devkit`, without a keypad: the bus takes its columns. Pin 5 is high while the
chip starts, so nothing is selected then.
"""

from firmware.boards.esp32_devkit import *  # noqa: F403 (the same pins)

NAME = "esp32_atm90e32"
METER = "atm90e32"
METER_SPI = 2  # type: ignore[assignment] # None where there is no such bus
METER_SPI_HZ = 1_000_000  # the chip takes up to 1.2 MHz
METER_SCK_PIN = 18
METER_MOSI_PIN = 23
METER_MISO_PIN = 19
METER_SELECT_PIN = 5
METER_PHASES = 1
METER_GAINS = (0x8000, 0x8000)  # UGain and IGain of voltage divider and clamp
KEYPAD_ROW_PINS = KEYPAD_COLUMN_PINS = None  # the chip has their pins
