"""Python's operators for everything that stands for a tensor: graph values and variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

BINARY = {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "pow": "power",
          "floordiv": "floor_divide", "mod": "mod", "matmul": "matmul",
          "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
          "and": "logical_and", "or": "logical_or", "xor": "logical_xor"}
REFLECTED = ("add", "sub", "mul", "truediv", "pow", "floordiv", "mod", "matmul", "and", "or", "xor")
UNARY = {"neg": "negative", "abs": "absolute", "invert": "logical_not"}

_functions: dict[str, Callable[..., Any]] = {}


def install(functions: dict[str, Callable[..., Any]]) -> None:
    """Gives the operators their meaning; `zoo.ops` calls this once with its own functions."""
    _functions.update(functions)


class TensorOperators:
    """Mixin: ``x + y`` is ``ops.add(x, y)``, ``x[i]`` is ``ops.get_item(x, i)``, and so on."""

    __slots__ = ()
    __array_priority__ = 100                                # NumPy arrays leave mixed operations to us
    __array_ufunc__ = None

    def __getitem__(self, key: Any) -> Any:
        return _functions["get_item"](self, key)

    def __iter__(self) -> Any:
        raise TypeError(f"{type(self).__name__} is not iterable: use ops.unstack or ops.split.")


def _binary(name: str) -> Callable[..., Any]:
    return lambda self, other: _functions[name](self, other)


def _reflected(name: str) -> Callable[..., Any]:
    return lambda self, other: _functions[name](other, self)


def _unary(name: str) -> Callable[..., Any]:
    return lambda self: _functions[name](self)


for _symbol, _name in BINARY.items():
    setattr(TensorOperators, f"__{_symbol}__", _binary(_name))
for _symbol in REFLECTED:
    setattr(TensorOperators, f"__r{_symbol}__", _reflected(BINARY[_symbol]))
for _symbol, _name in UNARY.items():
    setattr(TensorOperators, f"__{_symbol}__", _unary(_name))
