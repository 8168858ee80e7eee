"""Build, install, log and pin tables, as an integrator types them, against a real pty."""

import json
import shutil
import subprocess
import sys

import pytest

from tools.board import flash, install, log, pins
from tools.board.build import MAIN, Build, Compiled, build, sizes_by_room
from tools.board.device import connect
from tools.errors import ToolError
from tools.folders import ROOT

ROMFS_MAGIC = b"\xd2\xcd\x31"
MPY_MAGIC = ord("M")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build(tmp_path_factory.mktemp("build") / "board")


def bijli(*words):
    return subprocess.run(
        [sys.executable, "-m", "tools", "board", *words], cwd=ROOT, capture_output=True, text=True
    )


def test_everything_that_runs_on_a_board_is_compiled_and_nothing_else(built):
    paths = {module.path for module in built.modules}
    assert {"protocol/rating", "firmware/main", "firmware/core/board"} <= paths
    assert not {path for path in paths if path.startswith(("simulator", "tools", "controller"))}
    assert "firmware/manifest" not in paths
    compiled = built.folder / "mpy/firmware/core/board.mpy"
    assert compiled.read_bytes()[0] == MPY_MAGIC
    assert built.code_bytes == sum(
        path.stat().st_size for path in (built.folder / "mpy").rglob("*.mpy")
    )


def test_the_romfs_image_holds_the_same_files(built):
    image = built.romfs.read_bytes()
    assert image.startswith(ROMFS_MAGIC)
    assert (built.folder / "mpy/firmware/main.mpy").read_bytes() in image


def test_sizes_are_summed_by_room():
    modules = [Compiled("protocol/a", 10, 1), Compiled("protocol/b", 20, 2)]
    rows = sizes_by_room(modules)
    assert rows[0] == {"room": "protocol", "modules": 2, "source_bytes": 30, "code_bytes": 3}
    assert rows[-1]["room"] == "total"


def test_the_command_line_prints_the_sizes(tmp_path):
    done = bijli("build", "--output", str(tmp_path / "out"), "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["architecture"] == "xtensawin"
    assert facts["code_bytes"] == facts["rooms"][-1]["code_bytes"] > 50_000


def test_a_folder_with_other_things_in_it_is_not_emptied(tmp_path):
    (tmp_path / "thesis.txt").write_text("do not lose")
    with pytest.raises(ToolError, match="holds something else"):
        build(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_an_unknown_processor_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ToolError, match="no processor"):
        build(tmp_path / "out", "z80")
    assert not (tmp_path / "out").exists()


def test_only_files_that_differ_are_written_to_a_board(board, built, tmp_path):
    few = tmp_path / "few"
    shutil.copytree(built.folder / "mpy/firmware/drivers", few / "mpy/firmware/drivers")
    shutil.copy(MAIN, few / "mpy/main.py")
    part = Build(few, built.architecture, [], built.romfs)
    with connect(board.port) as device:
        first = install.install_files(device, part, lambda _: None)
        (board.files / "firmware/drivers/relay.mpy").write_bytes(b"worn")
        again = install.install_files(device, part, lambda _: None)
    assert first == len([path for path in (few / "mpy").rglob("*") if path.is_file()])
    assert again == 1
    expected = (few / "mpy/firmware/drivers/relay.mpy").read_bytes()
    assert (board.files / "firmware/drivers/relay.mpy").read_bytes() == expected


def test_the_log_shows_what_the_board_says_and_does_not_interrupt_it(board):
    done = bijli("log", "--port", board.port, "--seconds", "1.5")
    assert done.returncode == 0, done.stderr
    said = [line.partition(" ")[2] for line in done.stdout.splitlines()]
    numbers = [int(line.split()[-1]) for line in said[1:-1]]
    assert len(numbers) > 3
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert board.process.poll() is None


def test_what_a_terminal_would_obey_is_not_printed():
    assert "\x1b" not in log.stamp(b"\x1b]0;owned\x07 text")


def test_an_image_that_is_none_is_refused(tmp_path):
    image = tmp_path / "image.bin"
    image.write_bytes(b"PK\x03\x04")
    with pytest.raises(ToolError, match="not an image"):
        flash.read_image(image)
    with pytest.raises(ToolError, match="cannot be read"):
        flash.read_image(tmp_path / "none.bin")
    image.write_bytes(bytes([flash.IMAGE_MAGIC]) + bytes(flash.IMAGE_BYTES_MAX))
    with pytest.raises(ToolError, match="more than the chip's flash"):
        flash.read_image(image)


def test_a_board_keeps_its_memory_unless_the_flash_is_to_be_erased(tmp_path):
    image = tmp_path / "image.bin"
    kept = flash.commands("/dev/ttyUSB0", image, erase=False)
    assert [command[-3] for command in kept] == ["write-flash"]
    erased = flash.commands("/dev/ttyUSB0", image, erase=True)
    assert erased[0][-1] == "erase-flash"
    assert erased[1] == kept[0]


def test_the_guide_has_the_pin_tables_of_every_board_as_they_are_defined():
    """Otherwise write them anew: bijli board pins --guide docs/fitting.md."""
    assert pins.generated() in (ROOT / "docs/fitting.md").read_text()


def test_a_guide_without_a_place_for_them_is_left_as_it_is(tmp_path):
    guide = tmp_path / "guide.md"
    guide.write_text("# Fitting")
    with pytest.raises(ToolError, match="no place"):
        pins.write_guide(guide)
    assert guide.read_text() == "# Fitting"


def test_no_pin_of_a_board_is_used_twice():
    for board in pins.names():
        gpios = [wire.gpio for wire in pins.read_wires(board)]
        assert len(gpios) == len(set(gpios)), board


def test_a_board_that_is_not_defined_is_told_with_those_that_are():
    with pytest.raises(ToolError, match="esp32_devkit"):
        pins.read_wires("esp64")
