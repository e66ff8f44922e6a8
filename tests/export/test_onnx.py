"""Exported models pass ONNX's checker, and onnxruntime computes from them what we compute."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import zoo
from tests.conformance.custom_code import CUSTOM_OBJECTS
from tests.conformance.model_cases import ModelCase, cases, difference
from tests.conformance.outcome import tally
from tests.corpus import require_corpus
from tests.export.onnx_models import run, tensors_of
from zoo import layers, ops, tree
from zoo.errors import CannotExpress, ConfigError, Unsupported
from zoo.export import onnx_file

Path = pathlib.Path
NO_KERNEL = "Could not find an implementation"              # onnxruntime's words for a dtype that it has no code for


def agrees(model: Any, arrays: list[np.ndarray], path: Path, **options: Any) -> None:
    """The model and its file give the same."""
    zoo.export_onnx(model, path, **options)
    expected = tree.leaves(model.predict_on_batch(arrays if len(arrays) > 1 else arrays[0]))
    assert difference(run(path, arrays), expected, rtol=1e-4, atol=1e-5) is None


def randomized(model: Any) -> Any:
    model.set_weights([np.random.default_rng(i).uniform(0.1, 0.9, w.shape).astype("float32")
                       for i, w in enumerate(model.get_weights())])
    return model


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape).astype("float32")


def images() -> Any:
    x = zoo.Input((12, 12, 3), name="picture")
    y = layers.Conv2D(4, 3, strides=2, padding="same", name="first")(x)
    y = layers.BatchNormalization()(y)
    y = layers.ReLU()(y)
    z = layers.DepthwiseConv2D(3, padding="same")(y)
    y = layers.Concatenate()([y, z])
    y = layers.MaxPooling2D()(y)
    return randomized(zoo.Model(x, layers.Dense(5, activation="softmax", name="classes")(layers.Flatten()(y))))


def node_types(path: Path) -> list[str]:
    return [node.op_type for node in onnx.load(path).graph.node]


def test_names_sizes_and_weights(tmp_path: Path) -> None:
    model = images()
    agrees(model, [numbers(3, 12, 12, 3)], tmp_path / "m.onnx")
    graph = onnx.load(tmp_path / "m.onnx").graph
    assert [port.name for port in graph.input] == ["picture"] and [port.name for port in graph.output] == ["classes"]
    assert graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    assert np.array_equal(weights["classes/kernel"], model.get_layer("classes").kernel.numpy())
    assert weights["first/kernel/folded"].shape == (4, 3, 3, 3)         # out, in, spatial


@pytest.mark.parametrize("batch", [1, 2, 67])
def test_any_batch(batch: int, tmp_path: Path) -> None:
    agrees(images(), [numbers(batch, 12, 12, 3)], tmp_path / "m.onnx")


def test_layouts_meet_only_at_the_ends(tmp_path: Path) -> None:
    agrees(images(), [numbers(2, 12, 12, 3)], tmp_path / "m.onnx")
    assert node_types(tmp_path / "m.onnx").count("Transpose") == 2      # of the picture, and before Flatten
    x = zoo.Input((3, 12, 12))
    y = layers.Conv2D(4, 3, data_format="channels_first")(x)
    y = layers.MaxPooling2D(data_format="channels_first")(layers.Activation("relu")(y))
    agrees(zoo.Model(x, layers.Flatten()(y)), [numbers(2, 3, 12, 12)], tmp_path / "first.onnx")
    assert "Transpose" not in node_types(tmp_path / "first.onnx")


@pytest.mark.parametrize("size", [(7, 9), (16, 16)])
def test_images_of_any_size(size: tuple[int, int], tmp_path: Path) -> None:
    x = zoo.Input((None, None, 2))
    y = layers.Conv2D(3, 3, strides=2, padding="same")(x)
    y = layers.UpSampling2D(2)(layers.Conv2DTranspose(2, 3, strides=2)(y))
    model = zoo.Model(x, [y, layers.GlobalAveragePooling2D()(y)])
    agrees(model, [numbers(2, *size, 2)], tmp_path / "m.onnx")


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "SimpleRNN"])
@pytest.mark.parametrize("masked", [False, True])
def test_recurrent_layers_of_any_length(cell: str, masked: bool, tmp_path: Path) -> None:
    x = zoo.Input((None, 3))
    y = layers.Masking(0.0)(x) if masked else x
    y = layers.Bidirectional(getattr(layers, cell)(4, return_sequences=True))(y)
    model = randomized(zoo.Model(x, getattr(layers, cell)(2)(y)))
    data = numbers(3, 6, 3)
    data[1, 4:] = data[2, :2] = 0
    agrees(model, [data], tmp_path / "m.onnx")
    assert (cell.removeprefix("Simple") in node_types(tmp_path / "m.onnx")) == (not masked)


def test_two_unknown_sizes_are_told_apart(tmp_path: Path) -> None:
    """Scores of one sequence for another: a reshape has both lengths to name."""
    a, b = zoo.Input((None, 4)), zoo.Input((None, 4))
    scores = layers.Dot(axes=2)([a, b])
    model = zoo.Model([a, b], ops.reshape(ops.concatenate([scores, scores], axis=1), (-1, 2)))
    agrees(model, [numbers(2, 5, 4), numbers(2, 8, 4)], tmp_path / "m.onnx")


def test_every_opset(tmp_path: Path) -> None:
    x = zoo.Input((6, 4))
    y = ops.concatenate([ops.max(x, axis=1), ops.mean(x, axis=1), ops.min(x, axis=1), ops.sum(x, axis=1)], axis=-1)
    model = zoo.Model(x, y)
    for opset in (17, 18, 21):
        agrees(model, [numbers(2, 6, 4)], tmp_path / "m.onnx", opset=opset)
    with pytest.raises(ConfigError, match="expected 17 to"):
        zoo.export_onnx(model, tmp_path / "m.onnx", opset=12)


def test_an_output_that_is_an_input(tmp_path: Path) -> None:
    x = zoo.Input((3,), name="x")
    y = layers.Dense(2, name="y")(x)
    model = zoo.Model(x, [x, y, y])
    agrees(model, [numbers(2, 3)], tmp_path / "m.onnx")
    assert [port.name for port in onnx.load(tmp_path / "m.onnx").graph.output] == ["x_1", "y", "y_1"]

def test_a_shared_layer_has_its_weights_once(tmp_path: Path) -> None:
    x, shared = zoo.Input((6, 5, 2)), layers.Conv2D(2, 2, padding="same", name="shared")
    cell = layers.LSTM(3, name="reader")
    y = layers.Reshape((6, 10))(shared(layers.ReLU()(shared(x))))
    model = randomized(zoo.Model(x, layers.Add()([cell(y), cell(layers.ReLU()(y))])))
    agrees(model, [numbers(2, 6, 5, 2)], tmp_path / "m.onnx")
    names = [tensor.name for tensor in onnx.load(tmp_path / "m.onnx").graph.initializer]
    assert len([name for name in names if name.startswith("shared/")]) == 2
    assert len([name for name in names if name.startswith("reader/")]) == 3


def test_input_signature_fixes_sizes(tmp_path: Path) -> None:
    x = zoo.Input((None, None, 1))
    model = zoo.Model(x, layers.UpSampling2D(2, interpolation="bicubic")(x))
    with pytest.raises(CannotExpress, match="up_sampling2d.*: resize: an image whose size is not known"):
        zoo.export_onnx(model, tmp_path / "m.onnx")
    agrees(model, [numbers(2, 4, 5, 1)], tmp_path / "m.onnx", input_signature=zoo.Input((4, 5, 1)))


def test_signatures_of_models_that_do_not_know_their_inputs(tmp_path: Path) -> None:
    class Doubled(zoo.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner = layers.Dense(2, name="inner")

        def call(self, x: Any) -> Any:
            return {"once": self.inner(x), "twice": 2 * self.inner(x)}

    model, data = Doubled(), numbers(3, 4)
    expected = model.predict_on_batch(data)
    zoo.export_onnx(model, tmp_path / "m.onnx", input_signature=zoo.Input((4,)))
    received = run(tmp_path / "m.onnx", [data])
    assert difference(received, [expected["once"], expected["twice"]], 1e-5, 1e-6) is None
    stack = zoo.Sequential([layers.Dense(2)])
    zoo.export_onnx(stack, tmp_path / "m.onnx", input_signature=zoo.Input((4,)))
    assert difference(run(tmp_path / "m.onnx", [data]), [stack.predict_on_batch(data)], 1e-5, 1e-6) is None
    with pytest.raises(ConfigError, match="has 1 inputs .*signature 2"):
        zoo.export_onnx(images(), tmp_path / "m.onnx", input_signature=[zoo.Input((4,)), zoo.Input((4,))])


def test_arrays_of_large_models_lie_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "LIMIT", 1000)
    for width in (40, 50):                                  # the second one replaces the first
        model = zoo.Sequential([zoo.Input((30,)), layers.Dense(width)])
        agrees(model, [numbers(2, 30)], tmp_path / "m.onnx")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["m.onnx", "m.onnx.data"]
        assert (tmp_path / "m.onnx.data").stat().st_size < 10_000


def test_what_onnx_lacks_is_listed_with_its_layers(tmp_path: Path) -> None:
    x = zoo.Input((1,), dtype="int64")
    hashed = [layers.Hashing(bins, name=name)(x) for bins, name in ((3, "one"), (4, "two"))]
    with pytest.raises(CannotExpress, match="(?s)one: host: .*two: host: "):
        zoo.export_onnx(zoo.Model(x, hashed), tmp_path / "m.onnx")
    assert not (tmp_path / "m.onnx").exists()
    model = zoo.Sequential([zoo.Input((4, 3), batch_size=2), layers.LSTM(2, stateful=True)])
    with pytest.raises(CannotExpress, match="stateful=False"):
        zoo.export_onnx(model, tmp_path / "m.onnx")


def test_export_of_a_model(tmp_path: Path) -> None:
    model = zoo.Sequential([layers.Dense(2)])
    with pytest.raises(ConfigError, match="input_signature"):
        model.export(tmp_path / "m.onnx")
    model.build((None, 3))
    model.export(tmp_path / "m.onnx", format="onnx")
    assert node_types(tmp_path / "m.onnx") == ["Gemm"]
    with pytest.raises(Unsupported, match="format='onnx'"):
        model.export(tmp_path / "m", format="tf_saved_model")


def outcome(case: ModelCase, path: Path) -> tuple[str, str]:
    """``passed``, ``failed`` or ``refused`` with the reason, for one case of the corpus."""
    model = zoo.load_model(case.folder / case.files()[0], CUSTOM_OBJECTS, compile=False)
    try:
        model.export(path)
    except CannotExpress as error:
        return "refused", " ".join(str(error).split())
    for inputs, _ in case.calls():
        tensors = tensors_of(model, inputs)
        expected = tree.leaves(model.predict_on_batch(tree.pack(model.input, tensors)))
        try:
            problem = difference(run(path, tensors), expected, **case.tolerance)
        except RuntimeError as error:                       # what onnxruntime raises is derived from it
            if NO_KERNEL in str(error):
                return "refused", f"the file is valid, but onnxruntime has no such kernel: {str(error)[-60:]}"
            problem = str(error)
        if problem:
            return "failed", problem
    return "passed", ""


@require_corpus
@pytest.mark.parametrize(("producer", "share"), [
    ("keras3", 12), ("tfkeras-2.15", 12), pytest.param("keras3", 1, marks=pytest.mark.slow),
    pytest.param("tfkeras-2.15", 1, marks=pytest.mark.slow)])
def test_models_of_the_corpus(producer: str, share: int, tmp_path: Path) -> None:
    row = tally(f"{producer} as ONNX" + f" (one in {share})" * (share > 1))
    suitable = [case for case in cases(producer) if case.files() and any(True for _ in case.calls())
                and not case.meta.get("expectation") and not case.unknown_layers()]
    for case in suitable[::share]:
        result, reason = outcome(case, tmp_path / "m.onnx")
        if result == "passed":
            row.passed.append(case.name)
        else:
            (row.failed if result == "failed" else row.not_yet)[case.name] = reason
    assert row.passed and not row.failed, "\n".join(row.lines())
