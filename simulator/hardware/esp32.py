"""`esp32`: what the firmware may ask of the chip besides `machine`."""


def raw_temperature():
    """Degrees Fahrenheit of the die."""
    return 128
