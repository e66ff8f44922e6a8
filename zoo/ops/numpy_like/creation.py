"""Tensors from nothing: constants, ranges, grids and window functions. The results are NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zoo.config import config
from zoo.engine import dtypes
from zoo.engine import primitives as p
from zoo.engine.eager import as_array
from zoo.ops.numpy_like.manipulation import broadcast_to, reshape
from zoo.ops.promotion import Tensor, as_tensor, constant, dtype_of, is_number, known_size, rank_of, shape_of


def _known(dtype: Any, default: str | None = None) -> str:
    return default or config.floatx if dtype is None else dtypes.standardize(dtype)


def zeros(shape: int | Sequence[int], dtype: Any = None) -> Tensor:
    """Zeros, of the dtype that `zoo.config` says unless one is given."""
    return constant(np.zeros(shape, dtypes.storage(_known(dtype))), _known(dtype))


def ones(shape: int | Sequence[int], dtype: Any = None) -> Tensor:
    """Ones, of the dtype that `zoo.config` says unless one is given."""
    return constant(np.ones(shape, dtypes.storage(_known(dtype))), _known(dtype))


def empty(shape: int | Sequence[int], dtype: Any = None) -> Tensor:
    """A tensor whose values nobody relies on; they are zeros."""
    return zeros(shape, dtype)


def full(shape: int | Sequence[int], fill_value: Any, dtype: Any = None) -> Tensor:
    """One value everywhere (or a tensor that is broadcast)."""
    return broadcast_to(as_tensor(fill_value, None if dtype is None else dtypes.standardize(dtype)), shape)


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """One value in the shape of x, and in its dtype unless another is given."""
    dtype = _known(dtype, dtypes.result_type(dtype_of(x)))
    if is_number(fill_value):
        return p.full_like_op(as_tensor(x), value=fill_value, dtype=dtype)
    return p.broadcast_to_op(as_tensor(fill_value, dtype), shape=shape_of(x))


def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    """Zeros in the shape of x."""
    return full_like(x, 0, dtype)


def ones_like(x: Any, dtype: Any = None) -> Tensor:
    """Ones in the shape of x."""
    return full_like(x, 1, dtype)


def empty_like(x: Any, dtype: Any = None) -> Tensor:
    """A tensor in the shape of x whose values nobody relies on; they are zeros."""
    return full_like(x, 0, dtype)


def copy(x: Any) -> Tensor:
    """A tensor of the same values that shares no memory with x."""
    x = as_tensor(x)
    return x.copy() if isinstance(x, np.ndarray) else x


def array(x: Any, dtype: Any = None) -> Tensor:
    """`x` as a tensor."""
    return as_tensor(x, None if dtype is None else dtypes.standardize(dtype))


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """``start, start + step, ...`` before `stop`; from 0 if only one bound is given."""
    parts = [part for part in (start, stop, step) if part is not None]
    dtype = dtypes.result_type(*map(dtype_of, parts)) if dtype is None else dtypes.standardize(dtype)
    if stop is None:
        start, stop = 0, start
    return constant(np.arange(start, stop, 1 if step is None else step), dtype)


def _sampled(sample: Callable[..., np.ndarray], bounds: Sequence[Any], dtype: Any) -> Tensor:
    bounds = [x if is_number(x) else as_array(x) for x in bounds]
    dtype = dtypes.result_type(*map(dtype_of, bounds), "~float") if dtype is None else dtypes.standardize(dtype)
    return constant(sample(*(np.asarray(x, "float64") for x in bounds)), dtype)


def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
             axis: int = 0) -> Any:
    """`num` equidistant numbers from `start` to `stop` (included if `endpoint`); with `retstep` also their distance."""
    points = _sampled(lambda a, b: np.linspace(a, b, num, endpoint, axis=axis), (start, stop), dtype)
    if not retstep:
        return points
    return points, (np.asarray(stop) - np.asarray(start)) / (num - 1 if endpoint else num)


def logspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: float = 10, dtype: Any = None,
             axis: int = 0) -> Tensor:
    """Powers of `base` with equidistant exponents."""
    return _sampled(lambda a, b: np.logspace(a, b, num, endpoint, base, axis=axis), (start, stop), dtype)


def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Tensor:
    """`num` numbers from `start` to `stop` with a constant ratio."""
    return _sampled(lambda a, b: np.geomspace(a, b, num, endpoint, axis=axis), (start, stop), dtype)


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:  # noqa: N803 - NumPy's names
    """Ones on diagonal k, zeros elsewhere."""
    return constant(np.eye(int(N), None if M is None else int(M), k), _known(dtype))


def identity(n: int, dtype: Any = None) -> Tensor:
    """The identity matrix."""
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:  # noqa: N803 - NumPy's names
    """Ones on and below diagonal k, zeros elsewhere."""
    return constant(np.tri(int(N), None if M is None else int(M), k), _known(dtype))


def meshgrid(*x: Any, indexing: str = "xy") -> list[Tensor]:
    """Coordinates of a grid: for each line of x a tensor that varies along its own axis only.

    With "xy" the first two axes are exchanged, with "ij" axis i belongs to line i.
    """
    order = list(range(len(x)))
    if indexing == "xy" and len(x) > 1:
        order[:2] = 1, 0
    sizes = [known_size("meshgrid", line, 0) if rank_of(line) else 1 for line in x]
    shape = [sizes[i] for i in order]
    return [broadcast_to(reshape(line, [sizes[i] if j == i else 1 for j in order]), shape) for i, line in enumerate(x)]


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:  # noqa: N803 - NumPy's name
    """The matrix of powers of x: column j is ``x ** (N - 1 - j)``, or ``x ** j`` if increasing."""
    x = as_tensor(x)
    count = known_size("vander", x, 0) if N is None else N
    exponents = np.arange(count) if increasing else np.arange(count)[::-1]
    return p.power_op(reshape(x, (-1, 1)), constant(exponents.reshape(1, -1), dtype_of(x)))


def _window(shape: Callable[[int], np.ndarray], x: Any) -> Tensor:
    return constant(shape(int(x if is_number(x) else as_array(x))), "float32")


def bartlett(x: int) -> Tensor:
    """The triangular window of x points."""
    return _window(np.bartlett, x)


def blackman(x: int) -> Tensor:
    """The Blackman window of x points."""
    return _window(np.blackman, x)


def hamming(x: int) -> Tensor:
    """The Hamming window of x points."""
    return _window(np.hamming, x)


def hanning(x: int) -> Tensor:
    """The Hann window of x points."""
    return _window(np.hanning, x)


def kaiser(x: int, beta: float) -> Tensor:
    """The Kaiser window of x points."""
    return _window(lambda count: np.kaiser(count, beta), x)
