"""Pooling of channels-last tensors ``(batch, spatial..., channels)`` with one to three spatial axes."""

from __future__ import annotations

from collections.abc import Collection

from zoo.engine import windows
from zoo.engine.op import Op, primitive
from zoo.engine.primitives.rules import FLOAT, REAL, require, require_rank
from zoo.engine.spec import TensorSpec
from zoo.engine.windows import Padding
from zoo.errors import ConfigError


def _pool(name: str, accepted: Collection[str]) -> Op:
    def infer(x: TensorSpec, *, window: tuple[int, ...], strides: tuple[int, ...], padding: Padding) -> TensorSpec:
        require(name, x, accepted)
        require_rank(name, x, (3, 4, 5))
        spatial = x.rank - 2
        windows.check_padding(padding, spatial)
        for title, sizes in (("window sizes", window), ("strides", strides)):
            if len(sizes) != spatial or min(sizes) < 1:
                raise ConfigError(f"{name}: expected {spatial} positive {title}, received {sizes} for {x!r}.")
        sizes = windows.output_sizes(x.shape[1:-1], window, strides, padding, (1,) * spatial)
        return x.with_shape((x.shape[0], *sizes, x.shape[-1]))
    return primitive(name, infer)


max_pool_op = _pool("max_pool", REAL)
avg_pool_op = _pool("avg_pool", FLOAT)                      # padding does not count


def _max_pool_gradient(y: TensorSpec, x: TensorSpec, *, window: tuple[int, ...], strides: tuple[int, ...],
                       padding: Padding) -> TensorSpec:
    max_pool_op.infer(x, window=window, strides=strides, padding=padding)
    return x


def _max_pool_pick(x: TensorSpec, at: TensorSpec, *, window: tuple[int, ...], strides: tuple[int, ...],
                   padding: Padding) -> TensorSpec:
    return max_pool_op.infer(at, window=window, strides=strides, padding=padding)


# y of each window, put where the window of x has its (first) maximum; elsewhere zero
max_pool_gradient_op = primitive("max_pool_gradient", _max_pool_gradient)
# x at the place of each window where `at` has its (first) maximum
max_pool_pick_op = primitive("max_pool_pick", _max_pool_pick)
