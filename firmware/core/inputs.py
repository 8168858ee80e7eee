"""The board's input lines as the bits of `Board.inputs`; whoever reads the pins sets them."""

COVER_OPEN = 1
GENERATOR = 2  # the supply comes from the generator
POWER_FAILING = 4
