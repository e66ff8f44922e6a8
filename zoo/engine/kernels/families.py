"""Families of kernels, loaded when a program is first compiled: importing zoo stays fast, and packages optional."""

from __future__ import annotations

import os
import warnings
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from zoo.config import config

_PACKAGES = {"jit": "numba"}                                # what families need besides NumPy
_unusable: dict[str, str] = {}


@cache
def load(family: str) -> str | None:
    """Enters the kernels of a family into the registry; the reason if it cannot be used here."""
    if family == "jit" and os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return "NUMBA_DISABLE_JIT is set"
    package = _PACKAGES.get(family)
    if package is not None and find_spec(package) is None:
        return f"the package {package!r} is not installed"
    import_module(f"zoo.engine.kernels.{family}")
    return None


def give_up(family: str, reason: str) -> None:
    """Leaves a family out from now on, and warns once."""
    if family not in _unusable:
        _unusable[family] = reason
        warnings.warn(f"Compiled kernels are not used: {reason}. The kernels of NumPy are slower; "
                      f"ZOO_JIT=off ends this warning.", RuntimeWarning, stacklevel=2)


def usable(compiled: bool = True) -> list[str]:
    """The families that programs may use now.

    Args:
        compiled: whether those may be among them that have to be compiled.
    """
    wanted = [family for family in config.kernels if family not in _PACKAGES or compiled and config.jit != "off"]
    return [family for family in wanted if load(family) is None and family not in _unusable]
