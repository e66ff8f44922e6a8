"""Values brought to mean 0 and variance 1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from zoo import ops
from zoo.config import config as settings
from zoo.engine.spec import Shape, normalize_axis
from zoo.errors import ConfigError, ShapeError
from zoo.layers import arguments
from zoo.layers.layer import Layer


class Normalization(Layer):
    """``(x - mean) / sqrt(variance)``, with statistics that are given, or learned from data by `adapt`.

    Weights, if the statistics are not given: mean and variance (sizes of the kept axes), count ().

    Args:
        axis: axis or axes that keep statistics of their own; None for one mean and one variance of everything.
        mean, variance: the statistics: numbers, or arrays that broadcast to the kept axes. Both or none.
        invert: whether to undo a normalisation instead: ``x * sqrt(variance) + mean``.

    Raises:
        ConfigError: only one of mean and variance is given, or their shapes do not fit.

    Example:
        >>> layer = Normalization()
        >>> layer.adapt(np.array([[0.0, 10.0], [2.0, 30.0]]))
        >>> layer(np.array([[1.0, 20.0]]))
        array([[0., 0.]], dtype=float32)
    """

    supports_masking = True

    not_in_config = frozenset({"mean", "variance"})         # written below: the attributes are the broadcast statistics

    def __init__(self, axis: int | Sequence[int] | None = -1, mean: Any = None, variance: Any = None,
                 invert: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        axes = arguments.axes(() if axis is None else axis)
        self.axis = (axes,) if isinstance(axes, int) else axes
        self.invert = bool(invert)
        if (mean is None) != (variance is None) or np.shape(mean) != np.shape(variance):
            raise ConfigError(f"`mean` and `variance` must be given both and with one shape, or neither. "
                              f"Received: mean={mean!r}, variance={variance!r}")
        if np.ndim(mean) > len(self.axis):
            raise ConfigError(f"`mean` and `variance` have at most as many axes as are kept, {len(self.axis)}. "
                              f"Received: shape {np.shape(mean)}, axis={self.axis}")
        self.input_mean, self.input_variance = mean, variance

    def build(self, input_shape: Shape) -> None:
        self._kept = tuple(sorted(normalize_axis(axis, len(input_shape)) for axis in self.axis))
        sizes = tuple(input_shape[axis] for axis in self._kept)
        if None in sizes:
            raise ShapeError(f"Layer {self.name!r} (Normalization): the sizes of the kept axes {self.axis} must be "
                             f"known. Received shape: {tuple(input_shape)}")
        self._broadcast = tuple(size if i in self._kept else 1 for i, size in enumerate(input_shape))
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(sizes, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(sizes, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", "int64", trainable=False, name="count")

    @property
    def mean(self) -> Any:
        """The mean, with as many axes as the input."""
        return self._statistic(self.input_mean, "adapt_mean")

    @property
    def variance(self) -> Any:
        """The variance, with as many axes as the input."""
        return self._statistic(self.input_variance, "adapt_variance")

    def _statistic(self, given: Any, learned: str) -> Any:
        if given is None:
            return ops.reshape(ops.cast(getattr(self, learned), self.arithmetic_dtype), self._broadcast)
        given = np.asarray(given, "float32")
        shape = [1] * len(self._broadcast)
        for axis, size in zip(reversed(self._kept), reversed(given.shape)):
            shape[axis] = size
        return ops.cast(np.broadcast_to(given.reshape(shape), self._broadcast), self.arithmetic_dtype)

    def call(self, inputs: Any) -> Any:
        x = ops.cast(inputs, self.arithmetic_dtype)
        stddev = ops.maximum(ops.sqrt(self.variance), settings.epsilon)
        if self.invert:
            return ops.add(self.mean, ops.multiply(x, stddev))
        return ops.divide(ops.subtract(x, self.mean), stddev)

    def adapt(self, data: Any) -> None:
        """Learns mean and variance.

        Args:
            data: an array with the batch axis, or batches, one after the other. Earlier statistics are forgotten.

        Raises:
            ConfigError: the statistics were given, or there is no data.
            ShapeError: the data do not have the shape that the layer was built for.
        """
        if self.input_mean is not None:
            raise ConfigError(f"Layer {self.name!r} (Normalization) was given its mean and variance: "
                              f"there is nothing to adapt.")
        count, mean, squares = 0, 0.0, 0.0
        for batch in _batches(data):
            axes = self._reduced_axes(batch)
            size = int(np.prod([batch.shape[axis] for axis in axes]))
            difference = batch.mean(axes) - mean            # Chan et al. 1979: exact for any division into batches
            squares = squares + batch.var(axes) * size + difference ** 2 * (count * size / (count + size))
            mean = mean + difference * (size / (count + size))
            count += size
        if not count:
            raise ConfigError(f"Layer {self.name!r} (Normalization): adapt() received no data.")
        self.adapt_mean.assign(np.asarray(mean))
        self.adapt_variance.assign(np.asarray(squares / count))

    def _reduced_axes(self, batch: np.ndarray) -> tuple[int, ...]:
        if not self.built:
            self.build((None, *batch.shape[1:]))
        kept = [batch.shape[axis] for axis in self._kept if axis < batch.ndim]
        if batch.ndim != len(self._broadcast) or kept != [self._broadcast[axis] for axis in self._kept]:
            raise ShapeError(f"Layer {self.name!r} (Normalization) was built for sizes {self._broadcast} (1 where any "
                             f"size will do), adapt() received shape {batch.shape}.")
        return tuple(axis for axis in range(batch.ndim) if axis not in self._kept)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, without what was learned."""
        config = super().get_config()
        given = {"mean": self.input_mean, "variance": self.input_variance}
        return config | {name: None if value is None else np.asarray(value).tolist() for name, value in given.items()}


def _batches(data: Any) -> Iterable[np.ndarray]:
    if hasattr(data, "__array__"):
        data = [data]
    for batch in data:
        batch = np.asarray(batch[0] if isinstance(batch, tuple) else batch, "float64")
        if batch.size:
            yield batch
