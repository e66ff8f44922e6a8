"""Arrays for models."""

import numpy as np
import pytest

from zoo.errors import ConfigError
from zoo.utils import normalize, to_categorical


def test_classes_as_vectors():
    np.testing.assert_array_equal(to_categorical([[0], [2]]), [[1, 0, 0], [0, 0, 1]])
    assert to_categorical(np.zeros((2, 3)), 5).shape == (2, 3, 5)


@pytest.mark.parametrize("classes", [[-1, 0], [0, 3]])
def test_classes_out_of_range_are_refused(classes):
    with pytest.raises(ConfigError, match="from 0 to 2"):
        to_categorical(classes, 3)


def test_vectors_of_length_1():
    np.testing.assert_allclose(normalize([[3, 4], [0, 0]]), [[0.6, 0.8], [0, 0]])
    np.testing.assert_allclose(normalize([[3, 4], [1, 0]], axis=0, order=1), [[0.75, 1], [0.25, 0]])
