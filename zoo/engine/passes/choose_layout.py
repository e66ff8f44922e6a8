"""Moves transposes towards the outputs, so that they meet and cancel.

Convolution and pooling are channels-last. A channels-first model surrounds each of them with a pair of transposes;
when the second of a pair moves down through what follows (elementwise functions, concatenation, reductions, ...), it
arrives at the first of the next pair, and both vanish. What remains stands at the inputs and outputs of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zoo.engine.fixed import FixedValues
from zoo.engine.graph import Graph, Node, Rewriter, Value
from zoo.engine.passes.rules import inverse, made_by, reshaped, transposed

Axes = tuple[int, ...]


def choose_layout(graph: Graph) -> tuple[Graph, int]:
    """Sinks transposes through every primitive that has a rule for it."""
    fixed = FixedValues(graph)

    def rule(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> tuple[Value, ...] | None:
        axes = _common_axes(inputs, fixed)
        if axes is None or node.epilogue is not None:
            return None
        if node.op.name == "transpose":
            return (transposed(rewriter, inputs[0], node.attrs["axes"]),)
        attrs = node.attrs if node.op.elementwise else _ATTRS.get(node.op.name, _refuse)(node, axes)
        if attrs is None or any(_before(value, node, axes, fixed) is None for value in inputs):
            return None
        moved = [_before(value, node, axes, fixed)(rewriter) for value in inputs]
        result = rewriter.apply(node.op, *moved, **attrs)
        results = result if isinstance(result, tuple) else (result,)
        return tuple(transposed(rewriter, value, _axes_after(node, axes)) for value in results)

    rewriter = Rewriter(graph)
    return rewriter.run(rule), rewriter.changes


def _common_axes(inputs: Sequence[Value], fixed: FixedValues) -> Axes | None:
    """The permutation of the first input that a transpose computes."""
    for value in inputs:
        if made_by(value, "transpose") and value not in fixed:
            return value.node.attrs["axes"]
    return None


def _before(value: Value, node: Node, axes: Axes, fixed: FixedValues) -> Callable[[Rewriter], Value] | None:
    """How to get the value as it was before its axes went into order `axes`; None if that would move elements."""
    if made_by(value, "transpose") and value.node.attrs["axes"] == axes:
        return lambda rewriter: value.node.inputs[0]
    if value.spec.size == 1 and node.op.elementwise:
        return lambda rewriter: reshaped(rewriter, value, ())
    if value.ndim > len(axes) or value.ndim < len(axes) and not node.op.elementwise:
        return None
    whole = (1,) * (len(axes) - value.ndim) + value.shape
    moved = [axis for axis in inverse(axes) if whole[axis] != 1]
    if value not in fixed and moved != sorted(moved):
        return None
    return lambda rewriter: transposed(rewriter, reshaped(rewriter, value, whole), inverse(axes))


def _axes_after(node: Node, axes: Axes) -> Axes:
    """The order of the result's axes: `axes`, less those that a reduction drops."""
    dropped = node.attrs.get("axes") or (node.attrs.get("axis"),)
    if node.attrs.get("keepdims", True) or node.op.elementwise:
        return axes
    left = [axis for position, axis in enumerate(axes) if position not in dropped]
    return tuple(sorted(left).index(axis) for axis in left)


def _refuse(node: Node, axes: Axes) -> None:
    return None


def _axis(node: Node, axes: Axes) -> dict[str, Any]:
    return {**node.attrs, "axis": axes[node.attrs["axis"]]}


def _axes(node: Node, axes: Axes) -> dict[str, Any]:
    return {**node.attrs, "axes": tuple(sorted(axes[axis] for axis in node.attrs["axes"]))}


def _per_axis(*names: str) -> Callable[[Node, Axes], dict[str, Any]]:
    """The attributes `names` hold one item for each axis of the input."""
    def attrs(node: Node, axes: Axes) -> dict[str, Any]:
        order = inverse(axes)
        return {**node.attrs, **{name: tuple(node.attrs[name][axis] for axis in order) for name in names}}
    return attrs


_ATTRS: dict[str, Callable[[Node, Axes], dict[str, Any] | None]] = {
    "concatenate": _axis, "softmax": _axis, "log_softmax": _axis, "cumsum": _axis, "cumprod": _axis,
    "argmax": _axis, "argmin": _axis,
    "sum": _axes, "mean": _axes, "moments": _axes, "max": _axes, "min": _axes, "prod": _axes,
    "all": _axes, "any": _axes, "flip": _axes,
    "pad": _per_axis("pads"),
    "slice": _per_axis("starts", "stops", "steps"),
}
