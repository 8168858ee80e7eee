"""Prepaid credit: what was sold, and what the meters have credited."""
