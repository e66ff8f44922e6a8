"""Special functions, segments, order, transforms, linear algebra, control flow."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zoo import ops
from zoo.engine.function import Function
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace
from zoo.errors import ConfigError, ShapeError

RNG = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype("float32")


def test_logsumexp() -> None:
    x = normal(2, 3, 4) * 5
    np.testing.assert_allclose(ops.logsumexp(x, (0, 2)), np.log(np.exp(x).sum((0, 2))), rtol=1e-5)
    assert ops.logsumexp(np.array([1e4, 1e4], "float32")) == pytest.approx(1e4 + math.log(2))
    assert ops.logsumexp(np.array([-np.inf, -np.inf], "float32")) == -np.inf
    assert ops.logsumexp(x, 1, keepdims=True).shape == (2, 1, 4)


def test_erfinv_undoes_erf() -> None:
    x = np.linspace(-0.9999, 0.9999, 201, dtype="float32")
    np.testing.assert_allclose(ops.erf(ops.erfinv(x)), x, atol=3e-7)
    assert ops.erfinv(np.array([-1, 1], "float32")).tolist() == [-np.inf, np.inf]


def test_segments() -> None:
    data, ids = np.arange(8, dtype="float32").reshape(4, 2), np.array([2, 0, 2, 5])
    assert ops.segment_sum(data, ids, 3).tolist() == [[2, 3], [0, 0], [4, 6]]
    assert ops.segment_max(data, ids, 3)[[0, 2]].tolist() == [[2, 3], [4, 5]]
    assert ops.segment_min(data, ids, 3)[2].tolist() == [0, 1]
    assert ops.segment_prod(data, ids, 3)[2].tolist() == [0, 5]
    assert ops.segment_sum(data, ids).shape == (6, 2)
    assert ops.segment_max(data, ids, 3)[1, 0] == np.finfo("float32").min


def test_the_largest_come_first_and_ties_keep_their_order() -> None:
    values, places = ops.top_k(np.array([[3, 1, 3, 2]], "int32"), 3)
    assert (values.tolist(), places.tolist()) == ([[3, 3, 2]], [[0, 2, 3]])
    assert ops.in_top_k(np.array([1, 0]), np.array([[0.1, 0.9, 0.5], [0.1, 0.9, 0.5]], "float32"),
                        2).tolist() == [True, False]
    with pytest.raises(ShapeError, match="k=5"):
        ops.top_k(np.ones((1, 4)), 5)


def test_fourier_transforms() -> None:
    x, y = normal(3, 8), normal(3, 8)
    expected = np.fft.fft(x + 1j * y)
    np.testing.assert_allclose(ops.fft((x, y)), (expected.real, expected.imag), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ops.ifft2(ops.fft2((x, y))), (x, y), atol=1e-5)
    for length in (6, 7, 8, 11):
        expected = np.fft.rfft(x, length)
        np.testing.assert_allclose(ops.rfft(x, length), (expected.real, expected.imag), atol=1e-4)
        spectrum = (normal(2, 5), normal(2, 5))
        np.testing.assert_allclose(ops.irfft(spectrum, length), np.fft.irfft(spectrum[0] + 1j * spectrum[1], length),
                                   atol=1e-4)


@pytest.mark.parametrize("window", ["hann", "hamming", None])
@pytest.mark.parametrize("center", [True, False])
def test_the_short_time_transform_has_an_inverse(window, center: bool) -> None:
    x = normal(2, 60)
    spectrum = ops.stft(x, 12, 4, 16, window, center)
    back = ops.istft(spectrum, 12, 4, 16, 60 if center else None, window, center)
    inner = slice(8, 48)
    np.testing.assert_allclose(back[:, inner], x[:, inner], atol=1e-4)


def test_linear_algebra() -> None:
    a, b = normal(2, 3, 3) + 2 * np.eye(3, dtype="float32"), normal(2, 3, 2)
    positive = a @ np.swapaxes(a, 1, 2)
    np.testing.assert_allclose(a @ ops.solve(a, b), b, atol=1e-4)
    np.testing.assert_allclose(a[0] @ ops.solve(a[0], b[0, :, 0]), b[0, :, 0], atol=1e-4)
    np.testing.assert_allclose(np.triu(a) @ ops.solve_triangular(a, b), b, atol=1e-3)
    np.testing.assert_allclose(a @ ops.inv(a), np.broadcast_to(np.eye(3), (2, 3, 3)), atol=1e-4)
    np.testing.assert_allclose(ops.cholesky_inverse(np.linalg.cholesky(positive)), np.linalg.inv(positive), rtol=1e-2,
                               atol=1e-2)
    np.testing.assert_allclose(ops.cholesky(positive, upper=True), np.swapaxes(np.linalg.cholesky(positive), 1, 2),
                               rtol=1e-4)
    sign, size = ops.slogdet(a)
    np.testing.assert_allclose((sign, size), np.linalg.slogdet(a), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ops.logdet(positive), np.linalg.slogdet(positive)[1], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(ops.pinv(b), np.linalg.pinv(b), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(ops.lstsq(b[0], a[0]), np.linalg.lstsq(b[0], a[0], rcond=None)[0], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(ops.linalg.matrix_power(a, 3), a @ a @ a, rtol=1e-4)
    np.testing.assert_allclose(ops.linalg.matrix_power(a, -1), ops.inv(a), rtol=1e-4)
    assert ops.linalg.matrix_rank(np.ones((3, 3), "float32")) == 1
    values, vectors = ops.eigh(positive)
    np.testing.assert_allclose(positive @ vectors, vectors * values[:, None, :], rtol=1e-3, atol=1e-3)


def test_lu_factors_reproduce_the_matrix() -> None:
    a = normal(4, 4)
    table, pivots = ops.lu_factor(a)
    product = (np.tril(table, -1) + np.eye(4)) @ np.triu(table)
    for step in reversed(range(4)):
        product[[step, pivots[step]]] = product[[pivots[step], step]]
    np.testing.assert_allclose(product, a, atol=1e-5)


NORMS = [(None, None), (None, 1), (2, 0), (1, 1), (3, 1), (0, 1), (np.inf, 0), (-np.inf, 1), ("fro", (0, 1)),
         ("nuc", (0, 2)), (2, (1, 2)), (-2, (2, 1)), (1, (0, 2)), (-1, (2, 0)), (np.inf, (0, 1)), (-np.inf, (1, 2))]


@pytest.mark.parametrize(("order", "axis"), NORMS)
def test_norms(order, axis) -> None:
    x = normal(2, 3, 4)
    for keepdims in (False, True):
        expected = np.linalg.norm(x.ravel() if axis is None else x, order, None if axis is None else axis, keepdims)
        result = ops.norm(x, order, axis, keepdims)
        np.testing.assert_allclose(np.ravel(result), np.ravel(expected), rtol=1e-4)
        assert axis is None or result.shape == np.shape(expected)


def test_unknown_norms_are_named() -> None:
    with pytest.raises(ConfigError, match="order 'fro' over 1 axes"):
        ops.norm(normal(3), "fro")


def test_scatter_and_slices() -> None:
    assert ops.scatter(np.array([[0], [2], [0]]), np.array([1.0, 2, 3], "float32"), (4,)).tolist() == [4, 0, 2, 0]
    assert ops.scatter_update(np.zeros(3, "float32"), np.array([[1]]), np.array([5.0]), "max").tolist() == [0, 5, 0]
    x = np.arange(12, dtype="float32").reshape(3, 4)
    assert ops.slice(x, (1, 0), (2, -1)).tolist() == x[1:].tolist()
    updated = ops.slice_update(x, (1, 2), np.zeros((2, 2), "float32"))
    assert updated[1:, 2:].sum() == 0 and updated[0].tolist() == [0, 1, 2, 3]
    moving = Function(lambda x, i: ops.slice(x, (i, 0), (1, 2)))
    assert moving(x, np.int32(2)).tolist() == [[8, 9]]
    with pytest.raises(ConfigError, match="reduction of"):
        ops.scatter_update(x, np.array([[1]]), x[:1], "divide")


def test_saturating_casts() -> None:
    x = np.array([-300.0, 1.6, 300.0, 5e9, -5e9], "float32")
    assert ops.saturate_cast(x, "uint8").tolist() == [0, 1, 255, 255, 0]
    assert ops.saturate_cast(x, "int32").tolist() == [-300, 1, 300, 2147483520, -2147483648]
    assert ops.saturate_cast(np.array([-1, 300]), "uint8").tolist() == [0, 255]
    assert ops.saturate_cast(x, "float16").max() == 65504


def test_choices() -> None:
    double = Function(lambda x, flag: ops.cond(flag, lambda: {"y": x * 2}, lambda: {"y": x}))
    assert double(np.ones(2, "float32"), np.bool_(True))["y"].tolist() == [2, 2]
    assert ops.cond(False, lambda: 1 / 0, lambda: 3) == 3
    branches = [lambda x: x, lambda x: x + 1, lambda x: x * 10]
    pick = Function(lambda i, x: ops.switch(i, branches, x))
    for index, expected in ((-4, 2), (1, 3), (2, 20), (9, 20)):
        assert ops.switch(index, branches, 2) == expected == pick(np.int32(index), np.int32(2))


def test_loops() -> None:
    xs = {"a": np.arange(6.0, dtype="float32").reshape(3, 2), "b": np.array([1, 2, 3], "int32")}
    mapped = ops.map(lambda item: item["a"] * item["b"], xs)
    np.testing.assert_array_equal(mapped, xs["a"] * xs["b"][:, None])
    carry, ys = ops.scan(lambda c, x: (c + x["b"], c * x["b"]), np.int32(1), xs)
    assert carry == 7 and ys.tolist() == [1, 4, 12]
    carry, ys = ops.scan(lambda c, x: (c + x, c), np.int32(0), np.array([1, 2, 3], "int32"), reverse=True)
    assert carry == 6 and ys.tolist() == [5, 3, 0]
    assert ops.scan(lambda c, x: (c + 1, None), 0, length=4) == (4, None)
    assert ops.associative_scan(ops.add, np.array([1, 2, 3], "int32"), reverse=True).tolist() == [6, 5, 3]
    assert ops.fori_loop(2, 5, lambda i, v: v + i, 0) == 9
    assert ops.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, v * 2), (0, 1)) == (3, 8)
    assert ops.while_loop(lambda v: v < 100, lambda v: v * 3, 1, maximum_iterations=2) == 9
    spec = trace(lambda x: ops.scan(lambda c, row: (c + row, c), x[0], x)[1], TensorSpec((4, 3))).specs
    assert spec.shape == (4, 3)


def test_rearrange() -> None:
    x = normal(2, 6, 4)
    result = ops.rearrange(x, "b (h w) c -> (b h) c w", h=2)
    np.testing.assert_array_equal(result, x.reshape(2, 2, 3, 4).transpose(0, 1, 3, 2).reshape(4, 4, 3))
    with pytest.raises(ConfigError, match="do not follow"):
        ops.rearrange(x, "b (h w) c -> b h w c")
    with pytest.raises(ConfigError, match="does not fit"):
        ops.rearrange(x, "b h -> h b")


def test_complex_numbers() -> None:
    size, angle = np.abs(normal(3)), normal(3)
    z = ops.polar(size, angle)
    np.testing.assert_allclose(z, size * np.exp(1j * angle), rtol=1e-5)
    np.testing.assert_allclose(ops.angle(z), angle, rtol=1e-4)
    np.testing.assert_allclose(ops.abs(z), size, rtol=1e-5)
    np.testing.assert_array_equal(ops.view_as_complex(ops.view_as_real(z)), z)
    np.testing.assert_array_equal(ops.conj(z), np.conj(z))
