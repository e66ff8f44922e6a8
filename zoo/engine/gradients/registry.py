"""The gradient of every primitive, as a table of rules.

A rule is a vector-Jacobian product: from the cotangent of a node's output it makes the cotangents of its inputs, by
applying primitives, so that the backward pass is a graph like any other and has gradients itself. A primitive without
a gradient says so, with the reason: none is missing by omission.

The gradient of a real result by a complex tensor is the direction of steepest ascent. A rule knows nothing of it: it
multiplies by derivatives, as for real numbers, and the backward loop conjugates what goes in and what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zoo.engine import dtypes
from zoo.engine import graph as graphs
from zoo.engine.graph import Node, Value
from zoo.engine.primitives import (broadcast_to_op, cast_op, complex_op, imaginary_op, negative_op, real_op, reshape_op,
                                   sum_op)
from zoo.engine.spec import Shape
from zoo.errors import ConfigError

Rule = Callable[[Any, Node], Sequence[Value | None]]

RULES: dict[str, Rule] = {}
WITHOUT: dict[str, str] = {}


def rule(name: str) -> Callable[[Rule], Rule]:
    """Registers the decorated function as the gradient of primitive `name`."""
    def enter(function: Rule) -> Rule:
        if name in RULES or name in WITHOUT:
            raise ConfigError(f"The primitive {name!r} already has a gradient.")
        RULES[name] = function
        return function
    return enter


def without(reason: str, *names: str) -> None:
    """Says that no gradient passes through these primitives, and why."""
    for name in names:
        if name in RULES or name in WITHOUT:
            raise ConfigError(f"The primitive {name!r} already has a gradient.")
        WITHOUT[name] = reason


def unary(name: str, function: Callable[[Value, Value, Value], Value]) -> None:
    """The gradient of ``y = f(x)``, elementwise: ``function(ct, y, x)``."""
    rule(name)(lambda ct, node: (function(ct, node.output, node.inputs[0]),))


def binary(name: str, *functions: Callable[[Value, Value, Value, Value], Value]) -> None:
    """The gradients of ``z = f(x, y)``, elementwise and broadcast: ``function(ct, z, x, y)`` for x and for y."""
    rule(name)(lambda ct, node: tuple(unbroadcast(f(ct, node.output, *node.inputs), x.shape)
                                      for f, x in zip(functions, node.inputs, strict=True)))


def conjugate(x: Value) -> Value:
    """The complex conjugate; a real tensor is its own."""
    return complex_op(real_op(x), negative_op(imaginary_op(x))) if dtypes.is_complex(x.dtype) else x


def unbroadcast(ct: Value, shape: Shape) -> Value:
    """Sums over the axes along which a tensor of `shape` was broadcast."""
    extra = ct.ndim - len(shape)
    stretched = [extra + i for i, size in enumerate(shape) if size == 1 and ct.shape[extra + i] != 1]
    axes = (*range(extra), *stretched)
    if axes:
        ct = sum_op(ct, axes=axes, keepdims=True)
    return ct if ct.shape == shape else reshape_op(ct, shape=shape)


def spread(ct: Value, like: Value, axes: Sequence[int], keepdims: bool) -> Value:
    """Undoes the shape of a reduction of `like` over `axes`: every reduced element gets the cotangent."""
    if not keepdims:
        ct = reshape_op(ct, shape=tuple(1 if i in axes else size for i, size in enumerate(like.shape)))
    return broadcast_to_op(ct, shape=like.shape)


def number(value: float, like: Value) -> Value:
    """A scalar constant in the dtype of `like`."""
    return graphs.current().constant(np.asarray(value, dtypes.storage(like.dtype)), like.dtype)


def indicator(condition: Value, like: Value) -> Value:
    """1 where the condition holds, else 0, in the dtype of `like`."""
    return cast_op(condition, dtype=like.dtype)
