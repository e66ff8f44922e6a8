"""Convolutions, with Keras's arguments: numbers or one for each spatial axis, either data format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo.engine import primitives as p
from zoo.engine.windows import Padding
from zoo.errors import ShapeError
from zoo.ops.layout import channels_last, per_axis, spatial_rank
from zoo.ops.numpy_like.manipulation import reshape
from zoo.ops.promotion import Tensor, promote, shape_of

Sizes = int | Sequence[int]


def _padding(padding: str | Sequence[Sequence[int]]) -> Padding:
    if isinstance(padding, str):
        return padding.lower()
    return tuple((int(low), None if high is None else int(high)) for low, high in padding)


def conv(inputs: Any, kernel: Any, strides: Sizes = 1, padding: Any = "valid", data_format: str | None = None,
         dilation_rate: Sizes = 1) -> Tensor:
    """Convolution (cross-correlation) over 1 to 3 spatial axes.

    Args:
        inputs: ``(batch, spatial..., in)``, or ``(batch, in, spatial...)`` for "channels_first".
        kernel: ``(spatial..., in / groups, out)``; the number of groups follows from the shapes.
        strides, dilation_rate: a number, or one for each spatial axis.
        padding: "valid", "same", or a pair (low, high) for each spatial axis; a `high` of None makes as many windows
            as "same".
        data_format: "channels_last", "channels_first", or None for what `zoo.config` says.
    """
    inputs, kernel = promote(inputs, kernel)
    rank = spatial_rank("conv", inputs)

    def convolve(x: Tensor) -> Tensor:
        channels, expected = shape_of(x)[-1], shape_of(kernel)[-2]
        if channels is not None and channels % expected:
            raise ShapeError(f"conv: a kernel of shape {shape_of(kernel)} needs a multiple of {expected} input "
                             f"channels, received inputs of shape {shape_of(inputs)}.")
        return p.conv_op(x, kernel, strides=per_axis("strides", strides, rank), padding=_padding(padding),
                         dilation=per_axis("dilation_rate", dilation_rate, rank),
                         groups=1 if channels is None else channels // expected)
    return channels_last(convolve, inputs, data_format)


def depthwise_conv(inputs: Any, kernel: Any, strides: Sizes = 1, padding: Any = "valid", data_format: str | None = None,
                   dilation_rate: Sizes = 1) -> Tensor:
    """Convolution of each channel by itself.

    Args:
        inputs: ``(batch, spatial..., in)``, or ``(batch, in, spatial...)`` for "channels_first".
        kernel: ``(spatial..., in, multiplier)``; the result has ``in * multiplier`` channels, those of one input
            together.
        strides, padding, data_format, dilation_rate: as in `conv`.
    """
    *window, channels, multiplier = shape_of(kernel)
    kernel = reshape(kernel, (*window, 1, channels * multiplier))
    return conv(inputs, kernel, strides, padding, data_format, dilation_rate)


def separable_conv(inputs: Any, depthwise_kernel: Any, pointwise_kernel: Any, strides: Sizes = 1,
                   padding: Any = "valid", data_format: str | None = None, dilation_rate: Sizes = 1) -> Tensor:
    """`depthwise_conv`, then a `conv` whose windows are single positions."""
    x = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(x, pointwise_kernel, 1, "valid", data_format)


def conv_transpose(inputs: Any, kernel: Any, strides: Sizes = 1, padding: Any = "valid", output_padding: Any = None,
                   data_format: str | None = None, dilation_rate: Sizes = 1) -> Tensor:
    """Transposed convolution: what the gradient of `conv` does to its cotangent.

    Args:
        inputs: ``(batch, spatial..., in)``, or ``(batch, in, spatial...)`` for "channels_first".
        kernel: ``(spatial..., out, in)``.
        strides, padding, data_format, dilation_rate: as in `conv`.
        output_padding: a number, or one for each spatial axis, that chooses among the lengths that a convolution
            reduces to the same one; None for Keras's default.
    """
    inputs, kernel = promote(inputs, kernel)
    rank = spatial_rank("conv_transpose", inputs)
    extra = output_padding if output_padding is None else per_axis("output_padding", output_padding, rank)
    return channels_last(
        lambda x: p.conv_transpose_op(x, kernel, strides=per_axis("strides", strides, rank), padding=_padding(padding),
                                      output_padding=extra, dilation=per_axis("dilation_rate", dilation_rate, rank),
                                      groups=1),
        inputs, data_format)
