"""Weights that other tools cannot place, or place wrongly without a word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import zoo
from tests.failure_modes.files import IMAGES, SEQUENCES, X, dense, legacy, of_layer, same
from zoo import layers
from zoo.cli.main import main
from zoo.errors import WeightsMismatch


def nested(freeze: tuple[str, ...] = ()) -> zoo.Model:
    """A model in a model in a model, with batch normalisation on each level."""
    inner = of_layer(layers.Dense(3, name="d0"), layers.BatchNormalization(name="b0"), layers.Dense(3, name="e0"))
    middle = of_layer(layers.Dense(3, name="d1"), layers.BatchNormalization(name="b1"), inner)
    model = of_layer(middle, layers.BatchNormalization(name="b2"), layers.Dense(3, name="d2"))
    generator = np.random.default_rng(3)
    model.set_weights([generator.uniform(0.5, 1.5, w.shape).astype("float32") for w in model.weights])
    for part in (model, middle, inner):
        for layer in part.layers:
            layer.trainable = layer.name not in freeze
    return model


def test_fm11_nested_models_with_batch_normalisation(tmp_path: Path) -> None:
    model = nested()
    same(model, legacy(model, tmp_path / "m.h5"), IMAGES)
    model.save_weights(tmp_path / "w.h5")
    other = nested()
    other.set_weights([0 * w.numpy() for w in other.weights])
    other.load_weights(tmp_path / "w.h5")
    np.testing.assert_array_equal(other.predict_on_batch(IMAGES), model.predict_on_batch(IMAGES))


@pytest.mark.parametrize("freeze", [("d0",), ("e0", "b1"), ("d1", "b0", "d0")])
def test_fm12_frozen_layers_change_the_order(freeze: tuple[str, ...], tmp_path: Path) -> None:
    """Weights are told by their names; flags that have changed since do not move them."""
    model = nested(freeze)
    same(model, legacy(model, tmp_path / "m.h5"), IMAGES)
    zoo.io.write(zoo.io.read(tmp_path / "m.h5"), tmp_path / "w.h5", format="legacy_weights_h5")
    thawed = nested()
    thawed.set_weights([0 * w.numpy() for w in thawed.weights])
    thawed.load_weights(tmp_path / "w.h5")
    np.testing.assert_array_equal(thawed.predict_on_batch(IMAGES), model.predict_on_batch(IMAGES))


def test_fm14_one_layer_more(tmp_path: Path) -> None:
    longer = zoo.Sequential([zoo.Input((6,)), *dense().layers, layers.Dense(4, name="third")])
    longer.save_weights(tmp_path / "w.h5")
    model = dense()
    before = model.get_weights()
    with pytest.raises(WeightsMismatch, match="third/kernel.*\n.*third/bias(?s:.*)by_name=True"):
        model.load_weights(tmp_path / "w.h5")
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
    report = model.load_weights(tmp_path / "w.h5", by_name=True)
    assert len(report.loaded) == 4 and [name for name in report.unexpected if "third" in name]


def test_fm15_other_numbers_of_weights(tmp_path: Path) -> None:
    dense().save_weights(tmp_path / "w.h5")
    model = zoo.Sequential([zoo.Input((6,)), layers.Normalization(name="n"), layers.Dense(5, name="first"),
                            layers.Dense(2, use_bias=False, name="second")])
    with pytest.raises(WeightsMismatch, match="second/bias"):
        model.load_weights(tmp_path / "w.h5")
    report = model.load_weights(tmp_path / "w.h5", by_name=True)
    assert len(report.loaded) == 3 and any("n/mean" in name for name in report.missing)


def test_fm16_attributes_of_more_than_64_kilobytes(tmp_path: Path) -> None:
    names = [f"layer_with_a_long_name_{'x' * 60}_{i}" for i in range(900)]
    x = inputs = zoo.Input((2,))
    for name in names:
        x = layers.Activation("linear", name=name)(x)
    model = zoo.Model(inputs, layers.Dense(1, name="last")(x))
    model.save_weights(tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5") as file:
        assert "layer_names0" in file.attrs and "layer_names" not in file.attrs
    before = model.get_weights()
    model.set_weights([0 * w for w in before])
    model.load_weights(tmp_path / "w.h5")
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


def test_fm17_names_that_begin_other_names(tmp_path: Path) -> None:
    model = of_layer(layers.Dense(3, name="conv1/conv"), layers.BatchNormalization(name="conv1/bn"),
                     layers.Dense(2, name="conv1"))
    same(model, legacy(model, tmp_path / "m.h5"), IMAGES)


class Unnamed(layers.Layer):
    """A layer whose weights have one name."""

    def build(self, input_shape: Any) -> None:
        self.a = self.add_weight((3,), "random_normal", name="w")
        self.b = self.add_weight((3,), "random_normal", name="w")

    def call(self, x: Any) -> Any:
        return x * self.a + self.b


def test_fm18_weights_of_one_name(tmp_path: Path) -> None:
    model = of_layer(Unnamed(name="u"))
    model.save_weights(tmp_path / "w.h5")
    before = model.get_weights()
    model.set_weights([0 * w for w in before])
    model.load_weights(tmp_path / "w.h5")
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


def weights_file(path: Path, groups: dict[str, dict[str, np.ndarray]], **attributes: str) -> Path:
    """Weights by layer, under names of the caller's."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in groups]
        for name, value in attributes.items():
            file.attrs[name] = value
        for name, arrays in groups.items():
            group = file.create_group(name)
            group.attrs["weight_names"] = [weight.encode() for weight in arrays] or np.zeros(0)
            for weight, array in arrays.items():
                group[weight] = array
    return path


def arrays(*shapes: tuple[int, ...]) -> list[np.ndarray]:
    generator = np.random.default_rng(4)
    return [generator.normal(size=shape).astype("float32") for shape in shapes]


def test_fm19_kernels_of_theano_are_rotated(tmp_path: Path) -> None:
    kernel, bias = arrays((3, 3, 3, 4), (4,))
    model = of_layer(layers.Conv2D(4, 3, name="c"))
    for backend, want in (("theano", kernel[::-1, ::-1]), ("tensorflow", kernel)):
        model.load_weights(weights_file(tmp_path / f"{backend}.h5", {"c": {"c/kernel": kernel, "c/bias": bias}},
                                        backend=backend, keras_version="2.2.4"))
        np.testing.assert_array_equal(model.get_weights()[0], want)


def test_fm20_dense_rows_after_flatten(tmp_path: Path) -> None:
    model = of_layer(layers.Conv2D(4, 3, data_format="channels_first"), layers.Flatten(data_format="channels_first"),
                     layers.Dense(2), shape=(3, 8, 9))
    model.save(tmp_path / "first.keras")
    assert main(["convert", str(tmp_path / "first.keras"), str(tmp_path / "last.keras"), "--data-format",
                 "channels_last"]) == 0
    other = zoo.load_model(tmp_path / "last.keras")
    np.testing.assert_allclose(other.predict_on_batch(IMAGES), model.predict_on_batch(IMAGES.transpose(0, 3, 1, 2)),
                               rtol=1e-4, atol=1e-5)


def test_fm25_weights_of_keras_0_by_number(tmp_path: Path) -> None:
    kernel, bias = arrays((6, 5), (5,))
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.attrs["nb_layers"] = 1
        group = file.create_group("layer_0")
        group.attrs["nb_params"] = 2
        group["param_0"], group["param_1"] = kernel, bias
    model = zoo.Sequential([zoo.Input((6,)), layers.Dense(5)])
    model.load_weights(tmp_path / "w.h5")
    np.testing.assert_allclose(model.predict_on_batch(X), X @ kernel + bias, rtol=1e-5, atol=1e-5)


def test_fm26_one_dimensional_kernels_with_four_axes(tmp_path: Path) -> None:
    kernel, bias = arrays((3, 1, 3, 4), (4,))
    model = of_layer(layers.Conv1D(4, 3, name="c"), shape=(5, 3))
    model.load_weights(weights_file(tmp_path / "w.h5", {"c": {"c_W:0": kernel, "c_b:0": bias}},
                                    keras_version="1.2.2", backend="tensorflow"))
    np.testing.assert_array_equal(model.get_weights()[0], kernel[:, 0])


def test_fm27_recurrent_gates_in_twelve_arrays(tmp_path: Path) -> None:
    parts = {f"l_{kind}_{gate}": array for gate in "icfo"
             for kind, array in zip("WUb", arrays((3, 4), (4, 4), (4,)))}
    parts = {name: array + i for i, (name, array) in enumerate(parts.items())}
    model = of_layer(layers.LSTM(4, name="l"), shape=(5, 3))
    model.load_weights(weights_file(tmp_path / "w.h5", {"l": parts}, keras_version="1.2.2"))
    for weight, kind in zip(model.get_weights(), "WUb"):
        np.testing.assert_array_equal(weight, np.concatenate([parts[f"l_{kind}_{gate}"] for gate in "ifco"], -1))


def test_fm28_kernels_with_channels_first(tmp_path: Path) -> None:
    text = {"class_name": "Sequential", "keras_version": "1.2.2", "config": [{
        "class_name": "Convolution2D", "config": {
            "name": "c", "nb_filter": 4, "nb_row": 3, "nb_col": 3, "border_mode": "valid", "subsample": [1, 1],
            "dim_ordering": "th", "activation": "linear", "bias": True, "batch_input_shape": [None, 3, 8, 9]}}]}
    (tmp_path / "m.json").write_text(json.dumps(text))
    kernel, bias = arrays((4, 3, 3, 3), (4,))
    path = weights_file(tmp_path / "w.h5", {"c": {"c_W:0": kernel, "c_b:0": bias}}, keras_version="1.2.2")
    model = zoo.load_model(tmp_path / "m.json", weights=path, assume="tensorflow")
    np.testing.assert_array_equal(model.get_weights()[0], kernel.transpose(2, 3, 1, 0))


def test_fm29_recurrent_layers_of_cudnn(tmp_path: Path) -> None:
    fast = of_layer(layers.CuDNNGRU(4, name="g"), shape=(5, 3))
    fast.set_weights(arrays(*(w.shape for w in fast.weights)))
    fast.save_weights(tmp_path / "w.h5")
    again = of_layer(layers.CuDNNGRU(4, name="g"), shape=(5, 3))
    again.load_weights(tmp_path / "w.h5")
    np.testing.assert_array_equal(again.predict_on_batch(SEQUENCES), fast.predict_on_batch(SEQUENCES))
    plain = of_layer(layers.GRU(4, reset_after=True, name="g"), shape=(5, 3))
    kernel, recurrent, bias = (w.numpy() for w in fast.weights)
    plain.set_weights([np.concatenate([part.reshape(part.shape[::-1]).T for part in np.split(each, 3, -1)], -1)
                       for each in (kernel, recurrent)] + [bias.reshape(2, 12)])
    np.testing.assert_allclose(plain.predict_on_batch(SEQUENCES), fast.predict_on_batch(SEQUENCES), rtol=1e-4,
                               atol=1e-5)


@pytest.mark.parametrize("fast", [
    lambda: layers.CuDNNGRU(4), lambda: layers.CuDNNLSTM(4, return_sequences=True),
    lambda: layers.Bidirectional(layers.CuDNNLSTM(4)), lambda: layers.Bidirectional(layers.CuDNNGRU(4))])
def test_fm29_conversion_to_plain_recurrent_layers(fast: Any, tmp_path: Path) -> None:
    model = of_layer(fast(), shape=(5, 3))
    model.set_weights(arrays(*(w.shape for w in model.weights)))
    model.save(tmp_path / "old.h5", dialect="keras2")
    zoo.io.write(zoo.io.read(tmp_path / "old.h5"), tmp_path / "new.keras")
    assert not any("CuDNN" in str((layer.class_name, layer.config))
                   for _, layer in zoo.io.read(tmp_path / "new.keras").model.walk())
    loaded = zoo.load_model(tmp_path / "new.keras")
    np.testing.assert_allclose(loaded.predict_on_batch(SEQUENCES), model.predict_on_batch(SEQUENCES), rtol=1e-4,
                               atol=1e-5)


def test_fm31_paths_of_tf_keras_2_12(tmp_path: Path) -> None:
    """Every layer with weights counts twice in the names."""
    kernels = arrays((6, 5), (5,), (5, 2), (2,))
    with h5py.File(tmp_path / "m.weights.h5", "w") as file:
        for name, pair in (("dense", kernels[:2]), ("dense_2", kernels[2:])):
            group = file.create_group(f"_layer_checkpoint_dependencies/{name}/vars")
            for i, array in enumerate(pair):
                group[str(i)] = array
    model = zoo.Sequential([zoo.Input((6,)), layers.Dense(5), layers.Dense(2)])
    model.load_weights(tmp_path / "m.weights.h5")
    assert all(np.array_equal(a, b) for a, b in zip(kernels, model.get_weights()))


def test_fm33_weights_out_of_a_whole_model(tmp_path: Path) -> None:
    model = of_layer(layers.Rescaling(0.5), layers.Conv2D(2, 3, name="c"))
    model.save(tmp_path / "m.keras")
    other = of_layer(layers.Rescaling(0.5), layers.Conv2D(2, 3, name="c"))
    report = other.load_weights(tmp_path / "m.keras")
    assert len(report.loaded) == 2
    np.testing.assert_array_equal(other.predict_on_batch(IMAGES), model.predict_on_batch(IMAGES))


def test_fm35_an_older_layout_in_a_weights_h5(tmp_path: Path) -> None:
    model = dense()
    model.save_weights(tmp_path / "old.h5")
    (tmp_path / "old.h5").rename(tmp_path / "m.weights.h5")
    other = dense()
    assert len(other.load_weights(tmp_path / "m.weights.h5").loaded) == 4
    np.testing.assert_array_equal(other.predict_on_batch(X), model.predict_on_batch(X))


@pytest.mark.parametrize("by_name", [False, True])
@pytest.mark.parametrize("name", ["w.h5", "w.weights.h5"])
def test_fm43_skip_mismatch_in_every_way_of_loading(name: str, by_name: bool, tmp_path: Path) -> None:
    model = dense()
    model.save_weights(tmp_path / name)
    other = zoo.Sequential([zoo.Input((6,)), layers.Dense(5, name="first"), layers.Dense(3, name="second")])
    before = other.get_weights()
    with pytest.raises(WeightsMismatch, match="second"):
        other.load_weights(tmp_path / name, by_name=by_name)
    report = other.load_weights(tmp_path / name, by_name=by_name, skip_mismatch=True)
    assert len(report.loaded) == 2 and len(report.skipped) == 2
    assert np.array_equal(other.get_weights()[0], model.get_weights()[0])
    assert np.array_equal(other.get_weights()[2], before[2])


def test_fm44_loading_nothing_is_an_error(tmp_path: Path) -> None:
    dense().save_weights(tmp_path / "w.h5")
    other = zoo.Sequential([zoo.Input((6,)), layers.Dense(5, name="one"), layers.Dense(2, name="two")])
    with pytest.raises(WeightsMismatch, match="no weight"):
        other.load_weights(tmp_path / "w.h5", by_name=True)


def test_fm56_shapes_are_always_checked(tmp_path: Path) -> None:
    dense().save_weights(tmp_path / "w.h5")
    other = zoo.Sequential([zoo.Input((6,)), layers.Dense(4, name="first"), layers.Dense(2, name="second")])
    with pytest.raises(WeightsMismatch, match=r"first/kernel.*\(6, 4\).*\(6, 5\)|first/kernel.*\(6, 5\).*\(6, 4\)"):
        other.load_weights(tmp_path / "w.h5")
