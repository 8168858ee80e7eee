"""The structure check finds each kind of breach, and finds none in this tree."""

import pytest

from tools.check import FUNCTION_LINES_MAX, MODULE_LINES_MAX, check_tree
from tools.folders import ROOT

DOC = '"""What it is for."""\n'
LONG_FUNCTION = DOC + "def f():\n" + "    pass\n" * FUNCTION_LINES_MAX
LONG_MODULE = DOC + "x = 1\n" * MODULE_LINES_MAX


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("protocol/x.py", "from firmware.core import board", "protocol must not import firmware"),
        ("firmware/x.py", "import controller", "firmware must not import controller"),
        ("firmware/x.py", "from simulator import plant", "firmware must not import simulator"),
        ("controller/x.py", "import firmware.main", "controller must not import firmware"),
        ("controller/x.py", "from tools import broker", "controller must not import tools"),
        ("simulator/x.py", "from firmware.main import run", "simulator must not import firmware"),
        ("simulator/x.py", "import controller.clock", "simulator must not import controller"),
        ("tools/x.py", "from tests.controller import village", "tools must not import tests"),
        ("firmware/core/x.py", "import time", "pure code must not import time"),
        (
            "firmware/core/x.py",
            "from firmware.net import mqtt",
            "core must not import firmware.net",
        ),
        ("controller/a/rules.py", "from django.db import models", "not import django.db.models"),
        ("controller/a/rules.py", "def f():\n    import os", "pure code must not import os"),
        ("protocol/x.py", "import typing", "MicroPython has no typing"),
        ("firmware/x.py", "from dataclasses import dataclass", "has no dataclasses.dataclass"),
        ("simulator/plant/x.py", "from collections.abc import Iterator", "has no collections.abc"),
        ("simulator/board.py", "import enum", "MicroPython has no enum"),
        ("tools/utils.py", "", "`utils` names no subject"),
        ("controller/common/x.py", "", "`common` names no subject"),
        ("tests/helpers.py", "", "`helpers` names no subject"),
    ],
)
def test_a_breach_is_found_where_it_is(tmp_path, path, text, message):
    write(tmp_path, {path: DOC + text + "\n"})
    found = check_tree(tmp_path, {})
    assert [(finding.path, message in finding.message) for finding in found] == [(path, True)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("firmware/x.py", "from protocol import cbor"),
        ("controller/x.py", "import protocol.keys"),
        ("simulator/board.py", "from firmware.main import run"),
        ("tools/x.py", "import controller, firmware, simulator"),
        ("controller/a/rules.py", "from protocol.rating import rate"),
        ("controller/x.py", "import typing, dataclasses, time"),
        ("firmware/drivers/x.py", "import machine, time"),
    ],
)
def test_an_import_along_the_arrows_passes(tmp_path, path, text):
    write(tmp_path, {path: DOC + text + "\n"})
    assert check_tree(tmp_path, {}) == []


def test_rules_that_reach_io_through_another_module_are_found_with_the_way_there(tmp_path):
    write(
        tmp_path,
        {
            "controller/a/rules.py": DOC + "from controller.a.identity import check\n",
            "controller/a/identity.py": DOC + "from . import store\n",
            "controller/a/store.py": DOC + "import sqlite3\n",
        },
    )
    (found,) = check_tree(tmp_path, {})
    assert found.message.endswith("controller.a.identity.check → controller.a.store → sqlite3")


@pytest.mark.parametrize(
    ("text", "key"), [(LONG_FUNCTION, "tools/x.py:f"), (LONG_MODULE, "tools/x.py")]
)
def test_what_is_too_long_owes_a_reason(tmp_path, text, key):
    write(tmp_path, {"tools/x.py": text})
    assert len(check_tree(tmp_path, {})) == 1
    assert check_tree(tmp_path, {key: "a table"}) == []


def test_a_reason_that_is_no_longer_needed_is_found(tmp_path):
    write(tmp_path, {"tools/x.py": DOC})
    (found,) = check_tree(tmp_path, {"tools/x.py": "was long once"})
    assert "take it off the list" in found.message


def test_a_module_without_docstring_is_found(tmp_path):
    write(tmp_path, {"tools/x.py": "x = 1\n", "tools/__init__.py": ""})
    (found,) = check_tree(tmp_path, {})
    assert found.path == "tools/x.py"


def test_this_tree_keeps_its_structure():
    assert [str(finding) for finding in check_tree(ROOT)] == []
