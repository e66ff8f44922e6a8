"""Families of kernels, loaded when a program is first compiled: importing zoo stays fast, and packages optional."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module

_PACKAGES = {"reference": None, "blas": None, "jit": "numba"}           # what each family needs besides NumPy


@cache
def load(family: str) -> str | None:
    """Enters the kernels of a family into the registry; the reason if it cannot be used here."""
    if family == "jit" and os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return "NUMBA_DISABLE_JIT is set"
    try:
        import_module(f"zoo.engine.kernels.{family}")
    except ImportError as error:
        if _PACKAGES[family] is None or (error.name or "").partition(".")[0] != _PACKAGES[family]:
            raise
        return f"the package {_PACKAGES[family]!r} is not installed"
    return None
