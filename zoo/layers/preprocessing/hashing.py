"""Strings and integers put into buckets by hashing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import ops
from zoo.config import config as settings
from zoo.errors import ConfigError, DtypeError, ShapeError
from zoo.layers import arguments
from zoo.layers.layer import Layer
from zoo.layers.preprocessing.category_encoding import MODES, encode


class Hashing(Layer):
    """The bucket of each string or integer, the same one that TensorFlow finds.

    Args:
        num_bins: number of buckets.
        mask_value: a value that has bucket 0 for itself.
        salt: one or two integers: the key of SipHash; FarmHash if None.
        output_mode: ``int``, ``one_hot``, ``multi_hot`` or ``count``; see `CategoryEncoding`.
        sparse: only False.

    Example:
        >>> Hashing(3)(np.array([["A"], ["B"]]))
        array([[1],
               [0]])
    """

    def __init__(self, num_bins: int, mask_value: Any = None, salt: int | Sequence[int] | None = None,
                 output_mode: str = "int", sparse: bool = False, **kwargs: Any):
        self.output_mode = arguments.choice(output_mode, MODES, "output_mode")
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if output_mode == "int" else settings.floatx
        super().__init__(**kwargs)
        self.num_bins = arguments.integer(num_bins, "num_bins")
        self.mask_value = mask_value
        self.salt = _checked_salt(salt)
        self.sparse = arguments.only_dense(sparse)

    def call(self, inputs: Any) -> Any:
        inputs = ops.text.as_strings(inputs)
        if ops.dtype(inputs).startswith("float"):
            inputs = ops.cast(inputs, "int64")
        if self.output_mode == "one_hot" and inputs.shape[-1] == 1:
            inputs = ops.squeeze(inputs, -1)
        buckets = ops.text.hash_buckets(inputs, self.num_bins, self.salt, self.mask_value)
        return encode(buckets, self.output_mode, self.num_bins, self.arithmetic_dtype)


class HashedCrossing(Layer):
    """The bucket of each combination of values from two or more tensors of shape (batch,) or (batch, 1).

    Args:
        num_bins: number of buckets.
        output_mode: ``int`` or ``one_hot``.
        sparse: only False.
    """

    not_in_config = frozenset({"trainable", "activity_regularizer"})

    def __init__(self, num_bins: int, output_mode: str = "int", sparse: bool = False, name: str | None = None,
                 dtype: Any = None, **kwargs: Any):
        self.output_mode = arguments.choice(output_mode, ("int", "one_hot"), "output_mode")
        if dtype is None:
            dtype = "int64" if output_mode == "int" else settings.floatx
        super().__init__(name=name, dtype=dtype, **kwargs)
        self.num_bins = arguments.integer(num_bins, "num_bins")
        self.sparse = arguments.only_dense(sparse)

    def build(self, input_shape: Any) -> None:
        shapes = {tuple(shape) for shape in input_shape} if isinstance(input_shape, (list, tuple)) else set()
        columns = {shape[1:] for shape in shapes} <= {(), (1,)} and len({len(shape) for shape in shapes}) == 1
        if not columns or len(input_shape) < 2:
            raise ShapeError(f"Layer {self.name!r} (HashedCrossing) expects two or more tensors of one shape, (batch,) "
                             f"or (batch, 1). Received shapes: {input_shape}")

    def call(self, inputs: Sequence[Any]) -> Any:
        inputs = [ops.text.as_strings(x) for x in inputs]
        floats = [ops.dtype(x) for x in inputs if ops.dtype(x).startswith("float")]
        if floats:
            raise DtypeError(f"Layer {self.name!r} (HashedCrossing) expects strings or integers, received {floats}.")
        return encode(ops.text.cross_buckets(inputs, self.num_bins), self.output_mode, self.num_bins,
                      self.arithmetic_dtype)


def _checked_salt(salt: Any) -> list[int] | None:
    if salt is None:
        return None
    words = list(salt) if isinstance(salt, (list, tuple)) else [salt, salt]
    if len(words) != 2 or not all(isinstance(word, int) and not isinstance(word, bool) for word in words):
        raise ConfigError(f"`salt` must be an integer or two integers. Received: salt={salt!r}")
    return words
