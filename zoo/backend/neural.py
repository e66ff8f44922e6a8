"""Functions of networks with the names, arguments and defaults of Keras's backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import activations, ops
from zoo.config import config
from zoo.engine.symbolic import KerasTensor
from zoo.errors import ConfigError
from zoo.layers.regularization.dropout import Dropout

Tensor = Any
_POOLS = {"max": ops.max_pool, "avg": ops.average_pool}


def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Tensor:
    """``x``, or ``alpha * x`` where x is negative, at most `max_value`."""
    if isinstance(x, KerasTensor) and not (alpha or max_value or threshold):
        return ops.relu(x)
    return activations.relu(x, negative_slope=alpha, max_value=max_value, threshold=threshold)


def hard_sigmoid(x: Any) -> Tensor:
    """``0.2 * x + 0.5`` between 0 and 1, as Keras had it until Keras 3."""
    return ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0.0, 1.0)


def softmax(x: Any, axis: int = -1) -> Tensor:
    """Positive numbers whose sum along the axis is 1."""
    return ops.softmax(x, axis=axis)


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """``x``, or ``alpha * (exp(x) - 1)`` where x is negative."""
    return ops.elu(x, alpha=alpha)


def l2_normalize(x: Any, axis: int | None = None) -> Tensor:
    """The tensor divided by its length along an axis, or as a whole."""
    squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(squares, 1e-12)))


def in_top_k(predictions: Any, targets: Any, k: int) -> Tensor:
    """Whether each target is among the k largest predictions."""
    return ops.in_top_k(targets, predictions, k)


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Tensor:
    """For each example, how surprised `output` is by the class probabilities `target`."""
    return ops.categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Tensor:
    """`categorical_crossentropy` for targets that are class numbers."""
    return ops.sparse_categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Tensor:
    """For each element, how surprised the probability `output` is by `target`."""
    return ops.binary_crossentropy(target, output, from_logits=from_logits)


def dropout(x: Any, level: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None) -> Tensor:
    """Elements set to zero with probability `level`, the others divided by ``1 - level``; in any phase."""
    if isinstance(x, KerasTensor):
        return Dropout(level, noise_shape, seed)(x, training=True)
    return ops.random.dropout(x, level, noise_shape, seed)


# ---- windows


def conv1d(x: Any, kernel: Any, strides: int = 1, padding: str = "valid", data_format: str | None = None,
           dilation_rate: int = 1) -> Tensor:
    """Convolution of sequences; takes ``padding="causal"``."""
    if padding == "causal":
        before = dilation_rate * (kernel.shape[0] - 1)
        steps = 1 if (data_format or config.image_data_format) == "channels_last" else 2
        x = ops.pad(x, [(before, 0) if axis == steps else (0, 0) for axis in range(3)])
        padding = "valid"
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv2d(x: Any, kernel: Any, strides: Any = (1, 1), padding: str = "valid", data_format: str | None = None,
           dilation_rate: Any = (1, 1)) -> Tensor:
    """Convolution of images."""
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv3d(x: Any, kernel: Any, strides: Any = (1, 1, 1), padding: str = "valid", data_format: str | None = None,
           dilation_rate: Any = (1, 1, 1)) -> Tensor:
    """Convolution of volumes."""
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv2d_transpose(x: Any, kernel: Any, output_shape: Sequence[Any] | None = None, strides: Any = (1, 1),
                     padding: str = "valid", data_format: str | None = None, dilation_rate: Any = (1, 1)) -> Tensor:
    """Transposed convolution of images.

    Raises:
        ConfigError: `output_shape` is not what strides and padding give.
    """
    result = ops.conv_transpose(x, kernel, strides, padding, data_format=data_format, dilation_rate=dilation_rate)
    wanted = () if output_shape is None else tuple(output_shape)[1:]
    if any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in zip(wanted, result.shape[1:])):
        raise ConfigError(f"conv2d_transpose: output_shape={tuple(output_shape)} is not what strides and padding give: "
                          f"{tuple(result.shape)}.")
    return result


def depthwise_conv2d(x: Any, depthwise_kernel: Any, strides: Any = (1, 1), padding: str = "valid",
                     data_format: str | None = None, dilation_rate: Any = (1, 1)) -> Tensor:
    """Convolution of each channel of images by itself."""
    return ops.depthwise_conv(x, depthwise_kernel, strides, padding, data_format, dilation_rate)


def separable_conv2d(x: Any, depthwise_kernel: Any, pointwise_kernel: Any, strides: Any = (1, 1),
                     padding: str = "valid", data_format: str | None = None, dilation_rate: Any = (1, 1)) -> Tensor:
    """`depthwise_conv2d`, and then a mixture of the channels at each place."""
    return ops.separable_conv(x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate)


def pool2d(x: Any, pool_size: Any, strides: Any = (1, 1), padding: str = "valid", data_format: str | None = None,
           pool_mode: str = "max") -> Tensor:
    """The largest element (``max``) or the mean (``avg``) of each window of images."""
    return _pool(x, pool_size, strides, padding, data_format, pool_mode)


def pool3d(x: Any, pool_size: Any, strides: Any = (1, 1, 1), padding: str = "valid", data_format: str | None = None,
           pool_mode: str = "max") -> Tensor:
    """`pool2d` for volumes."""
    return _pool(x, pool_size, strides, padding, data_format, pool_mode)


def _pool(x: Any, pool_size: Any, strides: Any, padding: str, data_format: str | None, mode: str) -> Tensor:
    if mode not in _POOLS:
        raise ConfigError(f"`pool_mode` is max or avg. Received: {mode!r}")
    return _POOLS[mode](x, pool_size, strides, padding, data_format)


def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Tensor:
    """Adds a bias: one number a channel, or a tensor of the shape of an example (channels last)."""
    rank = len(x.shape)
    if (data_format or config.image_data_format) == "channels_last" or rank < 3:
        return ops.add(x, bias)
    if len(bias.shape) == 1:
        return ops.add(x, ops.reshape(bias, (1, -1) + (1,) * (rank - 2)))
    return ops.add(x, ops.expand_dims(ops.moveaxis(bias, -1, 0), 0))


# ---- borders and sizes


def temporal_padding(x: Any, padding: Sequence[int] = (1, 1)) -> Tensor:
    """Zeros before and after the steps of (batch, steps, features)."""
    return ops.pad(x, [(0, 0), tuple(padding), (0, 0)])


def spatial_2d_padding(x: Any, padding: Any = ((1, 1), (1, 1)), data_format: str | None = None) -> Tensor:
    """Zeros around images: pairs for rows and columns."""
    return _spatial_padding(x, padding, data_format)


def spatial_3d_padding(x: Any, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None) -> Tensor:
    """Zeros around volumes: pairs for the three axes."""
    return _spatial_padding(x, padding, data_format)


def _spatial_padding(x: Any, padding: Any, data_format: str | None) -> Tensor:
    pairs = [(size, size) if isinstance(size, int) else tuple(size) for size in padding]
    first = (data_format or config.image_data_format) == "channels_first"
    return ops.pad(x, [(0, 0), *[(0, 0)] * first, *pairs, *[(0, 0)] * (not first)])


def resize_images(x: Any, height_factor: int, width_factor: int, data_format: str | None = None,
                  interpolation: str = "nearest") -> Tensor:
    """Images enlarged by whole factors.

    Args:
        x: images.
        height_factor, width_factor: by which to enlarge.
        data_format: of the images; in the words of Keras 1 as well.
        interpolation: ``nearest`` or ``bilinear``.
    """
    data_format = {"tf": "channels_last", "th": "channels_first"}.get(data_format, data_format)
    first = 1 if (data_format or config.image_data_format) == "channels_last" else 2
    if interpolation == "nearest":
        return ops.repeat(ops.repeat(x, height_factor, axis=first), width_factor, axis=first + 1)
    size = x.shape[first] * height_factor, x.shape[first + 1] * width_factor
    return ops.image.resize(x, size, interpolation, data_format=data_format)


def resize_volumes(x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: str) -> Tensor:
    """Volumes enlarged by whole factors, each element repeated."""
    first = 1 if data_format == "channels_last" else 2
    for axis, factor in enumerate((depth_factor, height_factor, width_factor), start=first):
        x = ops.repeat(x, factor, axis=axis)
    return x
