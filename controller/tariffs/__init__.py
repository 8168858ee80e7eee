"""Tariffs as dated data: what a unit costs, from when."""
