"""Freezes the firmware into a MicroPython image: `make FROZEN_MANIFEST=…/firmware/manifest.py`."""

include("$(BOARD_DIR)/manifest.py")
require("asyncio")
package("protocol", base_path="..", opt=3)
package("firmware", base_path="..", opt=3)
