"""Elementwise programs: several elementwise primitives as one.

`fuse_elementwise` turns a region of a graph into one node `fused` with such a program; `fuse_epilogue` attaches one to
a convolution, a product or a pooling. All registers of a program have the shape of its result (operands broadcast to
it), so a kernel may run the whole program on one small tile after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from zoo.engine.graph import Node, Value
from zoo.engine.kernels.registry import REFERENCE, reference
from zoo.engine.op import OPS, primitive
from zoo.engine.spec import TensorSpec, broadcast


@dataclass(frozen=True)
class Instruction:
    """One elementwise primitive applied to registers.

    Args:
        op: name of the primitive.
        args: registers that it reads.
        dtype: of its result.
        attrs: of the primitive.
    """

    op: str
    args: tuple[int, ...]
    dtype: str
    attrs: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class ElementwiseProgram:
    """Instructions in static single assignment.

    Registers 0 to ``operands - 1`` are the operands, instruction i writes register ``operands + i``, the last
    register is the result.
    """

    operands: int
    instructions: tuple[Instruction, ...] = ()

    @property
    def result(self) -> int:
        """The register of the result."""
        return self.operands + len(self.instructions) - 1

    def last_uses(self) -> dict[int, int]:
        """For each register that an instruction reads, the index of the last one that does."""
        return {arg: i for i, instruction in enumerate(self.instructions) for arg in instruction.args}

    def __str__(self) -> str:
        lines = []
        for i, step in enumerate(self.instructions, self.operands):
            attrs = [f"{key}={value!r}" for key, value in step.attrs.items()]
            lines.append(f"%{i} = {step.op}({', '.join([*(f'%{arg}' for arg in step.args), *attrs])})")
        return f"[{'; '.join(lines)}]"


Applied = tuple[ElementwiseProgram, tuple[Value, ...]]      # a program and the values of its operands, each once


def single(node: Node) -> Applied:
    """The program of one elementwise node, which may be a `fused` one already."""
    if node.op is fused_op:
        return node.attrs["program"], node.inputs
    values = tuple(dict.fromkeys(node.inputs))
    step = Instruction(node.op.name, tuple(map(values.index, node.inputs)), node.output.dtype, node.attrs)
    return ElementwiseProgram(len(values), (step,)), values


def substitute(outer: Applied, value: Value, inner: Applied) -> Applied:
    """`outer` with its operand `value` computed by `inner`; the operands of `inner` come first."""
    (outer_program, outer_values), (inner_program, inner_values) = outer, inner
    values = tuple(dict.fromkeys([*inner_values, *(v for v in outer_values if v is not value)]))
    steps: list[Instruction] = []

    def place(program: ElementwiseProgram, operands: Sequence[int]) -> int:
        registers = list(operands)
        for step in program.instructions:
            steps.append(Instruction(step.op, tuple(registers[arg] for arg in step.args), step.dtype, step.attrs))
            registers.append(len(values) + len(steps) - 1)
        return registers[-1]

    replaced = place(inner_program, [values.index(v) for v in inner_values])
    place(outer_program, [replaced if v is value else values.index(v) for v in outer_values])
    return ElementwiseProgram(len(values), tuple(steps)), values


def evaluate(xp: ModuleType, program: ElementwiseProgram, arrays: Sequence[Any]) -> Any:
    """Runs a program on whole arrays with the reference kernels."""
    registers = list(arrays)
    for step in program.instructions:
        registers.append(REFERENCE[step.op](xp, *(registers[arg] for arg in step.args), **step.attrs))
    return registers[-1]


def _infer(*operands: TensorSpec, program: ElementwiseProgram) -> TensorSpec:
    return TensorSpec(broadcast(*(x.shape for x in operands)), program.instructions[-1].dtype)


fused_op = primitive("fused", _infer, elementwise=True)


@reference("fused")
def fused(xp: ModuleType, *operands: Any, program: ElementwiseProgram) -> Any:
    """An elementwise program applied to tensors."""
    return evaluate(xp, program, operands)
