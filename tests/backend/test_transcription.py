"""Connectionist temporal classification as Keras 2 spells it. Literal values: what tf.keras gives."""

from __future__ import annotations

import numpy as np
import pytest

from zoo import backend as K  # noqa: N812 - what everybody calls it
from zoo.errors import Unsupported


def probabilities() -> np.ndarray:
    p = np.random.RandomState(0).rand(2, 6, 4).astype("float32") ** 3
    return p / p.sum(-1, keepdims=True)


def test_the_cost_of_a_batch() -> None:
    labels, steps, counts = np.array([[0, 1, 1], [2, 0, 0]]), np.array([[6], [5]]), np.array([[3], [2]])
    cost = K.ctc_batch_cost(labels, probabilities(), steps, counts)
    np.testing.assert_allclose(cost, [[4.7922593], [4.3982339]], rtol=1e-5)


def test_the_likeliest_labels() -> None:
    (labels,), scores = K.ctc_decode(probabilities(), np.array([6, 5]))
    assert labels.tolist() == [[1, 0, 1, 0, -1, -1], [2, -1, -1, -1, -1, -1]]
    np.testing.assert_allclose(scores, [[3.8950081], [2.4421794]], rtol=1e-5)
    with pytest.raises(Unsupported, match="greedy"):
        K.ctc_decode(probabilities(), np.array([6, 5]), greedy=False)
