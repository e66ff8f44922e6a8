"""Normalisation to probabilities along one axis."""

from __future__ import annotations

from zoo.engine.op import Op, primitive
from zoo.engine.primitives.rules import FLOAT, require, require_axes
from zoo.engine.spec import TensorSpec


def _along_axis(name: str) -> Op:
    def infer(x: TensorSpec, *, axis: int) -> TensorSpec:
        require(name, x, FLOAT)
        require_axes(name, x, (axis,))
        return x
    return primitive(name, infer)


softmax_op = _along_axis("softmax")
log_softmax_op = _along_axis("log_softmax")
