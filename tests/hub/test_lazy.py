"""What is loaded, and when."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from zoo import hub

ROOT = Path(__file__).resolve().parents[2]


def test_networks_are_built_without_anything_that_speaks_http():
    program = "import sys, zoo.applications, zoo.hub.registered; zoo.hub.registered.weights_manifest(); " \
              "print([name for name in ('requests', 'urllib3', 'filelock', 'fsspec') if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_type_checkers_are_told_the_same_names():
    told = {alias.asname for node in ast.walk(ast.parse(inspect.getsource(hub))) if isinstance(node, ast.ImportFrom)
            for alias in node.names if alias.asname}
    assert told == set(hub.__all__) == set(dir(hub))
    assert all(getattr(hub, name).__name__ == name for name in hub.__all__)


def test_other_names():
    with pytest.raises(AttributeError, match="has no attribute 'fetchh'"):
        hub.fetchh  # noqa: B018 - the access is what is tested
