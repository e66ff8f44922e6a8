"""Recurrent cells over whole sequences: a product and a few calls of NumPy a step, all in memory that is in the cache.

Samples are independent, so a task may run some of them through all steps. The gradients first find the gates of all
steps again, since that is large products and long rows; the loop over the steps is left with little to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zoo.engine import dtypes
from zoo.engine.graph import Node
from zoo.engine.kernels.reference.recurrent import ACTIVATIONS
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.sequences import (Operands, cell_of, forward_cost, gradient_by_weights, gradient_cost,
                                          operands)
from zoo.engine.kernels.tiles import cut
from zoo.engine.threads import Workspace, parallel_for, scratch

_LONG_ENOUGH = 1 << 14                                      # gates of a step, for which calling NumPy costs little

Run = Callable[[], None]
Function = Callable[[np.ndarray], None]                     # works in place


# ---- activations in place

def _sigmoid(x: np.ndarray) -> None:
    np.negative(x, out=x)
    np.exp(x, out=x)                                        # infinite for very negative x: the result is 0 then
    np.add(x, x.dtype.type(1), out=x)
    np.reciprocal(x, out=x)


def _line(slope: float) -> Function:
    def function(x: np.ndarray) -> None:
        np.multiply(x, x.dtype.type(slope), out=x)
        np.add(x, x.dtype.type(0.5), out=x)
        np.clip(x, 0, 1, out=x)
    return function


_IN_PLACE: dict[str, Function] = {
    "tanh": lambda x: np.tanh(x, out=x), "sigmoid": _sigmoid, "hard_sigmoid": _line(1 / 6),
    "keras2_hard_sigmoid": _line(1 / 5), "relu": lambda x: np.maximum(x, x.dtype.type(0), out=x),
    "linear": lambda x: None,
}


class _Cell:
    """A cell with its activations, and scratch memory for some samples.

    Args:
        node: the cell or its gradient.
        given: its operands.
        samples: which samples.
        workspace: for scratch arrays.
    """

    def __init__(self, node: Node, given: Operands, samples: slice, workspace: Workspace):
        attrs, (_, self.gates, _, _) = node.attrs, cell_of(node)
        self.inner, self.gate = _IN_PLACE[attrs["activation"]], _IN_PLACE[attrs.get("recurrent_activation", "linear")]
        self.inner_slope = ACTIVATIONS[attrs["activation"]][1]
        self.gate_slope = ACTIVATIONS[attrs.get("recurrent_activation", "linear")][1]
        self.after = attrs.get("reset_after", True)
        self.x, self.kernel, self.bias = given.x[samples], given.kernel, given.bias
        self.first, self.all, self.cotangents = (tuple(array[samples] for array in arrays)
                                                 for arrays in (given.first, given.all, given.cotangents))
        self.mask = None if given.mask is None else given.mask[samples]
        self.batch, self.steps, width = self.x.shape
        self.units = width // self.gates
        self.workspace = workspace

    def take(self, *shape: int) -> np.ndarray:
        """Scratch memory of the cell's dtype."""
        return self.workspace.take(shape, self.x.dtype)

    def part(self, array: np.ndarray, first: int, last: int | None = None) -> np.ndarray:
        """The gates from `first` to `last` of an array of all gates."""
        return array[..., first * self.units:(first + 1 if last is None else last) * self.units]


# ---- forward: each turn makes the new states of the input and the old ones, in arrays that it has for them

Turn = Callable[[np.ndarray], None]


def _simple_rnn(cell: _Cell, states: Sequence[np.ndarray], new: Sequence[np.ndarray]) -> Turn:
    def turn(x: np.ndarray) -> None:
        np.matmul(states[0], cell.kernel, out=new[0])
        np.add(new[0], x, out=new[0])
        cell.inner(new[0])
    return turn


def _lstm(cell: _Cell, states: Sequence[np.ndarray], new: Sequence[np.ndarray]) -> Turn:
    z = cell.take(cell.batch, 4 * cell.units)
    first, candidate, shown = cell.part(z, 0, 2), cell.part(z, 2), cell.part(z, 3)
    take, keep = cell.part(z, 0), cell.part(z, 1)

    def turn(x: np.ndarray) -> None:
        np.matmul(states[0], cell.kernel, out=z)
        np.add(z, x, out=z)
        cell.gate(first)
        cell.inner(candidate)
        cell.gate(shown)
        np.multiply(take, candidate, out=take)
        np.multiply(keep, states[1], out=new[1])
        np.add(new[1], take, out=new[1])
        np.copyto(new[0], new[1])
        cell.inner(new[0])
        np.multiply(new[0], shown, out=new[0])
    return turn


def _gru(cell: _Cell, states: Sequence[np.ndarray], new: Sequence[np.ndarray]) -> Turn:
    z = cell.take(cell.batch, 3 * cell.units)
    gates, update, reset, candidate = cell.part(z, 0, 2), cell.part(z, 0), cell.part(z, 1), cell.part(z, 2)
    factor, two = cell.take(cell.batch, cell.units), 2 * cell.units

    def turn(x: np.ndarray) -> None:
        if cell.after:
            np.matmul(states[0], cell.kernel, out=z)
        else:
            np.matmul(states[0], cell.kernel[:, :two], out=gates)
        np.add(gates, x[:, :two], out=gates)
        cell.gate(gates)
        if cell.after:
            np.add(candidate, cell.bias, out=candidate)
            np.multiply(candidate, reset, out=candidate)
        else:
            np.multiply(reset, states[0], out=factor)
            np.matmul(factor, cell.kernel[:, two:], out=candidate)
            np.add(candidate, cell.bias, out=candidate)
        np.add(candidate, x[:, two:], out=candidate)
        cell.inner(candidate)
        np.subtract(states[0], candidate, out=new[0])       # h = candidate + z (h - candidate)
        np.multiply(new[0], update, out=new[0])
        np.add(new[0], candidate, out=new[0])
    return turn


_TURNS: dict[str, Callable[..., Turn]] = {"simple_rnn": _simple_rnn, "lstm": _lstm, "gru": _gru}


def _samples(node: Node) -> list[slice]:
    """Which samples a task runs: so many that a step's calls have enough to do."""
    batch, _, units = node.output.shape
    return cut(batch, max(1, -(-_LONG_ENOUGH // max(1, cell_of(node)[1] * units))))


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Run:
    given, tasks, seconds = operands(node, inputs), _samples(node), forward_cost(node)

    def body(i: int, workspace: Workspace) -> None:
        cell, made = _Cell(node, given, tasks[i], workspace), [output[tasks[i]] for output in outputs]
        states, new = ([cell.take(cell.batch, cell.units) for _ in made] for _ in range(2))
        for state, first in zip(states, cell.first):
            np.copyto(state, first)
        turn = _TURNS[node.op.name](cell, states, new)
        for t in range(cell.steps):
            turn(cell.x[:, t])
            real = True if cell.mask is None else cell.mask[:, t, None]
            for state, value, output in zip(states, new, made):
                np.copyto(state, value, where=real)
                np.copyto(output[:, t], state)

    return lambda: parallel_for(len(tasks), body, seconds)


# ---- backward: what does not depend on later steps is ready before the loop, in arrays (steps, batch, ...)

Back = Callable[[int, Sequence[np.ndarray], np.ndarray], Sequence[np.ndarray]]


def _by_step(array: np.ndarray) -> np.ndarray:
    return array.swapaxes(0, 1)


def _simple_rnn_back(cell: _Cell, before: Sequence[np.ndarray], gates: np.ndarray, extra: Any) -> Back:
    cell.inner(gates)
    slope = cell.inner_slope(gates)
    turned = np.ascontiguousarray(cell.kernel.T)

    def back(t: int, totals: Sequence[np.ndarray], by_x: np.ndarray) -> Sequence[np.ndarray]:
        np.multiply(totals[0], slope[t], out=by_x)
        return [by_x @ turned]
    return back


def _lstm_back(cell: _Cell, before: Sequence[np.ndarray], gates: np.ndarray, extra: Any) -> Back:
    cell.gate(cell.part(gates, 0, 2))
    cell.inner(cell.part(gates, 2))
    cell.gate(cell.part(gates, 3))
    i, f, new, o = (cell.part(gates, k) for k in range(4))
    shown = f * before[1] + i * new
    cell.inner(shown)
    by_shown = o * cell.inner_slope(shown)
    by_o = shown * cell.gate_slope(o)
    factors = cell.take(cell.steps, cell.batch, 3, cell.units)          # of the gradient by c
    np.multiply(new, cell.gate_slope(i), out=factors[:, :, 0])
    np.multiply(before[1], cell.gate_slope(f), out=factors[:, :, 1])
    np.multiply(i, cell.inner_slope(new), out=factors[:, :, 2])
    turned = np.ascontiguousarray(cell.kernel.T)

    def back(t: int, totals: Sequence[np.ndarray], by_x: np.ndarray) -> Sequence[np.ndarray]:
        by_h, by_c = totals
        by_c = by_c + by_h * by_shown[t]
        parts = by_x.reshape(cell.batch, 4, cell.units)
        np.multiply(factors[t], by_c[:, None], out=parts[:, :3])
        np.multiply(by_h, by_o[t], out=parts[:, 3])
        return [by_x @ turned, by_c * f[t]]
    return back


def _gru_back(cell: _Cell, before: Sequence[np.ndarray], gates: np.ndarray, extra: np.ndarray) -> Back:
    two, (h,) = 2 * cell.units, before
    cell.gate(gates[..., :two])
    z, r, new = (cell.part(gates, k) for k in range(3))
    x = _by_step(cell.x)[..., two:]
    if cell.after:
        part = new + cell.bias
        np.add(x, r * part, out=new)
    else:
        part = np.multiply(r, h, out=extra) @ cell.kernel[:, two:] + cell.bias
        np.add(x, part, out=new)
    cell.inner(new)
    by_new, by_z = (1 - z) * cell.inner_slope(new), (h - new) * cell.gate_slope(z)
    by_r = (part if cell.after else h) * cell.gate_slope(r)
    turned = np.ascontiguousarray(cell.kernel.T)

    def back(t: int, totals: Sequence[np.ndarray], by_x: np.ndarray) -> Sequence[np.ndarray]:
        by_h, = totals
        np.multiply(by_h, by_z[t], out=cell.part(by_x, 0))
        by_candidate = cell.part(by_x, 2)
        np.multiply(by_h, by_new[t], out=by_candidate)
        if cell.after:
            np.multiply(by_candidate, r[t], out=extra[t])
            np.multiply(by_candidate, by_r[t], out=cell.part(by_x, 1))
            return [by_h * z[t] + by_x[:, :two] @ turned[:two] + extra[t] @ turned[two:]]
        by_factor = by_candidate @ turned[two:]
        np.multiply(by_factor, by_r[t], out=cell.part(by_x, 1))
        return [by_h * z[t] + by_x[:, :two] @ turned[:two] + by_factor * r[t]]
    return back


_BACKS: dict[str, Callable[..., Back]] = {"simple_rnn": _simple_rnn_back, "lstm": _lstm_back, "gru": _gru_back}


def _before(cell: _Cell) -> list[np.ndarray]:
    """The states before each step, (steps, batch, units) each."""
    result = [cell.take(cell.steps, cell.batch, cell.units) for _ in cell.first]
    for array, first, states in zip(result, cell.first, cell.all):
        array[0] = first
        array[1:] = _by_step(states)[:-1]
    return result


def _bind_gradient(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Run:
    given, (name, _, _, states) = operands(node, inputs), cell_of(node)
    tasks, seconds = _samples(node), gradient_cost(node)
    by_x, by_kernel, *rest = outputs

    def body(i: int, workspace: Workspace, kept: tuple[np.ndarray, ...]) -> None:
        cell = _Cell(node, given, tasks[i], workspace)
        before = _before(cell)
        kept_before, extra, rows = (_by_step(array[tasks[i]]) for array in kept)
        np.copyto(kept_before, before[0])
        gates = cell.take(cell.steps, cell.batch, cell.gates * cell.units)
        known, summed = (cell.units * count for count in ((3 if cell.after else 2, 2) if name == "gru" else
                                                          (cell.gates, cell.gates)))
        np.matmul(before[0].reshape(-1, cell.units), cell.kernel[:, :known],
                  out=gates.reshape(-1, gates.shape[-1])[:, :known])
        np.add(gates[..., :summed], _by_step(cell.x)[..., :summed], out=gates[..., :summed])
        scratch_extra = cell.take(cell.steps, cell.batch, cell.units if name == "gru" else 0)
        back = _BACKS[name](cell, before, gates, scratch_extra)
        step_x, carried = cell.take(cell.batch, gates.shape[-1]), [np.zeros_like(array) for array in cell.first]
        for t in reversed(range(cell.steps)):
            totals = [ct[:, t] + rest for ct, rest in zip(cell.cotangents, carried)]
            if cell.mask is None:
                carried = back(t, totals, step_x)
            else:
                real = cell.mask[:, t, None]
                made = back(t, [np.where(real, total, 0) for total in totals], step_x)
                carried = [array + np.where(real, 0, total) for array, total in zip(made, totals)]
            np.copyto(rows[t], step_x)
        np.copyto(extra, scratch_extra)
        for output, array in zip(rest[-states:], carried):
            np.copyto(output[tasks[i]], array)

    def run() -> None:
        with scratch() as shared:
            batch, steps, units = given.all[0].shape
            before, extra = (shared.take((batch, steps, units if used else 0), by_x.dtype)
                             for used in (True, name == "gru"))
            parallel_for(len(tasks), lambda i, workspace: body(i, workspace, (before, extra, by_x)), seconds)
            gradient_by_weights(node, before, extra, by_x, by_kernel, rest[:-states])
    return run


def _supports(node: Node) -> str | None:
    dtype = dtypes.storage(node.output.dtype).name
    return None if dtype in ("float32", "float64") else f"BLAS has no product of {dtype}"


for _name in _TURNS:
    register(Kernel(_name, "steps", "blas", _supports, _bind, cost=lambda node: 2 * forward_cost(node)))
    register(Kernel(f"{_name}_gradient", "steps", "blas", _supports, _bind_gradient,
                    cost=lambda node: 2 * gradient_cost(node)))
