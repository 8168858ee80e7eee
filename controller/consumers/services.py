"""Adds plants, consumers and packages, and programmes packages into meters."""
