"""Mathematics beyond NumPy's core: special functions, segments, order, the Fourier transform."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.engine import budget
from zoo.engine import primitives as p
from zoo.engine.dtypes import is_float, storage
from zoo.errors import ConfigError, ShapeError
from zoo.ops.numpy_like.arithmetic import add, divide, multiply, subtract
from zoo.ops.numpy_like.logic import greater, less, logical_and
from zoo.ops.numpy_like.manipulation import concatenate, expand_dims, flip, moveaxis, pad, reshape, slice_axis, squeeze
from zoo.ops.numpy_like.reduction import max as max_, sum as sum_
from zoo.ops.promotion import (
    Axis, Tensor, as_float, as_tensor, axes_of, concrete, constant, dtype_of, known_size, promote, rank_of,
    shape_of,
)

Complex = Any                                               # Keras's pair (real part, imaginary part), or a real tensor


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """log(sum(exp(x))), without overflow."""
    x = as_float(x)
    largest = p.stop_gradient_op(max_(x, axis, keepdims=True))
    largest = p.select_op(p.is_finite_op(largest), largest, constant(0, dtype_of(x)))
    total = p.log_op(sum_(p.exp_op(p.subtract_op(x, largest)), axis, keepdims=True))
    total = p.add_op(total, largest)
    return total if keepdims else squeeze(total, axes_of(axis, rank_of(x)))


def erfc(x: Any) -> Tensor:
    """1 - erf(x)."""
    return subtract(1, p.erf_op(as_float(x)))


# Giles: Approximating the erfinv function (GPU Computing Gems, 2011), single precision: coefficients by falling power
# of w - 5/2, and of sqrt(w) - 3, where w = -log(1 - x**2) is below 5 or not.
_CENTRE = (2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
           -0.00417768164, 0.246640727, 1.50140941)
_TAIL = (-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
         0.00943887047, 1.00167406, 2.83297682)


def _polynomial(coefficients: Sequence[float], x: Tensor) -> Tensor:
    value: Any = coefficients[0]
    for coefficient in coefficients[1:]:
        value = add(multiply(value, x), coefficient)
    return value


def erfinv(x: Any) -> Tensor:
    """The inverse of the error function; to about 7 digits, also for float64."""
    x = as_float(x)
    w = p.negative_op(p.log1p_op(p.negative_op(p.square_op(x))))
    centre = _polynomial(_CENTRE, subtract(w, 2.5))
    tail = _polynomial(_TAIL, subtract(p.sqrt_op(w), 3.0))
    inner = p.multiply_op(x, p.select_op(less(w, 5.0), centre, tail))
    limit = p.multiply_op(p.sign_op(x), constant(math.inf, dtype_of(x)))
    at_limit = p.equal_op(p.absolute_op(x), constant(1, dtype_of(x)))
    return p.select_op(at_limit, limit, inner)


def _segments(data: Any, segment_ids: Any, num_segments: int | None, mode: str, start: float | None) -> Tensor:
    data, ids = as_tensor(data), as_tensor(segment_ids, "int32")
    count = int(np.max(concrete("segment reduction without num_segments", ids), initial=-1)) + 1 \
        if num_segments is None else num_segments
    if start is None:                                       # the neutral element of an extremum
        limits = np.finfo(storage(dtype_of(data))) if is_float(dtype_of(data)) else np.iinfo(dtype_of(data))
        start = limits.min if mode == "max" else limits.max
    base = constant(np.full((count + 1, *shape_of(data)[1:]), start), dtype_of(data))
    inside = logical_and(greater(ids, -1), less(ids, count))
    places = p.select_op(inside, ids, constant(count, "int32"))                # others go to a row that is dropped
    return slice_axis(p.scatter_op(base, expand_dims(places, -1), data, mode=mode), 0, 0, count)


def segment_sum(data: Any, segment_ids: Any, num_segments: int | None = None,
                sorted: bool = False) -> Tensor:  # noqa: A002 - Keras's name
    """Sums of the rows that have the same number; rows with numbers out of range are left out."""
    return _segments(data, segment_ids, num_segments, "add", 0)


def segment_prod(data: Any, segment_ids: Any, num_segments: int | None = None,
                 sorted: bool = False) -> Tensor:  # noqa: A002 - Keras's name
    """Products of the rows that have the same number."""
    return _segments(data, segment_ids, num_segments, "multiply", 1)


def segment_max(data: Any, segment_ids: Any, num_segments: int | None = None,
                sorted: bool = False) -> Tensor:  # noqa: A002 - Keras's name
    """Largest elements of the rows that have the same number; the smallest number of the dtype where there is none."""
    return _segments(data, segment_ids, num_segments, "max", None)


def segment_min(data: Any, segment_ids: Any, num_segments: int | None = None,
                sorted: bool = False) -> Tensor:  # noqa: A002 - Keras's name
    """Smallest elements of the rows that have the same number; the largest number of the dtype where there is none."""
    return _segments(data, segment_ids, num_segments, "min", None)


def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:  # noqa: A002 - Keras's name
    """The k largest elements along the last axis, falling, and their positions; equal ones keep their order.

    Raises:
        ShapeError: there are fewer than k, or their number is unknown.
    """
    x = as_tensor(x)
    size, last = known_size("top_k", x, -1), rank_of(x) - 1
    if not 0 <= k <= size:
        raise ShapeError(f"top_k: expected k from 0 to the size of the last axis, received k={k} "
                         f"for shape {shape_of(x)}.")
    rising = p.argsort_op(p.flip_op(x, axes=(last,)), axis=last)                # of the line read backwards, so that
    falling = slice_axis(p.flip_op(rising, axes=(last,)), -1, 0, k)             # falling order keeps equal elements
    positions = p.subtract_op(constant(size - 1, "int32"), falling)
    return p.take_along_axis_op(x, positions, axis=last), positions


def in_top_k(targets: Any, predictions: Any, k: int) -> Tensor:
    """Whether fewer than k classes are predicted above the target; not where the target's prediction is not finite."""
    predictions, targets = as_float(predictions), as_tensor(targets, "int32")
    own = p.take_along_axis_op(predictions, expand_dims(targets, -1), axis=rank_of(predictions) - 1)
    above = sum_(as_tensor(greater(predictions, own), "int32"), -1)
    return logical_and(less(above, k), squeeze(p.is_finite_op(own), -1))


def _pair(x: Complex) -> Tensor:
    if not isinstance(x, (tuple, list)):
        x = as_float(x), p.full_like_op(as_float(x), value=0, dtype=dtype_of(as_float(x)))
    real, imaginary = promote(*x, dtype="~float")
    return p.complex_op(real, imaginary)


def _parts(x: Tensor) -> tuple[Tensor, Tensor]:
    return p.real_op(x), p.imaginary_op(x)


def fft(x: Complex) -> tuple[Tensor, Tensor]:
    """The discrete Fourier transform along the last axis."""
    return _parts(p.fft_op(_pair(x), inverse=False))


def _fft2(x: Complex, inverse: bool) -> tuple[Tensor, Tensor]:
    spectrum = p.fft_op(_pair(x), inverse=inverse)
    return _parts(moveaxis(p.fft_op(moveaxis(spectrum, -2, -1), inverse=inverse), -1, -2))


def fft2(x: Complex) -> tuple[Tensor, Tensor]:
    """The discrete Fourier transform along the last two axes."""
    return _fft2(x, inverse=False)


def ifft2(x: Complex) -> tuple[Tensor, Tensor]:
    """The inverse of `fft2`."""
    return _fft2(x, inverse=True)


def _to_length(x: Tensor, length: int) -> Tensor:
    size = known_size("Fourier transform", x, -1)
    if size > length:
        return slice_axis(x, -1, 0, length)
    return x if size == length else pad(x, [(0, 0)] * (rank_of(x) - 1) + [(0, length - size)])


def rfft(x: Any, fft_length: int | None = None) -> tuple[Tensor, Tensor]:
    """The non-negative frequencies of the Fourier transform of a real tensor, cut or padded to `fft_length`."""
    x = as_float(x)
    length = known_size("rfft", x, -1) if fft_length is None else fft_length
    x = _to_length(x, length)
    return _parts(slice_axis(p.fft_op(_pair(x), inverse=False), -1, 0, length // 2 + 1))


def irfft(x: Complex, fft_length: int | None = None) -> Tensor:
    """The real tensor of length `fft_length` whose non-negative frequencies are given."""
    real, imaginary = promote(*x, dtype="~float")
    length = 2 * (known_size("irfft", real, -1) - 1) if fft_length is None else fft_length
    real, imaginary = (_to_length(part, length // 2 + 1) for part in (real, imaginary))
    mirrored = length - shape_of(real)[-1]                  # how many negative frequencies there are
    real = concatenate([real, flip(slice_axis(real, -1, 1, 1 + mirrored), -1)], -1)
    imaginary = concatenate([imaginary, p.negative_op(flip(slice_axis(imaginary, -1, 1, 1 + mirrored), -1))], -1)
    return p.real_op(p.fft_op(p.complex_op(real, imaginary), inverse=True))


def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Tensor:
    """Pieces of the last axis, `sequence_length` long, that begin every `sequence_stride` positions."""
    x = as_tensor(x)
    count = (known_size("extract_sequences", x, -1) - sequence_length) // sequence_stride + 1
    budget.claim("extract_sequences", 8 * max(count, 0) * sequence_length)
    places = np.arange(count)[:, None] * sequence_stride + np.arange(sequence_length)
    return p.take_op(x, places.astype("int32"), axis=rank_of(x) - 1)


def _window(window: Any, sequence_length: int, fft_length: int, dtype: str) -> Tensor:
    """The weights of a piece, in the middle of `fft_length` positions; without a window all of them count."""
    if window is None:
        return constant(np.ones(fft_length), dtype)
    if isinstance(window, str):
        angles = 2 * math.pi * np.arange(sequence_length) / sequence_length
        shapes = {"hann": 0.5 - 0.5 * np.cos(angles), "hamming": 0.54 - 0.46 * np.cos(angles)}
        if window not in shapes:
            raise ConfigError(f"Expected a window of {tuple(shapes)}, None or a tensor, received {window!r}.")
        values: Any = shapes[window]
    else:
        values = window
    if shape_of(values) != (sequence_length,):
        raise ShapeError(f"Expected a window of shape ({sequence_length},), received {shape_of(values)}.")
    before = (fft_length - sequence_length) // 2
    return pad(as_tensor(values, dtype), [(before, fft_length - sequence_length - before)])


def stft(x: Any, sequence_length: int, sequence_stride: int, fft_length: int, window: Any = "hann",
         center: bool = True) -> tuple[Tensor, Tensor]:
    """The Fourier transforms of pieces of the last axis.

    Args:
        x: a real tensor ``(..., time)``.
        sequence_length: of a piece before it is padded to `fft_length` on both sides.
        sequence_stride: from piece to piece.
        fft_length: of the transform.
        window: "hann", "hamming", weights ``(sequence_length,)``, or None to weigh all of `fft_length` alike.
        center: pad the ends by reflection, so that piece t is centred at ``t * sequence_stride``.
    """
    x = as_float(x)
    if center:
        x = pad(x, [(0, 0)] * (rank_of(x) - 1) + [(fft_length // 2, fft_length // 2)], mode="reflect")
    pieces = extract_sequences(x, fft_length, sequence_stride)
    return rfft(multiply(pieces, _window(window, sequence_length, fft_length, dtype_of(x))))


def _overlap_add(pieces: Tensor, stride: int) -> Tensor:
    """The sum of pieces ``(..., count, length)`` laid out every `stride` positions."""
    *batch, count, length = shape_of(pieces)
    identity = constant(np.eye(length)[:, None, :], dtype_of(pieces))
    line = p.conv_transpose_op(reshape(pieces, (-1, count, length)), identity,
                               strides=(stride,), padding=((0, 0),), output_padding=None, dilation=(1,), groups=1)
    return reshape(line, (*batch, (count - 1) * stride + length))


def istft(x: Complex, sequence_length: int, sequence_stride: int, fft_length: int, length: int | None = None,
          window: Any = "hann", center: bool = True) -> Tensor:
    """The inverse of `stft`: pieces weighted once more, added up, and divided by the sum of the squared weights.

    The sum is that of the pieces that are there, as in Keras on PyTorch; TensorFlow divides by the sum of an endless
    row of pieces, and is not an inverse near the ends.
    """
    pieces = irfft(x, fft_length)
    weights = _window(window, sequence_length, fft_length, dtype_of(pieces))
    total = _overlap_add(multiply(pieces, weights), sequence_stride)
    squares = p.broadcast_to_op(p.square_op(weights), shape=(shape_of(pieces)[-2], fft_length))
    share = _overlap_add(squares, sequence_stride)
    result = divide(total, p.select_op(greater(share, 1e-11), share, constant(1, dtype_of(share))))
    start = fft_length // 2 if center else 0
    stop = start + length if length is not None else shape_of(result)[-1] - start if center else None
    return slice_axis(result, -1, start, stop)


def cdist(x: Any, y: Any) -> Tensor:
    """Euclidean distances of all rows of x from all rows of y."""
    x, y = promote(x, y, dtype="~float")
    difference = subtract(expand_dims(x, -2), expand_dims(y, -3))
    return p.sqrt_op(sum_(p.square_op(difference), -1))


def polar(abs_: Any, angle: Any) -> Tensor:
    """The complex number of a size and an angle in radians."""
    size, angle = promote(abs_, angle, dtype="~float")
    return p.complex_op(p.multiply_op(size, p.cos_op(angle)), p.multiply_op(size, p.sin_op(angle)))


# Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 9.8.1 and 9.8.2; coefficients by falling power.
_BESSEL_NEAR = (0.0045813, 0.0360768, 0.2659732, 1.2067492, 3.0899424, 3.5156229, 1.0)
_BESSEL_FAR = (0.00392377, -0.01647633, 0.02635537, -0.02057706, 0.00916281, -0.00157565, 0.00225319, 0.01328592,
               0.39894228)


def i0(x: Any) -> Tensor:
    """The modified Bessel function of the first kind of order 0, to about 7 digits."""
    size = p.absolute_op(as_float(x))
    near = _polynomial(_BESSEL_NEAR, p.square_op(divide(size, 3.75)))
    safe = p.maximum_op(size, constant(3.75, dtype_of(size)))
    far = multiply(divide(p.exp_op(safe), p.sqrt_op(safe)), _polynomial(_BESSEL_FAR, divide(3.75, safe)))
    return p.select_op(less(size, 3.75), near, far)
