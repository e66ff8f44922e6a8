"""The order in which Keras keeps the layers of a functional model, which is the order of weights in its files.

Layers go by decreasing distance to the outputs, and layers of equal distance in the order in which a walk back from
the outputs meets them. Keras 0 and 1 had another order where models began with branches, or were graphs.
"""

from __future__ import annotations

from dataclasses import replace

from zoo import tree
from zoo.io.dialects.nodes import refs_in
from zoo.io.document import LayerRecord, ModelRecord

Node = tuple[str, int]                                      # layer, call


def in_order_of_keras(model: ModelRecord) -> ModelRecord:
    """The model with its layers in Keras's order, those of models inside too; the records of layers are shared.

    Layers that no output needs come last.
    """
    layers = [replace(layer, model=in_order_of_keras(layer.model)) if layer.model is not None else layer
              for layer in model.layers]
    if model.kind != "functional":
        return replace(model, layers=layers)
    place = {name: i for i, name in enumerate(_order(model))}
    return replace(model, layers=sorted(layers, key=lambda layer: place.get(layer.name, len(place))))


def _order(model: ModelRecord) -> list[str]:
    sources = {(layer.name, i): _sources(layer, i) for layer in model.layers for i in range(max(1, len(layer.calls)))}
    finished: dict[Node, None] = {}
    met: dict[str, None] = {}
    stack = [((ref.layer, ref.node), False) for ref in reversed(tree.leaves(model.outputs))]
    while stack:                                            # a loop, since models may be deeper than Python's stack
        node, expanded = stack.pop()
        if expanded:
            finished[node] = None
        elif node not in finished:
            met.setdefault(node[0])
            stack.append((node, True))
            stack.extend((source, False) for source in reversed(sources.get(node, [])))
    depth: dict[Node, int] = {}
    of_layer: dict[str, int] = {}
    for node in reversed(finished):
        depth[node] = of_layer[node[0]] = max(depth.get(node, 0), of_layer.get(node[0], 0))
        for source in sources.get(node, []):
            depth[source] = max(depth[node] + 1, depth.get(source, 0))
    rank = {name: i for i, name in enumerate(met)}
    return sorted(rank, key=lambda name: (-of_layer[name], rank[name]))


def _sources(layer: LayerRecord, node: int) -> list[Node]:
    if node >= len(layer.calls):
        return []
    call = layer.calls[node]
    return [(ref.layer, ref.node) for ref in refs_in((call.args, call.kwargs))]
