"""Arrays that are views of a file in memory: their pages are read ahead, and let go when they are no longer needed.

Weights of a model file are mapped, not read. Left alone, each page would be brought in when a kernel first asks for
it, while the kernel waits; and pages of weights that have been packed would stay beside what they were packed into.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Iterable

import numpy as np

_LEAST = 1 << 20                                            # bytes for which either is worth its while


def mapping(array: np.ndarray) -> mmap.mmap | None:
    """The mapped file that an array is a view of; None for one in memory of its own."""
    base = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap.mmap) else None


def read_ahead(arrays: Iterable[np.ndarray]) -> threading.Thread | None:
    """Brings the pages of mapped arrays into memory, in their order, while the caller does something else.

    Returns:
        The thread that does so; None if there is nothing to do.
    """
    large = [array for array in arrays if array.nbytes >= _LEAST and mapping(array) is not None
             and (array.flags.c_contiguous or array.flags.f_contiguous)]
    if not large:
        return None
    thread = threading.Thread(target=_touch, args=(large,), name="zoo-read-ahead", daemon=True)
    thread.start()
    return thread


def _touch(arrays: list[np.ndarray]) -> None:
    for array in arrays:
        array.ravel(order="K").view(np.uint8)[::mmap.PAGESIZE].max()        # NumPy lets go of Python's lock meanwhile


def release(array: np.ndarray) -> None:
    """Gives the memory of a mapped array back to the system, which brings the pages in again if somebody reads them.

    Nothing is done to arrays in memory of their own, or to a mapping that could be written.
    """
    mapped = mapping(array) if array.nbytes >= _LEAST else None
    if mapped is not None and hasattr(mapped, "madvise") and memoryview(mapped).readonly:
        mapped.madvise(mmap.MADV_DONTNEED)
