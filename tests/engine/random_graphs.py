"""Functions made of random primitives, the same for the same seed, for property tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.engine import primitives as p
from zoo.engine.variable import Variable

UNARY = (p.relu_op, p.sigmoid_op, p.tanh_op, p.negative_op, p.absolute_op, p.stop_gradient_op, p.softplus_op,
         lambda x: p.clip_op(x, min=-1.0, max=1.5), lambda x: p.full_like_op(x, value=0.5, dtype=x.dtype))
BINARY = (p.add_op, p.subtract_op, p.multiply_op, p.maximum_op, p.minimum_op)


class RandomFunction:
    """A function of one image tensor (batch, rows, columns, channels) that applies `length` random primitives.

    Its choices are drawn anew, from the same seed, each time it is called; its variables are made in the first call.
    """

    def __init__(self, seed: int, length: int = 14, dtype: str = "float64"):
        self.seed, self.length, self.dtype = seed, length, dtype
        self.variables: list[Variable] = []
        rng = np.random.default_rng([seed, 1])
        self.input = rng.normal(size=(int(rng.integers(1, 4)), *map(int, rng.integers(6, 12, size=2)),
                                      int(rng.integers(1, 6)))).astype(dtype)

    def __call__(self, x: Any) -> list[Any]:
        self.rng, self.used = np.random.default_rng([self.seed, 2]), 0
        pool = [x]
        for _ in range(self.length):
            step = STEPS[self.rng.integers(len(STEPS))]
            pool.append(step(self, pool[self.rng.integers(max(0, len(pool) - 4), len(pool))], pool))
        state = self.variable((3,))
        if self.seed % 2:
            state.assign(p.add_op(state, p.reshape_op(p.mean_op(x, axes=(0, 1, 2, 3), keepdims=True), shape=(1,))))
        return [*pool[-3:], pool[self.rng.integers(len(pool))], p.multiply_op(state, self.variable((3,)))]

    def variable(self, shape: tuple[int, ...], low: float = -1.0, high: float = 1.0) -> Variable:
        """The next variable: made in the first call, used again in later ones."""
        if self.used == len(self.variables):
            rng = np.random.default_rng([self.seed, 3, self.used])
            self.variables.append(Variable(rng.uniform(low, high, size=shape).astype(self.dtype), name=f"v{self.used}"))
        self.used += 1
        return self.variables[self.used - 1]

    def images(self, x: Any) -> Any:
        """x with four axes."""
        if len(x.shape) == 4:
            return x
        return p.reshape_op(x, shape=(x.shape[0], 1, 1, int(np.prod(x.shape[1:]))))


def _unary(f: RandomFunction, x: Any, pool: list[Any]) -> Any:
    return UNARY[f.rng.integers(len(UNARY))](x)


def _binary(f: RandomFunction, x: Any, pool: list[Any]) -> Any:
    same = [y for y in pool if y.shape == x.shape]
    other = same[f.rng.integers(len(same))]
    if f.rng.random() < 0.3:
        other = p.mean_op(other, axes=tuple(range(1, len(x.shape) - 1)), keepdims=True)
    pair = (x, other) if f.rng.random() < 0.5 else (other, x)
    return BINARY[f.rng.integers(len(BINARY))](*pair)


def _repeated(f: RandomFunction, x: Any, pool: list[Any]) -> Any:
    return p.add_op(p.sigmoid_op(x), p.multiply_op(x, p.sigmoid_op(x)))


def _affine(f: RandomFunction, x: Any, pool: list[Any]) -> Any:
    channels = x.shape[-1]
    x = p.subtract_op(x, f.variable((channels,)))
    x = p.divide_op(x, p.sqrt_op(p.add_op(f.variable((channels,), 0.5, 2.0), np.asarray(1e-3, f.dtype))))
    x = p.multiply_op(f.variable((1,) * (len(x.shape) - 1) + (channels,)), x)
    return p.subtract_op(f.variable((channels,)), x) if f.rng.random() < 0.3 else p.add_op(x, f.variable((channels,)))


def _conv(f: RandomFunction, x: Any, pool: list[Any]) -> Any:
    x = f.images(x)
    _, rows, columns, channels = x.shape
    window = (min(int(f.rng.integers(1, 4)), rows), min(int(f.rng.integers(1, 4)), columns))
    groups = channels if f.rng.random() < 0.3 else 1
    outputs = channels if groups > 1 else int(f.rng.integers(1, 6))
    padding = ("same", "valid", ((1, 0), (0, 2)))[f.rng.integers(3)]
    if f.rng.random() < 0.3:
        x = p.pad_op(x, pads=((0, 0), (1, 1), (0, 1), (0, 0)), mode="constant", value=0.0)
    return p.conv_op(x, f.variable((*window, channels // groups, outputs)), strides=(1, int(f.rng.integers(1, 3))),
                     padding=padding, dilation=(1, 1), groups=groups)


def _pool(f: RandomFunction, x: Any, pool: list[Any]) -> Any:
    x = f.images(x)
    if min(x.shape[1:3]) < 2:
        return p.relu_op(x)
    if f.rng.random() < 0.5:
        x = p.pad_op(p.relu_op(x), pads=((0, 0), (1, 1), (1, 0), (0, 0)), mode="constant", value=0.0)
    primitive = (p.max_pool_op, p.avg_pool_op)[f.rng.integers(2)]
    return primitive(x, window=(2, 2), strides=(1, 2), padding=("same", "valid")[f.rng.integers(2)])


def _product(f: RandomFunction, x: Any, pool: list[Any]) -> Any:
    return p.matmul_op(x, f.variable((x.shape[-1], int(f.rng.integers(1, 6))))) if len(x.shape) > 1 else x


def _channels_first(f: RandomFunction, x: Any, pool: list[Any]) -> Any:
    """What a channels-first layer does: computes between two transposes, with one bias a channel."""
    x = p.transpose_op(f.images(x), axes=(0, 3, 1, 2))
    if f.rng.random() < 0.5:
        x = p.add_op(x, p.reshape_op(f.variable((x.shape[1],)), shape=(1, x.shape[1], 1, 1)))
    if f.rng.random() < 0.3:
        x = p.concatenate_op(x, p.relu_op(x), axis=1)
    if f.rng.random() < 0.3:
        return p.softmax_op(x, axis=1)
    if f.rng.random() < 0.3:
        return p.mean_op(x, axes=(2, 3), keepdims=bool(f.rng.random() < 0.5))
    return p.transpose_op(p.relu_op(x), axes=(0, 2, 3, 1))


def _movement(f: RandomFunction, x: Any, pool: list[Any]) -> Any:
    rank = len(x.shape)
    choice = f.rng.integers(5)
    if choice == 0:
        return p.transpose_op(x, axes=(0, *map(int, 1 + f.rng.permutation(rank - 1))))
    if choice == 1:
        return p.slice_op(x, starts=(None,) * rank, stops=(None,) * (rank - 1) + (max(1, x.shape[-1] - 1),),
                          steps=(1,) * rank)
    if choice == 2:
        return p.concatenate_op(x, p.negative_op(x), axis=rank - 1)
    if choice == 3:
        return p.flip_op(x, axes=(rank - 1,))
    return p.reshape_op(x, shape=(x.shape[0], int(np.prod(x.shape[1:]))))


STEPS = (_unary, _unary, _binary, _binary, _repeated, _affine, _conv, _conv, _pool, _product, _channels_first,
         _movement)
