"""Kernels that take and add slices by integers, and softmax, against their definitions."""

import importlib.util

import numpy as np
import pytest

from zoo.config import config
from zoo.engine.compile import compile_graph
from zoo.engine.primitives import add_op, log_softmax_op, scatter_op, softmax_op, take_op
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace

FAMILIES = ["blas"] + ["jit"] * (importlib.util.find_spec("numba") is not None)


def run(function, arrays, families):
    """The result for 1, 2 and 3 threads alike, and the title of the last kernel."""
    with config.using(kernels=families, jit="wait"):
        graph = trace(function, *(TensorSpec(x.shape, str(x.dtype)) for x in arrays)).graph
        program = compile_graph(graph, pipeline=())
    made = []
    for threads in (1, 2, 3):
        with config.using(threads=threads):
            made += program.run(*arrays)
    np.testing.assert_array_equal(made[1], made[0])
    np.testing.assert_array_equal(made[2], made[0])
    return made[0], program.steps[-1].choice.kernel.title


def check(function, arrays, family, tolerance=0.0):
    expected, _ = run(function, arrays, "reference")
    actual, title = run(function, arrays, ("reference", family))
    assert title.startswith(family) and actual.dtype == expected.dtype
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("shape, indices", [((7, 5), (3, 4)), ((1000, 130), (64, 50)), ((9,), (11,)), ((4, 2, 3), ())])
@pytest.mark.parametrize("dtype", ["float32", "int32", "float64"])
def test_take(shape, indices, dtype):
    rng = np.random.default_rng(0)
    x, places = rng.normal(size=shape).astype(dtype), rng.integers(-shape[0], shape[0], indices).astype("int32")
    check(lambda x, i: take_op(x, i, axis=0), [x, places], "blas")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("shape, lead", [((7, 5), (40,)), ((300, 131), (20, 31)), ((9,), (25,)), ((5, 2, 3), (1,)),
                                         ((2, 600), (50,))])
def test_slices_that_meet_are_added(family, shape, lead):
    rng = np.random.default_rng(0)
    x, updates = (rng.normal(size=size).astype("float32") for size in (shape, (*lead, *shape[1:])))
    indices = rng.integers(-shape[0], shape[0], (*lead, 1)).astype("int32")
    scatter = lambda x, i, u: scatter_op(x, i, u, mode="add")           # noqa: E731
    check(scatter, [x, indices, updates], family, tolerance=1e-5)
    check(lambda x, i, u: scatter(add_op(x, x), i, u), [x, indices, updates], family, tolerance=1e-5)   # in place


@pytest.mark.parametrize("bad", [7, -8])
def test_indices_outside_are_refused(bad):
    x, indices = np.ones((7, 3), "float32"), np.array([0, bad], "int32")
    with pytest.raises(IndexError, match="out of bounds"):
        run(lambda x, i: take_op(x, i, axis=0), [x, indices], ("reference", "blas"))
    for family in FAMILIES:
        with pytest.raises(IndexError, match="out of bounds"):
            run(lambda x, i, u: scatter_op(x, i, u, mode="add"), [x, indices[:, None], x[:2]], ("reference", family))


@pytest.mark.parametrize("primitive", [softmax_op, log_softmax_op])
@pytest.mark.parametrize("shape", [(1,), (5, 1), (3, 70000), (16, 4, 33, 31), (2, 7)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax(primitive, shape, dtype):
    x = (10 * np.random.default_rng(0).normal(size=shape)).astype(dtype)
    x.reshape(-1)[0] = 300
    check(lambda x: primitive(x, axis=x.ndim - 1), [x], "blas", tolerance=1e-5)
    if x.shape[-1] > 1:
        x[..., -1] = -np.inf
        check(lambda x: primitive(add_op(x, x), axis=x.ndim - 1), [x], "blas", tolerance=1e-5)


@pytest.mark.skipif("jit" not in FAMILIES, reason="Numba is not installed")
@pytest.mark.parametrize("shape", [(3, 70000), (16, 4, 33, 31), (300, 7, 5), (200, 48), (9000, 1)])
def test_compiled_softmax(shape):
    x = (10 * np.random.default_rng(0).normal(size=shape)).astype("float32")
    x.reshape(-1)[0] = 300
    check(lambda x: softmax_op(x, axis=x.ndim - 1), [x], "jit", tolerance=1e-5)
    x[0] = -np.inf
    check(lambda x: softmax_op(x, axis=x.ndim - 1), [x], "jit", tolerance=1e-5)
