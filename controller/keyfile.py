"""Secrets kept in files of the data folder: made once, readable by their owner only.

Knows nothing of what a secret is for.
"""

import os
from pathlib import Path

OWNER_ONLY = 0o600
FOLDER_OWNER_ONLY = 0o700


def read_or_create(path: Path, fresh: str) -> str:
    """The secret text in `path`; when there is no such file, `fresh` is put there first.

    Two processes that start together end with the same secret: the file appears complete or
    not at all, and the first one wins. Raises OSError when the folder cannot be written.
    """
    if not path.exists():
        path.parent.mkdir(mode=FOLDER_OWNER_ONLY, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(fresh + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first; its secret counts
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()
