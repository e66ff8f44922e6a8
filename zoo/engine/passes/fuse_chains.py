"""Makes one node of a depthwise convolution and the pointwise ones around it, where a kernel gains by that."""

from __future__ import annotations

from collections.abc import Collection

from zoo.engine.chain import chain_of, conv_chain_op
from zoo.engine.graph import Graph, Node, Rewriter, Value, consumers
from zoo.engine.kernels.registry import KERNELS


def fuse_chains(graph: Graph, families: Collection[str]) -> tuple[Graph, int]:
    """Puts each chain that a kernel of these families computes in the place of its last convolution."""
    chains = _chains(graph)

    def rule(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> tuple[Value, ...] | None:
        if node not in chains:
            return None
        values, stages = chain_of(chains[node])
        made = Node(conv_chain_op, tuple(rewriter[value] for value in values), {"stages": stages}, scope=node.scope)
        made.outputs = (Value(node.output.spec, made),)
        if not _is_taken(made, families):
            return None
        return (rewriter.apply(conv_chain_op, *made.inputs, stages=stages),)

    rewriter = Rewriter(graph)
    return rewriter.run(rule), rewriter.changes


def _chains(graph: Graph) -> dict[Node, list[Node]]:
    """Chains that share no node, by their last one."""
    readers, taken, chains = consumers(graph), set(), {}
    for node in graph.nodes:
        if _is_depthwise(node):
            chain = [single for single in _around(node, readers) if single not in taken]
            if len(chain) > 1:
                chains[chain[-1]] = chain
                taken.update(chain)
    return chains


def _is_depthwise(node: Node) -> bool:
    return node.op.name == "conv" and node.attrs["groups"] > 1 and \
        node.attrs["groups"] == node.inputs[0].shape[-1] == node.inputs[1].shape[-1]


def _is_pointwise(node: Node | None) -> bool:
    return node is not None and node.op.name == "conv" and node.attrs["groups"] == 1 and \
        set(node.inputs[1].shape[:-2]) == set(node.attrs["strides"]) == {1}


def _around(node: Node, readers: dict[Value, list[Node]]) -> list[Node]:
    chain = [node]
    before = node.inputs[0].node
    if _is_pointwise(before) and len(readers[before.output]) == 1:
        chain.insert(0, before)
    after = readers.get(node.output, ())
    if len(after) == 1 and _is_pointwise(after[0]) and after[0].inputs[0] is node.output:
        chain.append(after[0])
    return chain


def _is_taken(node: Node, families: Collection[str]) -> bool:
    return any(kernel.supports(node) is None for kernel in KERNELS.get(node.op.name, ())
               if kernel.family in families)
