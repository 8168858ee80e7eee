"""The stand-in has no such driver; the simulator imports this file early."""
