"""The stand-in has no link; the simulator imports this file early."""
