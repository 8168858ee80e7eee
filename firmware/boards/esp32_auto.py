"""The DevKit board that looks for its metering chip at every start: SPI first, then serial.

For the bench, and for a board whose meter is exchanged; it costs up to 4 s of a start. Otherwise
as `esp32_atm90e32`.
"""

from firmware.boards.esp32_atm90e32 import *  # noqa: F403 (the same pins)

NAME = "esp32_auto"
METER = "auto"
METER_ADDRESS = 1
