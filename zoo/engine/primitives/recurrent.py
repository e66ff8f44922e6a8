"""Loops over the steps of sequences: a loop of any body, and the recurrent cells that are worth a primitive.

The primitives `lstm`, `gru` and `simple_rnn` do the recurrent part alone: their x is the input times its kernel, plus
the bias, which one large product gives for all steps at once. Where a mask is given and False, a step changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from zoo.engine.graph import Graph
from zoo.engine.op import Op, primitive
from zoo.engine.primitives.rules import BOOL, FLOAT, require, require_equal
from zoo.engine.spec import Dim, TensorSpec
from zoo.errors import ConfigError, DtypeError, ShapeError

ACTIVATIONS = ("tanh", "sigmoid", "hard_sigmoid", "keras2_hard_sigmoid", "relu", "linear")


def agree(*sizes: Dim) -> bool:
    """Whether sizes are the same, as far as they are known."""
    return len({size for size in sizes if size is not None}) <= 1


def fits(spec: TensorSpec, other: TensorSpec) -> bool:
    """Whether specs are the same, as far as they are known."""
    return spec.dtype == other.dtype and spec.rank == other.rank and all(map(agree, spec.shape, other.shape))


def _scan(*inputs: TensorSpec, body: Graph, sequences: int, states: int, reverse: bool) -> tuple[TensorSpec, ...]:
    if not 1 <= sequences <= sequences + states <= len(inputs) == len(body.inputs) or len(body.outputs) < states:
        raise ConfigError(f"scan: {len(inputs)} inputs, of them {sequences} sequences and {states} states, do not suit "
                          f"a body of {len(body.inputs)} inputs and {len(body.outputs)} outputs.")
    lengths = [x.shape[0] if x.rank else -1 for x in inputs[:sequences]]
    if not agree(*lengths) or -1 in lengths:
        raise ShapeError(f"scan: expected sequences of one length, "
                         f"received {', '.join(map(repr, inputs[:sequences]))}.")
    given = [x.with_shape(x.shape[1:]) for x in inputs[:sequences]] + list(inputs[sequences:])
    for spec, value in zip(given, body.inputs):
        if not fits(spec, value.spec):
            error = ShapeError if spec.dtype == value.dtype else DtypeError
            raise error(f"scan: one turn, {body!r}, takes {value.spec!r}, received {spec!r}.")
    made = [value.spec for value in body.outputs]
    for i, (spec, first) in enumerate(zip(made[:states], given[sequences:])):
        if not fits(spec, first):
            raise ShapeError(f"scan: state {i} starts as {first!r}, and one turn makes {spec!r} of it.")
    length = next((size for size in lengths if size is not None), None)
    return (*made[:states], *(spec.with_shape((length, *spec.shape)) for spec in made[states:]))


def _check(name: str, gates: int, x: TensorSpec, kernel: TensorSpec, states: Sequence[TensorSpec],
           mask: Sequence[TensorSpec], activations: Sequence[str]) -> TensorSpec:
    """Checks what all cells have in common; returns the spec of the states of all steps."""
    require_equal(name, x, kernel, *states)
    require(name, x, FLOAT)
    ranks_fit = x.rank == 3 and {spec.rank for spec in (kernel, *states, *mask)} == {2}
    if not ranks_fit or len(mask) > 1 or not _sizes_agree(gates, x, kernel, states, mask):
        raise ShapeError(f"{name}: expected x (batch, steps, {gates} * units), a kernel (units, {gates} * units), "
                         f"states (batch, units) and perhaps a mask (batch, steps), received "
                         f"{', '.join(map(repr, (x, kernel, *states, *mask)))}.")
    for spec in mask:
        require(name, spec, BOOL)
    for activation in activations:
        if activation not in ACTIVATIONS:
            raise ConfigError(f"{name}: expected an activation of {ACTIVATIONS}, received {activation!r}.")
    return x.with_shape((x.shape[0], x.shape[1], kernel.shape[0]))


def _sizes_agree(gates: int, x: TensorSpec, kernel: TensorSpec, states: Sequence[TensorSpec],
                 mask: Sequence[TensorSpec]) -> bool:
    units = kernel.shape[0]
    return agree(x.shape[-1], kernel.shape[1], None if units is None else gates * units) \
        and agree(units, *(state.shape[1] for state in states)) \
        and agree(*(spec.shape[0] for spec in (x, *states, *mask))) and agree(*(spec.shape[1] for spec in (x, *mask)))


def _lstm(x: TensorSpec, kernel: TensorSpec, h: TensorSpec, c: TensorSpec, *mask: TensorSpec, activation: str,
          recurrent_activation: str) -> tuple[TensorSpec, ...]:
    return (_check("lstm", 4, x, kernel, (h, c), mask, (activation, recurrent_activation)),) * 2


def _gru(x: TensorSpec, kernel: TensorSpec, bias: TensorSpec, h: TensorSpec, *mask: TensorSpec, activation: str,
         recurrent_activation: str, reset_after: bool) -> tuple[TensorSpec, ...]:
    made = _check("gru", 3, x, kernel, (h,), mask, (activation, recurrent_activation))
    if not fits(bias, made.with_shape(made.shape[-1:])):
        raise ShapeError(f"gru: expected a bias {made.with_shape(made.shape[-1:])!r}, received {bias!r}.")
    return (made,)


def _simple_rnn(x: TensorSpec, kernel: TensorSpec, h: TensorSpec, *mask: TensorSpec,
                activation: str) -> tuple[TensorSpec, ...]:
    return (_check("simple_rnn", 1, x, kernel, (h,), mask, (activation,)),)


def _gradient(op: Op, inputs: int, outputs: int) -> Op:
    """The primitive that makes cotangents of the inputs of `op` from cotangents of its outputs."""
    def infer(*specs: TensorSpec, **attrs: object) -> tuple[TensorSpec, ...]:
        cotangents, given = specs[:outputs], specs[outputs:outputs + inputs]
        made, mask = specs[outputs + inputs:inputs + 2 * outputs], specs[inputs + 2 * outputs:]
        expected = op.infer(*given, *mask, **attrs)
        require_equal(f"{op.name}_gradient", *cotangents, *given, *made)
        if not all(map(fits, (*cotangents, *made), (*expected, *expected))):
            raise ShapeError(f"{op.name}_gradient: expected cotangents and results {expected}, received "
                             f"{(*cotangents, *made)}.")
        return given
    return primitive(f"{op.name}_gradient", infer)


# sequences (length, ...), states, captured values -> last states, stacked results; `body` is the graph of one turn
scan_op = primitive("scan", _scan)
lstm_op = primitive("lstm", _lstm)                          # gates i, f, c, o -> h and c of all steps
gru_op = primitive("gru", _gru)                             # gates z, r, h; `bias` is added to the recurrent part of h
simple_rnn_op = primitive("simple_rnn", _simple_rnn)
# cotangents of the outputs, inputs, outputs[, mask] -> cotangents of the inputs
lstm_gradient_op = _gradient(lstm_op, inputs=4, outputs=2)
gru_gradient_op = _gradient(gru_op, inputs=4, outputs=1)
simple_rnn_gradient_op = _gradient(simple_rnn_op, inputs=3, outputs=1)
