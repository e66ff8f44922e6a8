"""An array module that behaves as CuPy does where that differs from NumPy, computing with NumPy.

Its arrays never turn into NumPy arrays by themselves, never meet them, hold no objects; what NumPy returns as a number
is an array without axes. Whatever runs on it does not rely on NumPy's leniency.
"""

from __future__ import annotations

import importlib.machinery
import operator
import types
from collections.abc import Callable
from typing import Any

import numpy as np

#: ufunc.at of CuPy exists for these.
ACCUMULATING = ("add", "subtract", "maximum", "minimum", "bitwise_and", "bitwise_or", "bitwise_xor")
#: Functions that take arrays of the host and bring them to the device.
ENTRANCES = ("array", "asarray", "ascontiguousarray")
#: Arguments that are plain data by nature.
PLAIN = (bool, int, float, complex, str, np.dtype, type, type(None), slice, type(Ellipsis), np.generic)


class ndarray:  # noqa: N801 - CuPy's name
    """An array of the device."""

    __hash__ = None

    def __init__(self, array: np.ndarray):
        if array.dtype.kind in "OSU":
            raise TypeError(f"Unsupported dtype {array.dtype}")
        self._array = array

    def get(self) -> np.ndarray:
        """A copy in NumPy's memory."""
        return np.array(self._array)

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Use get().")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            raise TypeError(f"{ufunc.__name__}.{method} with {sorted(kwargs)} is not what CuPy has")
        return wrapped(ufunc(*(plain(x) for x in inputs)))

    def __getattr__(self, name: str) -> Any:
        thing = getattr(self._array, name)
        return called(thing) if callable(thing) and name != "dtype" else wrapped(thing)

    def __getitem__(self, index: Any) -> ndarray:
        return wrapped(self._array[plain(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self._array[plain(index)] = plain(value)

    def __len__(self) -> int:
        return len(self._array)

    def __iter__(self) -> Any:
        return (wrapped(row) for row in self._array)

    def __bool__(self) -> bool:
        return bool(self._array)

    def __int__(self) -> int:
        return int(self._array)

    def __float__(self) -> float:
        return float(self._array)


def _operator(function: Callable[..., Any], *, turned: bool = False) -> Callable[..., Any]:
    def apply(self: ndarray, *others: Any) -> Any:
        operands = [self._array, *(plain(x) for x in others)]
        return wrapped(function(*(operands[::-1] if turned else operands)))
    return apply


for _name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split():
    _function = getattr(operator, f"__{_name}__")
    setattr(ndarray, f"__{_name}__", _operator(_function))
    setattr(ndarray, f"__r{_name}__", _operator(_function, turned=True))
for _name in "lt le gt ge eq ne neg abs invert".split():
    setattr(ndarray, f"__{_name}__", _operator(getattr(operator, f"__{_name}__")))


def plain(x: Any) -> Any:
    """What NumPy computes with; an array of NumPy is refused."""
    if isinstance(x, ndarray):
        return x._array
    if isinstance(x, (tuple, list)):
        return type(x)(plain(item) for item in x)
    if isinstance(x, PLAIN):
        return x
    raise TypeError(f"Unsupported type {type(x)}")


def wrapped(x: Any) -> Any:
    """Arrays and NumPy's numbers as arrays of the device."""
    if isinstance(x, (np.ndarray, np.generic)):
        return ndarray(np.asarray(x))
    if isinstance(x, (tuple, list)):
        return type(x)(*map(wrapped, x)) if hasattr(x, "_fields") else type(x)(map(wrapped, x))
    return x


def called(function: Callable[..., Any], entrance: bool = False) -> Callable[..., Any]:
    """The function for arrays of the device."""
    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs.get("out") is not None and not isinstance(kwargs["out"], ndarray):
            raise TypeError("out must be an array of the device")
        if entrance:
            args = (args[0] if isinstance(args[0], np.ndarray) else plain(args[0]), *args[1:])
            return wrapped(function(*args, **{k: plain(v) for k, v in kwargs.items()}))
        return wrapped(function(*(plain(x) for x in args), **{k: plain(v) for k, v in kwargs.items()}))
    return call


class _Ufunc:
    """A universal function with what CuPy's have."""

    def __init__(self, ufunc: np.ufunc):
        self.ufunc = ufunc

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return called(self.ufunc)(*args, **kwargs)

    def at(self, array: ndarray, indices: Any, values: Any) -> None:
        """Accumulates repeated indices."""
        if self.ufunc.__name__ not in ACCUMULATING:
            raise NotImplementedError(f"`{self.ufunc.__name__}.at` is not supported yet")
        self.ufunc.at(plain(array), plain(indices), plain(values))


class _Namespace(types.ModuleType):
    """NumPy's functions of the same names, for arrays of the device."""

    def __init__(self, name: str, source: Any):
        super().__init__(name)
        self.__spec__ = importlib.machinery.ModuleSpec(name, None)
        self._source = source

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        thing = getattr(self._source, name)
        if isinstance(thing, types.ModuleType):
            return _Namespace(f"{self.__name__}.{name}", thing)
        if isinstance(thing, np.ufunc):
            return _Ufunc(thing)
        if isinstance(thing, type) or not callable(thing):
            return thing
        return called(thing, entrance=name in ENTRANCES)


cupy = _Namespace("cupy", np)
cupy.ndarray = ndarray
cupy.cuda = types.SimpleNamespace(runtime=types.SimpleNamespace(getDeviceCount=lambda: 1))
