"""The choice of a kernel for each node, with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from zoo.engine.elementwise import evaluate
from zoo.engine.graph import Node
from zoo.engine.kernels import tuned
from zoo.engine.kernels.registry import KERNELS, REFERENCE, Kernel
from zoo.errors import Unsupported


@dataclass(frozen=True)
class Choice:
    """The kernel of a node.

    Attributes:
        kernel: the one chosen.
        reasons: for each kernel considered its title, and why it was chosen or not.
    """

    kernel: Kernel
    reasons: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "; ".join(f"{title}: {reason}" for title, reason in self.reasons)


def select_kernel(node: Node, families: Collection[str], changing: Collection[int] = ()) -> Choice:
    """The cheapest kernel of the allowed families that supports the node; the reference kernel if there is none.

    What was measured on this machine (see `tuned`) goes before the estimates.

    Args:
        changing: positions of inputs that are others in each run, so that packing them is not done beforehand.

    Raises:
        Unsupported: the primitive has no kernel at all.
    """
    reasons, costs = [], {}
    for kernel in KERNELS.get(node.op.name, ()):
        refusal = kernel.supports(node) if kernel.family in families else f"family {kernel.family!r} is not allowed"
        if refusal is None:
            packings = [packing for packing in kernel.packing(node) if packing.input in changing]
            costs[kernel] = kernel.cost(node) + sum(packing.seconds for packing in packings)
        else:
            reasons.append((kernel.title, refusal))
    measured = tuned.choice(node, changing)
    fastest = [kernel for kernel in costs if kernel.title == measured]
    best = min(fastest or costs, key=costs.__getitem__) if costs else reference_kernel(node.op.name)
    why = ", measured to be the fastest, chosen" if fastest else ", chosen"
    reasons += [(kernel.title, f"cost {cost:.3g}" + (why if kernel is best else "")) for kernel, cost in costs.items()]
    if not costs:
        reasons.append((best.title, "the definition, chosen as no faster kernel supports the node"))
    return Choice(best, tuple(reasons))


@cache
def reference_kernel(name: str) -> Kernel:
    """The definition of a primitive as a kernel: its result is copied into the output, the epilogue done afterwards.

    Raises:
        Unsupported: there is no definition of that name.
    """
    if name not in REFERENCE:
        raise Unsupported(f"The primitive {name!r} has no reference kernel.")
    return Kernel(name, name, "reference", supports=lambda node: None, bind=_bind_reference, tolerance=0.0)


def _bind_reference(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    function, own = REFERENCE[node.op.name], len(node.op_inputs)

    def run() -> None:
        results = function(np, *inputs[:own], **node.attrs)
        results = results if isinstance(results, tuple) else (results,)
        if node.epilogue is not None:
            results = (evaluate(np, node.epilogue, (*results, *inputs[own:])),)
        for output, result in zip(outputs, results, strict=True):
            np.copyto(output, result, casting="same_kind")
    return run
