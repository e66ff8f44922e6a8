"""Recurrent cells over whole sequences, compiled: products and gates of all steps without coming back to Python.

Samples are independent: a task runs some of them from the first step to the last. Its states and gates stay in the
cache, the kernel lies in panels (see `microkernel`), and all elementwise work of a step is one loop.

In the source, ``s + j`` is a place in the states of the task, ``g + j`` in its gates, ``q + j`` in the states of all
samples, ``o + j`` in the states of all steps, ``p + j`` in the gates of all steps; ``u`` is the number of units,
``width`` that of all gates, and gate k begins at ``vk``. Places are unsigned throughout: else Numba would let negative
ones count from the end, and LLVM load one number at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.engine.elementwise import ElementwiseProgram, Instruction
from zoo.engine.graph import Node
from zoo.engine.kernels.jit.compiler import INT, compiled, read, written
from zoo.engine.kernels.jit.registers import register_tile
from zoo.engine.kernels.jit.source import number, statements
from zoo.engine.kernels.panels import panel_packing, panels
from zoo.engine.kernels.registry import Kernel, Packing, register
from zoo.engine.kernels.sequences import (Operands, cell_of, forward_cost, gradient_by_weights, gradient_cost,
                                          operands, sample_tiles)
from zoo.engine.threads import Workspace, parallel_for, scratch

_ROWS = (8, 4, 1)                                           # of a product that is held in registers
_OWN = ("z", "c", "by_factor", "d0", "d1", "d2", "d3")      # what a task of a gradient has for itself

Run = Callable[[], None]
Lines = list[str]


# ---- activations: a program of x and two numbers, these numbers, and the derivative as an expression of the result y

def _program(*steps: tuple[Any, ...]) -> ElementwiseProgram:
    return ElementwiseProgram(3, tuple(Instruction(op, args, "float32", attrs) for op, args, attrs in steps))


_LINE = _program(("multiply", (0, 1), {}), ("add", (3, 2), {}), ("clip", (4,), {"min": 0.0, "max": 1.0}))
_INSIDE = "({} if ({{y}} > F(0)) & ({{y}} < F(1)) else F(0))"
_ACTIVATIONS: dict[str, tuple[ElementwiseProgram, tuple[float, float], str]] = {
    "tanh": (_program(("tanh", (0,), {})), (0, 0), "(F(1) - {y} * {y})"),
    "sigmoid": (_program(("sigmoid", (0,), {})), (0, 0), "({y} * (F(1) - {y}))"),
    "hard_sigmoid": (_LINE, (1 / 6, 0.5), _INSIDE.format(number(1 / 6))),
    "keras2_hard_sigmoid": (_LINE, (1 / 5, 0.5), _INSIDE.format(number(1 / 5))),
    "relu": (_program(("relu", (0,), {})), (0, 0), "(F(1) if {y} > F(0) else F(0))"),
    "linear": (_program(("stop_gradient", (0,), {})), (0, 0), "F(1)"),
}


def _activated(activation: str, x: str, name: str) -> Lines:
    """Statements that give `name` the activation of the expression `x`."""
    program, numbers, _ = _ACTIVATIONS[activation]
    lines, result = statements(program, [f"{name}_x", *map(number, numbers)], f"{name}_")
    return [f"{name}_x = {x}", *lines, f"{name} = {result}"]


def _slope(activation: str, y: str) -> str:
    return _ACTIVATIONS[activation][2].format(y=y)


# ---- parts of the source

def _indented(lines: Sequence[str], levels: int = 1) -> Lines:
    return [f"{'    ' * levels}{line}" for line in lines]


Matrix = tuple[str, str, str]                               # name of a flat array, start in it, distance of its rows


def _product(columns: tuple[str, str], z: Matrix, y: str, depth: str, *x: tuple[Matrix, str, str],
             rows: str = "rows") -> Lines:
    """Lines for ``z = x y``, for the columns from one number to another.

    Args:
        columns: of y and z.
        z: the result.
        y: name of an array of panels that are `depth` deep.
        x: the left matrix in parts: a matrix, at which row of y it begins, and how many columns it has.
    """
    (c, c_start, c_step), (low, high) = z, columns
    parts = [f"product({a}, {a_start} + k * ({a_step}), {a_step}, {y}, (n * ({depth}) + {first}) * WIDTH, {count}, "
             f"tile, {int(i > 0)}, (n * ({depth}) + {depth} + {first}) * WIDTH)"            # near: the next panel
             for i, ((a, a_start, a_step), first, count) in enumerate(x)]
    return [f"for n in range(({low}) // WIDTH, ({high} + WIDTH - 1) // WIDTH):",
            f"    begin, end = max({low}, n * WIDTH), min({high}, n * WIDTH + WIDTH)",
            f"    for i in range(0, {rows}, ROWS):",
            f"        k = min(i, {rows} - ROWS)",               # some of the last rows may be done twice
            *_indented(parts, 2),
            "        for r in range(ROWS):",
            f"            m, e = U({c_start} + (k + r) * ({c_step}) + begin), U((r - n) * WIDTH + begin)",
            "            for j in range(U(end - begin)):",
            f"                {c}[m + j] = tile[e + j]"]


def _each_sample(inside: Lines, masked: Lines | None = None, before: Lines | None = None,
                 after: Lines | None = None) -> Lines:
    """Lines that do `inside` for each unit of each sample at step t, or `masked` where the mask is False."""
    loop = [*(before or []), "for j in range(u):", *_indented(inside), *(after or [])]
    if masked is not None:
        loop = ["if masked == 0 or mask[b * steps + t]:", *_indented(loop), "else:",
                "    for j in range(u):", *_indented(masked, 2)]
    return ["for b in range(first, last):",
            "    s, g, q = U((b - first) * units), U((b - first) * width), U(b * units)",
            "    o, p = U((b * steps + t) * units), U((b * steps + t) * width)",
            *_indented(loop)]


def _fill(array: str, count: str, start: str = "0", source: str = "", source_start: str = "0") -> Lines:
    """Lines that copy elements of another array to a place in an array, or put zeros there."""
    value = f"{source}[U({source_start}) + i]" if source else "F(0)"
    return [f"for i in range(U({count})):", f"    {array}[U({start}) + i] = {value}"]


def _start(gates: int) -> Lines:
    return [f"u, width, rows = U(units), units * {gates}, last - first",
            "v0, v1, v2, v3 = U(0), u, U(2 * units), U(3 * units)"]


# ---- forward

def _forward(gates: int, states: str, turn: Lines) -> Lines:
    """Lines that run samples ``first:last``; `turn` does one step."""
    first = [line for name in states
             for line in _fill(name, "rows * units", "0", f"{name}_first", "first * units")]
    return [*_start(gates), *first, "for t in range(steps):", *_indented(turn)]


def _new(**states: str) -> Lines:
    return [line for name, value in states.items()
            for line in (f"{name}[s + j] = {value}", f"{name}_all[o + j] = {value}")]


def _kept(states: str) -> Lines:
    return [f"{name}_all[o + j] = {name}[s + j]" for name in states]


def _sum(gate: int) -> str:
    """The input of a gate: from x and from the states."""
    return f"x[p + v{gate} + j] + z[g + v{gate} + j]"


def _gates(low: str, high: str, states: str = "h") -> Lines:
    """Lines that multiply the states with the kernels of some gates."""
    return _product((low, high), ("z", "0", "width"), "kernel", "units", ((states, "0", "units"), "0", "units"))


def _simple_rnn(activation: str) -> Lines:
    inside = [*_activated(activation, _sum(0), "a"), *_new(h="a")]
    return _forward(1, "h", [*_gates("0", "width"), *_each_sample(inside, _kept("h"))])


def _lstm(activation: str, recurrent_activation: str) -> Lines:
    gates = [line for name, gate in (("ai", 0), ("af", 1), ("ao", 3))
             for line in _activated(recurrent_activation, _sum(gate), name)]
    inside = [*gates, *_activated(activation, _sum(2), "an"), "kept = af * c[s + j] + ai * an",
              *_activated(activation, "kept", "shown"), "seen = ao * shown", *_new(c="kept", h="seen")]
    return _forward(4, "hc", [*_gates("0", "width"), *_each_sample(inside, _kept("hc"))])


def _gru(activation: str, recurrent_activation: str, reset_after: bool) -> Lines:
    update, reset = (_activated(recurrent_activation, _sum(gate), f"a{gate}") for gate in (0, 1))
    part = "(z[g + v2 + j] + bias[j])"
    new = [*_activated(activation, f"x[p + v2 + j] + {f'a1 * {part}' if reset_after else part}", "a2"),
           "seen = a0 * h[s + j] + (F(1) - a0) * a2", *_new(h="seen")]
    if reset_after:
        return _forward(3, "h", [*_gates("0", "width"), *_each_sample([*update, *reset, *new], _kept("h"))])
    return _forward(3, "h", [
        *_gates("0", "2 * units"), *_each_sample([*reset, "factor[s + j] = a1 * h[s + j]"]),
        *_gates("2 * units", "width", "factor"), *_each_sample([*update, *new], _kept("h"))])


# ---- backward: `by_x` holds what the gates need of the states, until step t makes the gradient by x of it

def _backward(gates: int, before_loop: Lines, turn: Lines, states: str = "h") -> Lines:
    """Lines for the gradient of samples ``first:last``; `turn` does one step.

    What comes to ``by_h`` by way of the kernel is kept apart, in ``z``.
    """
    copies = ["for b in range(first, last):",
              *_indented([*_fill("before", "units", "b * steps * units", "h_first", "b * units"),
                          *_fill("before", "(steps - 1) * units", "(b * steps + 1) * units", "h_all",
                                 "b * steps * units")])]
    zeros = [line for name in states for line in _fill(f"by_{name}", "rows * units", "first * units")]
    return [*_start(gates), *copies, *zeros, *_fill("z", "rows * units"), *before_loop,
            "for t in range(steps - 1, -1, -1):", *_indented(turn),
            "for i in range(U(rows * units)):", "    by_h[U(first * units) + i] += z[i]"]


def _of_all_steps(low: str, high: str, x: str = "before") -> Lines:
    """Lines that bring some gates' products of states and kernel into `by_x`."""
    return _product((low, high), ("by_x", "first * steps * width", "width"), "kernel", "units",
                    ((x, "first * steps * units", "units"), "0", "units"), rows="(rows * steps)")


def _to_states(*parts: tuple[str, str, str, str, str], z: str = "z") -> Lines:
    """Lines that take the gradient by gates at step t to the states before it; `turned` is the kernel transposed.

    Args:
        parts: array of gradients, its width, the first gate's place in it, and in the kernel, and the width of them.
    """
    return _product(("0", "units"), (z, "0", "units"), "turned", "width",
                    *(((x, f"(first * steps + t) * {step} + {start}", f"steps * {step}"), row, depth)
                      for x, step, start, row, depth in parts))


def _gradients(*values: str) -> tuple[Lines, Lines]:
    """Lines that keep the gradients by the gates in arrays of their own, and lines behind the loop that store them.

    In one array LLVM could not tell them apart, and would do one unit at a time.
    """
    return ([f"d{gate}[j] = {value}" for gate, value in enumerate(values)],
            [line for gate in range(len(values))
             for line in ("for j in range(u):", f"    by_x[p + v{gate} + j] = d{gate}[j]")])


def _no_gradients(gates: int) -> Lines:
    return [f"by_x[p + v{gate} + j] = F(0)" for gate in range(gates)]


def _again(gate: int, activation: str, name: str) -> Lines:
    """Lines that find a gate again, of x and of what `by_x` holds."""
    return _activated(activation, f"x[p + v{gate} + j] + by_x[p + v{gate} + j]", name)


_TOTAL = "d = by_h[q + j] + z[s + j] + by_h_all[o + j]"
_HANDED_ON = ["by_h[q + j] += z[s + j] + by_h_all[o + j]"]
_BY_ALL_GATES = ("by_x", "width", "0", "0", "width")


def _simple_rnn_gradient(activation: str) -> Lines:
    made, stored = _gradients(f"d * {_slope(activation, 'a')}")
    inside = [*_again(0, activation, "a"), _TOTAL, *made, "by_h[q + j] = F(0)"]
    masked = [*_HANDED_ON, *_no_gradients(1)]
    return _backward(1, _of_all_steps("0", "width"), [*_each_sample(inside, masked, after=stored),
                                                      *_to_states(_BY_ALL_GATES)])


def _lstm_gradient(activation: str, recurrent_activation: str) -> Lines:
    gates = [line for gate, name in enumerate(("ai", "af", "an", "ao"))
             for line in _again(gate, activation if name == "an" else recurrent_activation, name)]
    inner, gate = (lambda y: _slope(activation, y)), (lambda y: _slope(recurrent_activation, y))
    made, stored = _gradients(f"e * an * {gate('ai')}", f"e * old * {gate('af')}", f"e * ai * {inner('an')}",
                              f"d * shown * {gate('ao')}")
    inside = [*gates, "old = c[j]", *_activated(activation, "af * old + ai * an", "shown"), _TOTAL,
              f"e = by_c[q + j] + by_c_all[o + j] + d * ao * {inner('shown')}", *made,
              "by_h[q + j] = F(0)", "by_c[q + j] = e * af"]
    masked = [*_HANDED_ON, "by_c[q + j] += by_c_all[o + j]", *_no_gradients(4)]
    old = ["if t == 0:", "    for j in range(u):", "        c[j] = c_first[q + j]",
           "else:", "    for j in range(u):", "        c[j] = c_all[o - u + j]"]
    return _backward(4, _of_all_steps("0", "width"), [*_each_sample(inside, masked, old, stored),
                                                      *_to_states(_BY_ALL_GATES)], "hc")


def _gru_gradient(activation: str, recurrent_activation: str, reset_after: bool) -> Lines:
    return (_reset_after if reset_after else _reset_before)(activation, recurrent_activation)


def _reset_after(activation: str, recurrent_activation: str) -> Lines:
    """`by_part` is the gradient by the product of states and the candidate's kernel."""
    made, stored = _gradients(f"d * (before[o + j] - a2) * {_slope(recurrent_activation, 'a0')}",
                              f"e * part * {_slope(recurrent_activation, 'a1')}", "e")
    inside = [*_again(0, recurrent_activation, "a0"), *_again(1, recurrent_activation, "a1"),
              "part = by_x[p + v2 + j] + bias[j]", *_activated(activation, "x[p + v2 + j] + a1 * part", "a2"),
              _TOTAL, f"e = d * (F(1) - a0) * {_slope(activation, 'a2')}", *made,
              "by_part[o + j] = e * a1", "by_h[q + j] = d * a0"]
    masked = [*_HANDED_ON, *_no_gradients(3), "by_part[o + j] = F(0)"]
    return _backward(3, _of_all_steps("0", "width"), [*_each_sample(inside, masked, after=stored),
                                                      *_to_states(("by_x", "width", "0", "0", "2 * units"),
                                                                  ("by_part", "units", "0", "2 * units", "units"))])


def _reset_before(activation: str, recurrent_activation: str) -> Lines:
    """`by_part` holds the factor that the candidate's kernel multiplies: r times the state."""
    gates, stored = _gradients("a0", "a1")
    gates = [*_again(0, recurrent_activation, "a0"), *_again(1, recurrent_activation, "a1"), *gates,
             "by_part[o + j] = a1 * before[o + j]"]
    ready = [*_of_all_steps("0", "2 * units"), "for t in range(steps):", *_indented(_each_sample(gates, after=stored)),
             *_of_all_steps("2 * units", "width", "by_part")]
    inside = ["a0 = by_x[p + j]", *_activated(activation, "x[p + v2 + j] + (by_x[p + v2 + j] + bias[j])", "a2"),
              _TOTAL, f"d1[j] = d * (F(1) - a0) * {_slope(activation, 'a2')}",
              f"d0[j] = d * (before[o + j] - a2) * {_slope(recurrent_activation, 'a0')}", "by_h[q + j] = d * a0"]
    stored = ["for j in range(u):", "    by_x[p + j] = d0[j]", "for j in range(u):", "    by_x[p + v2 + j] = d1[j]"]
    masked = [*_HANDED_ON, "by_x[p + j] = F(0)", "by_x[p + v2 + j] = F(0)"]
    reset = ["a1, e = by_x[p + v1 + j], by_factor[s + j]", "by_h[q + j] += e * a1",
             f"by_x[p + v1 + j] = e * before[o + j] * {_slope(recurrent_activation, 'a1')}"]
    return _backward(3, ready, [*_each_sample(inside, masked, after=stored),
                                *_to_states(("by_x", "width", "2 * units", "2 * units", "units"), z="by_factor"),
                                *_each_sample(reset), *_to_states(("by_x", "width", "0", "0", "2 * units"))])


# ---- binding

_SOURCES: dict[str, Callable[..., Lines]] = {
    "simple_rnn": _simple_rnn, "lstm": _lstm, "gru": _gru, "simple_rnn_gradient": _simple_rnn_gradient,
    "lstm_gradient": _lstm_gradient, "gru_gradient": _gru_gradient,
}
_SIZES = ("first", "last", "steps", "units", "masked")
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class _Tile:
    """What the registers hold of a product: rows and vectors of it."""

    rows: int
    vectors: int
    lanes: int

    @classmethod
    def of(cls, node: Node) -> _Tile:
        """The largest that has no more rows than any task."""
        vectors, lanes = register_tile()                    # of six rows
        fewest = min(tile.stop - tile.start for tile in sample_tiles(node))
        tall = next(count for count in _ROWS if count <= fewest)
        return cls(tall, max(1, min(4, 6 * vectors // tall)), lanes)

    @property
    def width(self) -> int:
        """Columns of a panel."""
        return self.vectors * self.lanes

    @property
    def imports(self) -> str:
        """What the source needs."""
        return (f"from {__package__}.microkernel import tile_product\n\nROWS, WIDTH = {self.rows}, {self.width}\n"
                f"product = tile_product({self.rows}, {self.vectors}, {self.lanes})\n")


def _given(given: Operands) -> Arrays:
    """What both directions read; what a cell has not is there with one element, and not looked at."""
    mask = np.zeros(1, bool) if given.mask is None else given.mask
    bias = np.zeros(1, "float32") if given.bias is None else given.bias
    return {"x": given.x, "kernel": given.kernel, "bias": bias, "mask": mask,
            **{f"{name}_first": array for name, array in zip("hc", given.first)},
            **{f"{name}_all": array for name, array in zip("hc", given.all)},
            **{f"by_{name}_all": array for name, array in zip("hc", given.cotangents)}}


def _function(node: Node, reads: Sequence[str], writes: Sequence[str]) -> Callable[..., None]:
    types = [*[INT] * len(_SIZES), *(read("bool" if name == "mask" else "float32") for name in reads),
             *[written()] * len(writes)]
    return compiled(node.op.name, [*_SIZES, *reads, *writes], _SOURCES[node.op.name](**node.attrs), types,
                    _Tile.of(node).imports)


def _flat(arrays: Arrays) -> list[np.ndarray]:
    return [array.reshape(-1) for array in arrays.values()]


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Run:
    given, gates, tile = operands(node, inputs), cell_of(node)[1], _Tile.of(node)
    batch, steps, units = outputs[0].shape
    reads, writes = _given(given), {f"{name}_all": array for name, array in zip("hc", outputs)}
    own = {**{name: units for name, _ in zip("hc", outputs)}, "factor": units, "z": gates * units}
    function, arrays = _function(node, [*reads], [*writes, *own, "tile"]), [*_flat(reads), *_flat(writes)]
    tasks, seconds = sample_tiles(node), forward_cost(node)

    def body(i: int, workspace: Workspace) -> None:
        first, last = tasks[i].start, tasks[i].stop
        memory = [workspace.take(((last - first) * size,)) for size in own.values()]
        function(first, last, steps, units, given.mask is not None, *arrays, *memory,
                 workspace.take((tile.rows * tile.width,)))

    return lambda: parallel_for(len(tasks), body, seconds)


def _bind_gradient(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Run:
    given, name, tile = operands(node, inputs), cell_of(node)[0], _Tile.of(node)
    batch, steps, units = given.all[0].shape
    by_x, by_kernel, *by_bias = outputs[:len(outputs) - len(given.first)]
    reads = {**_given(given), "turned": given.kernel}
    writes = {"by_x": by_x, **{f"by_{state}": array for state, array in zip("hc", outputs[-len(given.first):])}}
    function = _function(node, [*reads], [*writes, "before", "by_part", *_OWN, "tile"])
    tasks, seconds = sample_tiles(node), gradient_cost(node)

    def run() -> None:
        with scratch() as shared:
            before, by_part = (shared.take((batch * steps, units if used else 0)) for used in (True, name == "gru"))
            packed = {"kernel": panels(np, given.kernel, width=tile.width),
                      "turned": panels(np, given.kernel.T, width=tile.width)}
            arrays = [*_flat({**reads, **packed}), *_flat(writes), before.reshape(-1), by_part.reshape(-1)]

            def body(i: int, workspace: Workspace) -> None:
                first, last = tasks[i].start, tasks[i].stop
                own = [workspace.take(((last - first) * units,)) for _ in _OWN]
                function(first, last, steps, units, given.mask is not None, *arrays, *own,
                         workspace.take((tile.rows * tile.width,)))

            parallel_for(len(tasks), body, seconds)
            gradient_by_weights(node, before, by_part, by_x, by_kernel, by_bias)
    return run


def _packing(node: Node) -> Sequence[Packing]:
    return panel_packing(node, _Tile.of(node).width)


def _supports(node: Node) -> str | None:
    dtype = node.output.dtype
    return None if dtype == "float32" else f"computes float32 only, not {dtype}"


for _name in ("simple_rnn", "lstm", "gru"):
    register(Kernel(_name, "whole_sequences", "jit", _supports, _bind, cost=forward_cost, packing=_packing))
    register(Kernel(f"{_name}_gradient", "whole_sequences", "jit", _supports, _bind_gradient, cost=gradient_cost))
