"""Changes of a connection: another package or load, off and on again (MG-6, MG-14, UP-7)."""
