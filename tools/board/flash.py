"""Writes a MicroPython image, ours frozen or a stock one, into a board's flash with esptool.

esptool is published without wheels and so not among the pinned packages: `pip install esptool`.
This module must not know what the image does.
"""

import importlib.util
import subprocess
import sys
from pathlib import Path

from tools.errors import ToolError, Unavailable

CHIP = "esp32"
IMAGE_ADDRESS = "0x1000"  # where an ESP32's boot loader begins; 0x0 on the C3, S3 and C6
IMAGE_MAGIC = 0xE9  # first octet of every image of Espressif's
IMAGE_BYTES_MAX = 4 * 1024 * 1024
BAUD = 460800


def read_image(path: Path) -> bytes:
    """The image in `path`. Raises ToolError unless it is one."""
    try:
        image = path.read_bytes()
    except OSError as error:
        raise ToolError(
            f"{path} cannot be read: {error.strerror}.",
            "name the image: a stock one of MicroPython 1.25 (ESP32_GENERIC), or your own with"
            " firmware/manifest.py frozen in (docs/fitting.md).",
        ) from None
    if not image or image[0] != IMAGE_MAGIC:
        raise ToolError(
            f"{path} is not an image for an ESP32.",
            "name the .bin file, not an archive or a .elf.",
        )
    if len(image) > IMAGE_BYTES_MAX:
        raise ToolError(
            f"{path} has {len(image)} bytes, more than the chip's flash.",
            "choose the image for the board's chip.",
        )
    return image


def commands(port: str, image: Path, *, erase: bool) -> list[list[str]]:
    """The runs of esptool, in order. Without `erase` the board keeps ledger and identity."""
    base = [sys.executable, "-m", "esptool", "--chip", CHIP, "--port", port, "--baud", str(BAUD)]
    write = [*base, "write-flash", IMAGE_ADDRESS, str(image)]
    return [[*base, "erase-flash"], write] if erase else [write]


def flash(port: str, image: Path, *, erase: bool) -> None:
    """Write `image` and let esptool verify it. Raises ToolError."""
    read_image(image)
    if importlib.util.find_spec("esptool") is None:
        raise Unavailable(
            "esptool is missing.", "run `.venv/bin/pip install esptool`, then the same command."
        )
    for command in commands(port, image, erase=erase):
        if subprocess.run(command).returncode != 0:
            raise ToolError(
                "esptool did not succeed (its own words are above).",
                "hold the board's BOOT button while it connects, and see to cable and port.",
            )
