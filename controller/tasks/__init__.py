"""Tasks: what a person must decide, with the evidence for it."""
