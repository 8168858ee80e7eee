"""Board definitions: which pin is what; one file a board, nothing but constants."""
