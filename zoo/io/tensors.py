"""Arrays that stay on disk until somebody asks for them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from zoo.io import narrow_floats


_PIECE_BYTES = 16 << 20


@dataclass
class TensorRecord:
    """One array of a file.

    Args:
        name: the file's own name for it.
        shape: as declared, already checked against the stored bytes.
        dtype: NumPy dtype name, or one of `narrow_floats.NARROW_FLOATS` (``bfloat16``), which read as float32.
        load: reads the array (memory-mapped where the file allows); called at most when needed.
        where: ``file:key`` for messages.
        blocks: gives the array piece by piece, as `pieces` does, where it is never needed as a whole.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    load: Callable[[], np.ndarray] = field(repr=False)
    where: str = ""
    blocks: Callable[[], Iterator[np.ndarray]] | None = field(default=None, repr=False)

    def read(self) -> np.ndarray:
        """The array; may be a read-only memory map of the file."""
        return self.load()

    def pieces(self) -> Iterator[np.ndarray]:
        """The array in consecutive blocks of its first axis, C-contiguous, for whoever passes it on: what they take
        together is never in memory at once if the record knows how to avoid that. An array without axes is one piece.
        """
        if self.blocks is not None:
            yield from self.blocks()
            return
        array = self.read()
        rows = max(_PIECE_BYTES // max(array.nbytes // max(len(array), 1), 1), 1) if array.ndim else 1
        for start in range(0, len(array) if array.ndim else 1, rows):
            yield np.asarray(array[start:start + rows] if array.ndim else array, order="C")

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
        return cls(name, tuple(array.shape), dtype_name(array.dtype), lambda: array)


def dtype_name(dtype: np.dtype) -> str:
    """The name of a NumPy dtype from which NumPy can make it again: ``float32``, ``U5`` for text of five characters."""
    return dtype.str[1:] if dtype.kind in "SU" else dtype.name
