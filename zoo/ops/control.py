"""Choices and loops. In a graph, all loops but `scan` are written out: their number of turns must be known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zoo import tree
from zoo.engine import graph as graphs
from zoo.engine import loop
from zoo.engine import primitives as p
from zoo.engine.graph import Value
from zoo.errors import ShapeError
from zoo.ops.numpy_like.manipulation import flip, stack, unstack
from zoo.ops.promotion import as_tensor, concrete, constant, promote, shape_of


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """The result of one of two functions. In a graph both are computed, and one is chosen element by element."""
    if not isinstance(pred, Value):
        return true_fn() if bool(concrete("cond", pred)) else false_fn()
    chosen = as_tensor(pred, "bool")
    return tree.map(lambda a, b: p.select_op(chosen, *promote(a, b)), true_fn(), false_fn())


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """The result of the branch of that number; numbers out of range count as the nearest one."""
    if not isinstance(index, Value):
        return branches[int(np.clip(int(concrete("switch", index)), 0, len(branches) - 1))](*operands)
    result = branches[-1](*operands)
    for number in reversed(range(len(branches) - 1)):
        chosen = p.less_equal_op(as_tensor(index, "int32"), constant(number, "int32"))
        result = tree.map(lambda a, b: p.select_op(chosen, *promote(a, b)), branches[number](*operands), result)
    return result


def _length(xs: Any) -> int:
    sizes = {shape_of(leaf)[0] for leaf in tree.leaves(xs)}
    if len(sizes) != 1 or None in sizes:
        raise ShapeError(f"Expected tensors whose first axes have one known size, received "
                         f"{[shape_of(leaf) for leaf in tree.leaves(xs)]}.")
    return sizes.pop()


def _stacked(results: Sequence[Any], axis: int = 0) -> Any:
    """A nest of tensors for a sequence of nests; None where a leaf is None."""
    return tree.map(lambda *leaves: None if leaves[0] is None else stack(leaves, axis), results[0], *results[1:])


def _items(xs: Any, count: int, axis: int = 0) -> list[Any]:
    """The nests that the slices of a nest of tensors make."""
    slices = tree.map(lambda leaf: tuple(unstack(leaf, count, axis)), xs)
    lines = _lines(xs, slices)
    return [tree.pack(xs, [line[i] for line in lines]) for i in range(count)]


def _lines(xs: Any, slices: Any) -> list[tuple[Any, ...]]:
    collected: list[tuple[Any, ...]] = []
    tree.map(lambda leaf, line: collected.append(line), xs, slices)
    return collected


def map(f: Callable[[Any], Any], xs: Any) -> Any:  # noqa: A001 - Keras's name
    """The results of a function of each slice along the first axis, stacked."""
    return _stacked([f(item) for item in _items(xs, _length(xs))])


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """Another name of `map`."""
    return map(function, elements)


def scan(f: Callable[[Any, Any], tuple[Any, Any]], init: Any, xs: Any = None, length: int | None = None,
         reverse: bool = False, unroll: int = 1) -> tuple[Any, Any]:
    """``carry, y = f(carry, x)`` for each slice x along the first axis. In a graph this is one node.

    Args:
        f: of the carry and a slice.
        init: the first carry.
        xs: a nest of tensors; None for `length` turns without one.
        length: number of turns.
        reverse: from the last slice to the first.
        unroll: ignored.

    Returns:
        The last carry, and the stacked ys (in the order of the slices).
    """
    if graphs.current() is not None:
        if xs is None:
            return loop.scan(lambda carry, _: f(carry, None), init, np.arange(length), reverse=reverse)
        return loop.scan(f, init, xs, reverse=reverse)
    count = length if xs is None else _length(xs)
    items = [None] * count if xs is None else _items(xs, count)
    carry, ys = init, []
    for item in reversed(items) if reverse else items:
        carry, y = f(carry, item)
        ys.append(y)
    return carry, _stacked(ys[::-1] if reverse else ys)


def associative_scan(f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """Running results of an associative function along an axis, from the front or from the back."""
    elems = tree.map(lambda x: flip(x, axis) if reverse else as_tensor(x), elems)
    items = _items(elems, shape_of(tree.leaves(elems)[0])[axis], axis)
    results = items[:1]
    for item in items[1:]:
        results.append(f(results[-1], item))
    return tree.map(lambda x: flip(x, axis) if reverse else x, _stacked(results, axis))


def fori_loop(lower: int, upper: int, body_fun: Callable[[int, Any], Any], init_val: Any) -> Any:
    """``value = body_fun(i, value)`` for i from `lower` to before `upper`."""
    value = init_val
    for i in range(int(concrete("fori_loop", lower)), int(concrete("fori_loop", upper))):
        value = body_fun(i, value)
    return value


def while_loop(cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any,
               maximum_iterations: int | None = None) -> Any:
    """``variables = body(*variables)`` while ``cond(*variables)`` holds; the condition must be known."""
    single = not isinstance(loop_vars, (tuple, list))
    variables = (loop_vars,) if single else tuple(loop_vars)
    turn = 0
    while (maximum_iterations is None or turn < maximum_iterations) and bool(concrete("while_loop", cond(*variables))):
        result = body(*variables)
        variables = tuple(result) if isinstance(result, (tuple, list)) else (result,)
        turn += 1
    return variables[0] if single else variables
