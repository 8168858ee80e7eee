"""What both ends must agree on, byte for byte and paisa for paisa.

The same files run on CPython 3.11 and on MicroPython 1.25 (32 bit). Nothing here may import
the firmware, the controller or the simulator, do I/O, or know the time of day.
"""
