"""Initializers without randomness."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from zoo.errors import ConfigError, ShapeError
from zoo.initializers.initializer import Initializer, storage


class Zeros(Initializer):
    """Zeros."""

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
        return np.zeros(shape, storage(dtype))


class Ones(Initializer):
    """Ones."""

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
        return np.ones(shape, storage(dtype))


class Constant(Initializer):
    """One value, or an array that broadcasts to the weight.

    Args:
        value: a number or an array.
    """

    def __init__(self, value: Any = 0.0):
        self.value = value

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
        value = np.asarray(self.value, storage(dtype))
        if value.ndim > len(shape) or any(a not in (1, b) for a, b in zip(value.shape[::-1], tuple(shape)[::-1])):
            raise ShapeError(f"Constant: a value of shape {value.shape} does not broadcast to a weight "
                             f"of shape {shape}.")
        return np.array(np.broadcast_to(value, shape))


class Identity(Initializer):
    """The identity matrix, times a gain.

    Args:
        gain: the diagonal.
    """

    def __init__(self, gain: float = 1.0):
        self.gain = gain

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
        if len(shape) != 2:
            raise ShapeError(f"Identity: expected the shape of a matrix, received {shape}.")
        return np.eye(*shape, dtype=storage(dtype)) * storage(dtype).type(self.gain)


#: windows that are sums of cosines: their coefficients (Harris, 1978)
COSINE_SUMS = {
    "boxcar": (1.0,),
    "hann": (0.5, 0.5),
    "hamming": (0.54, 0.46),
    "blackman": (0.42, 0.5, 0.08),
    "nuttall": (0.3635819, 0.4891775, 0.1365995, 0.0106411),
    "blackmanharris": (0.35875, 0.48829, 0.14128, 0.01168),
    "flattop": (0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
}
OTHER_WINDOWS = ("bartlett", "triang", "cosine")


def window_values(name: str, length: int, periodic: bool) -> np.ndarray:
    """A window of `length` points; a periodic one continues without a seam."""
    points = length + periodic
    if length == 1:
        return np.ones(length)
    place = np.arange(points)
    if name in COSINE_SUMS:
        angles = 2 * math.pi * place / (points - 1)
        values = sum((-1) ** k * a * np.cos(k * angles) for k, a in enumerate(COSINE_SUMS[name]))
    elif name == "cosine":
        values = np.sin(math.pi * (place + 0.5) / points)
    else:
        half = (points - 1) / 2 if name == "bartlett" else (points + points % 2) / 2
        values = 1 - np.abs(place - (points - 1) / 2) / half
    return values[:length]


class STFT(Initializer):
    """Kernels ``(time, 1, frequencies)`` of convolutions that compute a short-time Fourier transform.

    Args:
        side: "real" or "imag" part.
        window: name of a window, an array ``(time,)``, or None.
        scaling: "density" (root of the sum of squares of the window is 1), "spectrum" (sum of sizes is 1) or None.
        periodic: whether a named window continues without a seam.
    """

    def __init__(self, side: str = "real", window: Any = "hann", scaling: str | None = "density",
                 periodic: bool = False):
        if side not in ("real", "imag"):
            raise ConfigError(f"STFT: expected side 'real' or 'imag', received {side!r}.")
        if scaling not in ("density", "spectrum", None):
            raise ConfigError(f"STFT: expected scaling 'density', 'spectrum' or None, received {scaling!r}.")
        if isinstance(window, str) and window not in (*COSINE_SUMS, *OTHER_WINDOWS):
            raise ConfigError(f"STFT: expected a window of {(*COSINE_SUMS, *OTHER_WINDOWS)}, received {window!r}.")
        self.side, self.window, self.scaling, self.periodic = side, window, scaling, periodic

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
        if len(shape) != 3 or shape[1] != 1:
            raise ShapeError(f"STFT: expected a shape (time, 1, frequencies), received {shape}.")
        length, _, frequencies = shape
        angles = -math.pi * np.arange(length)[:, None] * np.arange(frequencies) / (frequencies - 1)
        kernel = np.cos(angles) if self.side == "real" else np.sin(angles)
        if self.window is not None:
            kernel = kernel * self._weights(length)[:, None]
        return kernel.reshape(shape).astype(storage(dtype))

    def _weights(self, length: int) -> np.ndarray:
        weights = window_values(self.window, length, self.periodic) if isinstance(self.window, str) \
            else np.asarray(self.window, "float64")
        if weights.shape != (length,):
            raise ShapeError(f"STFT: expected a window of shape ({length},), received {weights.shape}.")
        scales = {None: 1.0, "density": np.sqrt(np.sum(weights ** 2)), "spectrum": np.sum(np.abs(weights))}
        return weights / scales[self.scaling]
