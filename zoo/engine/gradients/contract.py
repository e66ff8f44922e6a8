"""Gradients of contractions."""

from __future__ import annotations

from string import ascii_letters

import numpy as np

from zoo.engine import dtypes
from zoo.engine import graph as graphs
from zoo.engine.gradients.registry import rule, unbroadcast
from zoo.engine.graph import Value
from zoo.engine.primitives import broadcast_to_op, einsum_op, matmul_op, reshape_op, transpose_op
from zoo.engine.primitives.contract import parse_equation


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
    return [_einsum_input(ct, node, labels, result, i) for i in range(len(labels))]


def _einsum_input(ct: Value, node, labels: list[str], result: str, i: int) -> Value:
    others = [(letters, x) for k, (letters, x) in enumerate(zip(labels, node.inputs)) if k != i]
    present = result + "".join(letters for letters, _ in others)
    own = "".join(dict.fromkeys(labels[i]))                 # without the letters that take a diagonal
    target = "".join(letter for letter in own if letter in present)
    equation = ",".join([result, *(letters for letters, _ in others)]) + "->" + target
    part = einsum_op(ct, *(x for _, x in others), equation=equation)
    x = node.inputs[i]
    sizes = dict(zip(labels[i], x.shape))
    if target != own:                                       # letters that were summed out alone
        kept = tuple(size if letter in target else 1 for letter, size in sizes.items())
        part = broadcast_to_op(reshape_op(part, shape=kept), shape=tuple(sizes.values()))
    return part if own == labels[i] else _on_diagonal(part, own, labels[i], sizes)


def _on_diagonal(x: Value, letters: str, wanted: str, sizes: dict[str, int]) -> Value:
    """x with the axes of repeated letters once more: zeros where the indices of one letter differ."""
    free = iter(sorted(set(ascii_letters) - set(letters)))
    seen: set[str] = set()
    axes, operands, tables = "", [letters], []
    for letter in wanted:
        name = letter
        if letter in seen:
            name = next(free)
            operands.append(letter + name)
            tables.append(graphs.current().constant(np.eye(sizes[letter], dtype=dtypes.storage(x.dtype)), x.dtype))
        seen.add(letter)
        axes += name
    return einsum_op(x, *tables, equation=f"{','.join(operands)}->{axes}")
