"""Kernels of recurrent cells against their definitions: sizes that fill no tile, masks, one step, one sample."""

import importlib.util

import numpy as np
import pytest

from zoo.config import config
from zoo.engine.compile import compile_graph
from zoo.engine.op import OPS
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace

CELLS = {                                                   # primitive, gates, weights, states, attributes
    "simple_rnn": ("simple_rnn", 1, 1, 1, {}),
    "lstm": ("lstm", 4, 1, 2, {"recurrent_activation": "sigmoid"}),
    "gru, reset after": ("gru", 3, 2, 1, {"recurrent_activation": "sigmoid", "reset_after": True}),
    "gru, reset before": ("gru", 3, 2, 1, {"recurrent_activation": "sigmoid", "reset_after": False}),
}
ACTIVATIONS = [("tanh", "sigmoid"), ("relu", "hard_sigmoid"), ("linear", "keras2_hard_sigmoid"), ("sigmoid", "tanh")]
SIZES = [(1, 1, 1), (1, 6, 5), (5, 4, 70), (33, 3, 17), (8, 1, 48)]     # batch, steps, units
needs_numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="Numba is not installed")


def results(primitive, arrays, attrs, kernels):
    """What the primitive gives by kernels of one family, for 1, 2 and 3 threads alike."""
    with config.using(kernels=kernels, jit="wait"):
        graph = trace(lambda *xs: primitive(*xs, **attrs), *(TensorSpec(x.shape, str(x.dtype)) for x in arrays)).graph
        program = compile_graph(graph, pipeline=())
    title = program.steps[-1].choice.kernel.title
    assert title.startswith(kernels), f"{title} was chosen"
    made = []
    for threads in (1, 2, 3):
        with config.using(threads=threads):
            made.append(program.run(*arrays))
    for others in zip(*made):
        for other in others[1:]:
            np.testing.assert_array_equal(other, others[0])
    return made[0]


def check(cell, size, family, activations=ACTIVATIONS[0], masked=True, dtype="float32"):
    """The cell and its gradient; relative to the scale of each result."""
    (batch, steps, units), rng = size, np.random.default_rng(5)
    name, gates, weights, states, attrs = CELLS[cell]
    attrs = {**attrs, "activation": activations[0]}
    if name != "simple_rnn":
        attrs["recurrent_activation"] = activations[1]
    shapes = [(batch, steps, gates * units), (units, gates * units),
              *[(units,)] * (weights - 1), *[(batch, units)] * states]
    x, kernel, *rest = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    inputs = [x, (kernel / (2 * np.sqrt(units))).astype(dtype), *rest]
    mask = [rng.random((batch, steps)) < 0.6] if masked else []
    expected = results(OPS[name], [*inputs, *mask], attrs, "reference")
    actual = results(OPS[name], [*inputs, *mask], attrs, family)
    cotangents = [rng.normal(size=expected[0].shape).astype(dtype) for _ in range(states)]
    given = [*cotangents, *inputs, *expected, *mask]
    expected += results(OPS[f"{name}_gradient"], given, attrs, "reference")
    actual += results(OPS[f"{name}_gradient"], given, attrs, family)
    for ours, theirs in zip(actual, expected, strict=True):
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * max(0.1, np.abs(theirs).max()))


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("cell", CELLS)
def test_by_steps_of_numpy(cell, size, masked):
    check(cell, size, "blas", masked=masked)


@pytest.mark.parametrize("activations", ACTIVATIONS[1:])
@pytest.mark.parametrize("cell", CELLS)
def test_activations_by_numpy(cell, activations):
    check(cell, (3, 4, 7), "blas", activations, dtype="float64")


@needs_numba
@pytest.mark.parametrize("cell", CELLS)
def test_compiled(cell):
    for size in ((33, 3, 17), (8, 1, 48), (19, 2, 65)):     # the sizes are arguments of one function
        check(cell, size, "jit")
    check(cell, (33, 3, 17), "jit", masked=False)


@needs_numba
@pytest.mark.parametrize("cell, sizes", [("lstm", [(1, 6, 5), (3, 1, 16)]), ("gru, reset before", [(5, 4, 70)])])
def test_compiled_for_few_samples(cell, sizes):
    for size in sizes:
        check(cell, size, "jit")


@needs_numba
@pytest.mark.parametrize("cell, activations", [("simple_rnn", ACTIVATIONS[1]), ("lstm", ACTIVATIONS[2])])
def test_compiled_activations(cell, activations):
    check(cell, (9, 4, 20), "jit", activations)


@needs_numba
def test_large_kernels_are_cut_into_other_tasks():
    check("simple_rnn", (20, 2, 600), "jit")


def test_other_dtypes_are_left_to_numpy():
    check("lstm", (4, 3, 5), "blas", dtype="float64")
    x = np.zeros((2, 3, 8))
    with config.using(kernels=("reference", "jit"), jit="wait"):
        graph = trace(lambda *xs: OPS["lstm"](*xs, activation="tanh", recurrent_activation="sigmoid"),
                      *(TensorSpec(shape, "float64") for shape in (x.shape, (2, 8), (2, 2), (2, 2)))).graph
        assert compile_graph(graph).steps[-1].choice.kernel.family == "reference"
