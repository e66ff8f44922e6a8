"""Every loss with every reduction, at once and compiled, against the corpus's table."""

from __future__ import annotations

import numpy as np
import pytest

from tests import training_cases
from tests.conformance.outcome import tally
from tests.corpus import require_corpus
from zoo import losses
from zoo.engine.function import Function
from zoo.errors import ZooError

pytestmark = require_corpus


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_values_and_configs_equal_those_of_keras(compiled: bool) -> None:
    meta, arrays = training_cases.meta("table_losses"), training_cases.arrays("table_losses")
    row = tally(f"table_losses {'compiled' if compiled else 'eager'}")
    for entry in meta["entries"]:
        names = ("y_true", "y_pred", "sample_weight")[:3 if entry["weighted"] else 2]
        given = [arrays[f"{entry['loss']}__{name}"] for name in names]
        if entry.get("refused"):
            with pytest.raises(ZooError):
                losses.deserialize({"class_name": entry["class"], "config": entry["config"]})(*given)
            continue
        loss = losses.deserialize({"class_name": entry["class"], "config": entry["config"]})
        expected = arrays[entry["result"]]
        received = np.asarray(Function(loss)(*given) if compiled else loss(*given))
        same = received.shape == expected.shape and np.allclose(received, expected, **meta["tolerance"])
        if same and received.dtype == expected.dtype and loss.get_config() == entry["config"]:
            row.passed.append(entry["result"])
        else:
            row.failed[entry["result"]] = f"{received} instead of {expected}, config {loss.get_config()}"
    assert row.passed and not row.failed, "\n".join(row.lines())
