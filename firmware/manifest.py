"""Freezes the firmware into a MicroPython image: `make FROZEN_MANIFEST=…/firmware/manifest.py`.

The port's own modules are named one by one, because its `_boot.py` and `inisetup.py` must not
be in the image: they format a blank file system and stop for ever at a damaged one. A frozen
`main.py` comes before one on the file system, so metering starts whatever stands there.
"""

freeze("$(PORT_DIR)/modules", "flashbdev.py")
require("asyncio")
module("_boot.py", base_path="frozen")
module("main.py", base_path="frozen")
package("protocol", base_path="..", opt=3)
package("firmware", base_path="..", opt=3)
