"""Filters over neighbouring pixels, and the similarity that is built on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.engine import primitives as p
from zoo.engine.graph import Value
from zoo.ops.image.batches import of_batch
from zoo.ops.nn.convolution import depthwise_conv
from zoo.ops.numpy_like.arithmetic import add, divide, multiply, subtract
from zoo.ops.numpy_like.contraction import outer
from zoo.ops.numpy_like.elementwise import absolute, square
from zoo.ops.numpy_like.indexing import where
from zoo.ops.numpy_like.logic import less
from zoo.ops.numpy_like.manipulation import expand_dims, moveaxis, pad, repeat, reshape, squeeze, unstack
from zoo.ops.numpy_like.reduction import mean, sum as sum_
from zoo.ops.layout import is_channels_first, per_axis
from zoo.ops.promotion import Tensor, as_float, as_tensor, constant, dtype_of, known_size, promote, rank_of, shape_of

SOBEL = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], "float32")       # change from row to row


def bell(size: int, sigma: Any, width: Any = None) -> Any:
    """A Gaussian line with the sum 1.

    Args:
        size: of the line.
        sigma: a number, or a scalar tensor.
        width: how many elements in the middle count, likewise; None for all.
    """
    places: Any = np.arange(size) - (size - 1) / 2
    if not isinstance(sigma, Value):
        weights = np.exp(-0.5 * (places / sigma) ** 2) * (True if width is None else 2 * abs(places) < width)
        return weights / weights.sum()
    places = constant(places, "float32")
    weights = p.exp_op(multiply(square(divide(places, as_tensor(sigma, "float32"))), -0.5))
    if width is not None:
        weights = where(less(absolute(multiply(places, 2)), width), weights, 0.0)
    return divide(weights, sum_(weights))


def filtered(x: Tensor, kernel: Any, padding: str) -> Tensor:
    """Each channel convolved with kernels ``(rows, columns, filters)``."""
    kernel = kernel if isinstance(kernel, Value) else constant(np.asarray(kernel), "float32")
    rows, columns, filters = shape_of(kernel)
    wide = repeat(reshape(kernel, (rows, columns, 1, filters)), known_size("filter", x, -1), axis=2)
    return depthwise_conv(x, as_tensor(wide, dtype_of(x)), padding=padding, data_format="channels_last")


def gaussian_blur(images: Any, kernel_size: Any = (3, 3), sigma: Any = (1.0, 1.0),
                  data_format: str | None = None) -> Tensor:
    """Images convolved with a Gaussian bell, zeros beyond the edges.

    Args:
        images: one image or a batch.
        kernel_size: rows and columns of the bell.
        sigma: its widths, numbers or a tensor ``(2,)``. Keras pairs the first with columns, and fills a kernel that is
            not square row by row.
        data_format: "channels_last", "channels_first", or None for what `zoo.config` says.
    """
    rows, columns = per_axis("kernel_size", kernel_size, 2)
    widths = unstack(sigma) if isinstance(sigma, Value) else np.broadcast_to(np.asarray(sigma, "float64"), 2)
    kernel = reshape(outer(bell(columns, widths[1]), bell(rows, widths[0])), (rows, columns, 1))
    return of_batch(lambda x: filtered(x, kernel, "same"), as_float(images), data_format)


def sobel_edges(images: Any, data_format: str | None = None) -> Tensor:
    """How much images change from row to row and from column to column, as a new last axis of size 2."""
    first = is_channels_first(data_format)
    x = as_float(images)
    x = moveaxis(x, -3, -1) if first else x
    wide = pad(x, [(0, 0)] * (rank_of(x) - 3) + [(1, 1), (1, 1), (0, 0)], mode="reflect")
    edges = of_batch(lambda batch: filtered(batch, np.stack([SOBEL, SOBEL.T], -1), "valid"), wide, "channels_last")
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
    line = bell(filter_size, filter_sigma)
    window = np.outer(line, line)[:, :, None]

    def smooth(x: Tensor) -> Tensor:
        return filtered(x, window, "valid")
    mean_a, mean_b = smooth(a), smooth(b)
    squares, product = add(p.square_op(mean_a), p.square_op(mean_b)), p.multiply_op(mean_a, mean_b)
    variances = subtract(add(smooth(p.square_op(a)), smooth(p.square_op(b))), squares)
    covariance = subtract(smooth(p.multiply_op(a, b)), product)
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    similarity = p.divide_op(multiply(add(multiply(product, 2), c1), add(multiply(covariance, 2), c2)),
                             multiply(add(squares, c1), add(variances, c2)))
    result = as_tensor(mean(similarity, (1, 2, 3)), own)
    return squeeze(result, 0) if single else result
