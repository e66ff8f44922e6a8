"""What `zoo` exports, and that it costs nothing until it is used."""

from __future__ import annotations

import ast
import pathlib
import subprocess
import sys

import pytest

import zoo

EXPORTED = """
GradientTape Input Model Sequential __version__ activations applications backend batch callbacks config constraints
datasets dtype_policies engine errors explain export_onnx hub initializers io layers load_model losses metrics models
ops optimizers preprocessing quantizers random regularizers safety save_model scan serialization utils
""".split()


def test_exported_names() -> None:
    assert sorted(zoo.__all__) == EXPORTED == dir(zoo)


@pytest.mark.parametrize("name", EXPORTED)
def test_every_name_is_there(name: str) -> None:
    assert getattr(zoo, name) is not None


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Modell'"):
        zoo.Modell  # noqa: B018


def test_type_checkers_see_the_same_names() -> None:
    block = next(node for node in ast.parse(pathlib.Path(zoo.__file__).read_text()).body if isinstance(node, ast.If))
    imported = {alias.asname for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert imported == set(zoo.__all__) - {"__version__"}


@pytest.mark.parametrize("statement", ["import zoo", "import zoo; zoo.io", "import zoo.cli.main, zoo.cli.inspect"])
def test_import_loads_only_what_it_needs(statement: str) -> None:
    heavy = ["PIL", "requests", "numba", "tqdm", "filelock", "threadpoolctl", "zoo.layers", "zoo.applications",
             "zoo.engine", "zoo.models", "zoo.hub"]
    code = f"{statement}\nimport sys\nprint([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
