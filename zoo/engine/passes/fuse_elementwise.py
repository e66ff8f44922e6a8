"""Makes one node of each region of elementwise nodes.

A node joins the region of its readers if all of them are in one region of its own shape: nothing is computed twice,
and only the last result of a region is stored.
"""

from __future__ import annotations

from zoo.engine.elementwise import fused_op, single, substitute
from zoo.engine.fixed import FixedValues
from zoo.engine.graph import Graph, Node, Rewriter, Value, consumers

_LARGEST = 48                                               # nodes of a region; more would overflow registers


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
    root: dict[Node, Node] = {}
    regions: dict[Node, list[Node]] = {}
    for node in reversed(graph.nodes):
        numeric = all(value.dtype != "string" for value in (*node.inputs, node.output))
        if not node.op.elementwise or not numeric or node.output in fixed:
            continue
        homes = {root.get(reader) for reader in readers.get(node.output, ())}
        home = homes.pop() if len(homes) == 1 else None
        if home is None or home.output.shape != node.output.shape or len(regions[home]) == _LARGEST:
            home, regions[node] = node, []
        root[node] = home
        regions[home].append(node)
    return regions
