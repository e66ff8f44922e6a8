"""Primitives that are a universal function of the array module."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from zoo.engine.kernels.registry import reference

UNIVERSAL: dict[str, str] = {}                              # primitive -> function of the array module


def define(functions: Mapping[str, str]) -> None:
    """Registers definitions: name of the primitive -> name of the array module's function of the same meaning."""
    UNIVERSAL.update(functions)
    for name, function in functions.items():
        _define(name, function)


def _define(name: str, function: str) -> None:
    @reference(name)
    def kernel(xp: ModuleType, *arrays: Any) -> Any:
        return getattr(xp, function)(*arrays)
