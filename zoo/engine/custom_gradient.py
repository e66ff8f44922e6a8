"""Functions that bring their own gradient.

The gradient function is traced together with the function, as the body of a loop is: what it uses of the forward pass
becomes an input of one node, which hands the results on. So the node can be copied, looped and differentiated again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from zoo import tree
from zoo.engine import graph as graphs
from zoo.engine import loop
from zoo.engine.graph import Graph, Rewriter, Value
from zoo.engine.operation import is_symbolic
from zoo.engine.primitives import custom_gradient_op, full_like_op
from zoo.engine.primitives.recurrent import fits
from zoo.errors import ConfigError, ShapeError


def custom_gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a function use a gradient of its own, where that of its formula is unstable, costly or not wanted.

    Args:
        function: of tensors; returns its result and a function that makes, of the cotangents of the result (one
            positional argument for each tensor), the cotangents of the positional arguments: a tensor, or a tuple with
            None where there is none. Values that it captures besides its arguments have no gradient.

    Returns:
        The function, returning the result only.

    Example:
        >>> from zoo import ops
        >>> @custom_gradient
        ... def softplus(x):
        ...     powers = ops.exp(x)
        ...     return ops.log(1 + powers), lambda upstream: upstream * (1 - 1 / (1 + powers))
    """
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if is_symbolic(args, kwargs):
            raise ConfigError(f"{function.__name__} has a gradient of its own and cannot be a node of a functional "
                              f"model: call it in the call() of a layer.")
        graph = graphs.current()
        if graph is None:
            return function(*args, **kwargs)[0]
        args = tree.map(graph.as_value, args)
        result, gradient = function(*args, **kwargs)
        return _connected(graph, function.__name__, tree.leaves(args), result, gradient)
    return call


def _connected(graph: Graph, name: str, args: list[Value], result: Any, gradient: Callable[..., Any]) -> Any:
    """The result, by way of a node that knows the gradient."""
    results = [graph.as_value(leaf) for leaf in tree.leaves(result)]
    body = _traced(graph, name, args, results, gradient)
    captured = body.inputs[len(results):]
    given = [*args, *results, *(loop.outside(graph, value) for value in captured)]
    body = Rewriter(body).run(lambda *_: None)
    made = custom_gradient_op(*given, backward=body, arguments=len(args), results=len(results))
    return tree.pack(result, list(made))


def _traced(graph: Graph, name: str, args: list[Value], results: list[Value], gradient: Callable[..., Any]) -> Graph:
    """The gradient function as a graph: of cotangents of the results and captured values, to those of the arguments."""
    body = Graph(f"gradient of {name}")
    body.scopes = list(graph.scopes)
    cotangents = [body.input(value.spec) for value in results]
    with body.recording():
        found = gradient(*cotangents)
        found = list(found) if isinstance(found, (tuple, list)) else [found]
        if len(found) != len(args):
            raise ConfigError(f"The gradient function of {name} gave {len(found)} cotangents for {len(args)} "
                              f"arguments.")
        body.outputs = [full_like_op(x, value=0.0, dtype=x.dtype) if ct is None else body.as_value(ct)
                        for x, ct in zip(args, found)]
    for x, ct in zip(args, body.outputs):
        if not fits(ct.spec, x.spec):
            raise ShapeError(f"The gradient function of {name} gave {ct.spec!r} for an argument {x.spec!r}.")
    if body.updates:
        raise ConfigError(f"The gradient function of {name} assigns variables, which only the function itself may do.")
    body.inputs = [*cotangents, *loop.captured(body, cotangents, body.outputs)]
    return body
