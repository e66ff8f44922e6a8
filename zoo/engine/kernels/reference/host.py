"""Definition of the primitive that calls a function of the host."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from zoo.engine.kernels.registry import reference


@reference("host")
def host(xp: ModuleType, *arrays: Any, function: Any) -> Any:
    """The function's result for arrays in the host's memory; numbers go back to the device."""
    result = function(*(array.get() if hasattr(array, "get") else array for array in arrays))
    return result if result.dtype == object else xp.asarray(np.ascontiguousarray(result))
