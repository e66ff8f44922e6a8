"""Convolution and pooling against loops over every output, written from their definitions."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from zoo.engine import windows
from zoo.engine.primitives import avg_pool_op, conv_op, conv_transpose_op, max_pool_op


def same_pads(size: int, span: int, stride: int) -> tuple[int, int]:
    total = max((-(-size // stride) - 1) * stride + span - size, 0)
    return total // 2, total - total // 2


def resolved(padding, sizes, spans, strides) -> list[tuple[int, int]]:
    if padding == "same":
        return [same_pads(n, k, s) for n, k, s in zip(sizes, spans, strides)]
    return [(0, 0)] * len(sizes) if padding == "valid" else list(padding)


def slow_conv(x, kernel, strides, padding, dilation, groups):
    *window, inputs, outputs = kernel.shape
    sizes, spans = x.shape[1:-1], [(k - 1) * d + 1 for k, d in zip(window, dilation)]
    pads = resolved(padding, sizes, spans, strides)
    counts = [(n + sum(pair) - k) // s + 1 for n, pair, k, s in zip(sizes, pads, spans, strides)]
    result = np.zeros((x.shape[0], *counts, outputs))
    for place in np.ndindex(*counts):
        for tap in np.ndindex(*window):
            at = [i * s + t * d - low for i, s, t, d, (low, _) in zip(place, strides, tap, dilation, pads)]
            if any(not 0 <= i < n for i, n in zip(at, sizes)):
                continue
            for o in range(outputs):
                group = o // (outputs // groups)
                pixel = x[(slice(None), *at, slice(group * inputs, (group + 1) * inputs))]
                result[(slice(None), *place, o)] += pixel @ kernel[(*tap, slice(None), o)]
    return result


def slow_pool(x, window, strides, padding, function):
    sizes = x.shape[1:-1]
    pads = resolved(padding, sizes, window, strides)
    counts = [(n + sum(pair) - k) // s + 1 for n, pair, k, s in zip(sizes, pads, window, strides)]
    result = np.zeros((x.shape[0], *counts, x.shape[-1]))
    for place in np.ndindex(*counts):
        box = [slice(max(i * s - low, 0), min(i * s - low + k, n))
               for i, s, k, n, (low, _) in zip(place, strides, window, sizes, pads)]
        result[(slice(None), *place)] = function(x[(slice(None), *box)], axis=tuple(range(1, x.ndim - 1)))
    return result


def options(seed: int):
    """Random sizes and options of one convolution over 1 to 3 axes."""
    rng = np.random.default_rng(seed)
    rank, groups = 1 + seed % 3, int(rng.integers(1, 4))
    draw = lambda low, high: tuple(int(v) for v in rng.integers(low, high, rank))  # noqa: E731
    padding = ("valid", "same", tuple(zip(draw(0, 3), draw(0, 3))))[seed % 7 % 3]
    x = rng.normal(size=(2, *draw(6, 9), groups * int(rng.integers(1, 3))))
    kernel = rng.normal(size=(*draw(1, 4), x.shape[-1] // groups, groups * int(rng.integers(1, 3))))
    return x, kernel, {"strides": draw(1, 4), "padding": padding, "dilation": draw(1, 3), "groups": groups}


@pytest.mark.parametrize("seed", range(24))
def test_conv_is_the_sum_over_its_window(seed: int) -> None:
    x, kernel, attrs = options(seed)
    np.testing.assert_allclose(conv_op(x, kernel, **attrs), slow_conv(x, kernel, **attrs), atol=1e-10)


@pytest.mark.parametrize("seed", range(24))
def test_conv_transpose_is_the_transpose_of_conv(seed: int) -> None:
    """<conv(x), y> = <x, conv_transpose(y)> for the sizes that a padding by numbers gives."""
    x, kernel, attrs = options(seed)
    spans = [(k - 1) * d + 1 for k, d in zip(kernel.shape, attrs["dilation"])]
    attrs["padding"] = tuple(resolved(attrs["padding"], x.shape[1:-1], spans, attrs["strides"]))
    y = np.random.default_rng(seed).normal(size=conv_op(x, kernel, **attrs).shape)
    rest = tuple((n + sum(pair) - k) % s
                 for n, pair, k, s in zip(x.shape[1:-1], attrs["padding"], spans, attrs["strides"]))
    back = conv_transpose_op(y, kernel, **attrs, output_padding=rest)
    assert back.shape == x.shape
    np.testing.assert_allclose(np.sum(slow_conv(x, kernel, **attrs) * y), np.sum(x * back), atol=1e-8)


#: (size, window, stride, dilation, padding, output padding) -> (first position kept, length), as Keras has them
TRANSPOSED = {
    (5, 3, 2, 1, "valid", None): (0, 11), (5, 2, 3, 1, "valid", None): (0, 15), (5, 3, 2, 1, "valid", 1): (0, 12),
    (5, 3, 2, 1, "same", None): (0, 10), (5, 4, 2, 1, "same", None): (1, 10), (5, 5, 2, 1, "same", None): (1, 10),
    (5, 2, 3, 1, "same", None): (0, 15), (5, 3, 2, 1, "same", 0): (1, 9), (5, 3, 2, 1, "same", 1): (0, 10),
    (5, 4, 2, 1, "same", 0): (2, 8), (5, 3, 1, 2, "same", None): (2, 5), (5, 3, 1, 2, "valid", None): (0, 9),
    (5, 3, 2, 1, ((1, 2),), None): (1, 8), (5, 3, 2, 1, ((1, 2),), 1): (1, 9),
    (None, 3, 2, 1, "same", None): (0, None),
}


@pytest.mark.parametrize("row", TRANSPOSED, ids=str)
def test_sizes_of_transposed_convolutions(row) -> None:
    size, window, stride, dilation, padding, extra = row
    extras = None if extra is None else (extra,)
    piece = windows.transposed((size,), (window,), (stride,), padding, extras, (dilation,))[0]
    assert piece == TRANSPOSED[row] or size is None and piece[1] is None
    if size is not None:
        x, kernel = np.ones((1, size, 1)), np.arange(1.0, window + 1).reshape(window, 1, 1)
        line = np.zeros((size - 1) * stride + (window - 1) * dilation + 1 + stride)
        for i, k in product(range(size), range(window)):
            line[i * stride + k * dilation] += k + 1
        result = conv_transpose_op(x, kernel, strides=(stride,), padding=padding, dilation=(dilation,), groups=1,
                                   output_padding=extras)
        np.testing.assert_array_equal(result[0, :, 0], line[piece[0]:piece[0] + piece[1]])


@pytest.mark.parametrize("seed", range(18))
@pytest.mark.parametrize(("op", "function"), [(max_pool_op, np.max), (avg_pool_op, np.mean)], ids=["max", "avg"])
def test_pooling_leaves_padding_out(op, function, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rank = 1 + seed % 3
    x = rng.normal(size=(2, *rng.integers(5, 8, rank), 2)) - 5
    window, strides = (tuple(int(v) for v in rng.integers(low, 4, rank)) for low in (2, 1))
    padding = ("valid", "same", tuple((int(v), 1) for v in rng.integers(0, 2, rank)))[seed // 3 % 3]
    result = op(x, window=window, strides=strides, padding=padding)
    np.testing.assert_allclose(result, slow_pool(x, window, strides, padding, function))


def test_max_pool_of_integers_ignores_padding() -> None:
    x = np.full((1, 3, 1), -7, "int32")
    assert max_pool_op(x, window=(2,), strides=(2,), padding="same").ravel().tolist() == [-7, -7]
