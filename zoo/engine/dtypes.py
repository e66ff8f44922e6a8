"""Dtype names and their promotion.

A dtype is a NumPy dtype name (``"float32"``) or ``"bfloat16"`` (computed in float32). Promotion follows Keras 3:
Python numbers are weak, integers meet floats as floats of the float's own width, two different integers widen, and
float16 meets bfloat16 as float32. Source: the promotion lattice of JAX, which Keras 3 adopted.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from zoo.errors import DtypeError

FLOATS = ("float16", "bfloat16", "float32", "float64")
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
OTHERS = ("bool", "complex64", "complex128", "string")
NAMES = frozenset(FLOATS + SIGNED + UNSIGNED + OTHERS)

_ALIASES = {"float": "float32", "int": "int32", "half": "float16", "double": "float64", "str": "string",
            "bool_": "bool"}


def standardize(dtype: Any) -> str:
    """The canonical name of anything that names a dtype.

    Raises:
        DtypeError: it names none.
    """
    if isinstance(dtype, str):
        name = _ALIASES.get(dtype, dtype)
    elif isinstance(dtype, type) and issubclass(dtype, (bool, int, float, str)):
        name = _ALIASES.get(dtype.__name__, dtype.__name__)
    else:
        name = np.dtype(dtype).name
    name = "string" if name.startswith(("str", "bytes", "object")) else name
    if name not in NAMES:
        raise DtypeError(f"Unknown dtype {dtype!r}. Known: {', '.join(sorted(NAMES))}.")
    return name


def is_float(dtype: str) -> bool:
    """Whether it is a (real) floating dtype."""
    return dtype in FLOATS


def is_int(dtype: Any) -> bool:
    """Whether anything that names a dtype names one of integers."""
    return standardize(dtype) in SIGNED + UNSIGNED


def is_complex(dtype: str) -> bool:
    """Whether it is a complex dtype."""
    return dtype.startswith("complex")


def storage(dtype: str) -> np.dtype:
    """The NumPy dtype in which values of `dtype` are held while computing."""
    return np.dtype({"bfloat16": "float32", "string": "O"}.get(dtype, dtype))


def of_scalar(value: bool | int | float | complex) -> str:
    """The weak dtype of a Python number: ``bool``, ``~int``, ``~float`` or ``~complex``."""
    return {bool: "bool", int: "~int", float: "~float", complex: "~complex"}[type(value)]


def result_type(*dtypes: str) -> str:
    """Promotes dtypes; ``~int`` and ``~float`` (Python numbers) yield to any dtype of their kind or a higher one."""
    promoted = reduce(_promote_pair, dtypes)
    return {"~int": "int32", "~float": "float32", "~complex": "complex64"}.get(promoted, promoted)


def _promote_pair(a: str, b: str) -> str:
    if a == b:
        return a
    if _kind(a) > _kind(b):
        a, b = b, a                                         # b is now of the same or the higher kind
    if a.startswith("~") or _kind(a) < 2 <= _kind(b) and not b.startswith("~"):
        return b                                            # weak yields; bool and integers yield to floats
    if b.startswith("~"):                                   # a strong value of the same or a lower kind
        if _kind(a) == _kind(b):
            return a
        return {"~int": b if a == "bool" else a, "~float": "float32", "~complex": "complex64"}[b]
    return _widen(a, b)


def _kind(dtype: str) -> int:
    if dtype == "bool":
        return 0
    if dtype == "~int" or dtype in SIGNED or dtype in UNSIGNED:
        return 1
    if dtype == "~float" or dtype in FLOATS:
        return 2
    if dtype in ("~complex", "complex64", "complex128"):
        return 3
    raise DtypeError(f"Arithmetic is not defined for dtype {dtype!r}.")


def _widen(a: str, b: str) -> str:
    if "bool" in (a, b):
        return b if a == "bool" else a
    if _kind(a) == _kind(b) == 2:
        pair = {a, b}
        if pair == {"float16", "bfloat16"}:
            return "float32"
        return max(pair, key=FLOATS.index)
    if {a, b} & {"uint64"} and {a, b} & set(SIGNED):
        return "float32"                                    # no integer holds both
    if _kind(a) == 2 and _kind(b) == 3:
        return "complex128" if a == "float64" else b
    return np.promote_types(a, b).name
