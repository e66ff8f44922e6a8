"""Settings of the process under the names that Keras's backend has for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo import naming
from zoo.config import config
from zoo.engine import dtypes

ORDERINGS = {"tf": "channels_last", "th": "channels_first"}


def backend() -> str:
    """What computes: NumPy."""
    return "numpy"


def floatx() -> str:
    """The dtype of weights and of computation unless one is given."""
    return config.floatx


def set_floatx(value: str) -> None:
    """Sets `floatx`."""
    config.floatx = value


def epsilon() -> float:
    """The fuzz that keeps divisions and logarithms finite."""
    return config.epsilon


def set_epsilon(value: float) -> None:
    """Sets `epsilon`."""
    config.epsilon = value


def image_data_format() -> str:
    """Where images have their channels unless a layer says: ``channels_last`` or ``channels_first``."""
    return config.image_data_format


def set_image_data_format(data_format: str) -> None:
    """Sets `image_data_format`."""
    config.image_data_format = data_format


def image_dim_ordering() -> str:
    """`image_data_format` in the words of Keras 1: ``tf`` or ``th``."""
    return {value: name for name, value in ORDERINGS.items()}[config.image_data_format]


def set_image_dim_ordering(dim_ordering: str) -> None:
    """Sets `image_data_format` in the words of Keras 1."""
    config.image_data_format = ORDERINGS.get(dim_ordering, dim_ordering)


def cast_to_floatx(x: Any) -> np.ndarray:
    """The array in the dtype `floatx`."""
    return np.asarray(x, dtypes.storage(config.floatx))


def get_uid(prefix: str = "") -> int:
    """How often it was asked for that prefix, this time included."""
    return naming.count(f"uid of {prefix}")


def reset_uids() -> None:
    """Automatic names start anew."""
    naming.reset()


clear_session = reset_uids
