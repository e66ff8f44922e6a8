"""Measuring which kernel of a node is the fastest here; what is found goes into `kernels.tuned`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from zoo.engine import dtypes
from zoo.engine.fixed import FixedValues
from zoo.engine.graph import Graph, Node
from zoo.engine.kernels import families, tuned
from zoo.engine.kernels.registry import KERNELS, REFERENCE, Kernel
from zoo.engine.kernels.select import select_kernel
from zoo.engine.kernels.tuned import Measured
from zoo.engine.machine_code import ahead
from zoo.engine.machine_code.unit import recorded
from zoo.engine.threads import aligned_bytes, single_threaded_blas

_FEWEST, _MOST = 5, 50                                      # turns: each runs every kernel once
_CLEARLY = 0.95                                             # of the time of the estimated best one, at most


@dataclass(frozen=True)
class Candidate:
    """A node to measure.

    Attributes:
        node: as kernels know it.
        key: as in `tuned.key_of`.
        changing: positions of inputs that are others in each run.
        estimated: title of the kernel that the estimates choose.
    """

    node: Node
    key: str
    changing: frozenset[int]
    estimated: str


def candidates(graph: Graph) -> list[Candidate]:
    """The nodes of an optimised graph that it pays to measure, one of each kind; those measured before are left out."""
    fixed, allowed, found = FixedValues(graph), families.usable(), {}
    for node in graph.nodes:
        if node.op.name in tuned.OPS and node.output not in fixed:
            changing = frozenset(i for i, value in enumerate(node.inputs) if value not in fixed)
            key = tuned.key_of(node, changing)
            if key not in found and key not in tuned.choices():
                found[key] = Candidate(node, key, changing, select_kernel(node, allowed, changing).kernel.title)
    return list(found.values())


def measure(found: Sequence[Candidate], seconds: float) -> Iterator[tuple[Candidate, Measured]]:
    """Times all kernels that support each node, in turns, and yields the fastest: the median of each counts.

    Another kernel than the estimated one must be clearly faster.

    Args:
        found: what to measure.
        seconds: for all together, once everything is compiled. Every kernel runs a few times in any case.
    """
    with recorded() as functions:
        for candidate in found:
            _runs(candidate)
    ahead.compile_all(list(functions))
    for candidate in found:
        times = _times(_runs(candidate), seconds / len(found))
        best = min(times, key=times.__getitem__)
        if candidate.estimated in times and times[best] > _CLEARLY * times[candidate.estimated]:
            best = candidate.estimated
        yield candidate, Measured(best, times)


def _times(runs: dict[str, Callable[[], None]], seconds: float) -> dict[str, float]:
    times: dict[str, list[float]] = {title: [] for title in runs}
    with single_threaded_blas(), np.errstate(all="ignore"):
        for run in runs.values():                           # memory and machine code are touched once
            run()
        start = time.perf_counter()
        for turn in range(_MOST):
            if turn >= _FEWEST and time.perf_counter() - start > seconds:
                break
            for title, run in runs.items():
                before = time.perf_counter()
                run()
                times[title].append(time.perf_counter() - before)
    return {title: median(each) for title, each in times.items()}


def _runs(candidate: Candidate) -> dict[str, Callable[[], None]]:
    """All kernels that can compute the node, each with memory of its own for packed weights."""
    node, rng = candidate.node, np.random.default_rng(0)
    inputs = [_aligned(rng.standard_normal(value.shape).astype(dtypes.storage(value.dtype))) for value in node.inputs]
    output = _aligned(np.zeros(node.output.shape, dtypes.storage(node.output.dtype)))
    allowed = families.usable()
    return {kernel.title: kernel.bind(node, _packed(kernel, node, inputs), [output])
            for kernel in KERNELS.get(node.op.name, ())
            if kernel.family in allowed and kernel.supports(node) is None
            and not any(packing.input in candidate.changing for packing in kernel.packing(node))}


def _packed(kernel: Kernel, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    packed = list(inputs)
    for packing in kernel.packing(node):
        packed[packing.input] = REFERENCE[packing.op](np, packed[packing.input], **packing.attrs)
    return [_aligned(np.ascontiguousarray(array)) for array in packed]


def _aligned(array: np.ndarray) -> np.ndarray:
    """A copy that starts where arrays of programs do."""
    copy = np.ndarray(array.shape, array.dtype, aligned_bytes(array.nbytes))
    copy[...] = array
    return copy
