"""Topology: which layer was called on what. This is what model files store; graphs are traced from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zoo import tree
from zoo.engine.operators import TensorOperators
from zoo.engine.spec import TensorSpec


class KerasTensor(TensorOperators):
    """A tensor without values: the result of calling a layer while a functional model is being built.

    Attributes:
        spec: shape (with the batch axis) and dtype.
        call: the `CallNode` that made it.
        index: which of that call's outputs it is.
    """

    __slots__ = ("spec", "call", "index", "__weakref__")

    def __init__(self, spec: TensorSpec, call: CallNode | None = None, index: int = 0):
        self.spec, self.call, self.index = spec, call, index

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Its shape; None where unknown."""
        return self.spec.shape

    @property
    def dtype(self) -> str:
        """Its dtype name."""
        return self.spec.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.spec.rank

    @property
    def name(self) -> str:
        """Name of the layer that made it."""
        return self.call.layer.name if self.call else "keras_tensor"

    def __repr__(self) -> str:
        return f"<KerasTensor {self.spec!r} of {self.name}>"


@dataclass(eq=False)
class CallNode:
    """One call of a layer on `KerasTensor`s.

    Args:
        layer: what was called.
        args, kwargs: as given, with `KerasTensor`s at some leaves.
        outputs: the results, flat.
        structure: the nest that the layer returned.
    """

    layer: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: list[KerasTensor] = field(default_factory=list)
    structure: Any = None

    @property
    def inputs(self) -> list[KerasTensor]:
        """The tensors it was called on, flat."""
        return [leaf for leaf in tree.leaves((self.args, self.kwargs)) if isinstance(leaf, KerasTensor)]

    def fill(self, values: dict[KerasTensor, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with every `KerasTensor` replaced by its value."""
        return tree.map(lambda leaf: values[leaf] if isinstance(leaf, KerasTensor) else leaf, (self.args, self.kwargs))
