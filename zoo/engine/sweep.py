"""Several elementwise results, and sums of them, in one pass over memory.

A `fused` node has one result. What reads the same tensors may as well be computed together: the new values of a weight
and of its momentum, or the two sums in the gradient of a batch normalisation. The pass `merge_sweeps` makes such nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

from zoo.engine.elementwise import ElementwiseProgram
from zoo.engine.kernels.registry import REFERENCE, reference
from zoo.engine.op import primitive
from zoo.engine.spec import TensorSpec, broadcast


@dataclass(frozen=True)
class Result:
    """One result of a sweep.

    Args:
        register: of the program.
        how: ``store`` keeps the register as it is; ``sum`` and ``mean`` reduce it over the axes of the sweep.
    """

    register: int
    how: str = "store"


def _infer(*operands: TensorSpec, program: ElementwiseProgram, results: tuple[Result, ...],
           axes: tuple[int, ...]) -> tuple[TensorSpec, ...]:
    shape = broadcast(*(x.shape for x in operands))
    left = tuple(size for axis, size in enumerate(shape) if axis not in axes)
    registers = [*(x.dtype for x in operands), *(step.dtype for step in program.instructions)]
    return tuple(TensorSpec(shape if result.how == "store" else left, registers[result.register]) for result in results)


sweep_op = primitive("sweep", _infer)


@reference("sweep")
def sweep(xp: ModuleType, *operands: Any, program: ElementwiseProgram, results: tuple[Result, ...],
          axes: tuple[int, ...]) -> tuple[Any, ...]:
    """The registers that are wanted, each as it is or reduced over `axes`."""
    shape = xp.broadcast_shapes(*(x.shape for x in operands)) if operands else ()
    registers = list(operands)
    for step in program.instructions:
        registers.append(REFERENCE[step.op](xp, *(registers[arg] for arg in step.args), **step.attrs))
    whole = [xp.broadcast_to(registers[result.register], shape) for result in results]
    return tuple(x if result.how == "store" else REFERENCE[result.how](xp, x, axes=axes, keepdims=False)
                 for result, x in zip(results, whole))
