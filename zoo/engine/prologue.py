"""What a program computes of its weights before it runs: once, and again only when they change.

Folded and packed weights are results of ordinary nodes. A result is known by its structure (primitive, attributes, and
so on down to constants and variables), so that all programs of one function share it.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.engine import dtypes, mapped
from zoo.engine.graph import Node, Value
from zoo.engine.kernels.registry import REFERENCE
from zoo.engine.threads import parallel_for, single_threaded_blas
from zoo.engine.variable import Variable

_BYTES_A_SECOND = 2e9                                       # of packed weights that one thread makes


@dataclass(frozen=True)
class _Entry:
    """A computed array, and the versions of the variables that it was computed from.

    Attributes:
        owned: whether the array has memory of its own; else it is a variable in another shape.
    """

    array: np.ndarray
    versions: tuple[int, ...]
    owned: bool


class WeightCache:
    """Arrays computed from weights, by structure; shared by programs, safe to use from several threads."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.entries: dict[int, _Entry] = {}
        self._numbers: dict[Any, int] = {}

    def number(self, structure: Any) -> int:
        """A small integer for a structure, the same for an equal one."""
        return self._numbers.setdefault(structure, len(self._numbers))

    @property
    def nbytes(self) -> int:
        """Memory held, apart from the variables themselves."""
        return sum(entry.array.nbytes for entry in self.entries.values() if entry.owned)


class Prologue:
    """Computes the fixed values that a program reads.

    Args:
        values: fixed values; variables and constants among them cost nothing.
        cache: where results are kept.
    """

    def __init__(self, values: Sequence[Value], cache: WeightCache):
        self.values, self.cache = tuple(values), cache
        self._wanted = frozenset(values)
        self._keys: dict[Value, int] = {}
        self._variables: dict[Value, tuple[Variable, ...]] = {}
        with cache.lock:
            for value in _computable(self.values):
                self._describe(value)
        self.variables = tuple(dict.fromkeys(v for value in self.values for v in self._variables[value]))
        self._versions: tuple[int, ...] | None = None
        self._arrays: tuple[np.ndarray, ...] = ()

    def arrays(self) -> tuple[np.ndarray, ...]:
        """The arrays of all values; the very same tuple as long as no variable was assigned."""
        versions = tuple(variable.version for variable in self.variables)
        if versions != self._versions:
            with self.cache.lock:
                self._arrays = self._compute()
                self._versions = versions
        return self._arrays

    def _compute(self) -> tuple[np.ndarray, ...]:
        current = {value for value in self.values if self._is_current(value)}
        order = _computable([value for value in self.values if value not in current], current)
        nodes = list(dict.fromkeys(value.node for value in order if value.node is not None and value not in current))
        variables = dict.fromkeys(value.source for node in nodes for value in node.inputs if _is_variable(value))
        for variable in variables:                          # in this order: initial values are made when first read
            variable.value                                  # noqa: B018
        parts = _independent(nodes)
        seconds = sum(value.spec.nbytes for node in nodes for value in node.outputs) / _BYTES_A_SECOND
        with single_threaded_blas():
            parallel_for(len(parts), lambda i, workspace: self._compute_part(parts[i]), seconds)
        arrays = tuple(_for_kernels(self._read(value, {}), value) for value in self.values)
        for variable in variables:
            if mapped.mapping(variable.value) is not None and not any(
                    np.may_share_memory(array, variable.value) for array in arrays):
                mapped.release(variable.value)              # its packed form is what programs read
        return arrays

    def _compute_part(self, nodes: Sequence[Node]) -> None:
        readers = Counter(value for node in nodes for value in set(node.inputs))
        memory: dict[Value, np.ndarray] = {}
        for node in nodes:
            with np.errstate(all="ignore"):
                arrays = [self._read(value, memory) for value in node.inputs]
                results = REFERENCE[node.op.name](np, *arrays, **node.attrs)
            memory.update(zip(node.outputs, results if isinstance(results, tuple) else (results,)))
            for value in node.outputs:
                if value in self._wanted:
                    self._keep(value, memory[value])
            readers.subtract(set(node.inputs))
            for value in node.inputs:
                if not readers[value]:
                    memory.pop(value, None)                 # dropped as soon as it can be: weights are large

    def _keep(self, value: Value, array: np.ndarray) -> None:
        variables, array = self._variables[value], _for_kernels(array, value)
        owned = not any(np.may_share_memory(array, variable.value) for variable in variables)
        versions = tuple(variable.version for variable in variables)
        self.cache.entries[self._keys[value]] = _Entry(array, versions, owned)

    def _read(self, value: Value, memory: dict[Value, np.ndarray]) -> np.ndarray:
        if value.node is None:
            return value.constant if value.constant is not None else value.source.value
        return memory[value] if value in memory else self.cache.entries[self._keys[value]].array

    def _is_current(self, value: Value) -> bool:
        if value.node is None:
            return True
        entry = self.cache.entries.get(self._keys[value])
        return entry is not None and entry.versions == tuple(variable.version for variable in self._variables[value])

    def _describe(self, value: Value) -> None:
        """Notes the key of the value's structure, and the variables that it depends on."""
        if value.node is None:
            array = value.constant
            structure: Any = value.source.serial if array is None else _fingerprint(array)
            variables = (value.source,) if array is None else ()
        else:
            node = value.node
            structure = (node.op.name, tuple(sorted(node.attrs.items())),
                         tuple(self._keys[source] for source in node.inputs), value.index)
            variables = tuple(dict.fromkeys(v for source in node.inputs for v in self._variables[source]))
        self._keys[value], self._variables[value] = self.cache.number(structure), variables


def _is_variable(value: Value) -> bool:
    return value.node is None and value.constant is None


def _independent(nodes: Sequence[Node]) -> list[list[Node]]:
    """The nodes, in order, in groups that need nothing of each other."""
    parts: dict[Node, list[Node]] = {}
    for node in nodes:
        needed = {id(part): part for value in node.inputs if (part := parts.get(value.node)) is not None}
        whole, *others = sorted(needed.values(), key=len, reverse=True) or [[]]
        added = [*(earlier for part in others for earlier in part), node]
        whole += added
        parts.update(dict.fromkeys(added, whole))
    return list({id(part): part for part in parts.values()}.values())


def _fingerprint(array: np.ndarray) -> Any:
    if array.dtype == object:
        return tuple(array.ravel()), array.shape
    return hashlib.sha1(np.ascontiguousarray(array), usedforsecurity=False).digest(), array.dtype.str, array.shape


def _computable(values: Iterable[Value], known: Collection[Value] = ()) -> list[Value]:
    """The values and all that they need, each after what it needs, and right before it is first needed."""
    order: dict[Value, None] = {}
    stack = list(values)[::-1]
    while stack:
        value = stack[-1]
        missing = [] if value.node is None or value in known else [v for v in value.node.inputs if v not in order]
        if missing:
            stack += missing[::-1]
        else:
            order[stack.pop()] = None
    return list(order)


def _for_kernels(array: np.ndarray, value: Value) -> np.ndarray:
    """C-contiguous and aligned; nothing is copied that is so already (a mapped file stays mapped)."""
    return np.require(array, dtypes.storage(value.dtype), ["C", "A"])
