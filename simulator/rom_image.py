"""Packs compiled code into an image that a board runs from, as a chip runs it from its flash.

Code that is frozen or in a ROMFS partition takes no heap on a chip but for what it makes when it
is imported. So a board's process maps the image beside its heap. It must not know what is in it.
"""

import os
import tempfile
from pathlib import Path

from mpremote.romfs import VfsRomWriter

NAME = "rom.img"


def make(build: Path) -> Path:
    """The image of the tree `build`, in it, and as new as the tree.

    Several processes may call at once.
    """
    image = build / NAME
    content = _pack(build)
    if not image.exists() or image.read_bytes() != content:
        descriptor, partial = tempfile.mkstemp(dir=build, suffix=".part")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(partial).rename(image)
    return image


def _pack(build: Path) -> bytes:
    writer = VfsRomWriter()
    _add(writer, build)
    return bytes(writer.finalise())


def _add(writer: VfsRomWriter, folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            writer.opendir(path.name)
            _add(writer, path)
            writer.closedir()
        elif path.suffix in (".mpy", ".py"):
            writer.mkfile(path.name, path.read_bytes())
