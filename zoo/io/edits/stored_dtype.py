"""A document whose weights are stored in another float dtype; how the model computes stays as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from zoo.errors import CannotExpress, ConfigError
from zoo.io import narrow_floats
from zoo.io.document import ModelDocument, WeightGroup
from zoo.io.tensors import TensorRecord

FLOATS = ("float16", "bfloat16", "float32", "float64")


def with_dtype(document: ModelDocument, dtype: str) -> ModelDocument:
    """The document with its float weights in `dtype`, each converted when it is read.

    Whole numbers, booleans and text stay as they are, and so does the state of the optimizer, whose small differences
    are what training is about. The dtype policies of layers stay as well: Keras converts arrays to its variables'
    dtype as it loads them.

    Args:
        dtype: ``float16``, ``bfloat16``, ``float32`` or ``float64``.

    Raises:
        ConfigError: another dtype, or a document without weights.
        CannotExpress: while the arrays are read: a number is beyond the range of `dtype`.
    """
    if dtype not in FLOATS:
        raise ConfigError(f"dtype: expected one of {', '.join(FLOATS)}, received {dtype!r}")
    if document.weights is None:
        raise ConfigError(f"{document.path}: expected weights to store as {dtype}, received an architecture alone")
    groups = [WeightGroup(group.path, [_converted(tensor, dtype) for tensor in group.tensors], group.name)
              for group in document.weights.groups]
    return replace(document, weights=replace(document.weights, groups=groups))


def _converted(tensor: TensorRecord, dtype: str) -> TensorRecord:
    if tensor.dtype not in FLOATS or tensor.dtype == dtype:
        return tensor
    where = tensor.where or tensor.name
    return replace(tensor, dtype=dtype, load=lambda: _in_dtype(tensor.read(), dtype, where),
                   blocks=lambda: (_in_dtype(piece, dtype, where) for piece in tensor.pieces()))


def _in_dtype(array: np.ndarray, dtype: str, where: str) -> np.ndarray:
    if dtype == "bfloat16":
        found = narrow_floats.widen(narrow_floats.bits_of(array, dtype), dtype)
    else:
        with np.errstate(over="ignore"):                            # looked for below, and named
            found = array.astype(dtype)
    if not np.array_equal(np.isfinite(found), np.isfinite(array)):
        largest = float(np.abs(array[np.isfinite(array)]).max())
        raise CannotExpress(f"{where}: {dtype} cannot hold its values, the largest of which is "
                            f"{largest:.3g}; choose bfloat16 or float32")
    return found
