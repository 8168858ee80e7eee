"""Freezes the firmware into a MicroPython image: `make FROZEN_MANIFEST=…/firmware/manifest.py`."""

include("$(BOARD_DIR)/manifest.py")  # noqa: F821: given by MicroPython's build, as is the rest
require("asyncio")  # noqa: F821
package("protocol", base_path="..", opt=3)  # noqa: F821
package("firmware", base_path="..", opt=3)  # noqa: F821
