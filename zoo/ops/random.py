"""Random tensors: `keras.ops.random`.

`seed` says where the numbers come from: a `SeedGenerator` moves on with each use, in compiled functions from run to
run; an integer always gives the same numbers; None draws a seed now (in a compiled function: when it is traced).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.config import config
from zoo.engine import dtypes, rng
from zoo.engine import primitives as p
from zoo.engine.spec import Dim, Shape
from zoo.ops.math import erfinv
from zoo.ops.numpy_like.arithmetic import add, divide, maximum, multiply, power, subtract
from zoo.ops.numpy_like.creation import zeros
from zoo.ops.numpy_like.elementwise import clip, floor, log, negative, sqrt
from zoo.ops.numpy_like.indexing import take, where
from zoo.ops.numpy_like.logic import greater, greater_equal, less, less_equal, logical_and
from zoo.ops.numpy_like.manipulation import broadcast_to, expand_dims, unstack
from zoo.ops.numpy_like.reduction import argmax, sum as sum_
from zoo.ops.numpy_like.statistics import argsort
from zoo.ops.promotion import Tensor, as_float, as_tensor, concrete, rank_of, shape_of

Seed = rng.SeedGenerator | int | None
_LEAST = 2.0 ** -1000                                       # in the place of zero, where a logarithm is taken
_FEW = 64                                                   # trials of `binomial` that are drawn one by one
_TRIES, _STATES = 10, 3             # of a gamma variate; each try is accepted with a probability above 0.95


def state_of(seed: Seed) -> Tensor:
    """The state (2,) that a random primitive takes, for a seed in any form."""
    if isinstance(seed, rng.SeedGenerator):
        return seed.next()
    return np.array([rng.draw_seed() if seed is None else seed % 2 ** 32, 0], "uint32")


def states_of(seed: Seed, count: int) -> list[Tensor]:
    """Several states, each for other numbers, for a seed in any form."""
    if isinstance(seed, rng.SeedGenerator):
        return [seed.next() for _ in range(count)]
    first = rng.draw_seed() if seed is None else seed % 2 ** 32
    return [np.array([first, number], "uint32") for number in range(count)]


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


def truncated_normal(shape: Sequence[Dim], mean: float = 0.0, stddev: float = 1.0, dtype: str | None = None,
                     seed: Seed = None) -> Tensor:
    """Normally distributed numbers, without what lies more than two `stddev` from the mean."""
    share = math.erf(math.sqrt(2))                          # of the distribution within two standard deviations
    drawn = p.random_uniform_op(state_of(seed), shape=_sizes(shape), dtype="float64")
    standard = multiply(erfinv(multiply(subtract(multiply(drawn, 2), 1), share)), math.sqrt(2))
    return as_tensor(add(multiply(clip(standard, -2, 2), stddev), mean), dtypes.standardize(dtype or config.floatx))


def categorical(logits: Any, num_samples: int, dtype: str = "int32", seed: Seed = None) -> Tensor:
    """Classes drawn by their logarithmic weights: (batch, num_samples) for logits (batch, classes).

    The class is drawn whose logit is largest when a number of the Gumbel distribution is added to each.
    """
    logits = expand_dims(as_float(logits), 1)
    batch, _, classes = shape_of(logits)
    drawn = p.random_uniform_op(state_of(seed), shape=(batch, int(num_samples), classes), dtype="float64")
    noise = negative(log(negative(log(clip(drawn, _LEAST, 1.0)))))
    return as_tensor(argmax(add(as_tensor(logits, "float64"), noise), -1), dtypes.standardize(dtype))


def binomial(shape: Sequence[Dim], counts: Any, probabilities: Any, dtype: str | None = None,
             seed: Seed = None) -> Tensor:
    """How many of `counts` trials succeed, each with one of `probabilities`; both broadcast to `shape`.

    Trials are numbers evenly spread over [0, 1) that succeed below the probability. As long as there are many, the one
    in the middle is drawn (it has a beta distribution): it decides for all on one side of it.

    Args:
        counts: known numbers, also while a graph is traced.
    """
    most = int(np.max(concrete("binomial", counts), initial=0))
    turns = max(0, math.ceil(math.log2(max(1, most) / _FEW)))
    states = states_of(seed, 2 * _STATES * turns + 1)
    sizes = _sizes(shape)
    left, chance = broadcast_to(as_tensor(counts, "float64"), sizes), broadcast_to(as_tensor(probabilities, "float64"),
                                                                                 sizes)
    found: Any = zeros(sizes, "float64")
    for turn in range(turns):
        own = states[2 * _STATES * turn:][:2 * _STATES]
        place = floor(divide(add(left, 1), 2))              # of the number in the middle, counted from 1
        first = _log_gamma(sizes, maximum(place, 1), own[:_STATES])
        middle = as_tensor(p.sigmoid_op(subtract(first, _log_gamma(sizes, maximum(subtract(add(left, 1), place), 1),
                                                                   own[_STATES:]))), "float64")
        below, many = less_equal(middle, chance), greater(left, _FEW)
        rest = where(below, divide(subtract(chance, middle), maximum(subtract(1, middle), _LEAST)),
                     divide(chance, maximum(middle, _LEAST)))
        found = add(found, where(logical_and(many, below), place, 0))
        left, chance = (where(many, where(below, subtract(left, place), subtract(place, 1)), left),
                        where(many, rest, chance))
    drawn = p.random_uniform_op(states[-1], shape=(*sizes, _FEW), dtype="float64")
    trial = less(np.arange(_FEW, dtype="float64"), expand_dims(left, -1))
    successes = sum_(as_tensor(logical_and(trial, less(drawn, expand_dims(chance, -1))), "float64"), -1)
    return as_tensor(add(found, successes), dtypes.standardize(dtype or config.floatx))


def randint(shape: Sequence[Dim], minval: int, maxval: int, dtype: str = "int32", seed: Seed = None) -> Tensor:
    """Whole numbers evenly spread from `minval` to before `maxval`."""
    drawn = p.random_uniform_op(state_of(seed), shape=_sizes(shape), dtype="float64")
    number = clip(floor(multiply(drawn, maxval - minval)), 0, maxval - minval - 1)
    return as_tensor(add(number, minval), dtypes.standardize(dtype))


def shuffle(x: Any, axis: int = 0, seed: Seed = None) -> Tensor:
    """The slices of x along an axis in a random order."""
    x = as_tensor(x)
    return take(x, argsort(uniform((shape_of(x)[axis],), dtype="float64", seed=seed)), axis)


def gamma(shape: Sequence[Dim], alpha: Any, dtype: str | None = None, seed: Seed = None) -> Tensor:
    """Numbers with the gamma distribution of the shape parameter `alpha`, which broadcasts to `shape`."""
    drawn = _log_gamma(shape, alpha, states_of(seed, _STATES))
    return as_tensor(p.exp_op(drawn), dtypes.standardize(dtype or config.floatx))


def beta(shape: Sequence[Dim], alpha: Any, beta: Any, dtype: str | None = None, seed: Seed = None) -> Tensor:
    """Numbers from 0 to 1 with the beta distribution; both parameters broadcast to `shape`."""
    states = states_of(seed, 2 * _STATES)
    first, second = _log_gamma(shape, alpha, states[:_STATES]), _log_gamma(shape, beta, states[_STATES:])
    return as_tensor(p.sigmoid_op(subtract(first, second)), dtypes.standardize(dtype or config.floatx))


def _log_gamma(shape: Sequence[Dim], alpha: Any, states: Sequence[Tensor]) -> Tensor:
    """Logarithms of numbers with a gamma distribution, by Marsaglia and Tsang (2000) in a fixed number of tries.

    They are made for ``alpha + 1``, where a try rarely fails, and brought down by a power of a uniform number.
    """
    alpha, tries = as_tensor(alpha, "float32"), (*_sizes(shape), _TRIES)
    d = add(alpha, 2 / 3)
    wide = expand_dims(d, -1) if rank_of(d) else d
    x = p.random_normal_op(states[0], shape=tries, dtype="float32")
    level = log(subtract(1, p.random_uniform_op(states[1], shape=tries, dtype="float32")))
    v = power(add(divide(x, sqrt(multiply(wide, 9))), 1), 3)
    bound = add(multiply(x, multiply(x, 0.5)), multiply(wide, add(subtract(1, v), log(clip(v, 1e-30, np.inf)))))
    accepted = unstack(logical_and(greater(v, 0), less(level, bound)), _TRIES, -1)
    chosen: Any = 1.0
    for good, value in zip(reversed(accepted), reversed(unstack(v, _TRIES, -1))):
        chosen = where(good, value, chosen)
    share = log(subtract(1, p.random_uniform_op(states[2], shape=_sizes(shape), dtype="float32")))
    return add(log(multiply(chosen, d)), divide(share, alpha))


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
