"""The stubs promise the controller what the modules hold."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import protocol

STUBS = sorted(Path(protocol.__file__).parent.glob("[a-z]*.pyi"))


@pytest.mark.parametrize("stub", STUBS, ids=lambda path: path.stem)
def test_every_name_and_argument_of_a_stub_exists(stub):
    module = importlib.import_module(f"protocol.{stub.stem}")
    for node in ast.parse(stub.read_text()).body:
        if isinstance(node, ast.AnnAssign):
            assert hasattr(module, ast.unparse(node.target))
        elif isinstance(node, ast.FunctionDef):
            names = list(inspect.signature(getattr(module, node.name)).parameters)
            assert names == [argument.arg for argument in node.args.args], node.name
