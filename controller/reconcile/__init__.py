"""Reconciliation: what was sold, credited, charged, paid and posted must be one and the same."""
