"""Simulated houses around the real firmware; on CPython the fleet, inside MicroPython the chip's surroundings."""
