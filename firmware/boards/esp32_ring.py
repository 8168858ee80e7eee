"""The DevKit board with its memory on the raw flash partition `ring` and the ledger in FRAM.

For a meter that writes much, or must not depend on a file system (docs/memory.md). Otherwise as
`esp32_devkit`.
"""

from firmware.boards.esp32_devkit import *  # noqa: F403 (the same pins)

NAME = "esp32_ring"
STORE = "partition"
RING_PARTITION = "ring"
LEDGER = "fram"
FRAM_ADDRESS = 0x50
