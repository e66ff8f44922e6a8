"""Filters over neighbouring pixels, and the similarity that is built on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.engine import primitives as p
from zoo.ops.image.batches import of_batch
from zoo.ops.nn.convolution import depthwise_conv
from zoo.ops.numpy_like.arithmetic import add, multiply, subtract
from zoo.ops.numpy_like.manipulation import expand_dims, moveaxis, pad, reshape, squeeze
from zoo.ops.numpy_like.reduction import mean
from zoo.ops.layout import is_channels_first, per_axis
from zoo.ops.promotion import Tensor, as_float, as_tensor, constant, dtype_of, known_size, promote, rank_of, shape_of

SOBEL = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], "float32")       # change from row to row


def _bell(size: int, sigma: float) -> np.ndarray:
    """A Gaussian line with the sum 1."""
    places = (np.arange(size) - (size - 1) / 2) / sigma
    weights = np.exp(-0.5 * places ** 2)
    return weights / weights.sum()


def _filter(x: Tensor, kernel: np.ndarray, padding: str) -> Tensor:
    """Each channel convolved with kernels ``(rows, columns, filters)``."""
    wide = np.repeat(kernel[:, :, None, :], known_size("filter", x, -1), axis=2)
    return depthwise_conv(x, constant(wide, dtype_of(x)), padding=padding, data_format="channels_last")


def gaussian_blur(images: Any, kernel_size: Any = (3, 3), sigma: Any = (1.0, 1.0),
                  data_format: str | None = None) -> Tensor:
    """Images convolved with a Gaussian bell, zeros beyond the edges.

    Args:
        images: one image or a batch.
        kernel_size: rows and columns of the bell.
        sigma: its widths. Keras pairs the first with columns, and fills a kernel that is not square row by row.
        data_format: "channels_last", "channels_first", or None for what `zoo.config` says.
    """
    rows, columns = per_axis("kernel_size", kernel_size, 2)
    widths = [float(s) for s in np.broadcast_to(np.asarray(sigma, "float64"), 2)]
    kernel = np.outer(_bell(columns, widths[1]), _bell(rows, widths[0])).reshape(rows, columns, 1)
    return of_batch(lambda x: _filter(x, kernel, "same"), as_float(images), data_format)


def sobel_edges(images: Any, data_format: str | None = None) -> Tensor:
    """How much images change from row to row and from column to column, as a new last axis of size 2."""
    first = is_channels_first(data_format)
    x = as_float(images)
    x = moveaxis(x, -3, -1) if first else x
    wide = pad(x, [(0, 0)] * (rank_of(x) - 3) + [(1, 1), (1, 1), (0, 0)], mode="reflect")
    edges = of_batch(lambda batch: _filter(batch, np.stack([SOBEL, SOBEL.T], -1), "valid"), wide, "channels_last")
    edges = reshape(edges, (*shape_of(x), 2))
    return moveaxis(edges, -2, -4) if first else edges


def ssim(image1: Any, image2: Any, max_val: float = 1.0, filter_size: int = 11, filter_sigma: float = 1.5,
         k1: float = 0.01, k2: float = 0.03, data_format: str | None = None) -> Tensor:
    """Structural similarity, averaged over places and channels: 1 for equal images (Wang et al., 2004).

    Args:
        image1, image2: images or batches of one shape.
        max_val: distance between the smallest and the largest possible value.
        filter_size, filter_sigma: of the Gaussian window.
        k1, k2: what keeps the divisions stable.
        data_format: "channels_last", "channels_first", or None for what `zoo.config` says.
    """
    own = dtype_of(as_tensor(image1))
    a, b = promote(image1, image2, dtype="~float")
    single = rank_of(a) == 3
    a, b = (expand_dims(x, 0) if single else x for x in (a, b))
    a, b = (moveaxis(x, 1, -1) if is_channels_first(data_format) else x for x in (a, b))
    line = _bell(filter_size, filter_sigma)
    window = np.outer(line, line)[:, :, None]

    def smooth(x: Tensor) -> Tensor:
        return _filter(x, window, "valid")
    mean_a, mean_b = smooth(a), smooth(b)
    squares, product = add(p.square_op(mean_a), p.square_op(mean_b)), p.multiply_op(mean_a, mean_b)
    variances = subtract(add(smooth(p.square_op(a)), smooth(p.square_op(b))), squares)
    covariance = subtract(smooth(p.multiply_op(a, b)), product)
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    similarity = p.divide_op(multiply(add(multiply(product, 2), c1), add(multiply(covariance, 2), c2)),
                             multiply(add(squares, c1), add(variances, c2)))
    result = as_tensor(mean(similarity, (1, 2, 3)), own)
    return squeeze(result, 0) if single else result
