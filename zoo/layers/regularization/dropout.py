"""Values dropped at random in training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from zoo import ops
from zoo.engine.rng import SeedGenerator
from zoo.engine.spec import Dim, Shape
from zoo.errors import ConfigError
from zoo.layers import arguments
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer

_SELU_ALPHA = 1.6732632423543772848170429916717             # Klambauer et al. 2017
_SELU_SCALE = 1.0507009873554804934193349852946


class RandomDropout(Layer):
    """Base of layers that drop values in training, and let them pass in inference.

    Args:
        rate: probability of a value to be dropped.
        seed: of the random numbers; drawn if None.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.rate = arguments.number(rate, "rate", 0, 1)
        self.seed = seed
        if rate > 0:
            self.seed_generator = SeedGenerator(seed)

    def call(self, inputs: Any, training: bool = False) -> Any:
        return self.drop(inputs) if training and self.rate > 0 else inputs

    def drop(self, inputs: Any) -> Any:
        """What training does."""
        raise NotImplementedError(f"{type(self).__name__} does not define drop().")


class Dropout(RandomDropout):
    """Sets values to zero with probability `rate` in training, and divides the others by ``1 - rate``.

    Args:
        rate: probability of a value to be dropped.
        noise_shape: the shape of the decisions, with the batch axis: 1 where an axis shares one decision, None where
            each position has its own.
        seed: of the random numbers; drawn if None.

    Source: Srivastava et al. 2014, https://www.jmlr.org/papers/v15/srivastava14a.html.
    """

    supports_masking = True

    def __init__(self, rate: float, noise_shape: Sequence[Dim] | None = None, seed: int | None = None, **kwargs: Any):
        super().__init__(rate, seed, **kwargs)
        self.noise_shape = checked_noise_shape(noise_shape)

    def drop(self, inputs: Any) -> Any:
        shape = noise_shape_for(inputs, self.noise_shape)
        return ops.random.dropout(inputs, self.rate, noise_shape=shape, seed=self.seed_generator)


class SpatialDropout(RandomDropout):
    """Base of layers that drop whole channels of (batch, spatial..., channels); see `Dropout`.

    Args:
        rate: probability of a channel to be dropped.
        data_format: ``channels_last`` or ``channels_first``.
        seed: of the random numbers; drawn if None.

    Source: Tompson et al. 2014, https://arxiv.org/abs/1411.4280.
    """

    rank: ClassVar[int]
    not_in_config = frozenset({"trainable", "activity_regularizer"})

    def __init__(self, rate: float, data_format: str | None = None, seed: int | None = None, name: str | None = None,
                 dtype: Any = None, **kwargs: Any):
        super().__init__(rate, seed, name=name, dtype=dtype, **kwargs)
        self.data_format = arguments.data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def drop(self, inputs: Any) -> Any:
        ones = (1,) * self.rank
        pattern = (None, *ones, None) if self.data_format == "channels_last" else (None, None, *ones)
        shape = noise_shape_for(inputs, pattern)
        return ops.random.dropout(inputs, self.rate, noise_shape=shape, seed=self.seed_generator)


class SpatialDropout1D(SpatialDropout):
    """Drops whole channels of sequences (batch, steps, channels); see `SpatialDropout`."""

    supports_masking = True

    rank = 1
    not_in_config = SpatialDropout.not_in_config | {"data_format"}

    def __init__(self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None,
                 **kwargs: Any):
        super().__init__(rate, "channels_last", seed, name, dtype, **kwargs)


class SpatialDropout2D(SpatialDropout):
    """Drops whole channels of images (batch, height, width, channels); see `SpatialDropout`."""

    rank = 2


class SpatialDropout3D(SpatialDropout):
    """Drops whole channels of volumes (batch, depth, height, width, channels); see `SpatialDropout`."""

    rank = 3


class AlphaDropout(RandomDropout):
    """Dropout that keeps mean and variance of inputs that have mean 0 and variance 1, as after SELU.

    Args:
        rate: probability of a value to be dropped.
        noise_shape: the shape of the decisions; see `Dropout`.
        seed: of the random numbers; drawn if None.

    Source: Klambauer et al. 2017, https://arxiv.org/abs/1706.02515.
    """

    supports_masking = True

    def __init__(self, rate: float, noise_shape: Sequence[Dim] | None = None, seed: int | None = None, **kwargs: Any):
        super().__init__(rate, seed, **kwargs)
        self.noise_shape = checked_noise_shape(noise_shape)

    def drop(self, inputs: Any) -> Any:
        dropped = -_SELU_ALPHA * _SELU_SCALE                # what SELU tends to for very negative inputs
        a = ((1 - self.rate) * (1 + self.rate * dropped ** 2)) ** -0.5
        shape = noise_shape_for(inputs, self.noise_shape)
        drawn = ops.random.uniform(shape, dtype="float32", seed=self.seed_generator)
        x = ops.where(ops.greater_equal(drawn, self.rate), inputs, ops.cast(dropped, inputs.dtype))
        return ops.add(ops.multiply(x, a), -a * dropped * self.rate)


class GaussianDropout(RandomDropout):
    """Multiplies by random numbers of mean 1 and variance ``rate / (1 - rate)`` in training.

    Args:
        rate: a probability; the noise has the variance that dropout of that rate would have.
        seed: of the random numbers; drawn if None.
    """

    supports_masking = True

    def drop(self, inputs: Any) -> Any:
        stddev = (self.rate / (1 - self.rate)) ** 0.5
        return ops.multiply(inputs, ops.random.normal(inputs.shape, 1.0, stddev, dtype=self.arithmetic_dtype,
                                                      seed=self.seed_generator))


class GaussianNoise(Layer):
    """Adds random numbers of mean 0 in training.

    Args:
        stddev: their standard deviation, from 0 to 1.
        seed: of the random numbers; drawn if None.
    """

    supports_masking = True

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.stddev = arguments.number(stddev, "stddev", 0, 1)
        self.seed = seed
        if stddev > 0:
            self.seed_generator = SeedGenerator(seed)

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.stddev == 0:
            return inputs
        return ops.add(inputs, ops.random.normal(inputs.shape, 0.0, self.stddev, dtype=self.arithmetic_dtype,
                                                 seed=self.seed_generator))


def checked_noise_shape(noise_shape: Any) -> Shape | None:
    """A noise shape as a tuple of positive sizes and None."""
    if noise_shape is None:
        return None
    if not isinstance(noise_shape, (list, tuple)):
        raise ConfigError(f"`noise_shape` must be a list of sizes and None. Received: noise_shape={noise_shape!r}")
    return tuple(None if size is None else arguments.integer(size, "noise_shape") for size in noise_shape)


def noise_shape_for(inputs: Any, pattern: Shape | None) -> Shape:
    """The shape of the decisions for `inputs`: its own sizes where the pattern has None."""
    if pattern is None:
        return tuple(inputs.shape)
    if len(pattern) != inputs.ndim:
        raise ConfigError(f"`noise_shape` {pattern} needs as many sizes as the input {tuple(inputs.shape)} has axes.")
    return tuple(own if size is None else size for size, own in zip(pattern, inputs.shape))
