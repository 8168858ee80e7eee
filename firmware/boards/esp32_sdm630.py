"""The DevKit board with a three-phase Eastron SDM630 behind an RS-485 driver on UART 2, 9600 baud.

Otherwise as `esp32_devkit`.
"""

from firmware.boards.esp32_devkit import *  # noqa: F403 (the same pins)

NAME = "esp32_sdm630"
METER = "sdm630"
