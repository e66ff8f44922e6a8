"""The base of all initializers."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo import serialization
from zoo.config import config
from zoo.engine import dtypes


class Initializer:
    """A function ``(shape, dtype) -> array`` that gives a weight its first values.

    The arguments of ``__init__`` are the config.
    """

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
        """The first values of a weight of this shape.

        Args:
            shape: of the weight.
            dtype: of the weight; that of `zoo.config` unless given.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define __call__().")

    def get_config(self) -> dict[str, Any]:
        """The arguments of its construction, as plain data."""
        return serialization.config_of(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """The initializer with such a config."""
        return cls(**config)


def storage(dtype: Any) -> np.dtype:
    """How values of the weight's dtype are stored."""
    return dtypes.storage(config.floatx if dtype is None else dtypes.standardize(dtype))
