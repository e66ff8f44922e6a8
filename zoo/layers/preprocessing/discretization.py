"""Numbers put into bins."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np

from zoo import ops
from zoo.errors import ConfigError
from zoo.layers import arguments
from zoo.layers.layer import Layer
from zoo.layers.preprocessing.category_encoding import MODES, encode


class Discretization(Layer):
    """The number of the bin in which each value lies.

    Args:
        bin_boundaries: rising boundaries; bin i holds values from boundary i - 1 on and below boundary i.
        num_bins: how many bins of equally many values to learn by `adapt`, instead.
        epsilon: how exact the learned boundaries are, as a share of the values.
        output_mode: ``int``, ``one_hot``, ``multi_hot`` or ``count``; see `CategoryEncoding`.
        sparse: only False.

    Raises:
        ConfigError: neither boundaries nor a number of bins is given.

    Example:
        >>> Discretization(bin_boundaries=[0.0, 1.0])(np.array([[-1.5, 1.0, 3.4]]))
        array([[0, 2, 2]], dtype=int32)
    """

    not_in_config = frozenset({"trainable", "activity_regularizer"})

    def __init__(self, bin_boundaries: Sequence[float] | None = None, num_bins: int | None = None,
                 epsilon: float = 0.01, output_mode: str = "int", sparse: bool = False, dtype: Any = None,
                 name: str | None = None, **kwargs: Any):
        super().__init__(name=name, dtype=dtype, **kwargs)
        if bin_boundaries is None and num_bins is None:
            raise ConfigError("Discretization needs `bin_boundaries` or `num_bins`. Received neither.")
        self.bin_boundaries = None if bin_boundaries is None else np.asarray(bin_boundaries).tolist()
        self.num_bins = None if num_bins is None else arguments.integer(num_bins, "num_bins")
        self.epsilon = arguments.number(epsilon, "epsilon", 0, 1)
        self.output_mode = arguments.choice(output_mode, MODES, "output_mode")
        self.sparse = arguments.only_dense(sparse)

    def call(self, inputs: Any) -> Any:
        if self.bin_boundaries is None:
            raise ConfigError(f"Layer {self.name!r} (Discretization) has no boundaries yet: pass bin_boundaries=..., "
                              f"or call adapt(data) first.")
        bins = ops.digitize(ops.cast(inputs, "float32"), np.asarray(self.bin_boundaries, "float32"))
        return encode(bins, self.output_mode, len(self.bin_boundaries) + 1,
                      "int32" if self.output_mode == "int" else self.arithmetic_dtype)

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learns boundaries that divide the values into bins of about the same number.

        Args:
            data: an array, or batches. What was learned before is forgotten.
            steps: how many batches to take; all if None.

        Raises:
            ConfigError: the boundaries were given.
        """
        if self.num_bins is None:
            raise ConfigError(f"Layer {self.name!r} (Discretization) was given its boundaries: there is nothing to "
                              f"adapt. Use num_bins=... to learn them.")
        summary = np.zeros((2, 0), "float32")
        for batch in [data] if hasattr(data, "__array__") else islice(data, steps):
            batch = np.asarray(batch[0] if isinstance(batch, tuple) else batch, "float32")
            merged = np.concatenate([_summary(batch, self.epsilon), summary], axis=1)
            summary = _compressed(merged[:, np.argsort(merged[0])], self.epsilon)
        self.bin_boundaries = _compressed(summary, 1 / self.num_bins)[0, :-1].tolist()


def _summary(values: np.ndarray, epsilon: float) -> np.ndarray:
    """Some of the values in rising order, and for how many each stands: (2, at most about 1 / epsilon)."""
    values = np.sort(values, axis=None)
    step = max(values.size * epsilon, 1)
    kept = values[int(step - 1)::int(step)]
    return np.stack([kept, np.full(kept.shape, step, kept.dtype)])


def _compressed(summary: np.ndarray, epsilon: float) -> np.ndarray:
    """A summary in steps of the share `epsilon`, by linear interpolation; one that is shorter stays as it is."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0, 1, epsilon)
    total = summary[1].cumsum()
    values = np.interp(shares, total / total[-1], summary[0])
    counts = np.interp(shares, total / total[-1], total)
    return np.stack([values, np.diff(counts, prepend=0)]).astype("float32")
