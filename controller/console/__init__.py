"""The operator's console: pages over the other apps' queries and services; no tables."""
