"""Changes along a direction, vectorized functions, the incomplete gamma function, windows of images."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from zoo import ops
from zoo.engine.function import Function
from zoo.engine.tape import GradientTape
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, ShapeError
from zoo.layers import Input

RNG = np.random.default_rng(0)


# ---- jvp

def test_change_of_a_product() -> None:
    values, changes = ops.jvp(lambda x, y: {"product": x * y, "first": x}, (2.0, 3.0), (1.0, 0.5))
    assert values == {"product": 6, "first": 2} and changes == {"product": 4, "first": 1}
    assert changes["product"].dtype == "float32"


def test_the_change_is_the_jacobian_times_the_direction() -> None:
    x, v = RNG.normal(size=(2, 4)).astype("float32")
    weights = RNG.normal(size=(4, 3)).astype("float32")
    found = ops.jvp(lambda x: ops.tanh(ops.matmul(ops.expand_dims(x, 0), weights))[0], [x], [v])
    inner = x @ weights
    np.testing.assert_allclose(found[0], np.tanh(inner), rtol=1e-5)
    np.testing.assert_allclose(found[1], (1 - np.tanh(inner) ** 2) * (v @ weights), rtol=1e-4)


def test_changes_in_a_graph_and_beside_other_results() -> None:
    def function(x: Any, v: Any) -> Any:
        value, change, rest = ops.jvp(lambda x: (ops.sin(x), "aside"), [x], [v], has_aux=True)
        assert rest == "aside"
        return value, change

    x, v = np.array([0.5, 2.0], "float32"), np.array([1.0, -3.0], "float32")
    for result in (function(x, v), Function(function)(x, v)):
        np.testing.assert_allclose(result, [np.sin(x), np.cos(x) * v], rtol=1e-6)


def test_what_does_not_depend_on_the_arguments_does_not_change() -> None:
    values, changes = ops.jvp(lambda x: (ops.floor(x), ops.zeros((2,))), [np.array([1.5])], [np.array([1.0])])
    assert [c.tolist() for c in changes] == [[0], [0, 0]] and values[0].tolist() == [1]


def test_directions_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError, match="tangents"):
        ops.jvp(ops.sin, [np.ones(2)], [np.ones(3)])
    with pytest.raises(ConfigError, match="call\\(\\) of a layer"):
        ops.jvp(ops.sin, [Input((2,))], [Input((2,))])


# ---- vectorize

def test_functions_of_scalars() -> None:
    total = ops.vectorize(lambda a, b: a + b)([1, 2, 3, 4], 2)
    assert total.tolist() == [3, 4, 5, 6] and total.dtype == "int32"
    both = ops.vectorize(lambda a, b: (a + b, a * b))(np.arange(3.0, dtype="float32"), np.full((2, 1), 2, "float32"))
    assert [part.tolist() for part in both] == [[[2, 3, 4]] * 2, [[0, 2, 4]] * 2]


def test_functions_of_arrays() -> None:
    matrices, vectors = RNG.normal(size=(3, 1, 2, 4)), RNG.normal(size=(5, 4))
    apply = ops.vectorize(lambda m, v: ops.sum(m * v, -1), signature="(m,n),(n)->(m)")
    expected = np.einsum("abmn,bn->abm", np.broadcast_to(matrices, (3, 5, 2, 4)), vectors)
    np.testing.assert_allclose(apply(matrices, vectors), expected)
    np.testing.assert_allclose(Function(apply)(matrices, vectors), expected)


def test_excluded_arguments_are_handed_on() -> None:
    def polynomial(p: Any, x: Any, shift: Any = 0) -> Any:
        return ops.sum(p * x ** np.arange(3)) + shift

    values = ops.vectorize(polynomial, excluded={0})(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 2.0]))
    assert values.tolist() == [1, 6, 17]
    shifted = ops.vectorize(polynomial, excluded={0, "shift"})(np.array([1.0, 2.0, 3.0]), np.array([0.0]), shift=5)
    assert shifted.tolist() == [6]


def test_signatures_that_are_none_are_refused() -> None:
    with pytest.raises(ConfigError, match="'\\(m,n\\)'"):
        ops.vectorize(ops.sin, signature="(m,n)")
    with pytest.raises(ConfigError, match="for 2 arguments, received 1"):
        ops.vectorize(ops.add, signature="(),()->()")(1.0)
    with pytest.raises(ShapeError, match="do not fit"):
        ops.vectorize(ops.add, signature="(n),(n)->(n)")(np.ones(2), np.ones(3))


# ---- the incomplete gamma function

def test_incomplete_gamma_where_it_is_elementary() -> None:
    x = np.array([0.0, 1e-3, 0.5, 1.0, 3.0, 20.0, 80.0, np.inf])
    np.testing.assert_allclose(ops.gammainc(np.float64(1), x), -np.expm1(-x), rtol=1e-13)
    np.testing.assert_allclose(ops.gammainc(np.float64(0.5), x), [math.erf(math.sqrt(v)) for v in x], rtol=1e-13)
    thirds = [1 - math.exp(-v) * (1 + v + v * v / 2) if v < np.inf else 1 for v in x[2:]]
    np.testing.assert_allclose(ops.gammainc(np.float64(3), x[2:]), thirds, rtol=1e-12)


def test_incomplete_gamma_of_large_numbers_and_outside() -> None:
    values = ops.gammainc(np.array([1e3, 1e5, 2.0, 10.0]), np.array([1010.0, 1.001e5, 1.0, 12.0]))
    np.testing.assert_allclose(values, [0.62767894, 0.62444513, 0.26424112, 0.75760784], rtol=1e-7)
    assert np.isnan(ops.gammainc(np.array([-1.0, 1.0, 0.0]), np.array([1.0, -1.0, 1.0]))).all()
    assert ops.gammainc(2, np.ones((2, 1), "float32")).dtype == "float32"


def test_gradients_of_incomplete_gamma() -> None:
    a, x = (Variable(np.array(values)) for values in ([0.5, 2.0, 10.0, 1e3], [0.3, 1.0, 12.0, 1010.0]))
    with GradientTape(persistent=True) as tape:
        y = ops.sum(ops.gammainc(a, x))
    np.testing.assert_allclose(tape.gradient(y, a), [-0.77057034, -0.27619605, -0.09717797, -0.01194573], rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(y, x), [0.763090555, 0.367879441, 0.0873643799, 0.011884515], rtol=1e-7)


# ---- windows of images

@pytest.mark.parametrize(("size", "strides", "padding", "rate"), [
    (4, None, "valid", 1), ((4, 2), (2, 1), "valid", 1), ((3, 4), 2, "same", 1), ((5, 3), None, "same", 1),
    (3, 1, "valid", 2), (3, 1, "same", 2)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_windows_are_put_together_again(size: Any, strides: Any, padding: str, rate: int, data_format: str) -> None:
    image = RNG.normal(size=(2, 12, 10, 3)).astype("float32")
    image = np.moveaxis(image, -1, 1) if data_format == "channels_first" else image
    options = {"strides": strides, "padding": padding, "data_format": data_format, "dilation_rate": rate}
    patches = ops.image.extract_patches(image, size, **options)
    whole = ops.image.reconstruct_patches(patches, size, (12, 10), **options)
    known = ops.image.reconstruct_patches(np.ones_like(patches), size, (12, 10), **options) == 1
    assert known.mean() > 0.7
    np.testing.assert_allclose(whole, np.where(known, image, 0), atol=1e-5)
    np.testing.assert_allclose(ops.image.reconstruct_patches(patches[0], size, (12, 10), **options), whole[0],
                               atol=1e-6)


def test_sums_of_windows_and_volumes() -> None:
    line = np.ones((1, 1, 3, 2), "float32")
    total = ops.image.reconstruct_patches(line, (1, 2), strides=(1, 1), reduction="sum")
    assert total[0, 0, :, 0].tolist() == [1, 2, 2, 1]
    volume = RNG.normal(size=(1, 4, 6, 5, 2)).astype("float32")
    patches = ops.image.extract_patches_3d(volume, (2, 3, 5))
    np.testing.assert_allclose(ops.image.reconstruct_patches(patches, (2, 3, 5)), volume, atol=1e-6)


def test_what_cannot_be_put_together_is_refused() -> None:
    patches = np.ones((1, 2, 2, 4), "float32")
    with pytest.raises(ConfigError, match="leave out pixels"):
        ops.image.reconstruct_patches(patches, 2, strides=3)
    with pytest.raises(ConfigError, match="output_size"):
        ops.image.reconstruct_patches(patches, 2, padding="same")
    with pytest.raises(ShapeError, match=r"cut into \(3, 2\) windows, received \(2, 2\)"):
        ops.image.reconstruct_patches(patches, 2, (6, 4))
