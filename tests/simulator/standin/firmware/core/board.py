"""The stand-in has no core; the simulator imports this file early (see simulator/board.py)."""
