"""Attaches elementwise work to the convolution, product or pooling whose result it reads.

The kernel then does it on each tile of the result while that is still in the cache: biases, activations, residual
additions and whole fused regions cost no pass over memory of their own.
"""

from __future__ import annotations

from zoo.engine.elementwise import ElementwiseProgram, fused_op, single, substitute
from zoo.engine.fixed import FixedValues
from zoo.engine.graph import Graph, Node, Rewriter, Value, consumers

PRODUCERS = ("conv", "conv_transpose", "matmul", "einsum", "max_pool", "avg_pool")


def fuse_epilogue(graph: Graph) -> tuple[Graph, int]:
    """Moves each `fused` node that alone reads a producer of its own shape and dtype into that producer."""
    fixed, readers = FixedValues(graph), consumers(graph)
    order = {node: i for i, node in enumerate(graph.nodes)}

    def rule(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> tuple[Value, ...] | None:
        if node.op is not fused_op:
            return None
        producers = [value.node for value in node.inputs
                     if value.node is not None and value.node.op.name in PRODUCERS and value not in fixed
                     and value.spec == node.output.spec and len(readers[value]) == 1]
        if not producers:
            return None
        producer = max(producers, key=order.__getitem__)    # its result is the freshest
        inner = producer.epilogue or ElementwiseProgram(1), (producer.output, *producer.epilogue_inputs)
        program, (_, *extra) = substitute(single(node), producer.output, inner)
        values = (*producer.op_inputs, *extra)
        return rewriter.copy(producer, [rewriter[value] for value in values], epilogue=program).outputs

    rewriter = Rewriter(graph)
    return rewriter.run(rule), rewriter.changes
