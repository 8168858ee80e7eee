"""Drivers: the only code that knows the hardware; they know nothing of supply or money."""
