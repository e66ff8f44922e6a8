"""Makes one node of each region of elementwise nodes.

A node joins the region of its readers if all of them are in one region of its own shape; only the last result of a
region is stored. If its readers are in several regions, it is computed in each of them if that is cheap, such as the
normalisation that both an activation and its gradient start from; else it is stored.
"""

from __future__ import annotations

from zoo.engine.elementwise import fused_op, single, substitute
from zoo.engine.fixed import FixedValues
from zoo.engine.graph import Graph, Node, Rewriter, Value, consumers

_LARGEST = 48                                               # nodes of a region; more would overflow registers
_CHEAP = ("add", "subtract", "multiply", "negative", "relu", "clip", "maximum", "minimum")
_SMALLER = 4                                                # operands so many times smaller than the result cost little
_LARGE = 1 << 13                                            # elements; smaller results are in the cache


def fuse_elementwise(graph: Graph) -> tuple[Graph, int]:
    """Replaces every elementwise node that is not fixed by a part of a `fused` node."""
    regions = _regions(graph)

    def rule(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> tuple[Value, ...] | None:
        if node not in regions or node.op is fused_op and len(regions[node]) == 1:
            return None
        program, values = single(node)
        for member in regions[node][1:]:
            program, values = substitute((program, values), member.output, single(member))
        return (rewriter.apply(fused_op, *(rewriter[value] for value in values), program=program),)

    rewriter = Rewriter(graph)
    return rewriter.run(rule), rewriter.changes


def _regions(graph: Graph) -> dict[Node, list[Node]]:
    """For the last node of each region its nodes, readers before what they read."""
    fixed, readers = FixedValues(graph), consumers(graph)
    roots: dict[Node, set[Node | None]] = {}
    regions: dict[Node, list[Node]] = {}
    for node in reversed(graph.nodes):
        numeric = all(value.dtype != "string" for value in (*node.inputs, node.output))
        if not node.op.elementwise or not numeric or node.output in fixed:
            continue
        homes = {root for reader in readers.get(node.output, ()) for root in roots.get(reader, (None,))}
        if not _may_join(node, homes, regions):
            homes, regions[node] = {node}, []
        roots[node] = homes
        for home in homes:
            regions[home].append(node)
    return regions


def _may_join(node: Node, homes: set[Node | None], regions: dict[Node, list[Node]]) -> bool:
    """Whether a node may be computed in the regions `homes` of its readers, instead of on its own."""
    if not homes or None in homes or any(home.output.shape != node.output.shape or len(regions[home]) >= _LARGEST
                                         for home in homes):
        return False
    return len(homes) == 1 or _is_cheap(node)


def _is_cheap(node: Node) -> bool:
    """Whether computing the result again takes no longer than reading it: little is done, to one tensor of its size."""
    whole = [value for value in node.inputs if value.spec.size * _SMALLER > node.output.spec.size]
    return node.op.name in _CHEAP and len(whole) == 1 and node.output.spec.size >= _LARGE
