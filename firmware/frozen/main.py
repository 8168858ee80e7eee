"""Runs after `_boot.py`, in a frozen image and, copied to /main.py, on a stock MicroPython."""

from firmware import boot

boot.run()
