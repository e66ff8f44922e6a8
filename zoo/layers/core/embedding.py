"""Vectors for integers."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.engine.spec import Shape
from zoo.layers import arguments, weight_options
from zoo.layers.layer import Layer


class Embedding(Layer):
    """Replaces each integer by a vector of its own.

    Weights: embeddings (input_dim, output_dim).

    Args:
        input_dim: number of different integers, from 0.
        output_dim: size of the vectors.
        mask_zero: whether 0 stands for padding, to be ignored by later layers.
        **kwargs: of `Layer`, and initializer, regularizer and constraint of the embeddings.

    Example:
        >>> Embedding(1000, 64)(Input((10,), dtype="int32")).shape
        (None, 10, 64)
    """

    supports_masking = True
    only_as = {**Layer.only_as, "lora_rank": None, "lora_alpha": None, "quantization_config": None}

    def __init__(self, input_dim: int, output_dim: int, embeddings_initializer: Any = "uniform",
                 embeddings_regularizer: Any = None, embeddings_constraint: Any = None, mask_zero: bool = False,
                 **kwargs: Any):
        super().__init__(**kwargs)
        self.input_dim = arguments.integer(input_dim, "input_dim")
        self.output_dim = arguments.integer(output_dim, "output_dim")
        self.mask_zero = bool(mask_zero)
        weight_options.keep(self, "embeddings", embeddings_initializer, embeddings_regularizer, embeddings_constraint)

    def build(self, input_shape: Shape) -> None:
        self.embeddings = weight_options.add(self, "embeddings", (self.input_dim, self.output_dim))

    def call(self, inputs: Any) -> Any:
        return ops.take(self.embeddings, ops.cast(inputs, "int32"), axis=0)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """True where the input is not padding; None if 0 means nothing special."""
        return ops.not_equal(inputs, 0) if self.mask_zero else None
