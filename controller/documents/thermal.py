"""What a thermal printer is sent: the strip as black dots and a cut, in ESC/POS (MG-10a).

All scripts are printed as dots: such printers know neither Devanagari nor Malayalam.
"""

import io

DARK_BELOW = 150  # of 255: letters as heavy as they are on paper
# Any printer of 576 dots will do; without one the library writes remarks to standard output.
PROFILE = "TM-P80"


def to_escpos(strip_png: bytes) -> bytes:
    """The printer's commands for a strip made by `press.Press.strip`."""
    from escpos.printer import Dummy  # loads slowly; only who prints needs it
    from PIL import Image

    with Image.open(io.BytesIO(strip_png)) as grey:
        dots = grey.convert("L").point(lambda level: 0 if level < DARK_BELOW else 255).convert("1")
    printer = Dummy(profile=PROFILE)
    printer.hw("INIT")
    printer.image(dots, impl="bitImageRaster")
    printer.cut(mode="PART")  # feeds the last line past the knife first
    return bytes(printer.output)
