"""Vectors for integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo import ops
from zoo.engine.spec import Shape
from zoo.layers import arguments, quantization, weight_options
from zoo.layers.main_weight import MainWeight


class Embedding(MainWeight):
    """Replaces each integer by a vector of its own.

    Weights: embeddings (input_dim, output_dim).

    Args:
        input_dim: number of different integers, from 0.
        output_dim: size of the vectors.
        mask_zero: whether 0 stands for padding, to be ignored by later layers.
        **kwargs: of `MainWeight`, and initializer, regularizer and constraint of the embeddings.

    Example:
        >>> Embedding(1000, 64)(Input((10,), dtype="int32")).shape
        (None, 10, 64)
    """

    supports_masking = True
    main = "embeddings"
    quantizable = True
    without_modes = frozenset({"float8"})

    def __init__(self, input_dim: int, output_dim: int, embeddings_initializer: Any = "uniform",
                 embeddings_regularizer: Any = None, embeddings_constraint: Any = None, mask_zero: bool = False,
                 **kwargs: Any):
        super().__init__(**kwargs)
        self.input_dim = arguments.integer(input_dim, "input_dim")
        self.output_dim = arguments.integer(output_dim, "output_dim")
        self.mask_zero = bool(mask_zero)
        weight_options.keep(self, "embeddings", embeddings_initializer, embeddings_regularizer, embeddings_constraint)

    def build(self, input_shape: Shape) -> None:
        self.build_main((self.input_dim, self.output_dim), scale_shape=(self.input_dim,))
        self.build_extras()

    def group_scale_shape(self, shape: Shape) -> Shape:
        """The shape of the scales of int4: the features of each vector are divided into groups."""
        return (shape[0],) if self.scheme.group is None else (shape[0], -(-shape[1] // self.scheme.group))

    def grouped_size(self, shape: Shape) -> int:
        """How many features are divided into groups."""
        return shape[1]

    def summed_axes(self) -> tuple[int, ...]:
        """The features: each vector has a scale."""
        return (1,)

    def rows_of(self, weight: np.ndarray) -> np.ndarray:
        """The features, as rows."""
        return weight.T

    def from_rows(self, rows: np.ndarray) -> np.ndarray:
        """The vectors, as rows."""
        return rows.T

    def from_int8(self, weight: Any) -> Any:
        """The vectors from int8: each has a scale."""
        return ops.divide(ops.cast(weight, self.arithmetic_dtype), ops.expand_dims(self.scale, -1))

    def from_int4(self, weight: Any) -> Any:
        """The vectors from int4: each has a scale, or one for each group of features."""
        whole = ops.cast(quantization.unpacked_int4(weight, self.output_dim), self.arithmetic_dtype)
        if self.scheme.group is None:
            return ops.divide(whole, ops.expand_dims(self.scale, -1))
        group = ops.cast(self.group_index, "int32")
        zero, scale = (ops.take(x, group, axis=-1) for x in (self.zero, self.scale))
        return ops.multiply(ops.subtract(whole, ops.cast(zero, self.arithmetic_dtype)), scale)

    def call(self, inputs: Any) -> Any:
        return ops.take(self.main_weight(), ops.cast(inputs, "int32"), axis=0)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """True where the input is not padding; None if 0 means nothing special."""
        return ops.not_equal(inputs, 0) if self.mask_zero else None
