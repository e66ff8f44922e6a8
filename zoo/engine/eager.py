"""Running one primitive now: with its reference kernel, on the arrays' own device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.engine import dtypes
from zoo.engine.device import namespace, on_host
from zoo.engine.graph import Value
from zoo.engine.kernels.registry import REFERENCE
from zoo.engine.variable import Variable
from zoo.errors import DtypeError, Unsupported


def run_eagerly(name: str, inputs: Sequence[Any], attrs: dict[str, Any]) -> Any:
    """Computes primitive `name` of arrays.

    Raises:
        Unsupported: there is no reference kernel of that name.
    """
    if name not in REFERENCE:
        raise Unsupported(f"The primitive {name!r} has no reference kernel.")
    xp = namespace(*inputs)
    with np.errstate(all="ignore"):                         # infinities and NaNs are results, on every device
        result = REFERENCE[name](xp, *map(xp.asarray, map(on_host, inputs) if xp is np else inputs), **attrs)
    return tuple(map(_as_result, result)) if isinstance(result, tuple) else _as_result(result)


def _as_result(result: Any) -> Any:
    """NumPy's numbers as arrays; arrays as they are."""
    return np.asarray(result) if isinstance(result, (np.generic, bool, int, float)) else result


def as_array(x: Any) -> Any:
    """An array of anything that is one: variables give their value, Python numbers become float32, int32 or bool.

    Raises:
        DtypeError: it is a symbolic tensor or no tensor at all.
    """
    if isinstance(x, Variable):
        return x.value
    if isinstance(x, Value):
        return x.numpy()
    if hasattr(x, "dtype") and hasattr(x, "__array__") or type(x).__module__.startswith("cupy"):
        return x
    if isinstance(x, (bool, int, float, complex)):
        return np.asarray(x, dtypes.storage(dtypes.result_type(dtypes.of_scalar(x))))
    if isinstance(x, (list, tuple)):
        array = np.asarray(x)
        return array.astype("float32") if array.dtype == np.float64 else array
    raise DtypeError(f"Expected a tensor, received {type(x).__name__}: {x!r}. A symbolic tensor has no values: "
                     f"build a Model from it and call that on arrays.")
