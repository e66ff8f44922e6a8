"""Convolutions of channels-last tensors ``(batch, spatial..., channels)`` with one to three spatial axes."""

from __future__ import annotations

from zoo.engine import windows
from zoo.engine.op import primitive
from zoo.engine.primitives.rules import NUMERIC, require, require_equal, require_rank
from zoo.engine.spec import TensorSpec
from zoo.engine.windows import Padding
from zoo.errors import ConfigError, ShapeError

Sizes = tuple[int, ...]


def _check(name: str, x: TensorSpec, kernel: TensorSpec, strides: Sizes, padding: Padding, dilation: Sizes) -> None:
    require_equal(name, x, kernel)
    require(name, x, NUMERIC)
    require_rank(name, x, (3, 4, 5))
    require_rank(name, kernel, (x.rank,))
    spatial = x.rank - 2
    windows.check_padding(padding, spatial)
    for title, sizes in (("strides", strides), ("dilation", dilation)):
        if len(sizes) != spatial or min(sizes) < 1:
            raise ConfigError(f"{name}: expected {spatial} positive {title}, received {sizes} for {x!r}.")
    if not kernel.is_static:
        raise ShapeError(f"{name}: the sizes of the kernel must be known, received {kernel!r}.")


def _conv(x: TensorSpec, kernel: TensorSpec, *, strides: Sizes, padding: Padding, dilation: Sizes,
          groups: int) -> TensorSpec:
    _check("conv", x, kernel, strides, padding, dilation)
    *window, inputs, outputs = kernel.shape
    if x.shape[-1] not in (None, inputs * groups) or outputs % groups:
        raise ShapeError(f"conv: a kernel (spatial..., in / groups, out) = {kernel.shape} with {groups} groups needs "
                         f"{inputs * groups} input channels, and outputs divisible by the groups; received {x!r}.")
    sizes = windows.output_sizes(x.shape[1:-1], window, strides, padding, dilation)
    return x.with_shape((x.shape[0], *sizes, outputs))


def _conv_transpose(x: TensorSpec, kernel: TensorSpec, *, strides: Sizes, padding: Padding,
                    output_padding: Sizes | None, dilation: Sizes, groups: int) -> TensorSpec:
    _check("conv_transpose", x, kernel, strides, padding, dilation)
    *window, outputs, inputs = kernel.shape
    if x.shape[-1] not in (None, inputs) or inputs % groups:
        raise ShapeError(f"conv_transpose: a kernel (spatial..., out / groups, in) = {kernel.shape} needs {inputs} "
                         f"input channels, divisible by {groups} groups; received {x!r}.")
    if output_padding is not None and len(output_padding) != x.rank - 2:
        raise ConfigError(f"conv_transpose: expected {x.rank - 2} sizes of output_padding, received {output_padding}.")
    pieces = windows.transposed(x.shape[1:-1], window, strides, padding, output_padding, dilation)
    return x.with_shape((x.shape[0], *(length for _, length in pieces), outputs * groups))


def _conv_kernel_gradient(x: TensorSpec, y: TensorSpec, *, window: Sizes, strides: Sizes, padding: Padding,
                          dilation: Sizes, groups: int) -> TensorSpec:
    require_equal("conv_kernel_gradient", x, y)
    sizes = windows.output_sizes(x.shape[1:-1], window, strides, padding, dilation)
    if y.rank != x.rank or any(None not in (a, b) and a != b for a, b in zip(y.shape[1:-1], sizes)):
        raise ShapeError(f"conv_kernel_gradient: {x!r} and window {window} give places {sizes}, received {y!r}.")
    return x.with_shape((*window, x.shape[-1] // groups, y.shape[-1]))


conv_op = primitive("conv", _conv)                          # kernel (spatial..., in / groups, out)
conv_transpose_op = primitive("conv_transpose", _conv_transpose)        # kernel (spatial..., out / groups, in)
# sum over batch and places of window (x) times y: what a cotangent y of conv(x, kernel) means for the kernel
conv_kernel_gradient_op = primitive("conv_kernel_gradient", _conv_kernel_gradient)
