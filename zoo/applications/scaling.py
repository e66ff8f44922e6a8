"""How families of networks scale their sizes."""

from __future__ import annotations

from zoo.applications import arguments
from zoo.engine.symbolic import KerasTensor

Padding = tuple[tuple[int, int], tuple[int, int]]


def divisible(size: float, divisor: int = 8, least: float = 0.9) -> int:
    """The multiple of `divisor` next to `size`, but at least `least` times `size`, and not zero."""
    rounded = max(divisor, int(size + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < least * size else rounded


def correct_padding(x: KerasTensor, kernel: int) -> Padding:
    """Zeros around a map of features before a convolution of stride 2, as PyTorch's and TensorFlow's networks agree.

    An even number of rows gets one row less above than below; an unknown number counts as odd.
    """
    sizes = arguments.image_sizes(x.shape[1:])
    half = kernel // 2
    top, left = (half - (1 - size % 2 if size is not None else 1) for size in sizes)
    return (top, half), (left, half)
