"""Arrays that stay on disk until somebody asks for them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from zoo.io import narrow_floats


@dataclass
class TensorRecord:
    """One array of a file.

    Args:
        name: the file's own name for it.
        shape: as declared, already checked against the stored bytes.
        dtype: NumPy dtype name, or one of `narrow_floats.NARROW_FLOATS` (``bfloat16``), which read as float32.
        load: reads the array (memory-mapped where the file allows); called at most when needed.
        where: ``file:key`` for messages.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    load: Callable[[], np.ndarray] = field(repr=False)
    where: str = ""

    def read(self) -> np.ndarray:
        """The array; may be a read-only memory map of the file."""
        return self.load()

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes as stored without compression."""
        return self.size * narrow_floats.itemsize(self.dtype)

    @classmethod
    def of(cls, name: str, array: np.ndarray) -> TensorRecord:
        """A record of an array that is already in memory."""
        return cls(name, tuple(array.shape), array.dtype.name, lambda: array)
