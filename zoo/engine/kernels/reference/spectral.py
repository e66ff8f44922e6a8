"""Definition of the discrete Fourier transform."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from zoo.engine.kernels.registry import reference


@reference("fft")
def fft(xp: ModuleType, x: Any, *, inverse: bool) -> Any:
    """The transform along the last axis."""
    return (xp.fft.ifft if inverse else xp.fft.fft)(x, axis=-1).astype(x.dtype, copy=False)
