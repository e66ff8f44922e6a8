"""Sweeps and moments: which nodes become one, and that every kernel computes what the definition says."""

import numpy as np
import pytest

from zoo.config import config
from zoo.engine import primitives as p
from zoo.engine.compile import compile_graph, optimize
from zoo.engine.kernels.families import load
from zoo.engine.passes.fuse_elementwise import fuse_elementwise
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace



def results_of(function, arrays, family):
    """What a function gives when compiled with kernels of one family, with any number of threads."""
    if load(family) is not None:
        pytest.skip(load(family))
    with config.using(kernels=family):
        program = compile_graph(trace(function, *(TensorSpec(x.shape, str(x.dtype)) for x in arrays)).graph)
        results = program.run(*arrays)
        for threads in (1, 3):
            with config.using(threads=threads):
                for result, again in zip(results, program.run(*arrays)):
                    np.testing.assert_array_equal(result, again)
    return results


def agree(function, arrays, family, tolerance):
    """Compares with the definition in float64; the tolerance is relative to the largest element."""
    for result, truth in zip(results_of(function, arrays, family), function(*(x.astype("float64") for x in arrays))):
        assert result.shape == truth.shape and result.dtype == arrays[0].dtype
        assert np.abs(result - truth).max() <= tolerance * np.abs(truth).max()


def numbers(shape, dtype="float32", seed=0):
    return np.random.default_rng([seed, *shape]).normal(3, 2, shape).astype(dtype)


def two_sums(axes, keepdims=False):
    """What the gradient of a batch normalisation adds up."""
    def function(x, y, vector):
        product = p.multiply_op(p.subtract_op(x, vector), y)
        return [p.sum_op(y, axes=axes, keepdims=keepdims), p.mean_op(product, axes=axes, keepdims=keepdims)]
    return function


def stored_and_summed(axes, keepdims=False):
    """A result that is needed as it is, and added up."""
    def function(x, y, vector):
        z = p.relu_op(p.add_op(p.multiply_op(x, vector), y))
        return [z, p.sum_op(z, axes=axes, keepdims=keepdims), p.sum_op(p.square_op(z), axes=axes, keepdims=keepdims)]
    return function


def several_results(axes, keepdims=False):
    """The new value of a weight and of its momentum."""
    def function(x, y, vector):
        momentum = p.subtract_op(p.multiply_op(y, vector), x)
        return [p.add_op(x, momentum), momentum]
    return function


SHAPES = [(3, 4), (7, 1), (1, 5), (2, 3, 5, 7), (5, 2000), (2, 33, 31, 16), (3, 40, 50, 7), (1, 129, 127, 3),
          (6, 5000, 1)]


def operands(shape, vector, dtype="float32"):
    return [numbers(shape, dtype), numbers(shape, dtype, 1), numbers(vector, dtype, 2)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("made", [two_sums, stored_and_summed, several_results])
def test_sweeps_by_tiles(made, shape):
    rank = len(shape)
    for axes in {tuple(range(rank - 1)), (rank - 1,), tuple(range(1, rank)), (0,), tuple(range(rank))}:
        for vector in {shape[-1:], (shape[0], *[1] * (rank - 1)), shape}:
            agree(made(axes), operands(shape, vector), "blas", 2e-6)
    agree(made((0,), keepdims=True), operands(shape, shape[-1:], "float64"), "blas", 1e-14)


VECTORS = {"one a channel": lambda shape: shape[-1:], "one an image": lambda shape: (shape[0], 1, 1, 1),
           "whole": lambda shape: shape}


@pytest.mark.parametrize("vector", VECTORS)
@pytest.mark.parametrize("made", [two_sums, stored_and_summed, several_results])
def test_compiled_sweeps(made, vector):
    for shape in [(2, 33, 31, 16), (3, 40, 50, 7), (1, 129, 127, 3), (4, 3, 3, 300)]:
        for axes in [(0, 1, 2), (1, 2), (0,)]:
            agree(made(axes), operands(shape, VECTORS[vector](shape)), "jit", 2e-6)


def test_nothing_to_sweep():
    results = results_of(stored_and_summed((1,)), operands((2, 0, 3), (3,)), "blas")
    assert [x.shape for x in results] == [(2, 0, 3), (2, 3), (2, 3)] and not results[1].any()


@pytest.mark.parametrize("family", ["blas", "jit"])
@pytest.mark.parametrize("axes, keepdims", [((0, 1, 2), False), ((1, 2), True), ((0,), False), ((3,), True),
                                            ((0, 1, 2, 3), False), ((0, 2), True)])
def test_moments(family, axes, keepdims):
    for shape in [(2, 33, 31, 16), (3, 40, 50, 7), (1, 129, 127, 3), (2, 1, 1, 5)]:
        agree(lambda x: p.moments_op(x, axes=axes, keepdims=keepdims), [numbers(shape)], family, 1e-6)


@pytest.mark.parametrize("family", ["blas", "jit"])
def test_variance_far_from_zero(family):
    """Two passes over each piece: the square of the mean does not drown the variance."""
    x = (1000 + np.random.default_rng(0).normal(size=(16, 60, 60, 8))).astype("float32")
    mean, variance = results_of(lambda x: p.moments_op(x, axes=(0, 1, 2), keepdims=False), [x], family)
    np.testing.assert_allclose(mean, x.astype("float64").mean((0, 1, 2)), rtol=1e-7)
    np.testing.assert_allclose(variance, x.astype("float64").var((0, 1, 2)), rtol=1e-5)


def ops_of(function, *shapes):
    graph, _ = optimize(trace(function, *(TensorSpec(shape, "float32") for shape in shapes)).graph)
    return [node.op.name for node in graph.nodes]


def test_what_reads_the_same_tensors_becomes_one_node():
    assert ops_of(two_sums((0, 1, 2)), (4, 40, 40, 8), (4, 40, 40, 8), (8,)) == ["sweep"]
    assert ops_of(stored_and_summed((0, 1, 2)), (4, 40, 40, 8), (4, 40, 40, 8), (8,)) == ["sweep"]
    assert ops_of(several_results(()), (3, 3, 8, 8), (3, 3, 8, 8), (8,)) == ["sweep"]


def test_what_needs_a_finished_sum_is_another_pass():
    def centred(x):
        mean = p.mean_op(x, axes=(0,), keepdims=True)
        return [p.sum_op(p.square_op(p.subtract_op(x, mean)), axes=(0,), keepdims=False), mean]
    assert ops_of(centred, (5, 6)) == ["mean", "sweep"]
    agree(centred, [numbers((5, 6))], "blas", 1e-6)


def test_a_node_in_between_keeps_its_place():
    """y is read by a product whose result the next elementwise node needs: they cannot be one pass."""
    def function(x, w):
        y = p.relu_op(x)
        z = p.multiply_op(y, p.matmul_op(y, w))
        return [z, p.sum_op(y, axes=(0,), keepdims=False), p.sum_op(z, axes=(0,), keepdims=False)]
    agree(function, [numbers((6, 6)), numbers((6, 6), seed=1)], "blas", 1e-6)
    assert ops_of(function, (6, 6), (6, 6)).count("matmul") == 1


def test_what_is_cheap_is_computed_again_instead_of_stored():
    """A normalisation read by an activation and by the gradient of that."""
    def function(x, scale, ct):
        y = p.multiply_op(x, scale)
        return [p.clip_op(y, min=0.0, max=6.0), p.matmul_op(p.select_op(p.greater_op(y, scale), ct, y), ct)]
    shapes = [(200, 200), (200,), (200, 200)]
    graph, _ = fuse_elementwise(trace(function, *map(TensorSpec, shapes)).graph)
    assert [node.op.name for node in graph.nodes] == ["fused", "fused", "matmul"]
    agree(function, [numbers((200, 200)), numbers((200,)), numbers((200, 200), seed=1)], "blas", 1e-5)
