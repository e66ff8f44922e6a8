"""TensorFlow's functions of matrices, networks and images in terms of `zoo.ops`. Arguments have TensorFlow's names."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

from zoo import ops
from zoo.errors import Unsupported
from zoo.layers.tensorflow.sizes import sizes_from

Function = Callable[..., Any]


def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, adjoint_a: bool = False,
           adjoint_b: bool = False) -> Any:
    """The product of matrices."""
    a = ops.swapaxes(a, -1, -2) if transpose_a or adjoint_a else a
    b = ops.swapaxes(b, -1, -2) if transpose_b or adjoint_b else b
    return ops.matmul(a, b)


def tensordot(a: Any, b: Any, axes: Any) -> Any:
    """Sums of products over several axes."""
    return ops.tensordot(a, b, axes)


def einsum(equation: str, *inputs: Any) -> Any:
    """An Einstein sum."""
    if not inputs:
        raise Unsupported(f"tf.einsum({equation!r}): tf.keras writes no operands of it into files; it cannot read such "
                          f"files either.")
    return ops.einsum(equation, *inputs)


def inv(input: Any, adjoint: bool = False) -> Any:  # noqa: A002
    """The inverse of matrices."""
    return ops.inv(matrix_transpose(input) if adjoint else input)


def cross(a: Any, b: Any) -> Any:
    """The cross product of vectors."""
    return ops.cross(a, b)


def crelu(features: Any, axis: int = -1) -> Any:
    """What is positive, and what is negative beside it."""
    return ops.relu(ops.concatenate([features, ops.negative(features)], axis))


def bias_add(value: Any, bias: Any, data_format: str | None = None) -> Any:
    """A number for each channel added."""
    bias = ops.cast(ops.convert_to_tensor(bias), ops.dtype(value))
    if data_format is not None and data_format.upper().startswith("NC") and value.ndim > 2:
        bias = ops.reshape(bias, (-1,) + (1,) * (value.ndim - 2))
    return ops.add(value, bias)


def leaky_relu(features: Any, alpha: float = 0.2) -> Any:
    """Negative values times a slope."""
    return ops.leaky_relu(features, alpha)


def elu(features: Any, alpha: float = 1.0) -> Any:
    """Exponentials below zero."""
    return ops.elu(features, alpha)


def gelu(features: Any, approximate: bool = False) -> Any:
    """x times the share of the normal distribution below it."""
    return ops.gelu(features, bool(approximate))


def silu(features: Any, beta: float = 1.0) -> Any:
    """x times a sigmoid of it."""
    return ops.multiply(features, ops.sigmoid(ops.multiply(features, beta)))


def _window(sizes: Any, data_format: str | None) -> list[int]:
    """The sizes of the spatial axes."""
    sizes = [sizes] * 2 if isinstance(sizes, int) else list(sizes)
    if len(sizes) == 4:
        return sizes[2:] if str(data_format).startswith("NC") else sizes[1:3]
    return sizes * 2 if len(sizes) == 1 else sizes


def _format(data_format: str | None) -> str:
    return "channels_first" if str(data_format).startswith("NC") else "channels_last"


def conv2d(input: Any, filters: Any, strides: Any, padding: str, data_format: str = "NHWC",  # noqa: A002
           dilations: Any = None) -> Any:
    """A convolution of images."""
    return ops.conv(input, filters, _window(strides, data_format), padding.lower(), _format(data_format),
                    _window(dilations or 1, data_format))


def conv1d(input: Any, filters: Any, stride: Any, padding: str, data_format: str = "NWC",  # noqa: A002
           dilations: Any = None) -> Any:
    """A convolution of sequences."""
    steps, gaps = (max(item) if isinstance(item, (list, tuple)) else item for item in (stride, dilations or 1))
    return ops.conv(input, filters, steps, padding.lower(), _format(data_format), gaps)


def conv2d_transpose(input: Any, filters: Any, output_shape: Any, strides: Any, padding: str = "SAME",  # noqa: A002
                     data_format: str = "NHWC") -> Any:
    """The transpose of a convolution of images, of which it is said how large the result is."""
    steps, layout = _window(strides, data_format), _format(data_format)
    filters = ops.convert_to_tensor(filters)
    sizes = sizes_from(output_shape)[1:3] if layout == "channels_last" else sizes_from(output_shape)[2:]
    given = input.shape[1:3] if layout == "channels_last" else input.shape[2:]
    extra = None if None in (*sizes, *given) else tuple(
        size - (n - 1) * step - (window - 2 * (window // 2) if padding == "SAME" else window)
        for size, n, step, window in zip(sizes, given, steps, filters.shape))
    return ops.conv_transpose(input, filters, steps, padding.lower(), extra, layout)


def depthwise_conv2d(input: Any, filter: Any, strides: Any, padding: str, data_format: str = "NHWC",  # noqa: A002
                     dilations: Any = None) -> Any:
    """A convolution of each channel by itself."""
    return ops.depthwise_conv(input, filter, _window(strides, data_format), padding.lower(), _format(data_format),
                              _window(dilations or 1, data_format))


def pooling(function: Function) -> Function:
    """With TensorFlow's arguments."""
    def pooled(input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NHWC") -> Any:  # noqa: A002
        return function(input, _window(ksize, data_format), _window(strides, data_format), padding.lower(),
                        _format(data_format))
    return pooled


def batch_normalization(x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float) -> Any:
    """Brought to mean 0 and variance 1, then scaled and moved."""
    factor = ops.rsqrt(ops.add(variance, variance_epsilon))
    factor = factor if scale is None else ops.multiply(factor, scale)
    result = ops.multiply(ops.subtract(x, mean), factor)
    return result if offset is None else ops.add(result, offset)


def local_response_normalization(input: Any, depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0,  # noqa: A002
                                 beta: float = 0.5) -> Any:
    """Each channel divided by a power of the sum of the squares of its neighbours (Krizhevsky et al. 2012)."""
    channels = input.shape[-1]
    padded = ops.pad(ops.square(input), [(0, 0)] * (input.ndim - 1) + [(depth_radius, depth_radius)])
    total = reduce(ops.add, [padded[..., i:i + channels] for i in range(2 * depth_radius + 1)])
    return ops.divide(input, ops.power(ops.add(ops.multiply(total, alpha), bias), beta))


def depth_to_space(input: Any, block_size: int, data_format: str = "NHWC") -> Any:  # noqa: A002
    """Channels as blocks of pixels."""
    return ops.depth_to_space(input, block_size, _format(data_format))


def space_to_depth(input: Any, block_size: int, data_format: str = "NHWC") -> Any:  # noqa: A002
    """Blocks of pixels as channels."""
    return ops.space_to_depth(input, block_size, _format(data_format))


def resize(images: Any, size: Any, method: Any = "bilinear", preserve_aspect_ratio: bool = False,
           antialias: bool = False) -> Any:
    """Images of another size."""
    methods = {"bilinear": "bilinear", "nearest": "nearest", "bicubic": "bicubic", "area": "area",
               "lanczos3": "lanczos3", "lanczos5": "lanczos5"}
    if preserve_aspect_ratio or method not in methods:
        raise Unsupported(f"tf.image.resize with method={method!r}, preserve_aspect_ratio={preserve_aspect_ratio} is "
                          f"not supported.")
    images = images if method == "nearest" else ops.cast(images, "float32")
    return ops.image.resize(images, sizes_from(size), methods[method], bool(antialias), data_format="channels_last")


def resize_v1(images: Any, size: Any, method: str, align_corners: bool = False,
              half_pixel_centers: bool = False) -> Any:
    """Images of another size, where pixels were meant to be points: only with centres at halves."""
    if align_corners or not half_pixel_centers and tuple(images.shape[1:3]) != sizes_from(size):
        raise Unsupported(f"resizing of TensorFlow 1 with align_corners={align_corners}, half_pixel_centers="
                          f"{half_pixel_centers} is not supported.")
    return resize(images, size, method)


def _older(method: str) -> Function:
    def resized(images: Any, size: Any, align_corners: bool = False, half_pixel_centers: bool = False) -> Any:
        return resize_v1(images, size, method, align_corners, half_pixel_centers)
    return resized


def flip_left_right(image: Any) -> Any:
    """Mirrored."""
    return ops.flip(image, -2)


def flip_up_down(image: Any) -> Any:
    """Upside down."""
    return ops.flip(image, -3)


def crop_to_bounding_box(image: Any, offset_height: int, offset_width: int, target_height: int,
                         target_width: int) -> Any:
    """A piece of images."""
    return image[..., offset_height:offset_height + target_height, offset_width:offset_width + target_width, :]


def central_crop(image: Any, central_fraction: float) -> Any:
    """The middle of images."""
    margins = [int((size - size * central_fraction) / 2) for size in image.shape[-3:-1]]
    height, width = (size - 2 * margin for size, margin in zip(image.shape[-3:-1], margins))
    return crop_to_bounding_box(image, *margins, height, width)


def adjust_brightness(image: Any, delta: float) -> Any:
    """Lighter by a number."""
    return ops.add(image, delta)


def per_image_standardization(image: Any) -> Any:
    """Each image brought to mean 0 and variance 1."""
    count = math.prod(image.shape[-3:])
    spread = ops.maximum(ops.std(image, axis=(-3, -2, -1), keepdims=True), 1 / math.sqrt(count))
    return ops.divide(ops.subtract(image, ops.mean(image, axis=(-3, -2, -1), keepdims=True)), spread)


def extract_patches(images: Any, sizes: Any, strides: Any, rates: Any, padding: str) -> Any:
    """Windows of images, with their pixels as channels."""
    return ops.image.extract_patches(images, tuple(sizes[1:3]), tuple(strides[1:3]), tuple(rates[1:3]), padding.lower(),
                                     "channels_last")


def rgb_to_grayscale(images: Any) -> Any:
    """One channel of brightness."""
    return ops.image.rgb_to_grayscale(images, data_format="channels_last")


def matrix_transpose(a: Any) -> Any:
    """The last two axes exchanged."""
    return ops.swapaxes(a, -1, -2)


FUNCTIONS: dict[str, Function] = {
    **{function.__name__: function for function in (
        matmul, matrix_transpose, tensordot, einsum, bias_add, leaky_relu, elu, gelu, silu, conv2d, depthwise_conv2d,
        batch_normalization, local_response_normalization, depth_to_space, space_to_depth, resize, flip_left_right,
        flip_up_down, rgb_to_grayscale, inv, cross, crelu, conv1d, conv2d_transpose, crop_to_bounding_box,
        central_crop, adjust_brightness, per_image_standardization, extract_patches)},
    "resize_bilinear": _older("bilinear"), "resize_nearest_neighbor": _older("nearest"),
    "resize_bicubic": _older("bicubic"),
    "swish": silu, "lrn": local_response_normalization,
    "max_pool": pooling(ops.max_pool), "max_pool2d": pooling(ops.max_pool),
    "avg_pool": pooling(ops.average_pool), "avg_pool2d": pooling(ops.average_pool),
}
