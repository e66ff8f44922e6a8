"""Every function of `keras.ops` in the corpus, at once and compiled, against the numbers of real Keras."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tests.conformance.outcome import tally
from tests.corpus import CORPUS, require_corpus
from zoo import ops, tree
from zoo.engine.function import Function

pytestmark = require_corpus

GROUPS = ("numpy_like", "nn", "image_and_linalg")
#: functions whose result shape, or result, depends on values: they work outside of graphs only
EAGER_ONLY = {"ops.bincount", "ops.unique", "ops.ctc_decode"}


@dataclass(frozen=True)
class Entry:
    """One call: what to call, with which arrays and plain values, and what Keras returned."""

    name: str
    arguments: list[Any]
    options: dict[str, Any]
    arrays: dict[str, np.ndarray]
    outputs: list[np.ndarray]
    tolerance: dict[str, float]

    def call(self, arrays: dict[str, Any]) -> list[Any]:
        """The flat results for arrays (or values of a graph) in the places of the stored ones."""
        def value(argument: dict[str, Any]) -> Any:
            if "array" in argument:
                return arrays[argument["array"]]
            return [arrays[name] for name in argument["arrays"]] if "arrays" in argument else argument["value"]
        function = ops
        for part in self.name.split(".")[1:]:
            function = getattr(function, part)
        result = function(*map(value, self.arguments), **{key: value(option) for key, option in self.options.items()})
        if self.name == "ops.linalg.svd" and len(self.outputs) == 1:
            return [result[1]]                              # singular vectors have no determined sign: not stored
        return tree.leaves(result)

    def check(self, results: list[Any]) -> None:
        """Compares with what is stored."""
        assert len(results) == len(self.outputs)
        for result, output in zip(map(np.asarray, results), self.outputs):
            assert (result.dtype, result.shape) == (output.dtype, output.shape)
            if output.dtype.kind in "fc":
                np.testing.assert_allclose(result, output, **self.tolerance)
            else:
                np.testing.assert_array_equal(result, output)


def _entries() -> list[Any]:
    found = []
    for group in GROUPS if CORPUS is not None else ():
        meta = json.loads((CORPUS / "ops" / group / "meta.json").read_text())
        with np.load(CORPUS / "ops" / group / "io.npz") as stored:
            arrays = {name: stored[name] for name in stored}
        for i, row in enumerate(meta["entries"]):
            plain = [*row["arguments"], *row["options"].values()]
            used = [name for a in plain for name in (a.get("arrays") or ([a["array"]] if "array" in a else []))]
            found.append(pytest.param(Entry(
                row["function"], row["arguments"], row["options"], {name: arrays[name] for name in used},
                [arrays[name] for name in row["outputs"]], meta["tolerance"]), id=f"{group}-{i}-{row['function']}"))
    return found


ENTRIES = _entries()
COUNTS = tally("ops")


@pytest.mark.parametrize("entry", ENTRIES)
def test_results_are_those_of_keras(entry: Entry, request) -> None:
    COUNTS.failed[request.node.callspec.id] = "see the test"
    entry.check(entry.call(entry.arrays))
    COUNTS.passed.append(request.node.callspec.id)
    del COUNTS.failed[request.node.callspec.id]


@pytest.mark.parametrize("entry", [param for param in ENTRIES if param.values[0].name not in EAGER_ONLY])
def test_compiled_results_are_those_of_keras(entry: Entry) -> None:
    function = Function(lambda arrays: entry.call(arrays), name=entry.name)
    entry.check(function(entry.arrays))
