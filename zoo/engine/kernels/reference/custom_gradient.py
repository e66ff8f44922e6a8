"""Definition of the primitive that carries a gradient of the user's."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from zoo.engine.kernels.registry import reference


@reference("custom_gradient")
def custom_gradient(xp: ModuleType, *arrays: Any, backward: Any, arguments: int, results: int) -> tuple[Any, ...]:
    """The results themselves."""
    return arrays[arguments:arguments + results]
