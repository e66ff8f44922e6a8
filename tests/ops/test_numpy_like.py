"""`zoo.ops` against NumPy over dtypes, axes and shapes; promotion; Python numbers."""

from __future__ import annotations

import numpy as np
import pytest

from zoo import ops
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, DtypeError, ShapeError, Unsupported

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(2, 3, 4)).astype("float32"), RNG.normal(size=(3, 1)).astype("float32")
INTS = RNG.integers(-5, 6, (3, 4)).astype("int32")
NANS = np.where(RNG.random((3, 5)) > 0.6, np.nan, RNG.normal(size=(3, 5))).astype("float32")

BINARY = "add subtract multiply divide maximum minimum fmax fmin arctan2 hypot logaddexp logaddexp2 floor_divide " \
    "mod fmod heaviside equal less greater_equal logical_and logical_xor isclose"


@pytest.mark.parametrize("name", BINARY.split())
def test_binary_functions_broadcast_as_in_numpy(name: str) -> None:
    np.testing.assert_allclose(getattr(ops, name)(A, B), getattr(np, name)(A, B), rtol=1e-5, atol=1e-6)


REDUCTIONS = "sum prod mean max min var std median argmax argmin all any cumsum ptp nansum nanmean nanmax nanvar " \
    "nanmedian"


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2)])
@pytest.mark.parametrize("name", REDUCTIONS.split())
def test_reductions_are_those_of_numpy(name: str, axis) -> None:
    if isinstance(axis, tuple) and name in ("argmax", "argmin", "cumsum"):
        pytest.skip("along one axis only")
    options = [{}] if name == "cumsum" else [{"keepdims": False}, {"keepdims": True}]
    for option in options:
        result = getattr(ops, name)(A, axis=axis, **option)
        np.testing.assert_allclose(result, getattr(np, name)(A, axis=axis, **option), rtol=1e-4, atol=1e-6)


SHAPES = {
    "reshape": lambda m, x: m.reshape(x, (4, -1)),
    "ravel": lambda m, x: m.ravel(x),
    "moveaxis": lambda m, x: m.moveaxis(x, (0, 2), (1, 0)),
    "swapaxes": lambda m, x: m.swapaxes(x, 0, -1),
    "transpose": lambda m, x: m.transpose(x, (1, -1, 0)),
    "expand_dims": lambda m, x: m.expand_dims(x, (0, -1)),
    "squeeze": lambda m, x: m.squeeze(m.expand_dims(x, 1), 1),
    "stack": lambda m, x: m.stack([x, x], -2),
    "concatenate": lambda m, x: m.concatenate([x, x], 1),
    "flat": lambda m, x: m.concatenate([x, x], None),
    "vstack": lambda m, x: m.vstack([x[0, 0], x[0, 1]]),
    "hstack": lambda m, x: m.hstack([x, x]),
    "dstack": lambda m, x: m.dstack([x[0], x[1]]),
    "append": lambda m, x: m.append(x, x, 0),
    "tile": lambda m, x: m.tile(x, (2, 1, 1, 3)),
    "tile_short": lambda m, x: m.tile(x, 2),
    "repeat": lambda m, x: m.repeat(x, 3, 1),
    "repeat_each": lambda m, x: m.repeat(x, [1, 0, 2], 1),
    "repeat_flat": lambda m, x: m.repeat(x, 2),
    "roll": lambda m, x: m.roll(x, -1, 1),
    "roll_two": lambda m, x: m.roll(x, (1, 5), (0, 2)),
    "roll_flat": lambda m, x: m.roll(x, 3),
    "flip": lambda m, x: m.flip(x, (0, 2)),
    "rot90": lambda m, x: m.rot90(x, -1, (0, 2)),
    "rot180": lambda m, x: m.rot90(x, 2),
    "pad": lambda m, x: m.pad(x, ((1, 0), (0, 2), (1, 1))),
    "pad_edge": lambda m, x: m.pad(x, 1, mode="edge"),
    "tril": lambda m, x: m.tril(x, 1),
    "triu": lambda m, x: m.triu(x, -1),
    "diagonal": lambda m, x: m.diagonal(x, -1, 1, 2),
    "trace": lambda m, x: m.trace(x, 0, 0, 2),
    "diag": lambda m, x: m.diag(x[0, 0], -2),
    "take": lambda m, x: m.take(x, np.array([[1, -1]]), 2),
    "take_flat": lambda m, x: m.take(x, np.array([5, 7])),
    "diff": lambda m, x: m.diff(x, 2, 1),
    "sort": lambda m, x: m.sort(x, 1),
    "argsort": lambda m, x: m.argsort(x, -1),
    "kron": lambda m, x: m.kron(x[0], x[1, :2]),
    "outer": lambda m, x: m.outer(x[0], x[1]),
    "inner": lambda m, x: m.inner(x, x),
    "matmul": lambda m, x: m.matmul(x, m.swapaxes(x, 1, 2)),
    "matvec": lambda m, x: m.matmul(x, x[0, 0]),
    "dot": lambda m, x: m.dot(x[0, 0], x[0, 1]),
    "tensordot": lambda m, x: m.tensordot(x, x, ((0, 1), (0, 1))),
    "cross": lambda m, x: m.cross(x[..., :3], x[..., 1:]),
    "cross_flat": lambda m, x: m.cross(x[..., :3], m.flip(x[..., :3], 0), axis=1),
    "vander": lambda m, x: m.vander(x[0, 0], 3, True),
    "einsum": lambda m, x: m.einsum("...ij,...kj->i...k", x, x),
    "einsum_implicit": lambda m, x: m.einsum("bij,bkj", x, x),
    "quantile": lambda m, x: m.quantile(x, np.array([0.1, 0.5]), axis=(0, 2), keepdims=True),
    "nearest": lambda m, x: m.quantile(x, 0.3, axis=1, method="nearest"),
    "midpoint": lambda m, x: m.quantile(x, 0.3, axis=1, method="midpoint"),
    "trapezoid": lambda m, x: m.trapezoid(x, np.array([0.0, 1, 3, 4], "float32")),
    "corrcoef": lambda m, x: m.corrcoef(x[0]),
    "correlate": lambda m, x: m.correlate(x[0, 0], x[0, 1, :3], "full"),
    "average": lambda m, x: m.average(x, 1, np.array([1.0, 2, 3], "float32")),
    "searchsorted": lambda m, x: m.searchsorted(m.sort(x[0, 0]), x[1], side="right"),
    "linspace": lambda m, x: m.linspace(x[0, 0], x[0, 1], 5, axis=1),
    "meshgrid": lambda m, x: m.meshgrid(x[0, 0], x[0, :, 0], indexing="ij")[1],
    "split": lambda m, x: m.split(x, [1, 3], 2)[1],
    "array_split": lambda m, x: m.array_split(x, 3, 2)[2],
    "where": lambda m, x: m.where(x > 0, x, 0.0),
    "clip": lambda m, x: m.clip(x, -0.5, 0.5),
    "nan_to_num": lambda m, x: m.nan_to_num(m.where(x > 1, np.inf, x), posinf=7.0),
    "round": lambda m, x: m.round(x, 1),
    "select": lambda m, x: m.select([x > 1, x > 0], [x, -x], 5.0),
    "isin": lambda m, x: m.isin(m.floor(x), np.array([0.0, 1.0], "float32")),
    "unravel": lambda m, x: m.stack(m.unravel_index(np.array([3, 11]), (3, 4))),
    "geomspace": lambda m, x: m.geomspace(1.0, 8.0, 4),
    "signbit": lambda m, x: m.signbit(x * 0.0 * m.sign(x)),
    "trunc": lambda m, x: m.trunc(x * 3),
    "sinc": lambda m, x: m.sinc(x),
    "cbrt": lambda m, x: m.cbrt(x),
    "digitize": lambda m, x: m.digitize(x, np.array([-1.0, 0.0, 1.0], "float32")),
    "count_nonzero": lambda m, x: m.count_nonzero(m.floor(x), 1),
    "i0": lambda m, x: m.i0(x * 4),
}


@pytest.mark.parametrize("name", SHAPES)
def test_functions_are_those_of_numpy(name: str) -> None:
    np.testing.assert_allclose(SHAPES[name](ops, A), SHAPES[name](np, A), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name",
                         ["nansum", "nanprod", "nanmean", "nanstd", "nanmax", "nanmin", "nancumsum", "nancumprod"])
def test_nan_is_left_out(name: str) -> None:
    np.testing.assert_allclose(getattr(ops, name)(NANS, axis=0), getattr(np, name)(NANS, axis=0), rtol=1e-5)


def test_quantiles_without_nan() -> None:
    for q in (0.3, [0.0, 0.5, 1.0]):
        np.testing.assert_allclose(ops.nanquantile(NANS, q, axis=1), np.nanquantile(NANS, q, axis=1), rtol=1e-5)
    np.testing.assert_array_equal(np.isnan(ops.quantile(NANS, 0.5, axis=1)), np.isnan(NANS).any(1))
    np.testing.assert_allclose(ops.nanpercentile(NANS, 30.0), np.nanpercentile(NANS, 30.0), rtol=1e-5)


KEYS = [0, -1, slice(1, None), (slice(None), 1), (..., 0), (None, slice(None, None, -1), ..., slice(3, 0, -2)),
        (1, 2, -4),
        (slice(-2, None), slice(None), None, 2), (slice(5, 9),), ([0, 1, 1],), (slice(None), np.array([[2, 0]])),
        (0, None, [1, 0])]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_items_are_those_of_numpy(key) -> None:
    result = ops.get_item(A, key)
    expected = A[key]
    if key == (0, None, [1, 0]):                            # the index tensor stays in its place, as in Keras
        expected = A[0][None][:, [1, 0]]
    np.testing.assert_array_equal(result, expected)
    if isinstance(key, tuple) and any(isinstance(item, slice) and item.step == -2 for item in key):
        with pytest.raises(Unsupported, match="needs a known size"):
            trace(lambda x: x[key], TensorSpec((None,) * 3))
        return
    spec = trace(lambda x: x[key], TensorSpec((None,) * 3)).specs
    assert len(spec.shape) == expected.ndim and all(a in (None, b) for a, b in zip(spec.shape, expected.shape))


def test_wrong_items_are_named() -> None:
    with pytest.raises(ShapeError, match="index 2 is out of range for an axis of size 2"):
        ops.get_item(A, 2)
    with pytest.raises(ShapeError, match="too many indices"):
        ops.get_item(A, (0, 0, 0, 0))
    with pytest.raises(Unsupported, match="dtype bool"):
        ops.get_item(A, A > 0)


PROMOTIONS = [
    ("float32", 1, "float32"), ("float16", 2.5, "float16"), ("int32", 1, "int32"), ("int8", 2, "int8"),
    ("int32", 0.5, "float32"),
    ("bool", 2, "int32"), ("float32", "int64", "float32"), ("float16", "int32", "float16"), ("int8", "uint8", "int16"),
    ("bool", "int8", "int8"), ("float16", "float32", "float32"), ("int64", "uint64", "float32"),
    ("float32", True, "float32"),
]


@pytest.mark.parametrize(("first", "second", "expected"), PROMOTIONS)
def test_dtypes_promote_as_in_keras(first: str, second, expected: str) -> None:
    x, y = np.ones(2, first), np.ones(2, second) if isinstance(second, str) else second
    assert ops.add(x, y).dtype == ops.maximum(y, x).dtype == expected
    graph = trace(lambda a: ops.add(a, y), TensorSpec((2,), first))
    assert graph.specs.dtype == expected


def test_small_integers_are_added_up_as_32_bit() -> None:
    assert ops.sum(np.full(300, 100, "int8")) == 30000 and ops.sum(np.ones(3, "uint8")).dtype == "uint32"
    assert ops.sum(np.ones(3, "bool")).dtype == ops.prod(np.ones(3, "int16")).dtype == "int32"
    assert ops.mean(INTS).dtype == ops.sqrt(INTS).dtype == ops.var(INTS).dtype == "float32"
    assert ops.matmul(np.ones((2, 2), "int8"), np.ones((2, 2), "int8")).dtype == "int32"
    assert ops.round(INTS).dtype == ops.abs(INTS).dtype == "int32"


def test_bfloat16_is_known_in_graphs() -> None:
    weight = Variable(np.ones(3, "float32"), dtype="bfloat16")
    traced = trace(lambda x: (ops.add(ops.cast(x, "bfloat16"), weight), ops.multiply(weight, 2.5), ops.add(x, weight),
                              ops.zeros((2,), "bfloat16")), TensorSpec((3,)))
    assert [spec.dtype for spec in traced.specs] == ["bfloat16", "bfloat16", "float32", "bfloat16"]


def test_operators_of_values_and_variables() -> None:
    v = Variable(np.array([1.0, -2.0], "float32"))
    np.testing.assert_array_equal(2 * v + np.array([1, 1], "float32") - v / 2, [2.5, -2])
    np.testing.assert_array_equal(abs(-v) ** 2 @ np.ones(2, "float32"), 5)
    np.testing.assert_array_equal((v > 0) & (v < 5), [True, False])
    np.testing.assert_array_equal(v[::-1], [-2, 1])
    assert trace(lambda x: ~(x[0] >= 1) | (x[1] // 2 == 3), TensorSpec((2, 3), "int32")).specs.dtype == "bool"


def test_creation() -> None:
    assert ops.zeros(3).dtype == ops.ones((2, 2)).dtype == "float32" and ops.eye(2, 3, 1).tolist() == [[0, 1, 0],
                                                                                                       [0, 0, 1]]
    assert ops.arange(3).dtype == "int32" and ops.arange(0.5, 2).tolist() == [0.5, 1.5]
    assert ops.full((2,), 3).dtype == "int32" and ops.full_like(A, 2).dtype == "float32"
    assert ops.full_like(A, B).shape == A.shape and ops.tri(2, 3).tolist() == [[1, 0, 0], [1, 1, 0]]
    points, step = ops.linspace(0, 1, 5, retstep=True)
    assert step == 0.25 and points[1] == 0.25
    original = np.ones(2, "float32")
    assert ops.copy(original) is not original
    np.testing.assert_allclose(ops.kaiser(8, 5.0), np.kaiser(8, 5.0), rtol=1e-5)


def test_functions_of_values_are_refused_in_graphs() -> None:
    for function in (ops.nonzero, ops.unique, lambda x: ops.where(x), lambda x: ops.fori_loop(0, x, None, 0)):
        with pytest.raises(Unsupported, match="not known while a graph is traced"):
            trace(function, TensorSpec((3,), "int32"))
    assert [i.tolist() for i in ops.where(np.array([0, 1, 1]))] == [[1, 2]]


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ShapeError, match="cannot be cut into 3"):
        ops.split(A, 3, 2)
    with pytest.raises(ShapeError, match="expected size 1 on axis 1"):
        ops.squeeze(A, 1)
    with pytest.raises(ShapeError, match="only one size can be -1"):
        ops.reshape(A, (-1, -1))
    with pytest.raises(ConfigError, match="method of"):
        ops.quantile(A, 0.5, method="cubic")
    with pytest.raises(DtypeError, match="Expected a tensor"):
        ops.add(A, object())
    with pytest.raises(ShapeError, match="axis 3 is out of range"):
        ops.sum(A, 3)


def test_shapes_with_unknown_sizes() -> None:
    def shape(function, *sizes):
        return trace(function, TensorSpec(sizes)).specs.shape
    assert shape(lambda x: ops.reshape(x, (-1, 6)), None, 2, 3) == (None, 6)
    assert shape(lambda x: ops.reshape(x, (x.shape[0], -1)), None, 2, 3) == (None, 6)
    assert shape(lambda x: ops.reshape(x, (x.shape[0], -1)), None, None, 3) == (None, None)
    assert shape(lambda x: ops.mean(x, (1, 2)), None, None, None, 3) == (None, 3)
    assert shape(lambda x: ops.repeat(x, 2, 1), None, 3, None) == (None, 6, None)
    assert shape(lambda x: ops.expand_dims(x, 1), None, None) == (None, 1, None)
    assert shape(lambda x: ops.stack([x, x], 1), None, 4) == (None, 2, 4)
    assert shape(lambda x: ops.concatenate([x, x], 0), None, 4) == (None, 4)
    assert shape(lambda x: x[:, -1], None, None, 5) == (None, 5)
    assert shape(lambda x: x[:, 1:], None, 5) == (None, 4)
    assert shape(lambda x: ops.roll(x, 1, 1), None, None) == (None, None)
    assert shape(lambda x: ops.tril(x), None, None) == (None, None)
    assert shape(lambda x: ops.softmax(x), None, None) == (None, None)
