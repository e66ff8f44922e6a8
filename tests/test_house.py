"""The rules of the house, checked: tiers, sizes, no imports in functions."""

from __future__ import annotations

import ast
import pathlib
import subprocess
import sys
import tokenize

import pytest

import zoo

ROOT = pathlib.Path(zoo.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
OPTIONAL = ("engine/kernels/jit", "engine/kernels/cuda", "engine/device.py")


def name_of(path: pathlib.Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_imports_point_down_the_tiers() -> None:
    if not (ROOT.parent / "pyproject.toml").exists():
        pytest.skip("not a source checkout")
    run = subprocess.run([sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
                         cwd=ROOT.parent, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_import_inside_a_function(path: pathlib.Path) -> None:
    if name_of(path).startswith(OPTIONAL):
        pytest.skip("the one place of an optional package")
    functions = [node for node in ast.walk(ast.parse(path.read_bytes()))
                 if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    hidden = [sub.lineno for node in functions for sub in ast.walk(node) if isinstance(sub, (ast.Import, ast.ImportFrom))]
    assert not hidden, f"{name_of(path)} imports inside a function, lines {hidden}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_file_and_line_lengths(path: pathlib.Path) -> None:
    with tokenize.open(path) as file:
        lines = file.read().splitlines()
    assert len(lines) <= 420, f"{name_of(path)} has {len(lines)} lines: it has more than one reason to change"
    long = [i + 1 for i, line in enumerate(lines) if len(line) > 120]
    assert not long, f"{name_of(path)}: lines over 120 columns: {long}"


def test_nothing_is_executed_from_files() -> None:
    """No eval, exec, marshal or pickle in the package. Two places are known: the compiler of kernels runs text that it
    made from closed tables of primitives, and the reader of torch checkpoints knows the opcodes of pickles."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_bytes())):
            generated = name_of(path) == "engine/machine_code/build.py"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not generated:
                assert node.func.id not in ("eval", "exec", "compile", "__import__"), f"{name_of(path)}:{node.lineno}"
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                allowed = {"pickle"} if name_of(path) == "io/formats/torch_checkpoint.py" else set()
                assert not names & {"marshal", "pickle", "dill", "shelve"} - allowed, f"{name_of(path)}:{node.lineno}"
