"""The DevKit board with an Eastron SDM120 meter behind an RS-485 driver on UART 2.

The meter leaves its factory with 2400 baud: set it to 9600 at its button, or change METER_BAUD.
Otherwise as `esp32_devkit`.
"""

from firmware.boards.esp32_devkit import *  # noqa: F403 (the same pins)

NAME = "esp32_sdm120"
METER = "sdm120"
