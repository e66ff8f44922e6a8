"""Every metric over two batches, at once and compiled, against the corpus's table."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from tests import training_cases
from tests.conformance.outcome import tally
from tests.corpus import require_corpus
from zoo import metrics
from zoo.engine.function import Function
from zoo.errors import ZooError

pytestmark = require_corpus


def batch(entry: dict[str, Any], arrays: dict[str, np.ndarray], which: str) -> list[np.ndarray]:
    given = [arrays[f"{entry[name]}_{which}"] for name in ("y_true", "y_pred") if entry[name]]
    given = given if entry["y_pred"] else [given[0][:, 0]]
    return given + [arrays[f"weight_{which}"]] * entry["weighted"]


def problem(entry: dict[str, Any], arrays: dict[str, np.ndarray], tolerance: dict[str, float],
            compiled: bool) -> str | None:
    """None if the results after both batches and the state's shapes are Keras's."""
    metric = metrics.deserialize({"class_name": entry["class"], "config": entry["config"]})
    update = Function(metric) if compiled else metric
    for which in "ab":
        received, expected = np.asarray(update(*batch(entry, arrays, which))), np.asarray(entry[f"after_batch_{which}"])
        if received.shape != expected.shape or not np.allclose(received, expected, **tolerance):
            return f"batch {which}: {received} instead of {expected}"
    shapes = [list(variable.shape) for variable in metric.variables]
    return None if shapes == entry["state"] else f"state {shapes} instead of {entry['state']}"


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_results_equal_those_of_keras(compiled: bool) -> None:
    meta, arrays = training_cases.meta("table_metrics"), training_cases.arrays("table_metrics")
    row = tally(f"table_metrics {'compiled' if compiled else 'eager'}")
    for entry in meta["entries"]:
        name = f"{entry['class']} {entry.get('config')} {'weighted' if entry.get('weighted') else ''}"
        if entry.get("refused"):
            with pytest.raises(ZooError):
                problem(entry, arrays, meta["tolerance"], compiled)
        elif "config" not in entry:                         # "a base class; the others derive from it"
            own = type("Own", (getattr(metrics, entry["class"]),), {})      # what it computes is in test_metrics.py
            row.passed.append(name) if issubclass(own, metrics.Metric) else row.failed.update({name: "is no metric"})
        else:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".*their fractions are cut off")
                reason = problem(entry, arrays, meta["tolerance"], compiled)
            row.passed.append(name) if reason is None else row.failed.update({name: reason})
    assert row.passed and not row.failed, "\n".join(row.lines())
