"""The page that lists Keras's names."""

from __future__ import annotations

import importlib.util
import json
import pathlib
import subprocess
import sys
from types import ModuleType

import pytest

from zoo import compat

TOOL = pathlib.Path(__file__).parents[2] / "tools" / "make_coverage.py"
FACTS = {"keras_version": "3.0", "keras1_layer_classes": ["Merge", "Nothing"], "modules": {
    "layers": {"classes": ["Dense", "TFSMLayer"], "functions": ["add"]}, "datasets": {"classes": [],
                                                                                   "functions": ["mnist", "ours"]}}}
pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="not a source checkout")


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_coverage", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_names_are_listed_with_their_place_or_a_reason(tool: ModuleType) -> None:
    with compat.installed():
        page = tool.page(FACTS)
    assert "zoo has 4 of 7." in page
    assert "- `zoo.layers`: `Dense`, `add`" in page and "- `zoo.layers`: `Merge`" in page
    assert "- no: of TensorFlow or another library's own format: `TFSMLayer`" in page
    assert "- `zoo.datasets`: `mnist`" in page


def test_without_the_list_of_names_that_is_said(tmp_path: pathlib.Path) -> None:
    run = subprocess.run([sys.executable, str(TOOL), str(tmp_path / "none.json")], capture_output=True, text=True,
                         env={"PYTHONPATH": str(TOOL.parents[1])})
    assert run.returncode == 2 and "is not there" in run.stderr


def test_out_of_date_pages_are_found(tmp_path: pathlib.Path) -> None:
    (tmp_path / "names.json").write_text(json.dumps(FACTS))
    run = subprocess.run([sys.executable, str(TOOL), str(tmp_path / "names.json"), "--check"],
                         env={"PYTHONPATH": str(TOOL.parents[1])})
    assert run.returncode == 1
