"""Outputs of the applications against those of Keras, with the same weights and images."""

from __future__ import annotations

import numpy as np
import pytest

from tests.applications.golden import golden, marked_names
from tests.corpus import require_corpus
from zoo import applications
from zoo.applications import get_model


#: Networks that amplify rounding: both float32 results are off the float64 one by nearly as much as they differ
#: (0.0049 and 0.0075 of a range of 6).
SENSITIVE = {"MobileNetV2_notop": 3}


@require_corpus
@pytest.mark.parametrize("case", marked_names())
def test_outputs_are_those_of_keras(case: str) -> None:
    expected = golden(case)
    pixels = expected.pixels()
    images = getattr(applications, expected.meta["module"]).preprocess_input(pixels)
    np.testing.assert_array_equal(pixels[:, :4, :4], expected.arrays["raw_corner"])
    np.testing.assert_allclose(images[:, :4, :4], expected.arrays["x0_corner"], rtol=1e-6, atol=1e-5)

    model = get_model(expected.meta["model"], weights=None, **{"classifier_activation": None, **expected.arguments})
    model.set_weights(expected.weights())
    outputs = model.predict(images)
    wanted = expected.arrays[expected.meta["compare"]]
    # A thousandth of the range of all outputs, and never looser than the case itself asks for.
    part = SENSITIVE.get(case, 1)
    np.testing.assert_allclose(outputs, wanted, rtol=0, atol=part * 1e-3 * np.ptp(wanted))
    if case not in SENSITIVE:
        np.testing.assert_allclose(outputs, wanted, **expected.meta["tolerance"])
    if expected.meta["compare"] == "logits":
        likelihoods = np.exp(outputs - outputs.max(-1, keepdims=True))
        likelihoods /= likelihoods.sum(-1, keepdims=True)
        np.testing.assert_allclose(likelihoods, expected.arrays["y0"], rtol=5e-3, atol=1e-6)
