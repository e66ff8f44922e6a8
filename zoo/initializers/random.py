"""Random initializers.

Each call with the same seed gives the same values. Without a seed, a layer gives each weight its own
(`zoo.engine.rng.seeded`), drawn from a source that `set_random_seed` restarts. The numbers are NumPy's, not those of a
Keras backend: only the distributions agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo import serialization
from zoo.engine import rng
from zoo.errors import ConfigError, ShapeError
from zoo.initializers.initializer import Initializer, storage

#: standard deviation of the standard normal distribution cut off at two
TRUNCATED_STDDEV = 0.8796256610342398


class RandomInitializer(Initializer):
    """Base of the random initializers.

    Args:
        seed: an integer, a `SeedGenerator` (each call then gives other values), its record, or None.
    """

    def __init__(self, seed: Any = None):
        seed = rng.SeedGenerator(**seed["config"]) if isinstance(seed, dict) and "config" in seed else seed
        if seed is not None and not isinstance(seed, (int, np.integer, rng.SeedGenerator)):
            raise ConfigError(f"{type(self).__name__}: expected seed to be an integer, a SeedGenerator or None, "
                              f"received {seed!r}.")
        self.seed = seed

    def generator(self) -> np.random.Generator:
        """The source of this call's numbers."""
        if isinstance(self.seed, rng.SeedGenerator):
            return np.random.Generator(np.random.Philox([int(word) for word in self.seed.next()]))
        seed = rng.draw_seed() if self.seed is None else int(self.seed)
        return np.random.Generator(np.random.Philox(seed % 2 ** 64))


def uniform(generator: np.random.Generator, shape: Sequence[int], low: float, high: float) -> np.ndarray:
    """Numbers in [low, high), all equally likely."""
    return generator.random(tuple(shape), dtype="float32") * np.float32(high - low) + np.float32(low)


def normal(generator: np.random.Generator, shape: Sequence[int]) -> np.ndarray:
    """Numbers of the standard normal distribution."""
    return generator.standard_normal(tuple(shape), dtype="float32")


def truncated_normal(generator: np.random.Generator, shape: Sequence[int]) -> np.ndarray:
    """Numbers of the standard normal distribution; those beyond two are drawn again."""
    values = normal(generator, shape).reshape(-1)
    outside = np.flatnonzero(np.abs(values) > 2)
    while outside.size:
        values[outside] = normal(generator, outside.shape)
        outside = outside[np.abs(values[outside]) > 2]
    return values.reshape(tuple(shape))


class RandomNormal(RandomInitializer):
    """Normally distributed.

    Args:
        mean, stddev: of the distribution.
        seed: see `RandomInitializer`.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None):
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
        values = normal(self.generator(), shape) * np.float32(self.stddev) + np.float32(self.mean)
        return values.astype(storage(dtype), copy=False)


class TruncatedNormal(RandomInitializer):
    """Normally distributed, without what lies more than two `stddev` from the mean.

    Args:
        mean, stddev: of the distribution before it is cut off.
        seed: see `RandomInitializer`.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None):
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
        values = truncated_normal(self.generator(), shape) * np.float32(self.stddev) + np.float32(self.mean)
        return values.astype(storage(dtype), copy=False)


class RandomUniform(RandomInitializer):
    """Equally likely between two bounds.

    Args:
        minval, maxval: the bounds.
        seed: see `RandomInitializer`.
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None):
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
        if np.issubdtype(storage(dtype), np.integer):
            return self.generator().integers(int(self.minval), int(self.maxval), tuple(shape)).astype(storage(dtype))
        return uniform(self.generator(), shape, self.minval, self.maxval).astype(storage(dtype), copy=False)


def fans(shape: Sequence[int], input_axes: Sequence[int] | None = None,
         output_axes: Sequence[int] | None = None) -> tuple[int, int]:
    """How many inputs an output sees, and how many outputs an input: of matrices and convolution kernels.

    Args:
        shape: ``(in, out)`` or ``(spatial..., in, out)``.
        input_axes, output_axes: the axes to count instead, if both are given.
    """
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
    if len(shape) < 2:
        return (math.prod(shape),) * 2
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


class VarianceScaling(RandomInitializer):
    """Variance ``scale / n``, where n is the number of inputs, of outputs, or their mean.

    Args:
        scale: a positive number.
        mode: "fan_in", "fan_out" or "fan_avg".
        distribution: "truncated_normal" (also "normal"), "untruncated_normal" or "uniform".
        seed: see `RandomInitializer`.
        input_axes, output_axes: see `fans`.
    """

    DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")
    MODES = ("fan_in", "fan_out", "fan_avg")

    def __init__(self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal",
                 seed: Any = None, input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None):
        super().__init__(seed)
        distribution = distribution.lower()
        distribution = "truncated_normal" if distribution == "normal" else distribution
        if scale <= 0 or mode not in self.MODES or distribution not in self.DISTRIBUTIONS:
            raise ConfigError(f"{type(self).__name__}: expected a positive scale, a mode of {self.MODES} and a "
                              f"distribution of {self.DISTRIBUTIONS}, received {scale!r}, {mode!r}, {distribution!r}.")
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.input_axes, self.output_axes = input_axes, output_axes

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
        fan_in, fan_out = fans(shape, self.input_axes, self.output_axes)
        count = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        stddev = math.sqrt(self.scale / max(1.0, count))
        if self.distribution == "uniform":
            limit = math.sqrt(3) * stddev
            values = uniform(self.generator(), shape, -limit, limit)
        elif self.distribution == "untruncated_normal":
            values = normal(self.generator(), shape) * np.float32(stddev)
        else:
            values = truncated_normal(self.generator(), shape) * np.float32(stddev / TRUNCATED_STDDEV)
        return values.astype(storage(dtype), copy=False)

    def get_config(self) -> dict[str, Any]:
        """The arguments; axes only where given, because Keras before 3.12 does not know them."""
        config = serialization.config_of(self)
        return {key: value for key, value in config.items() if value is not None or not key.endswith("_axes")}


class _Preset(VarianceScaling):
    """A `VarianceScaling` of which only the seed and the axes are free."""

    PRESET: tuple[float, str, str]

    def __init__(self, seed: Any = None, input_axes: Sequence[int] | None = None,
                 output_axes: Sequence[int] | None = None):
        super().__init__(*self.PRESET, seed=seed, input_axes=input_axes, output_axes=output_axes)


class GlorotUniform(_Preset):
    """Uniform with variance 2 / (inputs + outputs): Glorot and Bengio, 2010."""

    PRESET = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Preset):
    """Truncated normal with variance 2 / (inputs + outputs): Glorot and Bengio, 2010."""

    PRESET = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Preset):
    """Uniform with variance 2 / inputs: He et al., 2015."""

    PRESET = (2.0, "fan_in", "uniform")


class HeNormal(_Preset):
    """Truncated normal with variance 2 / inputs: He et al., 2015."""

    PRESET = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Preset):
    """Uniform with variance 1 / inputs: LeCun et al., 1998."""

    PRESET = (1.0, "fan_in", "uniform")


class LecunNormal(_Preset):
    """Truncated normal with variance 1 / inputs: LeCun et al., 1998."""

    PRESET = (1.0, "fan_in", "truncated_normal")


class Orthogonal(RandomInitializer):
    """Orthonormal columns, or rows if there are fewer of them, of the weight seen as a matrix: Saxe et al., 2014.

    Args:
        gain: length of the columns.
        seed: see `RandomInitializer`.
    """

    def __init__(self, gain: float = 1.0, seed: Any = None):
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
        if len(shape) < 2:
            raise ShapeError(f"Orthogonal: expected a shape of rank 2 or more, received {shape}.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(normal(self.generator(), (max(rows, columns), min(rows, columns))))
        q = q * np.sign(np.diagonal(r))                     # else q would not be uniformly distributed
        q = q if rows >= columns else q.T
        return (q.reshape(shape) * np.float32(self.gain)).astype(storage(dtype), copy=False)
