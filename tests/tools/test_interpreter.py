"""The interpreter is the chip's release and word, and the boards' code compiles for it."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from simulator import interpreter

SOURCES = {
    "protocol/unit.py": "LARGE = 1 << 40\n\ndef name():\n    return 'Wh'\n",
    "firmware/main.py": "from protocol import unit\ndef run(): print(unit.name(), unit.LARGE)\n",
    "simulator/plant/mains.py": "",
    "simulator/hardware/machine.py": "PLACE = 'simulator'\n",
    "simulator/board.py": "import machine, firmware.main as m\nm.run()\nprint(machine.PLACE)\n",
}


@pytest.fixture
def tree(tmp_path):
    for name, text in SOURCES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def run(folder, statement):
    found = interpreter.find()
    path = f"{folder}:{folder}/simulator/hardware:.frozen"
    environment = {**os.environ, "MICROPYPATH": path}
    command = [*found.argv, "-X", "heapsize=128k", "-c", statement]
    # Not in the checkout: the interpreter looks for modules in the working folder first.
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, cwd=folder
    ).stdout


def test_the_interpreter_is_what_the_chip_runs():
    found = interpreter.find()
    if found.bits != 32:
        pytest.skip("only a 64-bit interpreter is to be had on this machine")
    assert found.version.startswith("1.25.")


def test_compiled_sources_run_in_the_layout_they_are_imported_in(tree):
    folder = interpreter.compile_sources(tree, tree / "compiled")
    assert run(folder, "import simulator.board") == f"Wh {1 << 40}\nsimulator\n"
    assert not list(folder.rglob("*.py"))


def test_nothing_is_compiled_twice_and_a_change_is_compiled_at_once(tree):
    first = interpreter.compile_sources(tree, tree / "compiled")
    assert interpreter.compile_sources(tree, tree / "compiled") == first
    (tree / "protocol/unit.py").write_text(SOURCES["protocol/unit.py"].replace("Wh", "kWh"))
    second = interpreter.compile_sources(tree, tree / "compiled")
    assert run(second, "import simulator.board").startswith("kWh")
    assert run(first, "import simulator.board").startswith("Wh")


def test_several_processes_may_compile_at_once(tree):
    with ThreadPoolExecutor(4) as pool:
        calls = [
            pool.submit(interpreter.compile_sources, tree, tree / "compiled") for _ in range(4)
        ]
        (folder,) = {call.result() for call in calls}
    assert [path.name for path in (tree / "compiled").iterdir()] == [folder.name]


def test_old_compiled_trees_do_not_pile_up(tree):
    for number in range(interpreter.COMPILED_KEPT + 3):
        (tree / "protocol/unit.py").write_text(f"NUMBER = {number}\n")
        newest = interpreter.compile_sources(tree, tree / "compiled")
    kept = list((tree / "compiled").iterdir())
    assert len(kept) == interpreter.COMPILED_KEPT
    assert newest in kept


def test_a_source_that_is_not_micropython_is_named_with_its_line(tree):
    (tree / "firmware/main.py").write_text("x = 1\nmatch x:\n    case 1: pass\n")
    with pytest.raises(interpreter.CompileFailed, match=r"firmware/main\.py.*line 2"):
        interpreter.compile_sources(tree, tree / "compiled")


def test_without_an_interpreter_the_error_says_what_to_do(tmp_path):
    assert interpreter.command_in(tmp_path) is None
    assert interpreter.probe((str(tmp_path / "absent"),)) is None


def test_the_boards_own_code_compiles():
    assert (interpreter.compile_sources() / "simulator/board.mpy").exists()
