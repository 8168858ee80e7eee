"""The chip's code memory: an image of compiled modules, mapped beside the heap and run in place.

The first that a board's process imports, from the folder; all else then comes from the image. It
must not import anything of ours.
"""

import sys

import vfs

FOLDER = "/rom"
_PROT_READ = 1
_MAP_PRIVATE = 2
_END = 2


def mount(path):
    """Put the image in the file `path` at FOLDER, and import from there from now on."""
    import ffi
    import uctypes

    with open(path, "rb") as file:  # noqa: PTH123 (MicroPython has no pathlib)
        size = file.seek(0, _END)
        map_file = ffi.open("libc.so.6").func("p", "mmap", "pLiiil")
        address = map_file(0, size, _PROT_READ, _MAP_PRIVATE, file.fileno(), 0)
    vfs.mount(vfs.VfsRom(uctypes.bytearray_at(address, size)), FOLDER)
    sys.path[:] = [FOLDER + "/simulator/hardware", FOLDER, ".frozen"]
