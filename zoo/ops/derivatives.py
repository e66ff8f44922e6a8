"""Derivatives of functions along a direction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zoo import tree
from zoo.engine import dtypes
from zoo.engine import graph as graphs
from zoo.engine.autodiff import gradients
from zoo.engine.eager import as_array
from zoo.engine.graph import Graph, Value
from zoo.engine.operation import is_symbolic
from zoo.engine.primitives import full_like_op
from zoo.engine.tape import LiveGraph
from zoo.errors import ConfigError, ShapeError
from zoo.ops.promotion import as_tensor


def jvp(fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """What a function gives, and how that changes when its arguments move along a direction.

    The backward pass is linear in its cotangents; its own gradient by them is the change.

    Args:
        fun: of tensors, or nests of them; gives a nest of tensors, or a pair of that and of anything else.
        primals: the arguments, in a list or tuple.
        tangents: the direction, in the structure and shapes of `primals`.
        has_aux: whether the result is such a pair.

    Returns:
        The result and its change, in one structure; and the second of the pair, if there is one.

    Raises:
        ShapeError: the direction has other shapes than the arguments.
        ConfigError: it is called on symbolic tensors.

    Example:
        >>> jvp(lambda x: x * x, [3.0], [1.0])
        (9.0, 6.0)
    """
    if is_symbolic(primals, tangents):
        raise ConfigError("jvp cannot be a node of a functional model: call it in the call() of a layer.")
    graph = graphs.current()
    if graph is not None:
        return _directional(graph, graph.as_value, fun, primals, tangents, has_aux)
    graph = LiveGraph("jvp")
    with graph.recording():
        found = _directional(graph, graph.live_input, fun, primals, tangents, has_aux)
    return tree.map(lambda leaf: as_array(leaf.data) if isinstance(leaf, Value) else leaf, found)


def _directional(graph: Graph, enter: Callable[[Any], Value], fun: Callable[..., Any], primals: Sequence[Any],
                 tangents: Sequence[Any], has_aux: bool) -> tuple[Any, ...]:
    xs, directions = (tree.map(lambda leaf: enter(as_tensor(leaf)), list(given)) for given in (primals, tangents))
    by, along = tree.leaves(xs), tree.leaves(directions)
    if [x.shape for x in by] != [v.shape for v in along]:
        raise ShapeError(f"jvp: expected tangents of the shapes {[x.shape for x in by]} of the primals, received "
                         f"{[v.shape for v in along]}.")
    result, *aux = fun(*xs) if has_aux else (fun(*xs),)
    ys = [graph.as_value(leaf) for leaf in tree.leaves(result)]
    zeros = [_zeros(y) for y in ys]
    pairs = [(g, v) for g, v in zip(gradients(ys, by, zeros), along) if g is not None and dtypes.is_float(v.dtype)]
    changes = gradients([g for g, _ in pairs], zeros, [v for _, v in pairs])
    changes = [_zeros(y) if change is None else change for y, change in zip(ys, changes)]
    return (tree.pack(result, ys), tree.pack(result, changes), *aux)


def _zeros(like: Value) -> Value:
    return full_like_op(like, value=0.0, dtype=like.dtype)
