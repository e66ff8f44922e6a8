"""Where arrays live: NumPy's memory or a GPU's (CuPy). The choice is `config.device`."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np

from zoo.config import config
from zoo.errors import ConfigError, MissingDependency


def namespace(*arrays: Any) -> ModuleType:
    """The array module to compute in: CuPy if that is the device or one of the arrays is there, else NumPy.

    Strings are computed with on the host.
    """
    if any(getattr(array, "dtype", None) == object for array in arrays):
        return np
    return cuda() if config.device == "cuda" or any(map(_is_on_gpu, arrays)) else np


def cuda() -> ModuleType:
    """CuPy.

    Raises:
        MissingDependency: it is not installed.
        ConfigError: it finds no GPU.
    """
    try:
        import cupy
    except ImportError as error:
        raise MissingDependency("cupy", "cuda", 'The device "cuda"') from error
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except RuntimeError as error:                           # errors of the CUDA runtime are RuntimeErrors
        raise ConfigError(f'The device "cuda" cannot be used: {error}. Choose the device "cpu".') from error
    if not count:
        raise ConfigError('The device "cuda" has no GPU. Choose the device "cpu".')
    return cupy


def placed(array: Any) -> Any:
    """The array in the memory of the chosen device; the array itself if it is there, or if it holds strings."""
    if config.device == "cpu":
        return on_host(array)
    return array if _is_on_gpu(array) or array.dtype == object else cuda().asarray(array)


def on_host(array: Any) -> Any:
    """The array in NumPy's memory; the array itself if it is there."""
    return array.get() if _is_on_gpu(array) else array


def _is_on_gpu(array: Any) -> bool:
    cupy = sys.modules.get("cupy")                          # an array of CuPy cannot exist before CuPy is imported
    return cupy is not None and isinstance(array, cupy.ndarray)
