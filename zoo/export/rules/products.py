"""Products of matrices and tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.engine.graph import Node
from zoo.export.emitter import Emitter, Refused, Rule
from zoo.export.rules.windows import bias_of

_ACCEPTED = ("float16", "bfloat16", "float32", "float64", "int32", "int64", "uint32", "uint64")


def _operands(e: Emitter, node: Node) -> list[str]:
    if node.output.dtype.startswith("complex"):
        raise Refused(f"ONNX computes nothing of this kind with {node.output.dtype}")
    names = [e.name(value) for value in node.inputs]
    if node.output.dtype in _ACCEPTED:
        return names
    return [e.op("Cast", name, to=np.dtype("int64")) for name in names]


def _hold(e: Emitter, node: Node, made: str) -> None:
    fits = node.output.dtype in _ACCEPTED
    e.hold(node.output, made if fits else e.op("Cast", made, to=np.dtype(node.output.dtype)))


def _matmul(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    x, y = node.inputs
    floating = node.output.dtype in _ACCEPTED[:4]
    bias = bias_of(e, node) if floating and x.ndim == y.ndim == 2 and e.is_fixed(y) else None
    if bias:
        e.hold(bias[1], e.op("Gemm", e.name(x), e.name(y), bias[0]))
    else:
        _hold(e, node, e.op("MatMul", *_operands(e, node)))


def _einsum(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    _hold(e, node, e.op("Einsum", *_operands(e, node), equation=attrs["equation"]))


def _det(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    e.hold(node.output, e.op("Det", e.name(node.inputs[0])))


RULES: dict[str, Rule] = {"matmul": _matmul, "einsum": _einsum, "det": _det}
