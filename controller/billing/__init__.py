"""Monthly bills and statements from signed readings."""
