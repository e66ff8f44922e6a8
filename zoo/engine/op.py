"""A primitive operation and the one dispatch.

An `Op` says what an operation means for shapes; how it is computed is the business of kernels. Calling an op

- while a graph is being traced adds a node to it,
- otherwise computes at once, with the reference kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from zoo.engine import dtypes
from zoo.engine import graph as graphs
from zoo.engine.eager import as_array, run_eagerly
from zoo.engine.spec import TensorSpec
from zoo.errors import ConfigError

Infer = Callable[..., TensorSpec | tuple[TensorSpec, ...]]


@dataclass(frozen=True, eq=False)
class Op:
    """One primitive.

    Args:
        name: unique.
        infer: ``infer(*input_specs, **attrs)`` gives the output spec, or a tuple of them; sizes may be None. It raises
            `ShapeError` or `DtypeError` where inputs do not fit.
        elementwise: output element i depends on element i of the (broadcast) inputs only, and all inputs are tensors.
    """

    name: str
    infer: Infer
    elementwise: bool = False

    def __call__(self, *inputs: Any, **attrs: Any) -> Any:
        """Applies the op to tensors (arrays, variables, graph values); `attrs` are plain, hashable data."""
        graph = graphs.current()
        if graph is not None:
            return graph.add(self, [graph.as_value(x) for x in inputs], attrs)
        arrays = [as_array(x) for x in inputs]
        self.infer(*(TensorSpec(tuple(x.shape), dtypes.standardize(x.dtype)) for x in arrays), **attrs)     # checks
        return run_eagerly(self.name, arrays, attrs)

    def __repr__(self) -> str:
        return f"<op {self.name}>"


OPS: dict[str, Op] = {}


def register(op: Op) -> Op:
    """Adds a primitive to the table; a second one of the same name is an error."""
    if op.name in OPS:
        raise ConfigError(f"The primitive {op.name!r} is already registered.")
    OPS[op.name] = op
    return op


def primitive(name: str, infer: Infer, *, elementwise: bool = False) -> Op:
    """Defines and registers a primitive."""
    return register(Op(name, infer, elementwise))


def names(ops: Iterable[Op]) -> list[str]:
    """Sorted names, for messages."""
    return sorted(op.name for op in ops)
