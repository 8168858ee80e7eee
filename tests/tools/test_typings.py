"""The chip's type stubs are laid out apart, where only the firmware's check finds them."""

from tools import typings


def test_the_stubs_of_the_chips_modules_are_there_once(tmp_path):
    folder = typings.lay_out(tmp_path)
    assert (folder / "machine.pyi").exists()
    assert (folder / "stdlib/asyncio/__init__.pyi").exists()
    assert typings.lay_out(tmp_path) == folder
    assert list(tmp_path.iterdir()) == [folder]
