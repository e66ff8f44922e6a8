"""Random tensors: `keras.ops.random`.

`seed` says where the numbers come from: a `SeedGenerator` moves on with each use, in compiled functions from run to
run; an integer always gives the same numbers; None draws a seed now (in a compiled function: when it is traced).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.config import config
from zoo.engine import dtypes, rng
from zoo.engine import primitives as p
from zoo.engine.spec import Dim, Shape
from zoo.ops.numpy_like.arithmetic import add, multiply
from zoo.ops.numpy_like.indexing import where
from zoo.ops.numpy_like.logic import greater_equal
from zoo.ops.promotion import Tensor, as_float, shape_of

Seed = rng.SeedGenerator | int | None


def state_of(seed: Seed) -> Tensor:
    """The state (2,) that a random primitive takes, for a seed in any form."""
    if isinstance(seed, rng.SeedGenerator):
        return seed.next()
    return np.array([rng.draw_seed() if seed is None else seed % 2 ** 32, 0], "uint32")


def _sizes(shape: Sequence[Dim]) -> Shape:
    return tuple(None if size is None else int(size) for size in shape)


def uniform(shape: Sequence[Dim], minval: float = 0.0, maxval: float = 1.0, dtype: str | None = None,
            seed: Seed = None) -> Tensor:
    """Numbers evenly spread over [minval, maxval)."""
    dtype = dtypes.standardize(dtype or config.floatx)
    drawn = p.random_uniform_op(state_of(seed), shape=_sizes(shape), dtype=dtype)
    return add(multiply(drawn, maxval - minval), minval) if (minval, maxval) != (0.0, 1.0) else drawn


def normal(shape: Sequence[Dim], mean: float = 0.0, stddev: float = 1.0, dtype: str | None = None,
           seed: Seed = None) -> Tensor:
    """Normally distributed numbers."""
    dtype = dtypes.standardize(dtype or config.floatx)
    drawn = p.random_normal_op(state_of(seed), shape=_sizes(shape), dtype=dtype)
    return add(multiply(drawn, stddev), mean) if (mean, stddev) != (0.0, 1.0) else drawn


def dropout(inputs: Any, rate: float, noise_shape: Sequence[Dim] | None = None, seed: Seed = None) -> Tensor:
    """Elements set to zero with probability `rate`, the others divided by ``1 - rate``.

    Args:
        inputs: floats.
        rate: from 0 to 1.
        noise_shape: shape of the decisions, which broadcasts to that of `inputs`; None stands for the input's own size.
        seed: where the random numbers come from.
    """
    x = as_float(inputs)
    own = shape_of(x)
    shape = own if noise_shape is None else [mine if size is None else size for size, mine in zip(noise_shape, own)]
    kept = greater_equal(uniform(shape, dtype="float32", seed=seed), rate)
    return where(kept, x if rate == 1 else multiply(x, 1 / (1 - rate)), 0)
