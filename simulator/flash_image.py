"""Makes the flash of a new board: a file system and its configuration, as after commissioning.

It must not know what the configuration says.
"""

import json
import subprocess
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulator.errors import SimulatorError
from simulator.process import command

FLASH_BYTES = 384 * 4096
_HEAP_BYTES = 4 * 1024 * 1024


def make(
    path: Path, config: Mapping[str, Any], files: Mapping[str, bytes], build: Path | None
) -> None:
    """Write the image `path`, whole or not at all; `files` lie beside `config.json`.

    Raises SimulatorError.
    """
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.truncate(FLASH_BYTES)
    contents = {name: b64encode(content).decode() for name, content in files.items()}
    parameters = json.dumps({"flash": str(partial), "config": config, "files": contents})
    argv, environment = command(_HEAP_BYTES, build, f"format_flash({parameters!r})")
    result = subprocess.run(argv, env=environment, cwd="/", capture_output=True, text=True)
    if result.returncode != 0:
        raise SimulatorError(f"{path} cannot be made: {result.stderr or result.stdout}")
    partial.rename(path)
