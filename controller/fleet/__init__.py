"""The registry of meters: identity, sealed keys, and what each last said of itself."""
