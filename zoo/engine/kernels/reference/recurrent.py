"""Definitions of loops over the steps of sequences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from zoo.engine import dtypes
from zoo.engine.graph import Graph, Node, Value
from zoo.engine.kernels.registry import REFERENCE, reference

Arrays = dict[Value, Any]

#: name -> function, and its derivative as a function of its result
ACTIVATIONS: dict[str, tuple[Callable[[ModuleType, Any], Any], Callable[[Any], Any]]] = {
    "tanh": (lambda xp, x: xp.tanh(x), lambda y: 1 - y * y),
    "sigmoid": (lambda xp, x: REFERENCE["sigmoid"](xp, x), lambda y: y * (1 - y)),
    "hard_sigmoid": (lambda xp, x: xp.clip(x / 6 + 0.5, 0, 1), lambda y: ((y > 0) & (y < 1)) / y.dtype.type(6)),
    "keras2_hard_sigmoid": (lambda xp, x: xp.clip(x / 5 + 0.5, 0, 1), lambda y: ((y > 0) & (y < 1)) / y.dtype.type(5)),
    "relu": (lambda xp, x: REFERENCE["relu"](xp, x), lambda y: (y > 0).astype(y.dtype)),
    "linear": (lambda xp, x: x, lambda y: y * 0 + 1),
}


# ---- a loop of any body

@reference("scan")
def scan(xp: ModuleType, *inputs: Any, body: Graph, sequences: int, states: int, reverse: bool) -> tuple[Any, ...]:
    """One turn of the body after the other; what does not change from turn to turn is computed once."""
    steps, carried = inputs[:sequences], list(inputs[sequences:sequences + states])
    count = len(steps[0])
    shared: Arrays = dict(zip(body.inputs[sequences + states:], inputs[sequences + states:]))
    varying = set(body.inputs[:sequences + states])
    turn = []
    for node in body.nodes:
        if varying.isdisjoint(node.inputs):
            _compute(xp, node, shared)
        else:
            varying.update(node.outputs)
            turn.append(node)
    results = [xp.empty((count, *value.shape), dtypes.storage(value.dtype)) for value in body.outputs[states:]]
    for t in reversed(range(count)) if reverse else range(count):
        arrays = {**shared, **dict(zip(body.inputs, (*(x[t] for x in steps), *carried)))}
        for node in turn:
            _compute(xp, node, arrays)
        made = [_read(xp, value, arrays) for value in body.outputs]
        carried = made[:states]
        for result, array in zip(results, made[states:]):
            result[t] = array
    return (*carried, *results)


def _compute(xp: ModuleType, node: Node, arrays: Arrays) -> None:
    results = REFERENCE[node.op.name](xp, *(_read(xp, value, arrays) for value in node.inputs), **node.attrs)
    arrays.update(zip(node.outputs, results if isinstance(results, tuple) else (results,)))


def _read(xp: ModuleType, value: Value, arrays: Arrays) -> Any:
    return xp.asarray(value.constant) if value.constant is not None else arrays[value]


# ---- what all cells share

def _forward(xp: ModuleType, step: Callable[..., Sequence[Any]], x: Any, states: Sequence[Any],
             mask: Sequence[Any]) -> tuple[Any, ...]:
    """The states after each step, (batch, steps, units) each."""
    batch, count = x.shape[:2]
    made = tuple(xp.empty((batch, count, state.shape[-1]), x.dtype) for state in states)
    for t in range(count):
        new = step(x[:, t], *states)
        states = [xp.where(mask[0][:, t, None], a, b) for a, b in zip(new, states)] if mask else new
        for all_steps, state in zip(made, states):
            all_steps[:, t] = state
    return made


def _backward(xp: ModuleType, step: Callable[..., Sequence[Any]], cotangents: Sequence[Any],
              mask: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
    """The cotangents of x and of the first states.

    `step` takes the number of a step and the cotangents of the states after it; it gives the cotangent of its x, and
    those of the states before it.
    """
    carried = [xp.zeros_like(ct[:, 0]) for ct in cotangents]
    by_step = []
    for t in reversed(range(cotangents[0].shape[1])):
        total = [ct[:, t] + rest for ct, rest in zip(cotangents, carried)]
        if mask:                                            # masked steps hand them on, real ones use them
            real = mask[0][:, t, None]
            by_x, *by_states = step(t, *(xp.where(real, ct, 0) for ct in total))
            carried = [by_state + xp.where(real, 0, ct) for by_state, ct in zip(by_states, total)]
        else:
            by_x, *carried = step(t, *total)
        by_step.append(by_x)
    return xp.stack(by_step[::-1], axis=1), carried


def _before(xp: ModuleType, first: Any, states: Any) -> Any:
    """The states before each step."""
    return xp.concatenate((first[:, None], states[:, :-1]), axis=1)


def _product(x: Any, y: Any) -> Any:
    """The sum over batch and steps of the outer products of x and y."""
    return x.reshape(-1, x.shape[-1]).T @ y.reshape(-1, y.shape[-1])


# ---- the cells

@reference("simple_rnn")
def simple_rnn(xp: ModuleType, x: Any, kernel: Any, h: Any, *mask: Any, activation: str) -> tuple[Any, ...]:
    """h = activation(x + h kernel)."""
    function, _ = ACTIVATIONS[activation]
    return _forward(xp, lambda x, h: [function(xp, x + h @ kernel)], x, (h,), mask)


@reference("simple_rnn_gradient")
def simple_rnn_gradient(xp: ModuleType, ct: Any, x: Any, kernel: Any, h: Any, hs: Any, *mask: Any,
                        activation: str) -> tuple[Any, ...]:
    """Cotangents of x, kernel and h."""
    before = _before(xp, h, hs)
    function, slope = ACTIVATIONS[activation]
    slopes = slope(function(xp, x + before @ kernel))       # not of hs: masked steps have another state

    def step(t: int, by_h: Any) -> tuple[Any, ...]:
        by_x = by_h * slopes[:, t]
        return by_x, by_x @ kernel.T

    by_x, (by_h,) = _backward(xp, step, (ct,), mask)
    return by_x, _product(before, by_x), by_h


@reference("lstm")
def lstm(xp: ModuleType, x: Any, kernel: Any, h: Any, c: Any, *mask: Any, activation: str,
         recurrent_activation: str) -> tuple[Any, ...]:
    """Long short-term memory. Source: Hochreiter and Schmidhuber, 1997; with the forget gate of Gers et al., 2000."""
    (inner, _), (gate, _) = ACTIVATIONS[activation], ACTIVATIONS[recurrent_activation]

    def step(x: Any, h: Any, c: Any) -> tuple[Any, Any]:
        i, f, new, o = xp.split(x + h @ kernel, 4, axis=-1)
        c = gate(xp, f) * c + gate(xp, i) * inner(xp, new)
        return gate(xp, o) * inner(xp, c), c

    return _forward(xp, step, x, (h, c), mask)


@reference("lstm_gradient")
def lstm_gradient(xp: ModuleType, ct_h: Any, ct_c: Any, x: Any, kernel: Any, h: Any, c: Any, hs: Any, cs: Any,
                  *mask: Any, activation: str, recurrent_activation: str) -> tuple[Any, ...]:
    """Cotangents of x, kernel, h and c."""
    (inner, inner_slope), (gate, gate_slope) = ACTIVATIONS[activation], ACTIVATIONS[recurrent_activation]
    h_before, c_before = _before(xp, h, hs), _before(xp, c, cs)
    parts = xp.split(x + h_before @ kernel, 4, axis=-1)
    i, f, o = (gate(xp, parts[k]) for k in (0, 1, 3))
    new = inner(xp, parts[2])
    shown = inner(xp, f * c_before + i * new)

    def step(t: int, by_h: Any, by_c: Any) -> tuple[Any, ...]:
        by_c = by_c + by_h * o[:, t] * inner_slope(shown[:, t])
        by_gates = (by_c * new[:, t] * gate_slope(i[:, t]), by_c * c_before[:, t] * gate_slope(f[:, t]),
                    by_c * i[:, t] * inner_slope(new[:, t]), by_h * shown[:, t] * gate_slope(o[:, t]))
        by_x = xp.concatenate(by_gates, axis=-1)
        return by_x, by_x @ kernel.T, by_c * f[:, t]

    by_x, (by_h, by_c) = _backward(xp, step, (ct_h, ct_c), mask)
    return by_x, _product(h_before, by_x), by_h, by_c


@reference("gru")
def gru(xp: ModuleType, x: Any, kernel: Any, bias: Any, h: Any, *mask: Any, activation: str, recurrent_activation: str,
        reset_after: bool) -> tuple[Any, ...]:
    """Gated recurrent unit. Source: Cho et al., 2014, https://arxiv.org/abs/1406.1078 (v3; v1 with `reset_after`)."""
    (inner, _), (gate, _) = ACTIVATIONS[activation], ACTIVATIONS[recurrent_activation]
    units = h.shape[-1]
    gates, candidate = kernel[:, :2 * units], kernel[:, 2 * units:]

    def step(x: Any, h: Any) -> tuple[Any]:
        z, r = xp.split(gate(xp, x[:, :2 * units] + h @ gates), 2, axis=-1)
        part = r * (h @ candidate + bias) if reset_after else (r * h) @ candidate + bias
        return (z * h + (1 - z) * inner(xp, x[:, 2 * units:] + part),)

    return _forward(xp, step, x, (h,), mask)


@reference("gru_gradient")
def gru_gradient(xp: ModuleType, ct: Any, x: Any, kernel: Any, bias: Any, h: Any, hs: Any, *mask: Any, activation: str,
                 recurrent_activation: str, reset_after: bool) -> tuple[Any, ...]:
    """Cotangents of x, kernel, bias and h."""
    (inner, inner_slope), (gate, gate_slope) = ACTIVATIONS[activation], ACTIVATIONS[recurrent_activation]
    units, before = h.shape[-1], _before(xp, h, hs)
    gates, candidate = kernel[:, :2 * units], kernel[:, 2 * units:]
    z, r = xp.split(gate(xp, x[..., :2 * units] + before @ gates), 2, axis=-1)
    factor = before if reset_after else r * before          # what the kernel of the candidate multiplies
    part = factor @ candidate + bias
    new = inner(xp, x[..., 2 * units:] + (r * part if reset_after else part))

    def step(t: int, by_h: Any) -> tuple[Any, Any]:
        by_new = by_h * (1 - z[:, t]) * inner_slope(new[:, t])
        by_z = by_h * (before[:, t] - new[:, t]) * gate_slope(z[:, t])
        by_factor = (by_new * r[:, t] if reset_after else by_new) @ candidate.T
        by_r = (by_new * part[:, t] if reset_after else by_factor * before[:, t]) * gate_slope(r[:, t])
        by_gates = xp.concatenate((by_z, by_r), axis=-1)
        by_before = by_h * z[:, t] + by_gates @ gates.T + (by_factor if reset_after else by_factor * r[:, t])
        return xp.concatenate((by_gates, by_new), axis=-1), by_before

    by_x, (by_h,) = _backward(xp, step, (ct,), mask)
    by_gates, by_new = by_x[..., :2 * units], by_x[..., 2 * units:]
    by_part = by_new * r if reset_after else by_new
    by_kernel = xp.concatenate((_product(before, by_gates), _product(factor, by_part)), axis=-1)
    return by_x, by_kernel, by_part.sum(axis=(0, 1)), by_h
