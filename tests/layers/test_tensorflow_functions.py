"""TensorFlow's functions against what they mean in NumPy."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

import zoo
from zoo import layers, tree
from zoo.errors import CannotExpress, ConfigError, Unsupported
from zoo.layers.tensorflow.functions import FUNCTIONS
from zoo.layers.tensorflow.raw_operations import OPERATIONS

RANDOM = np.random.default_rng(5)
X = RANDOM.uniform(0.2, 0.9, (2, 3, 4)).astype("float32")
Y = RANDOM.uniform(0.2, 0.9, (2, 3, 4)).astype("float32")
IMAGE = RANDOM.normal(size=(2, 4, 6, 2)).astype("float32")

CASES = [
    ("math.add", (X, Y), {}, X + Y), ("__operators__.sub", (X,), {"y": 2.0}, X - 2),
    ("math.pow", (X,), {"y": 2}, X ** 2),
    ("math.floordiv", (X,), {"y": 0.3}, X // 0.3), ("math.squared_difference", (X, Y), {}, (X - Y) ** 2),
    ("math.atan2", (X,), {"x": Y}, np.arctan2(X, Y)), ("math.greater", (X, Y), {"name": None}, X > Y),
    ("math.rsqrt", (X,), {}, X ** -0.5), ("math.log1p", (X,), {}, np.log1p(X)),
    ("nn.relu6", (X * 9,), {}, np.minimum(X * 9, 6)),
    ("nn.leaky_relu", (-X,), {"alpha": 0.3}, -0.3 * X), ("nn.silu", (X,), {"beta": 2.0}, X / (1 + np.exp(-2 * X))),
    ("math.reduce_mean", (X,), {"axis": [1, 2], "keepdims": True}, X.mean((1, 2), keepdims=True)),
    ("compat.v1.reduce_sum", (X,), {"reduction_indices": 1, "keep_dims": True}, X.sum(1, keepdims=True)),
    ("math.reduce_std", (X,), {}, X.std()), ("math.reduce_logsumexp", (X,), {"axis": -1}, np.log(np.exp(X).sum(-1))),
    ("math.argmax", (X,), {"axis": -1}, X.argmax(-1)), ("math.cumsum", (X,), {"axis": 1}, X.cumsum(1)),
    ("math.cumsum", (X,), {"axis": 1, "reverse": True}, X[:, ::-1].cumsum(1)[:, ::-1]),
    ("nn.softmax", (X,), {"axis": 1}, np.exp(X) / np.exp(X).sum(1, keepdims=True)),
    ("math.l2_normalize", (X,), {"axis": -1}, X / np.linalg.norm(X, axis=-1, keepdims=True)),
    ("norm", (X,), {"ord": 1, "axis": 1}, np.abs(X).sum(1)), ("math.top_k", (X,), {"k": 2},
                                                             [np.sort(X)[..., :1:-1], np.argsort(X)[..., :1:-1]]),
    ("nn.moments", (X,), {"axes": [1]}, [X.mean(1), X.var(1)]),
    ("sort", (X,), {"direction": "DESCENDING"}, -np.sort(-X)),
    ("reshape", (X,), {"shape": [-1, 6]}, X.reshape(-1, 6)), ("transpose", (X,), {"perm": [0, 2, 1]}, X.swapaxes(1, 2)),
    ("expand_dims", (X,), {"axis": 1}, X[:, None]), ("squeeze", (X[:, :1],), {"axis": [1]}, X[:, 0]),
    ("tile", (X,), {"multiples": [1, 2, 1]}, np.tile(X, (1, 2, 1))), ("concat", ([X, Y],), {"axis": -1},
                                                                      np.concatenate([X, Y], -1)),
    ("stack", ([X, Y],), {"axis": 1}, np.stack([X, Y], 1)), ("unstack", (X,), {"axis": 1}, list(np.moveaxis(X, 1, 0))),
    ("split", (X,), {"num_or_size_splits": 2, "axis": 2}, [X[..., :2], X[..., 2:]]),
    ("split", (X,), {"num_or_size_splits": [1, -1], "axis": 2}, [X[..., :1], X[..., 1:]]),
    ("pad", (X,), {"paddings": [[0, 0], [1, 0], [0, 2]], "mode": "CONSTANT", "constant_values": 3},
     np.pad(X, ((0, 0), (1, 0), (0, 2)), constant_values=3)),
    ("pad", (X,), {"paddings": [[0, 0], [1, 1], [2, 0]], "mode": "REFLECT"},
     np.pad(X, ((0, 0), (1, 1), (2, 0)), mode="reflect")),
    ("gather", (X,), {"indices": [2, 0], "axis": 1}, X[:, [2, 0]]),
    ("compat.v1.gather_nd", (X,), {"indices": [[0, 1], [1, 2]], "bad_indices_policy": ""}, X[[0, 1], [1, 2]]),
    ("slice", (X,), {"begin": [0, 1, 0], "size": [-1, 2, -1]}, X[:, 1:3]),
    ("where", (X > Y,), {"x": X, "y": 0.0}, np.where(X > Y, X, 0)), ("reverse", (X,), {"axis": [1]}, X[:, ::-1]),
    ("repeat", (X,), {"repeats": 2, "axis": 1}, X.repeat(2, 1)),
    ("roll", (X,), {"shift": 1, "axis": 1}, np.roll(X, 1, 1)),
    ("cast", (X * 9,), {"dtype": "int32"}, (X * 9).astype("int32")), ("clip_by_value", (X,), {
        "clip_value_min": 0.4, "clip_value_max": 0.6}, X.clip(0.4, 0.6)),
    ("one_hot", (np.array([1, 3]),), {"depth": 3, "on_value": 5.0, "off_value": -1.0}, [[-1, 5, -1], [-1, -1, -1]]),
    ("add_n", ([X, Y, X],), {}, 2 * X + Y), ("rank", (X,), {}, 3), ("compat.v1.shape", (X,), {}, [2, 3, 4]),
    ("linalg.matmul", (X,), {"b": Y, "transpose_b": True}, X @ Y.swapaxes(1, 2)),
    ("linalg.band_part", (X[:, :, :3],), {"num_lower": -1, "num_upper": 0}, np.tril(X[:, :, :3])),
    ("nn.bias_add", (X,), {"bias": [1, 2, 3, 4]}, X + np.arange(1, 5)),
    ("image.flip_left_right", (IMAGE,), {}, IMAGE[:, :, ::-1]), ("nn.space_to_depth", (IMAGE,), {"block_size": 2},
     IMAGE.reshape(2, 2, 2, 3, 2, 2).transpose(0, 1, 3, 2, 4, 5).reshape(2, 2, 3, 8)),
    ("compat.v1.nn.max_pool", (IMAGE,), {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"},
     IMAGE.reshape(2, 2, 2, 3, 2, 2).max((2, 4))),
    ("keras.backend.clip", (X,), {"min_value": 0.3, "max_value": 0.5}, X.clip(0.3, 0.5)),
    ("keras.backend.permute_dimensions", (X,), {"pattern": [0, 2, 1]}, X.swapaxes(1, 2)),
    ("keras.backend.mean", (X,), {"axis": 1, "keepdims": False}, X.mean(1)),
    ("keras.backend.batch_flatten", (X,), {}, X.reshape(2, 12)),
]


@pytest.mark.parametrize(("symbol", "args", "kwargs", "expected"), CASES, ids=lambda v: v if isinstance(v, str) else "")
def test_functions(symbol, args, kwargs, expected) -> None:
    received = layers.TFOpLambda(symbol)(*args, **kwargs)
    if not isinstance(expected, list) or not isinstance(received, (list, tuple)):
        received, expected = [received], [np.asarray(expected)]
    for got, want in zip(received, expected, strict=True):
        np.testing.assert_allclose(np.asarray(got), want, rtol=1e-5, atol=1e-6)


def lrn(x: np.ndarray, radius: int, bias: float, alpha: float, beta: float) -> np.ndarray:
    result = np.empty_like(x)
    for c in range(x.shape[-1]):
        near = x[..., max(0, c - radius):c + radius + 1]
        result[..., c] = x[..., c] / (bias + alpha * (near ** 2).sum(-1)) ** beta
    return result


def test_local_response_normalization() -> None:
    layer = layers.TFOpLambda("nn.local_response_normalization")
    received = layer(X, depth_radius=1, bias=2.0, alpha=0.5, beta=0.75)
    np.testing.assert_allclose(received, lrn(X, 1, 2.0, 0.5, 0.75), rtol=1e-5)


def test_slices() -> None:
    layer = layers.SlicingOpLambda("__operators__.getitem")
    np.testing.assert_array_equal(layer(X, slice_spec=[slice(None), slice(None, None, 2), -1]), X[:, ::2, -1])
    np.testing.assert_array_equal(layer(X, slice_spec=[..., None, slice(1, 3)]), X[..., None, 1:3])
    np.testing.assert_array_equal(layer(X, slice_spec=0), X[0])


def model_with_computed_sizes() -> zoo.Model:
    x = zoo.Input((None, 6))
    sizes = layers.TFOpLambda("compat.v1.shape", name="sizes")(x)
    batch, steps = (layers.SlicingOpLambda("__operators__.getitem")(sizes, slice_spec=i) for i in (0, 1))
    half = layers.TFOpLambda("math.floordiv")(steps, y=2)
    double = layers.TFOpLambda("math.multiply")(half, y=2)
    cut = layers.SlicingOpLambda("__operators__.getitem")(x, slice_spec=[slice(None), {
        "start": None, "stop": double, "step": None}])
    shaped = layers.TFOpLambda("reshape")(cut, shape=[batch, half, 2, 6])
    return zoo.Model(x, layers.TFOpLambda("math.reduce_sum")(shaped, axis=2))


def test_sizes_that_models_compute(tmp_path: pathlib.Path) -> None:
    model = model_with_computed_sizes()
    assert model.output_shape == (None, None, 6)
    model.save(tmp_path / "model.h5")
    again = zoo.load_model(tmp_path / "model.h5")
    for steps in (4, 7):
        data = RANDOM.normal(size=(3, steps, 6)).astype("float32")
        kept = data[:, :steps // 2 * 2]
        expected = kept.reshape(3, steps // 2, 2, 6).sum(2)
        np.testing.assert_allclose(model.predict_on_batch(data), expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(again.predict_on_batch(data), expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(CannotExpress, match="TFOpLambda"):
        model.save(tmp_path / "model.keras")


def node(op: str, *inputs: str, **attributes) -> layers.TensorFlowOpLayer:
    return layers.TensorFlowOpLayer({"name": "n", "op": op, "input": list(inputs), "attr": attributes.pop("attr", {})},
                                    **attributes)


RAW = [
    (node("AddV2", "a", "b", constants={1: 2.0}), X, X + 2), (node("Mul", "a", "b"), [X, Y], X * Y),
    (node("Mean", "a", "b", constants={"1": [1, 2]}, attr={"keep_dims": {"b": True}}), X,
     X.mean((1, 2), keepdims=True)),
    (node("MatMul", "a", "b", attr={"transpose_b": {"b": True}}), [X[0], Y[0]], X[0] @ Y[0].T),
    (node("ConcatV2", "a", "b", "axis", constants={2: -1}), [X, Y], np.concatenate([X, Y], -1)),
    (node("Pack", "a", "b", attr={"axis": {"i": "1"}}), [X, Y], np.stack([X, Y], 1)),
    (node("Cast", "a", attr={"DstT": {"type": "DT_INT32"}}), X * 9, (X * 9).astype("int32")),
    (node("Squeeze", "a", attr={"squeeze_dims": {"list": {"i": ["1"]}}}), X[:, :1], X[:, 0]),
    (node("Transpose", "a", "p", constants={1: [0, 2, 1]}), X, X.swapaxes(1, 2)),
    (node("Split", "axis", "a", constants={0: 2}, attr={"num_split": {"i": "2"}}), X, [X[..., :2], X[..., 2:]]),
    (node("StridedSlice", "a", "b", "e", "s", constants={1: [0, 1], 2: [0, 0], 3: [1, 1]},
          attr={"begin_mask": {"i": "1"}, "end_mask": {"i": "3"}}), X, X[:, 1:]),
    (node("StridedSlice", "a", "b", "e", "s", constants={1: [0, -1], 2: [0, 0], 3: [1, 1]},
          attr={"ellipsis_mask": {"i": "1"}, "shrink_axis_mask": {"i": "2"}}), X, X[..., -1]),
]


@pytest.mark.parametrize(("layer", "inputs", "expected"), RAW, ids=lambda v: getattr(v, "node_def", {}).get("op", ""))
def test_raw_operations(layer, inputs, expected) -> None:
    for got, want in zip(tree.leaves(layer(inputs)), tree.leaves(expected), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5)


def test_what_is_not_known_is_named() -> None:
    with pytest.raises(Unsupported, match="'tf.random.normal' is not among"):
        layers.TFOpLambda("random.normal")
    with pytest.raises(Unsupported, match="'tf.sparse.add'"):
        layers.TFOpLambda("sparse.add")
    with pytest.raises(Unsupported, match="operation 'Conv3D'"):
        node("Conv3D", "a")
    with pytest.raises(ConfigError, match="transpose_c=True is not supported"):
        layers.TFOpLambda("linalg.matmul")(X, b=Y, transpose_c=True)
    assert len(FUNCTIONS) > 150 and len(OPERATIONS) > 80
