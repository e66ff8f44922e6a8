"""How Keras on Theano padded for ``same``: outputs are as many as TensorFlow's, but windows lie elsewhere.

Convolutions put half of a window of zeros on both sides, pooling almost a whole window; then what is too much was cut
off. TensorFlow divides what the windows need, the smaller half before the data. Models that Theano trained need its
way; the layers that know it take these names as their `padding`.
"""

from __future__ import annotations

from collections.abc import Sequence

SAME = "same_theano"
COUNTED = "same_theano_counted"         # of AveragePooling in Keras 2.0: the zeros count
VALID = "valid_theano"                  # of ConvLSTM2D: valid for the inputs, same for the states
Pads = tuple[tuple[int, None], ...]


def before_convolution(extent: int) -> int:
    """Zeros before the data of a convolution whose (dilated) window spans `extent` positions."""
    return extent // 2


def before_pooling(window: int) -> int:
    """Positions before the data of pooling."""
    return window - 2 if window > 2 and window % 2 else window - 1


def differs(extent: int, stride: int, before: int) -> bool:
    """Whether windows may lie elsewhere than TensorFlow's, for data of some size."""
    return extent > 1 and not (stride == 1 and before == (extent - 1) // 2)


def of_convolution(window: Sequence[int], dilation: Sequence[int]) -> Pads:
    """The padding for the primitives: so much before the data, behind them what makes as many windows as ``same``."""
    return tuple((before_convolution((size - 1) * rate + 1), None) for size, rate in zip(window, dilation))


def of_pooling(window: Sequence[int]) -> Pads:
    """The same for pooling."""
    return tuple((before_pooling(size), None) for size in window)
