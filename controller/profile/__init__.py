"""The utility profile: what one utility does differently from another, as data."""
