"""The discrete Fourier transform along the last axis."""

from __future__ import annotations

from zoo.engine.op import primitive
from zoo.engine.primitives.rules import COMPLEX, require, require_axes
from zoo.engine.spec import TensorSpec


def _fft(x: TensorSpec, *, inverse: bool) -> TensorSpec:
    require("fft", x, COMPLEX)
    require_axes("fft", x, (x.rank - 1,))
    return x


fft_op = primitive("fft", _fft)                             # forward without a factor, inverse divided by the length
