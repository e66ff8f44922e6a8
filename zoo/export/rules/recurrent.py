"""Recurrent layers: the cells that ONNX has, and loops over a body of our own for everything else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zoo.engine.graph import Graph, Node, Value
from zoo.engine.op import OPS
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace
from zoo.export.emitter import Emitter, Rule
from zoo.export.nodes import FileGraph, Port
from zoo.export.probes import Dim, Probes, Size

#: name -> activation of ONNX's cells with alpha and beta
_ACTIVATIONS: dict[str, tuple[str, float, float]] = {
    "tanh": ("Tanh", 0, 0), "sigmoid": ("Sigmoid", 0, 0), "relu": ("Relu", 0, 0), "linear": ("Affine", 1, 0),
    "hard_sigmoid": ("HardSigmoid", 1 / 6, 0.5), "keras2_hard_sigmoid": ("HardSigmoid", 0.2, 0.5),
}
_STEPS_FIRST = (1, 0, 2)


# ---- loops of any body

def _scan(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    steps = [e.name(value) for value in node.inputs[:attrs["sequences"]]]
    last = attrs["sequences"] + attrs["states"]
    states = [e.name(value) for value in node.inputs[attrs["sequences"]:last]]
    for value, name in zip(node.outputs, write_loop(e, attrs["body"], steps, states, node.inputs[last:],
                                                    attrs["reverse"])):
        e.hold(value, name)


def write_loop(e: Emitter, body: Probes, steps: Sequence[str], states: Sequence[str], given: Sequence[Value],
               reverse: bool = False) -> list[str]:
    """Writes a Scan over the first axis of sequences.

    Args:
        body: one turn: a step of each sequence, states, given values -> states, results.
        steps, states: names of the sequences, and of the first states.
        given: values that the body reads besides.

    Returns:
        Names of the last states and of the stacked results.
    """
    turn, count = body.graph, len(steps)
    file = FileGraph(e.file.unique(f"{e.node.scope}/loop"), parent=e.file)
    inner = Emitter(body, file, e.rules, e.opset, parent=e, given=dict(zip(turn.inputs[count + len(states):], given)))
    for title, values in (("state", turn.inputs[count:count + len(states)]), ("step", turn.inputs[:count])):
        for value in values:
            port = Port(e.file.unique(title), value.dtype, _sizes(body.shape(value)))
            inner.hold(value, port.name)
            file.inputs.append(port)
    inner.write()
    for value in turn.outputs:
        file.outputs.append(Port(inner.op("Identity", inner.name(value)), value.dtype, _sizes(body.shape(value))))
    results = len(turn.outputs) - len(states)
    made = e.op("Scan", *states, *steps, outputs=len(turn.outputs), body=file, num_scan_inputs=count,
                scan_input_directions=[int(reverse)] * count, scan_output_directions=[int(reverse)] * results)
    return made if len(turn.outputs) > 1 else [made]


def _sizes(shape: Sequence[Dim]) -> tuple[int | None, ...]:
    return tuple(None if isinstance(size, Size) else size for size in shape)


# ---- cells

class _Cell:
    """How one of our cells is written.

    Args:
        op_type: ONNX's cell.
        gates: their order in ONNX, by position in ours.
        turn: one turn of the loop, for what ONNX's cell cannot do (masks): ``turn(attrs, x, kernel, *rest)`` gives the
            new states.
        states: how many states it has.
    """

    def __init__(self, op_type: str, gates: tuple[int, ...], turn: Callable[..., tuple[Any, ...]], states: int):
        self.op_type, self.gates, self.turn, self.states = op_type, gates, turn, states

    def __call__(self, e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
        x, kernel, *rest = node.inputs
        bias, rest = (rest[:1], rest[1:]) if self.op_type == "GRU" else ([], rest)
        states, mask = rest[:self.states], rest[self.states:]
        known = e.is_fixed(kernel) and all(map(e.is_fixed, bias))
        others = [value for value in node.outputs[1:] if e.readers.get(value)]
        if mask or not known or others or node.output.dtype == "float16":
            self._as_loop(e, node, attrs, [x, *mask], states, [kernel, *bias])
        else:
            self._as_cell(e, node, attrs, kernel, bias, states)

    def _reordered(self, array: np.ndarray) -> np.ndarray:
        """The last axis in ONNX's order of gates; then it comes first."""
        parts = np.split(array, len(self.gates), axis=-1)
        return np.concatenate([parts[i] for i in self.gates], axis=-1).T

    def _as_cell(self, e: Emitter, node: Node, attrs: dict[str, Any], kernel: Value, bias: list[Value],
                 states: list[Value]) -> None:
        source, weights, offset = _product_before(e, node.inputs[0])
        units, width = kernel.shape
        dtype = kernel.dtype
        array, title = (np.eye(width), "identity") if weights is None else (e.array(weights), e.title(weights))
        recurrent = np.zeros(width, dtype)
        if bias:
            recurrent[2 * units:] = e.array(bias[0])
        given = np.zeros(width) if offset is None else np.broadcast_to(e.array(offset).ravel(), (width,))
        both = np.concatenate([self._reordered(given), self._reordered(recurrent)])[None].astype(dtype)
        inputs = [e.name(source, _STEPS_FIRST),
                  e.file.initializer(self._reordered(array)[None].astype(dtype), title),
                  e.file.initializer(self._reordered(e.array(kernel))[None], e.title(kernel)),
                  e.file.initializer(both, e.title(offset) if offset is not None else "bias"), "",
                  *([] if all(_is_zero(e, state) for state in states) else
                    [e.op("Unsqueeze", e.name(state), e.integers([0])) for state in states])]
        names = {"LSTM": ("recurrent_activation", "activation", "activation"),
                 "GRU": ("recurrent_activation", "activation"), "RNN": ("activation",)}[self.op_type]
        functions = [_ACTIVATIONS[attrs[name]] for name in names]
        options = {"activations": [name for name, _, _ in functions], "hidden_size": units}
        if any(alpha for _, alpha, _ in functions):
            options |= {"activation_alpha": [alpha for _, alpha, _ in functions],
                        "activation_beta": [beta for _, _, beta in functions]}
        if self.op_type == "GRU":
            options["linear_before_reset"] = int(attrs["reset_after"])
        made = e.op(self.op_type, *inputs, **options)       # steps, directions, batch, units
        e.hold(node.output, e.op("Squeeze", made, e.integers([1])), _STEPS_FIRST)

    def _as_loop(self, e: Emitter, node: Node, attrs: dict[str, Any], steps: list[Value], states: list[Value],
                 weights: list[Value]) -> None:
        """A loop whose body is written in primitives."""
        body = Probes([self._turn(e, attrs, steps, states, weights, i) for i in range(e.probes.count)])
        names = write_loop(e, body, [e.name(value, (1, 0, *range(2, value.ndim))) for value in steps],
                           [e.name(value) for value in states], weights)
        for value, name in zip(node.outputs, names[len(states):]):
            e.hold(value, name, _STEPS_FIRST)

    def _turn(self, e: Emitter, attrs: dict[str, Any], steps: list[Value], states: list[Value], weights: list[Value],
              number: int) -> Graph:
        """The graph of one turn: x and perhaps a mask, states, weights -> states, and the same as results."""
        def turn(*values: Value) -> list[Value]:
            given, held, fixed = values[:len(steps)], values[len(steps):-len(weights)], values[-len(weights):]
            new = self.turn(attrs, given[0], *fixed, *held)
            if len(steps) > 1:
                real = OPS["reshape"](given[1], shape=(given[1].shape[0], 1))
                new = [OPS["select"](real, a, b) for a, b in zip(new, held)]
            return [*new, *new]

        def spec(value: Value, axes: Sequence[int]) -> TensorSpec:
            sizes = [e.shape(value)[axis] for axis in axes]
            return TensorSpec(tuple(size.numbers[number] if isinstance(size, Size) else size for size in sizes),
                              value.dtype)

        specs = [spec(value, [0, *range(2, value.ndim)]) for value in steps]
        return trace(turn, *specs, *(spec(value, range(value.ndim)) for value in (*states, *weights)),
                     name="turn").graph


def _is_zero(e: Emitter, state: Value) -> bool:
    """Whether a state starts at zero, as ONNX's cells do unless told otherwise."""
    return state.constant is not None and not any(array.any() for array in e.probes.constants(state))


def _product_before(e: Emitter, x: Value) -> tuple[Value, Value | None, Value | None]:
    """What a cell's x is: ``source @ weights + offset``, with None for what is not there."""
    offset = weights = None
    if x.node and x.node.op.name == "add" and e.is_fixed(x.node.inputs[1]) \
            and x.node.inputs[1].spec.size in (1, x.shape[-1]) and x.node.inputs[0].shape == x.shape:
        x, offset = x.node.inputs
    if x.node and x.node.op.name == "matmul" and e.is_fixed(x.node.inputs[1]) and x.node.inputs[1].ndim == 2 \
            and x.node.inputs[0].ndim == 3:
        x, weights = x.node.inputs
    return x, weights, offset


def _apply(name: str, x: Any) -> Any:
    """An activation of the cells, in primitives."""
    if name in ("tanh", "sigmoid", "relu"):
        return OPS[name](x)
    if name == "linear":
        return x
    slope = np.asarray(_ACTIVATIONS[name][1], np.dtype("float32" if x.dtype == "bfloat16" else x.dtype))
    line = OPS["add"](OPS["multiply"](x, slope), np.asarray(0.5, slope.dtype))
    return OPS["clip"](line, min=0.0, max=1.0)


def _parts(x: Any, count: int) -> list[Any]:
    width = x.shape[-1] // count
    return [OPS["slice"](x, starts=(0, i * width), stops=(None, (i + 1) * width), steps=(1, 1)) for i in range(count)]


def _lstm_turn(attrs: dict[str, Any], x: Any, kernel: Any, h: Any, c: Any) -> tuple[Any, ...]:
    add, multiply = OPS["add"], OPS["multiply"]
    i, f, new, o = _parts(add(x, OPS["matmul"](h, kernel)), 4)
    i, f, o = (_apply(attrs["recurrent_activation"], gate) for gate in (i, f, o))
    c = add(multiply(f, c), multiply(i, _apply(attrs["activation"], new)))
    return multiply(o, _apply(attrs["activation"], c)), c


def _gru_turn(attrs: dict[str, Any], x: Any, kernel: Any, bias: Any, h: Any) -> tuple[Any, ...]:
    add, multiply, matmul = OPS["add"], OPS["multiply"], OPS["matmul"]
    (x_z, x_r, x_new), (k_z, k_r, k_new) = _parts(x, 3), _parts(kernel, 3)
    z, r = (_apply(attrs["recurrent_activation"], add(a, matmul(h, k))) for a, k in ((x_z, k_z), (x_r, k_r)))
    if attrs["reset_after"]:
        part = multiply(r, add(matmul(h, k_new), bias))
    else:
        part = add(matmul(multiply(r, h), k_new), bias)
    new = _apply(attrs["activation"], add(x_new, part))
    return (add(new, multiply(z, OPS["subtract"](h, new))),)


def _simple_rnn_turn(attrs: dict[str, Any], x: Any, kernel: Any, h: Any) -> tuple[Any, ...]:
    return (_apply(attrs["activation"], OPS["add"](x, OPS["matmul"](h, kernel))),)


RULES: dict[str, Rule] = {
    "scan": _scan,
    "lstm": _Cell("LSTM", (0, 3, 1, 2), _lstm_turn, states=2),
    "gru": _Cell("GRU", (0, 1, 2), _gru_turn, states=1),
    "simple_rnn": _Cell("RNN", (0,), _simple_rnn_turn, states=1),
}
