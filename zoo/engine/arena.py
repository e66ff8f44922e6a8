"""Memory of a program: planned once, one block for all intermediate results.

Two buffers may share bytes if they are never needed at the same time. Offsets are found greedily, the largest buffer
first, each in the smallest gap that holds it; this comes close to the lower bound on the graphs of networks.
Source: Pisarchyk, Lee: Efficient Memory Management for Deep Neural Net Inference (2020), "greedy by size".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from zoo.engine import dtypes
from zoo.engine.graph import Value
from zoo.engine.threads import ALIGNMENT, aligned_bytes


@dataclass(frozen=True)
class Use:
    """What one step does with memory.

    Args:
        reads: values that it reads.
        writes: values that it writes.
        alias: whether the written value is the read one in another shape: then there is nothing to do.
        in_place: positions in `reads` whose memory the first written value may take over.
    """

    reads: tuple[Value, ...]
    writes: tuple[Value, ...]
    alias: bool = False
    in_place: tuple[int, ...] = ()


@dataclass(frozen=True)
class Buffer:
    """Bytes that one value, or several that alias it, occupy.

    Attributes:
        offset, size: in bytes.
        start, stop: first and last step at which it is needed (-1: before the first step).
    """

    offset: int
    size: int
    start: int
    stop: int


@dataclass(frozen=True)
class MemoryPlan:
    """Where values lie.

    Attributes:
        buffers: for each value in the arena its buffer; values that alias each other share one. Strings have none.
        size: bytes of the arena.
        unshared: bytes that all values would need without sharing.
    """

    buffers: dict[Value, Buffer]
    size: int
    unshared: int

    def __str__(self) -> str:
        saved = self.unshared / self.size if self.size else 1
        return (f"{len(set(self.buffers.values()))} buffers for {len(self.buffers)} values in {self.size:,} bytes; "
                f"{self.unshared:,} without sharing ({saved:.1f} times as much)")


def plan_memory(inputs: Iterable[Value], uses: Sequence[Use], outputs: Iterable[Value]) -> MemoryPlan:
    """Plans the memory of all values that `inputs` and `uses` write.

    Args:
        inputs: written before the first step.
        uses: the steps in order; values that none of them writes lie elsewhere.
        outputs: needed after the last step.
    """
    written = {value: -1 for value in inputs}
    homes = _Homes()
    for step, use in enumerate(uses):
        written.update((value, step) for value in use.writes)
        if use.alias:
            homes.join(use.writes[0], use.reads[0])
    last = {value: step for value, step in written.items()}
    for step, use in enumerate(uses):
        for value in use.reads:
            last[homes[value]] = step
    last.update((homes[value], len(uses)) for value in outputs)
    for step, use in enumerate(uses):
        for position in use.in_place:
            old, new = homes[use.reads[position]], homes[use.writes[0]]
            if old in written and old is not new and last[old] == step and old.spec.nbytes == new.spec.nbytes:
                last[old] = last[new]
                homes.join(new, old)
                break
    sizes = {value: value.spec.nbytes for value in written if value.dtype != "string"}
    roots = {value: Buffer(0, sizes[value], written[value], last[value]) for value in sizes if homes[value] is value}
    placed = _place(roots)
    size = max((buffer.offset + buffer.size for buffer in placed.values()), default=0)
    return MemoryPlan({value: placed[homes[value]] for value in sizes}, size, sum(sizes.values()))


class _Homes:
    """Which value owns the memory that each value lies in."""

    def __init__(self) -> None:
        self._above: dict[Value, Value] = {}

    def __getitem__(self, value: Value) -> Value:
        while value in self._above:
            value = self._above[value]
        return value

    def join(self, value: Value, other: Value) -> None:
        """From now on `value`, and what lies in its memory, lies in the memory of `other`."""
        self._above[self[value]] = self[other]


def _place(buffers: dict[Value, Buffer]) -> dict[Value, Buffer]:
    """Gives every buffer an offset at which no other buffer of its lifetime lies."""
    placed: dict[Value, Buffer] = {}
    for value, buffer in sorted(buffers.items(), key=lambda item: -item[1].size):
        others = [other for other in placed.values() if other.start <= buffer.stop and buffer.start <= other.stop]
        gaps, end = [], 0
        for other in sorted(others, key=lambda other: other.offset):
            if other.offset - end >= buffer.size:
                gaps.append((other.offset - end, end))
            end = max(end, -(-(other.offset + other.size) // ALIGNMENT) * ALIGNMENT)
        offset = min(gaps)[1] if gaps else end
        placed[value] = replace(buffer, offset=offset)
    return placed


class Arena:
    """One block of memory laid out by a plan; strings lie beside it."""

    def __init__(self, plan: MemoryPlan):
        self.plan, self.memory = plan, aligned_bytes(plan.size)
        self._objects: dict[Value, np.ndarray] = {}

    def view(self, value: Value) -> np.ndarray:
        """The value's array. Its content is undefined outside the value's lifetime."""
        dtype = dtypes.storage(value.dtype)
        if value.dtype == "string":
            return self._objects.setdefault(value, np.empty(value.shape, dtype))
        return np.ndarray(value.shape, dtype, self.memory, self.plan.buffers[value].offset)
