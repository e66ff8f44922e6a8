"""Gradients of reductions and running sums."""

from __future__ import annotations

from math import prod

from zoo.engine.gradients.movement import zeros_like
from zoo.engine.gradients.registry import indicator, number, rule, spread, without
from zoo.engine.primitives import add_op as add
from zoo.engine.primitives import cumsum_op as cumsum
from zoo.engine.primitives import divide_op as div
from zoo.engine.primitives import equal_op as equal
from zoo.engine.primitives import flip_op as flip
from zoo.engine.primitives import full_like_op, prod_op, select_op
from zoo.engine.primitives import multiply_op as mul
from zoo.engine.primitives import subtract_op as sub
from zoo.engine.primitives import sum_op


def _back(ct, node):
    return spread(ct, node.inputs[0], node.attrs["axes"], node.attrs["keepdims"])


@rule("sum")
def _sum(ct, node):
    return (_back(ct, node),)


@rule("mean")
def _mean(ct, node):
    (x,) = node.inputs
    return (mul(_back(ct, node), number(1 / max(prod(x.shape[a] for a in node.attrs["axes"]), 1), x)),)


@rule("moments")
def _moments(cts, node):
    """The variance does not change with the mean: distances to it sum up to 0."""
    (x,), axes = node.inputs, node.attrs["axes"]
    count = max(prod(x.shape[a] for a in axes), 1)
    by_mean, by_variance = (_back(mul(ct, number(k / count, x)), node) for ct, k in zip(cts, (1, 2)))
    distance = sub(x, _back(node.outputs[0], node))
    return (add(mul(distance, by_variance), by_mean),)


def _extremum(ct, node):
    """Equal extremes share the gradient, as in TensorFlow."""
    (x,) = node.inputs
    hit = indicator(equal(x, _back(node.output, node)), x)
    share = sum_op(hit, axes=node.attrs["axes"], keepdims=True)
    return (div(mul(_back(ct, node), hit), share),)


rule("max")(_extremum)
rule("min")(_extremum)


@rule("prod")
def _prod(ct, node):
    """The product of the others: exact with zeros among the factors, since nothing is divided by x."""
    (x,), axes = node.inputs, node.attrs["axes"]
    one, zero = full_like_op(x, value=1.0, dtype=x.dtype), zeros_like(x)
    is_zero = equal(x, zero)
    zeros = sum_op(indicator(is_zero, x), axes=axes, keepdims=True)
    filled = select_op(is_zero, one, x)
    others = div(prod_op(filled, axes=axes, keepdims=True), filled)     # without the zeros
    alone = indicator(equal(sub(zeros, indicator(is_zero, x)), zero), x)    # no zero among the others
    return (mul(_back(ct, node), mul(others, alone)),)


@rule("cumsum")
def _cumsum(ct, node):
    axis = node.attrs["axis"]
    return (flip(cumsum(flip(ct, axes=(axis,)), axis=axis), axes=(axis,)),)


@rule("cumprod")
def _cumprod(ct, node):
    """Defined where no factor is zero."""
    axis, (x,) = node.attrs["axis"], node.inputs
    return (div(flip(cumsum(flip(mul(ct, node.output), axes=(axis,)), axis=axis), axes=(axis,)), x),)


without("its result is a truth value", "all", "any")
