"""Convolutions one after another as one node: what lies between them need never be stored whole.

The pass `fuse_chains` makes such nodes of a depthwise convolution and the pointwise ones around it: the inverted
residuals of MobileNetV2 and its successors, the separable convolutions of MobileNet and Xception.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from zoo.engine.elementwise import ElementwiseProgram, evaluate
from zoo.engine.graph import Node, Value
from zoo.engine.kernels.registry import REFERENCE, reference
from zoo.engine.op import OPS, primitive
from zoo.engine.spec import TensorSpec


@dataclass(frozen=True)
class Stage:
    """One convolution of a chain, with its epilogue.

    Args:
        operands: positions among the inputs of the chain: the kernel, then what the epilogue reads.
        program: the epilogue.
        attrs: of the convolution.
    """

    operands: tuple[int, ...]
    program: ElementwiseProgram | None
    attrs: dict[str, Any] = field(hash=False)


def chain_of(nodes: Sequence[Node]) -> tuple[tuple[Value, ...], tuple[Stage, ...]]:
    """The inputs and the stages of a chain that does what these convolutions do, of which each reads the one before."""
    values = list(dict.fromkeys([nodes[0].inputs[0], *(value for node in nodes for value in node.inputs[1:])]))
    stages = [Stage(tuple(values.index(value) for value in node.inputs[1:]), node.epilogue, node.attrs)
              for node in nodes]
    return tuple(values), tuple(stages)


def stage_specs(inputs: Sequence[TensorSpec], stages: Sequence[Stage]) -> list[TensorSpec]:
    """What each stage computes."""
    specs, x = [], inputs[0]
    for stage in stages:
        x = OPS["conv"].infer(x, inputs[stage.operands[0]], **stage.attrs)
        specs.append(x)
    return specs


def _infer(*inputs: TensorSpec, stages: tuple[Stage, ...]) -> TensorSpec:
    return stage_specs(inputs, stages)[-1]


conv_chain_op = primitive("conv_chain", _infer)


@reference("conv_chain")
def conv_chain(xp: ModuleType, *arrays: Any, stages: tuple[Stage, ...]) -> Any:
    """One convolution after another, each with its epilogue."""
    x = arrays[0]
    for stage in stages:
        kernel, *extra = (arrays[i] for i in stage.operands)
        x = REFERENCE["conv"](xp, x, kernel, **stage.attrs)
        if stage.program is not None:
            x = evaluate(xp, stage.program, (x, *extra))
    return x


def stage_nodes(node: Node) -> list[Node]:
    """The convolutions of a chain as nodes of their own, which belong to no graph."""
    x, nodes = node.inputs[0], []
    for stage, spec in zip(node.attrs["stages"], stage_specs([value.spec for value in node.inputs],
                                                             node.attrs["stages"])):
        single = Node(OPS["conv"], (x, *(node.inputs[i] for i in stage.operands)), stage.attrs, epilogue=stage.program,
                      scope=node.scope)
        single.outputs = (Value(spec, single),)
        x = single.output
        nodes.append(single)
    return nodes
