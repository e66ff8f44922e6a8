"""Loops while a graph is traced: the body becomes a graph of its own, an attribute of one node.

What the body uses of the graph around it (values, variables) it takes as further inputs. Variables that it assigns are
carried from turn to turn like any other state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zoo import tree
from zoo.engine import graph as graphs
from zoo.engine.graph import Graph, Rewriter, Value
from zoo.engine.primitives import scan_op
from zoo.engine.primitives.recurrent import fits
from zoo.errors import ShapeError


def scan(function: Callable[[Any, Any], tuple[Any, Any]], carry: Any, xs: Any, *, reverse: bool = False) -> Any:
    """``carry, y = function(carry, x)`` for each slice x of `xs` along the first axis, as one node.

    Args:
        function: traced once.
        carry: a nest of tensors: the state before the first turn.
        xs: a nest of tensors whose first axes have one length, which may be unknown.
        reverse: from the last slice to the first; the ys keep the order of the slices.

    Returns:
        The carry after the last turn, and the nest of ys, stacked along a new first axis (None stays None).

    Raises:
        ShapeError: a turn changes the shape or the dtype of the carry.
    """
    outer = graphs.current()
    sequences, states = ([outer.as_value(leaf) for leaf in tree.leaves(nest)] for nest in (xs, carry))
    body = Graph(f"{outer.name} loop")
    body.scopes = list(outer.scopes)
    slices = [body.input(value.spec.with_shape(value.shape[1:])) for value in sequences]
    before = [body.input(value.spec) for value in states]
    with body.recording():
        new, y = function(tree.pack(carry, before), tree.pack(xs, slices))
        after, results = ([body.as_value(leaf) for leaf in tree.leaves(nest) if leaf is not None] for nest in (new, y))
    _check(states, after)
    assigned = list(body.updates)
    before += [body.reads.get(variable, Value(variable.spec, variable)) for variable in assigned]
    extra = captured(body, [*slices, *before], [*after, *results])
    body.inputs = [*slices, *before, *extra]
    body.outputs = [*after, *body.updates.values(), *results]
    body.updates = {}
    given = [*sequences, *states, *map(outer.read, assigned), *(outside(outer, value) for value in extra)]
    made = scan_op(*given, body=Rewriter(body).run(lambda *_: None), sequences=len(slices), states=len(before),
                   reverse=reverse)
    for variable, value in zip(assigned, made[len(after):]):
        outer.update(variable, value)
    stacked = iter(made[len(before):])
    return tree.pack(carry, list(made[:len(after)])), tree.map(lambda leaf: None if leaf is None else next(stacked), y)


def inline(body: Graph, inputs: Sequence[Value]) -> list[Value]:
    """Applies the nodes of a graph to other inputs, in the graph being traced; returns its outputs there."""
    graph = graphs.current()
    values = dict(zip(body.inputs, inputs, strict=True))
    for node in body.nodes:
        made = graph.add(node.op, [values.get(value, value) for value in node.inputs], node.attrs)
        values.update(zip(node.outputs, made if isinstance(made, tuple) else (made,)))
    return [values.get(value, value) for value in body.outputs]


def _check(states: Sequence[Value], after: Sequence[Value]) -> None:
    if len(after) != len(states) or not all(fits(a.spec, b.spec) for a, b in zip(states, after)):
        raise ShapeError(f"scan: the carry is {[value.spec for value in states]}, and one turn makes "
                         f"{[value.spec for value in after]} of it: number, shapes and dtypes must stay the same.")


def captured(body: Graph, inputs: Sequence[Value], outputs: Sequence[Value]) -> list[Value]:
    """What a graph uses without making it; constants do not count."""
    own = {*inputs, *(value for node in body.nodes for value in node.outputs)}
    used = [*(value for node in body.nodes for value in node.inputs), *outputs, *body.updates.values()]
    return [value for value in dict.fromkeys(used) if value not in own and value.constant is None]


def outside(outer: Graph, value: Value) -> Value:
    """The outer graph's value for a captured one."""
    return outer.read(value.source) if hasattr(value.source, "assign") else value
