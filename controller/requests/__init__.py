"""Service requests: what is wrong, who sees to it, how long it took (MG-12)."""
