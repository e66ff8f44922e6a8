"""Winograd's minimal filtering: convolutions by 3x3 kernels with fewer multiplications.

A tile of m x m results needs (m + 2) x (m + 2) inputs. Both the tile of inputs d and the kernel g are transformed;
one multiplication for each of their (m + 2)**2 elements, summed over the channels, gives the transformed result::

    y = A' [(G g G') * (B' d B)] A

so each result costs (m + 2)**2 / m**2 multiplications instead of 9: 4 for m = 2, 2.25 for m = 4. The sums over the
channels are (m + 2)**2 matrix products.

The matrices follow from interpolation (Toom-Cook) at m + 1 points and infinity. Points of equal size and different
sign share most of their arithmetic; small ones keep the error small: with 3/4 and 3/2 it is a third of what it is
with the usual 1 and 2. Source: Lavin, Gray: Fast Algorithms for Convolutional Neural Networks (2015); Barabasz et al.:
Error Analysis and Improving the Accuracy of Winograd Convolution (2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import prod
from types import ModuleType
from typing import Any

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.registry import Packing, reference
from zoo.engine.kernels.sliding import Sliding
from zoo.engine.op import primitive
from zoo.engine.spec import TensorSpec

_TAPS = 3
_POINTS = {2: ("0", "1", "-1"), 4: ("0", "3/4", "-3/4", "3/2", "-3/2")}
TILES = tuple(_POINTS)
_BY_PRODUCT, _BY_ADDITION = 1e9, 2e9                        # elements that BLAS, or compiled code, transforms a second
_PACKED = 1e9                                               # elements of transformed kernels made in a second


@dataclass(frozen=True)
class Transform:
    """The matrices for tiles of m x m results.

    Attributes:
        tile: m.
        size: m + 2, of a tile of inputs.
        kernel: G, (size, 3).
        inputs: B', (size, size).
        outputs: A', (m, size).
    """

    tile: int
    size: int
    kernel: np.ndarray
    inputs: np.ndarray
    outputs: np.ndarray


@cache
def transform(tile: int) -> Transform:
    """The transform for tiles of ``tile x tile`` results, from its interpolation points."""
    points = [Fraction(point) for point in _POINTS[tile]]
    kernel, inputs = [], []
    for point in points:
        others = [other for other in points if other is not point]
        scale = prod((point - other for other in others), start=Fraction(1))
        kernel.append([point ** power / scale for power in range(_TAPS)])
        inputs.append([*_polynomial(others), Fraction(0)])
    kernel.append([0] * (_TAPS - 1) + [1])                  # the point at infinity
    inputs.append(_polynomial(points))
    outputs = [[point ** power for point in points] + [power == tile - 1] for power in range(tile)]
    return Transform(tile, tile + 2, *(np.array(matrix, float) for matrix in (kernel, inputs, outputs)))


def _polynomial(roots: list[Fraction]) -> list[Fraction]:
    """Coefficients, by rising power, of the polynomial with these roots."""
    coefficients = [Fraction(1)]
    for root in roots:
        shifted = [Fraction(0), *coefficients]
        coefficients = [high - root * low for high, low in zip(shifted, [*coefficients, Fraction(0)])]
    return coefficients


def twice(matrix: np.ndarray) -> np.ndarray:
    """The matrix that transforms both axes of a tile, its elements in one column."""
    return np.kron(matrix, matrix)


def _infer(kernel: TensorSpec, *, tile: int) -> TensorSpec:
    return kernel.with_shape(((tile + 2) ** 2, *kernel.shape[2:]))


winograd_kernel_op = primitive("winograd_kernel", _infer)   # (3, 3, in, out) to ((tile + 2)**2, in, out)


@reference("winograd_kernel")
def winograd_kernel(xp: ModuleType, kernel: Any, *, tile: int) -> Any:
    """The transformed kernel: one matrix (in, out) for each element of a tile of inputs."""
    matrix = xp.asarray(twice(transform(tile).kernel), kernel.dtype)
    flat = xp.matmul(matrix, kernel.reshape(_TAPS * _TAPS, -1))
    return flat.reshape(len(matrix), *kernel.shape[2:])


def packing(tile: int) -> Any:
    """The packing of a convolution's kernel for tiles of that size."""
    def of_kernel(node: Node) -> tuple[Packing, ...]:
        elements = (tile + 2) ** 2 * prod(node.op_inputs[1].shape[-2:])
        return (Packing(1, "winograd_kernel", {"tile": tile}, elements / _PACKED),)
    return of_kernel


def refusal(node: Node) -> str | None:
    """Why a convolution cannot be computed in tiles, if it cannot."""
    attrs, (*window, _, _) = node.attrs, node.op_inputs[1].shape
    if window != [_TAPS, _TAPS] or {*attrs["strides"], *attrs["dilation"], attrs["groups"]} != {1}:
        return "needs a window of 3x3, strides and dilation of 1, and a single group"
    return None if node.output.dtype == "float32" else f"loses too many digits of {node.output.dtype}"


def tiles_of(node: Node, tile: int) -> tuple[int, int]:
    """How many tiles cover the output, down and across."""
    _, height, width, _ = node.output.shape
    return -(-height // tile), -(-width // tile)


def sliding_tiles(node: Node, tile: int) -> Sliding:
    """The inputs of all tiles as windows of ``tile + 2`` places that overlap by two; zeros fill up the last ones."""
    x, _ = node.op_inputs
    plain = Sliding.over(x.shape[1:-1], (_TAPS, _TAPS), (1, 1), node.attrs["padding"])
    pads = tuple((before, count * tile + _TAPS - 1 - before - size)
                 for count, size, (before, _) in zip(tiles_of(node, tile), plain.sizes, plain.pads))
    return Sliding(plain.sizes, (tile + 2,) * 2, (tile,) * 2, (1, 1), pads, tiles_of(node, tile))


def cost(node: Node, tile: int, compiled: bool = False) -> float:
    """Both transforms, and the products."""
    inputs, outputs = node.op_inputs[1].shape[-2:]
    count, elements = node.output.shape[0] * prod(tiles_of(node, tile)), (tile + 2) ** 2
    transforms = count * (inputs + outputs) / (_BY_ADDITION if compiled else _BY_PRODUCT)
    return elements * (costs.product(count, inputs, outputs) + transforms)
