"""What only Python can compute: functions of strings, for the most part.

One primitive stands for all of them. The function is an attribute of the node and knows its own shape rule; its result
may have sizes that depend on the data (the words of a text), which are unknown (None) until it has run.
"""

from __future__ import annotations

from typing import Any, Protocol

from zoo.engine.op import primitive
from zoo.engine.spec import TensorSpec


class HostFunction(Protocol):
    """A function of NumPy arrays; hashable and without state, so that nodes can be compared."""

    def infer(self, *specs: TensorSpec) -> TensorSpec:
        """The spec of the result."""

    def __call__(self, *arrays: Any) -> Any:
        """The result."""


def _host(*xs: TensorSpec, function: HostFunction) -> TensorSpec:
    return function.infer(*xs)


host_op = primitive("host", _host)                          # function(*xs), with the shape rule function.infer
