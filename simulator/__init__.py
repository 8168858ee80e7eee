"""Simulated houses around the real firmware.

On CPython the fleet; inside MicroPython, in each board's process, the surroundings of its chip.
"""
