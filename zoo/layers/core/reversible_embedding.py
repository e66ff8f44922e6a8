"""Vectors for integers, and how well vectors fit each integer."""

from __future__ import annotations

from typing import Any, ClassVar

from zoo import ops
from zoo.engine.spec import Shape
from zoo.layers import weight_options
from zoo.layers.core.embedding import Embedding


class ReversibleEmbedding(Embedding):
    """An `Embedding` that also goes back: called with ``reverse=True`` it gives a logit for each integer.

    Weights: embeddings (input_dim, output_dim); reverse_embeddings (output_dim, input_dim) if they are not tied.

    Args:
        input_dim, output_dim: as of `Embedding`.
        tie_weights: whether the way back uses the same vectors.
        reverse_dtype: dtype of the logits.
        logit_soft_cap: hold logits within this size by a tanh.
        **kwargs: of `Embedding`.

    Source: Press and Wolf 2016, https://arxiv.org/abs/1608.05859.
    """

    supports_masking = True
    quantizable: ClassVar[bool] = False

    def __init__(self, input_dim: int, output_dim: int, tie_weights: bool = True, reverse_dtype: Any = None,
                 logit_soft_cap: float | None = None, **kwargs: Any):
        super().__init__(input_dim, output_dim, **kwargs)
        self.tie_weights = bool(tie_weights)
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight((self.output_dim, self.input_dim), self.embeddings_initializer,
                                                      name="reverse_embeddings")

    def call(self, inputs: Any, reverse: bool = False) -> Any:
        self._is_reverse = bool(reverse)
        if not reverse:
            return super().call(inputs)
        kernel = ops.transpose(self.main_weight()) if self.tie_weights else self.reverse_embeddings
        if self.reverse_dtype is not None:
            inputs, kernel = (ops.cast(x, self.reverse_dtype) for x in (inputs, kernel))
        logits = ops.matmul(inputs, kernel)
        cap = self.logit_soft_cap
        return logits if cap is None else ops.multiply(ops.tanh(ops.divide(logits, cap)), cap)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """That of an `Embedding`; none on the way back."""
        return None if self._is_reverse else super().compute_mask(inputs, mask)
