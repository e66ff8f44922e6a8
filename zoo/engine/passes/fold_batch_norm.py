"""Folds scales and offsets by fixed values into the weights of the convolution or product before them.

A batch normalisation in inference is such a chain: subtract the mean, multiply by the scale, add the offset. Any chain
of additions, subtractions, multiplications and divisions by one fixed number a channel is ``x * scale + offset``; if x
is a convolution by a fixed kernel, it is a convolution by ``kernel * scale`` and one addition. All the arithmetic on
weights is done once, in the prologue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zoo.engine.dtypes import is_float
from zoo.engine.fixed import FixedValues
from zoo.engine.graph import Graph, Node, Rewriter, Value, consumers
from zoo.engine.op import OPS
from zoo.engine.passes.rules import reshaped

KERNEL_OPS = ("conv", "conv_transpose", "matmul")           # linear in their second input, the kernel


def fold_batch_norm(graph: Graph) -> tuple[Graph, int]:
    """Shortens every chain of affine steps that can be said with fewer, or folded into the kernel before it."""
    fixed, readers = FixedValues(graph), consumers(graph)
    chains = _chains(graph, fixed, readers)

    def rule(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> tuple[Value, ...] | None:
        if node not in chains:
            return None
        chain = chains[node]
        kernel_node = _foldable(chain[0].variable, fixed, readers)
        needed = any(step.scales for step in chain) * (kernel_node is None) + any(step.shifts for step in chain)
        return (_rewrite(rewriter, chain, kernel_node),) if needed < len(chain) else None

    rewriter = Rewriter(graph)
    return rewriter.run(rule), rewriter.changes


@dataclass(frozen=True)
class _Step:
    """One affine step: ``variable op fixed``, or ``fixed op variable`` if reflected."""

    op: str
    variable: Value
    fixed: Value
    reflected: bool

    @property
    def shifts(self) -> bool:
        return self.op in ("add", "subtract")

    @property
    def scales(self) -> bool:
        return not self.shifts or self.op == "subtract" and self.reflected


def _chains(graph: Graph, fixed: FixedValues, readers: dict[Value, list[Any]]) -> dict[Node, list[_Step]]:
    """Maximal chains of affine steps, by their last node; what is inside a chain has no other reader."""
    chains: dict[Node, list[_Step]] = {}
    for node in graph.nodes:
        step = _affine_step(node, fixed)
        if step is not None:
            inner = len(readers[step.variable]) == 1 and step.variable.node in chains
            chains[node] = [*(chains.pop(step.variable.node) if inner else ()), step]
    return chains


def _affine_step(node: Node, fixed: FixedValues) -> _Step | None:
    """The node as an affine step by one fixed number, or by one a channel."""
    if node.op.name not in ("add", "subtract", "multiply", "divide") or not is_float(node.output.dtype):
        return None
    for position, value in enumerate(node.inputs):
        other = node.inputs[1 - position]
        per_channel = value.spec.size in (1, *value.shape[-1:])
        reciprocal = node.op.name == "divide" and position == 0
        one_sided = value in fixed and other not in fixed and not reciprocal
        if one_sided and per_channel and other.shape == node.output.shape:
            return _Step(node.op.name, other, value, reflected=position == 0)
    return None


def _foldable(base: Value, fixed: FixedValues, readers: dict[Value, list[Any]]) -> Node | None:
    """The node that computes `base`, if a scale of its channels may go into its kernel."""
    node = base.node
    if node is None or node.op.name not in KERNEL_OPS or node.epilogue is not None or len(readers[base]) > 1:
        return None
    single_group = node.op.name != "conv_transpose" or node.attrs["groups"] == 1
    return node if node.inputs[1] in fixed and single_group else None


def _rewrite(rewriter: Rewriter, chain: list[_Step], kernel_node: Node | None) -> Value:
    apply, scale, offset = rewriter.apply, None, None
    for step in chain:
        op, by = OPS[step.op], rewriter[step.fixed]
        by = reshaped(rewriter, by, () if by.spec.size == 1 else by.shape[-1:])
        if step.op in ("multiply", "divide"):
            scale = apply(op, rewriter.new.constant(1, by.dtype) if scale is None else scale, by)
            offset = None if offset is None else apply(op, offset, by)
        elif step.reflected and step.op == "subtract":
            scale = rewriter.new.constant(-1, by.dtype) if scale is None else apply(OPS["negative"], scale)
            offset = by if offset is None else apply(op, by, offset)
        else:
            offset = apply(op, rewriter.new.constant(0, by.dtype) if offset is None else offset, by)
    base = rewriter[chain[0].variable]
    if scale is not None and kernel_node is not None:
        base = _scaled(rewriter, kernel_node, scale)
    elif scale is not None:
        base = apply(OPS["multiply"], base, scale)
    return base if offset is None else apply(OPS["add"], base, offset)


def _scaled(rewriter: Rewriter, node: Node, scale: Value) -> Value:
    """The convolution or product with its output channels scaled."""
    x, kernel = (rewriter[value] for value in node.inputs)
    if node.op.name == "conv_transpose":                    # kernel (spatial..., out, in)
        scale = reshaped(rewriter, scale, (*scale.shape, 1))
    return rewriter.copy(node, (x, rewriter.apply(OPS["multiply"], kernel, scale))).output
