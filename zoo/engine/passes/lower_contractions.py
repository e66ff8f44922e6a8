"""Says contractions in the words that have fast kernels: `einsum` as `matmul`, `conv_transpose` as `conv`."""

from __future__ import annotations

from math import prod

from zoo.engine import windows
from zoo.engine.graph import Graph, Node, Rewriter, Value
from zoo.engine.op import OPS
from zoo.engine.passes.rules import reshaped, transposed


def lower_contractions(graph: Graph) -> tuple[Graph, int]:
    """Replaces products of two tensors by products of matrices, and transposed convolutions by plain ones."""
    rewriter = Rewriter(graph)
    return rewriter.run(_lower), rewriter.changes


def _lower(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> tuple[Value, ...] | None:
    if node.epilogue is not None:
        return None
    result = _RULES[node.op.name](rewriter, node, inputs) if node.op.name in _RULES else None
    return None if result is None else (result,)


def _einsum(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    """Two operands without repeated letters: those of both are stacked or summed over, others are rows, columns."""
    operands, _, result = node.attrs["equation"].partition("->")
    if len(inputs) != 2 or any(len(set(letters)) < len(letters) for letters in operands.split(",")):
        return None
    first, second = operands.split(",")
    x, first = _summed(rewriter, inputs[0], first, second + result)
    y, second = _summed(rewriter, inputs[1], second, first + result)
    if _is_turned(first, second, result):                   # the other product has its rows and columns in order
        x, first, y, second = y, second, x, first
    sizes = dict(zip(first + second, x.shape + y.shape))
    stack = [letter for letter in result if letter in first and letter in second]
    inner = [letter for letter in first if letter in second and letter not in result]
    rows = [letter for letter in first if letter not in second]
    columns = [letter for letter in second if letter not in first]

    def size(letters: list[str]) -> int:
        return prod(sizes[letter] for letter in letters)

    x = transposed(rewriter, x, [first.index(letter) for letter in stack + rows + inner])
    y = transposed(rewriter, y, [second.index(letter) for letter in stack + inner + columns])
    lead = [sizes[letter] for letter in stack] or [sizes[letter] for letter in rows[:-1]]
    height = size(rows) if stack else sizes[rows[-1]] if rows else 1
    x = reshaped(rewriter, x, [*lead, height, size(inner)])
    y = reshaped(rewriter, y, [*(lead if stack else ()), size(inner), size(columns)])
    product = rewriter.apply(OPS["matmul"], x, y)
    product = reshaped(rewriter, product, [sizes[letter] for letter in stack + rows + columns])
    return transposed(rewriter, product, [(stack + rows + columns).index(letter) for letter in result])


def _is_turned(first: str, second: str, result: str) -> bool:
    """Whether the product of stacks of matrices gives the result's last two axes the wrong way round."""
    stacked = any(letter in first and letter in second for letter in result)
    return stacked and len(result) > 1 and result[-1] not in second and result[-2] not in first


def _summed(rewriter: Rewriter, value: Value, letters: str, needed: str) -> tuple[Value, str]:
    """The operand summed over the axes whose letters stand nowhere else."""
    axes = tuple(axis for axis, letter in enumerate(letters) if letter not in needed)
    if axes:
        value = rewriter.apply(OPS["sum"], value, axes=axes, keepdims=False)
    return value, "".join(letter for letter in letters if letter in needed)


def _conv_transpose(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    """With strides of 1 it is the convolution by the kernel turned around, input and output channels exchanged."""
    (x, kernel), attrs = inputs, node.attrs
    *window, outputs, channels = kernel.shape
    if set(attrs["strides"]) != {1}:
        return None
    pieces = windows.transposed(x.shape[1:-1], window, attrs["strides"], attrs["padding"], attrs["output_padding"],
                                attrs["dilation"])
    pads = []
    for size, count, spread, (dropped, length) in zip(x.shape[1:-1], window, attrs["dilation"], pieces):
        span = windows.extent(count, spread)
        pads.append((span - 1 - dropped, length + dropped - size))
    if any(min(pair) < 0 for pair in pads):
        return None
    groups, rank = attrs["groups"], len(window)
    turned = tuple(axis for axis, size in enumerate(window) if size > 1)
    kernel = rewriter.apply(OPS["flip"], kernel, axes=turned) if turned else kernel
    kernel = reshaped(rewriter, kernel, [*window, outputs, groups, channels // groups])
    kernel = transposed(rewriter, kernel, [*range(rank), rank + 2, rank + 1, rank])
    kernel = reshaped(rewriter, kernel, [*window, channels // groups, groups * outputs])
    return rewriter.apply(OPS["conv"], x, kernel, strides=attrs["strides"], padding=tuple(pads),
                          dilation=attrs["dilation"], groups=groups)


_RULES = {"einsum": _einsum, "conv_transpose": _conv_transpose}
