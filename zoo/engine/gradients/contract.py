"""Gradients of contractions."""

from __future__ import annotations

from zoo.engine.gradients.registry import rule, unbroadcast
from zoo.engine.graph import Value
from zoo.engine.primitives import broadcast_to_op, einsum_op, matmul_op, reshape_op, transpose_op
from zoo.engine.primitives.contract import parse_equation
from zoo.errors import Unsupported


def swapped(x: Value) -> Value:
    """The last two axes exchanged."""
    return transpose_op(x, axes=(*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


@rule("matmul")
def _matmul(ct, node):
    x, y = node.inputs
    if x.ndim > 2 and y.ndim == 2:                          # one product of flat rows instead of a sum of many products
        rows = reshape_op(x, shape=(_rows(x), x.shape[-1]))
        flat = reshape_op(ct, shape=(_rows(ct), ct.shape[-1]))
        return matmul_op(ct, swapped(y)), matmul_op(swapped(rows), flat)
    return (unbroadcast(matmul_op(ct, swapped(y)), x.shape), unbroadcast(matmul_op(swapped(x), ct), y.shape))


def _rows(x: Value) -> int:
    count = 1
    for size in x.shape[:-1]:
        count *= size
    return count


@rule("einsum")
def _einsum(ct, node):
    labels, result = parse_equation(node.attrs["equation"], len(node.inputs))
    if any(len(set(letters)) < len(letters) for letters in labels):
        raise Unsupported(f"einsum {node.attrs['equation']!r} takes a diagonal, of which zoo has no gradient.")
    return [_einsum_input(ct, node, labels, result, i) for i in range(len(labels))]


def _einsum_input(ct: Value, node, labels: list[str], result: str, i: int) -> Value:
    others = [(letters, x) for k, (letters, x) in enumerate(zip(labels, node.inputs)) if k != i]
    present = result + "".join(letters for letters, _ in others)
    target = "".join(letter for letter in labels[i] if letter in present)
    equation = ",".join([result, *(letters for letters, _ in others)]) + "->" + target
    part = einsum_op(ct, *(x for _, x in others), equation=equation)
    x = node.inputs[i]
    if target == labels[i]:
        return part
    kept = tuple(size if letter in target else 1 for letter, size in zip(labels[i], x.shape))
    return broadcast_to_op(reshape_op(part, shape=kept), shape=x.shape)     # letters that were summed out alone
