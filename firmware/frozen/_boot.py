"""Stands in for MicroPython's own `_boot.py` in a frozen image; see `firmware/boot.py`."""

from firmware import boot

boot.start()
