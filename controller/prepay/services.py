"""Sells prepaid credit."""
