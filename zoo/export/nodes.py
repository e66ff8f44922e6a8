"""What goes into an ONNX file, before it is one: nodes, initializers, names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class OnnxNode:
    """One node.

    Args:
        op_type: name of the operator.
        inputs, outputs: names of tensors; an input that is left out is empty.
        attributes: numbers, strings, lists, arrays and `FileGraph`s (bodies of loops); a dtype where ONNX takes one.
        name: of the node.
    """

    op_type: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any]
    name: str


@dataclass(frozen=True)
class Port:
    """An input or output of a graph.

    Args:
        name: of the tensor.
        dtype: its dtype.
        shape: sizes; a name for one that is not known, None for one without a name.
    """

    name: str
    dtype: str
    shape: tuple[int | str | None, ...]


@dataclass
class FileGraph:
    """A graph of ONNX: the model, or the body of a loop.

    Args:
        name: of the graph.
        parent: the graph around a loop; it has the initializers and the names.
    """

    name: str
    parent: FileGraph | None = None
    nodes: list[OnnxNode] = field(default_factory=list)
    inputs: list[Port] = field(default_factory=list)
    outputs: list[Port] = field(default_factory=list)
    initializers: dict[str, np.ndarray] = field(default_factory=dict)
    _taken: dict[str, int] = field(default_factory=dict)
    _titled: dict[Any, list[str]] = field(default_factory=dict)

    @property
    def root(self) -> FileGraph:
        """The graph of the whole model."""
        return self.parent.root if self.parent else self

    def unique(self, title: str) -> str:
        """`title`, with a number if it is taken."""
        taken = self.root._taken
        count = taken[title] = taken.get(title, 0) + 1
        name = title if count == 1 else f"{title}_{count - 1}"
        return name if count == 1 or name not in taken else self.unique(title)

    def initializer(self, array: np.ndarray, title: str = "constant") -> str:
        """Adds an array; gives its name: that of an equal array of the same title if there is one."""
        root = self.root
        key = title, array.dtype.str, array.shape
        for name in root._titled.get(key, ()):
            if array.tobytes() == root.initializers[name].tobytes():
                return name
        name = root.unique(title)
        root.initializers[name] = array
        root._titled.setdefault(key, []).append(name)
        return name

    def prune(self) -> set[str]:
        """Drops nodes that no output needs, in bodies of loops too; gives the names of the tensors that are needed."""
        needed, kept = {port.name for port in self.outputs}, []
        for node in reversed(self.nodes):
            if not needed.isdisjoint(node.outputs):
                kept.append(node)
                needed.update(node.inputs)
                for attribute in node.attributes.values():
                    if isinstance(attribute, FileGraph):
                        needed |= attribute.prune()
        self.nodes = kept[::-1]
        return needed

    def tidy(self) -> None:
        """Drops nodes and arrays that no output needs; arrays get their titles as names where those are free now."""
        needed = self.prune()
        renamed: dict[str, str] = {}
        for (title, *_), names in self._titled.items():
            left = [name for name in names if name in needed]
            if left and title not in needed:
                renamed[left[0]] = title
                needed.add(title)
        self.rename(renamed)
        self.initializers = {renamed.get(name, name): array for name, array in self.initializers.items()
                             if name in needed}

    def rename(self, names: dict[str, str]) -> None:
        """Gives tensors other names, in bodies of loops as well."""
        for node in self.nodes:
            node.inputs = [names.get(name, name) for name in node.inputs]
            node.outputs = [names.get(name, name) for name in node.outputs]
            for attribute in node.attributes.values():
                if isinstance(attribute, FileGraph):
                    attribute.rename(names)
