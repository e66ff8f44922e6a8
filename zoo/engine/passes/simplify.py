"""Local algebra: what can be said with fewer or cheaper nodes. One rule for each primitive, in `RULES`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from zoo.engine import windows
from zoo.engine.graph import Graph, Node, Rewriter, Value
from zoo.engine.op import OPS
from zoo.engine.passes.rules import is_constant, made_by, reshaped, transposed

Rule = Callable[[Rewriter, Node, tuple[Value, ...]], Value | tuple[Value, ...] | None]


def simplify(graph: Graph) -> tuple[Graph, int]:
    """Applies the rule of each node's primitive; rules see inputs that are simplified already."""
    rewriter = Rewriter(graph)
    return rewriter.run(_simplify), rewriter.changes


def _simplify(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> tuple[Value, ...] | None:
    if node.epilogue is not None:
        return None
    for rule in (RULES.get(node.op.name), _without_broadcast if node.op.elementwise else None):
        result = rule(rewriter, node, inputs) if rule else None
        if result is not None:
            return result if isinstance(result, tuple) else (result,)
    return None


def _cast(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    exact = node.attrs["dtype"] != "bfloat16"               # a cast to bfloat16 rounds, whatever it comes from
    return inputs[0] if exact and inputs[0].dtype == node.attrs["dtype"] else None


def _identity(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    return inputs[0]


def _results(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> tuple[Value, ...]:
    """The gradient has been taken by now."""
    return inputs[node.attrs["arguments"]:][:node.attrs["results"]]


def _reshape(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    if made_by(inputs[0], "sum", "mean") and inputs[0].node.attrs["keepdims"]:
        reduction = inputs[0].node
        axes, x = reduction.attrs["axes"], reduction.inputs[0]
        if node.output.shape == tuple(size for axis, size in enumerate(x.shape) if axis not in axes):
            return rewriter.apply(reduction.op, x, axes=axes, keepdims=False)
    if made_by(inputs[0], "reshape") or inputs[0].shape == node.output.shape:
        return reshaped(rewriter, inputs[0], node.output.shape)
    return None


def _transpose(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    result = transposed(rewriter, inputs[0], node.attrs["axes"])
    unchanged = made_by(result, "transpose") and result.node.inputs == inputs
    return None if unchanged else result


def _same_shape(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    return inputs[0] if len(inputs) == 1 and inputs[0].shape == node.output.shape else None


def _slice(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    whole = inputs[0].shape == node.output.shape            # then every axis is taken from its start by steps of one
    return inputs[0] if whole else None


def _reduce(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    if all(inputs[0].shape[axis] == 1 for axis in node.attrs["axes"]):
        return reshaped(rewriter, inputs[0], node.output.shape)
    return None


def _full_like(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    value = rewriter.new.constant(np.asarray(node.attrs["value"]), node.output.dtype)
    return rewriter.apply(OPS["broadcast_to"], value, shape=node.output.shape)


def _neutral(number: float, *positions: int) -> Rule:
    """A binary primitive that is the identity where the input at one of `positions` is `number`."""
    def rule(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
        for position in positions:
            other = inputs[1 - position]
            if is_constant(inputs[position], number) and other.shape == node.output.shape:
                return other
        return None
    return rule


def _power(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    base, exponent = inputs
    if base.shape != node.output.shape:
        return None
    if is_constant(exponent, 1):
        return base
    if is_constant(exponent, 2):
        return rewriter.apply(OPS["square"], base)
    return None


def _subtract(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    if is_constant(inputs[0], 0) and inputs[1].shape == node.output.shape:
        return rewriter.apply(OPS["negative"], inputs[1])
    return _neutral(0, 1)(rewriter, node, inputs)


def _negative(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    return inputs[0].node.inputs[0] if made_by(inputs[0], "negative") else None


def _plain(value: Value, rank: int) -> Value:
    """What a tensor was before it was broadcast, or got axes of size 1 in front: elementwise primitives do both.

    Args:
        rank: of the result; what has it is looked into.
    """
    if made_by(value, "broadcast_to"):
        return value.node.inputs[0]
    if made_by(value, "reshape") and value.ndim == rank:
        inner = value.node.inputs[0]
        if value.shape == (1,) * (rank - inner.ndim) + inner.shape:
            return inner
    return value


def _without_broadcast(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    """Elementwise primitives broadcast by themselves; what they make of broadcast tensors only is broadcast later."""
    inner = tuple(_plain(value, node.output.ndim) for value in inputs)
    if inner == inputs:
        return None
    result = rewriter.apply(node.op, *inner, **node.attrs)
    if result.shape == node.output.shape:
        return result
    if result.spec.size == node.output.spec.size:
        return reshaped(rewriter, result, node.output.shape)
    return rewriter.apply(OPS["broadcast_to"], result, shape=node.output.shape)


def _conv(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    """Zeros put around the input become padding of the convolution."""
    if not _is_spatial_pad(inputs[0]) or inputs[0].node.attrs["value"] != 0:
        return None
    window = inputs[1].shape[:-2]
    return _absorb_pad(rewriter, node, inputs, window, node.attrs["dilation"])


def _conv_kernel_gradient(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    """The same for the gradient by its kernel."""
    if not _is_spatial_pad(inputs[0]) or inputs[0].node.attrs["value"] != 0:
        return None
    return _absorb_pad(rewriter, node, inputs, node.attrs["window"], node.attrs["dilation"])


def _max_pool(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    """Padding that can never win becomes padding of the pooling."""
    if not _is_spatial_pad(inputs[0]):
        return None
    pad, window = inputs[0].node, node.attrs["window"]
    never_wins = pad.attrs["value"] == -np.inf or pad.attrs["value"] <= 0 and _is_nonnegative(pad.inputs[0])
    pads = windows.pads(inputs[0].shape[1:-1], window, node.attrs["strides"], node.attrs["padding"], (1,) * len(window))
    total = [(a + c, b + d) for (a, b), (c, d) in zip(pads, pad.attrs["pads"][1:-1])]
    covered = all(max(pair) < size for pair, size in zip(total, window))        # each window holds an element of x
    return _absorb_pad(rewriter, node, inputs, window, (1,) * len(window)) if never_wins and covered else None


def _is_spatial_pad(value: Value) -> bool:
    if not made_by(value, "pad") or value.node.attrs["mode"] != "constant":
        return False
    batch, *_, channels = value.node.attrs["pads"]
    return not any(batch) and not any(channels)


def _absorb_pad(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...], window: tuple[int, ...],
                dilation: tuple[int, ...]) -> Value:
    pad = inputs[0].node
    own = windows.pads(inputs[0].shape[1:-1], window, node.attrs["strides"], node.attrs["padding"], dilation)
    total = tuple((a + c, b + d) for (a, b), (c, d) in zip(own, pad.attrs["pads"][1:-1]))
    return rewriter.apply(node.op, pad.inputs[0], *inputs[1:], **{**node.attrs, "padding": total})


def _is_nonnegative(value: Value) -> bool:
    """Whether no element can be negative (or is NaN, which wins anyway)."""
    if made_by(value, "relu", "sigmoid", "exp", "square", "absolute", "softplus", "sqrt", "softmax"):
        return True
    if made_by(value, "clip"):
        return value.node.attrs["min"] >= 0
    return made_by(value, "max_pool", "avg_pool", "reshape", "transpose") and _is_nonnegative(value.node.inputs[0])


RULES: dict[str, Rule] = {
    "cast": _cast,
    "stop_gradient": _identity,
    "custom_gradient": _results,
    "reshape": _reshape,
    "transpose": _transpose,
    "broadcast_to": _same_shape,
    "pad": _same_shape,
    "concatenate": _same_shape,
    "slice": _slice,
    "sum": _reduce, "mean": _reduce, "max": _reduce, "min": _reduce, "prod": _reduce,
    "full_like": _full_like,
    "add": _neutral(0, 0, 1),
    "subtract": _subtract,
    "multiply": _neutral(1, 0, 1),
    "divide": _neutral(1, 1),
    "power": _power,
    "negative": _negative,
    "conv": _conv,
    "conv_kernel_gradient": _conv_kernel_gradient,
    "max_pool": _max_pool,
}
