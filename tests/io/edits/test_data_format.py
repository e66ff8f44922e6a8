"""Documents in the other data format predict the same, with the axes of images moved; there and back is the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import zoo
from tests.conformance.custom_code import CUSTOM_OBJECTS
from tests.conformance.model_cases import ModelCase, cases, difference
from tests.conformance.outcome import tally
from tests.corpus import require_corpus
from zoo import io, layers, ops, tree
from zoo.errors import CannotExpress, ConfigError
from zoo.io import layouts
from zoo.io.document import ModelDocument
from zoo.io.edits.data_format import FORMATS, Reformatted, with_data_format
from zoo.models import capture, restore
from zoo.models.tensor_shapes import tensor_shapes


def converted(document: ModelDocument, target: str) -> Reformatted:
    return with_data_format(document, target, tensor_shapes(document, CUSTOM_OBJECTS))


def moved(arrays: list[np.ndarray], orders: tuple[tuple[int, ...] | None, ...]) -> list[np.ndarray]:
    return [array if axes is None else np.transpose(array, axes) for array, axes in zip(arrays, orders, strict=True)]


def formats_in(value: Any) -> Iterator[str]:
    """All data formats that a config names."""
    if isinstance(value, dict):
        if isinstance(value.get("data_format"), str):
            yield value["data_format"]
        for item in value.values():
            yield from formats_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from formats_in(item)


def formats_of(document: ModelDocument) -> set[str]:
    return {name for _, layer in document.model.walk() for name in formats_in(layer.config)}


def outputs_of(model: Any, arrays: list[np.ndarray], names: list[str]) -> list[np.ndarray]:
    given: Any = dict(zip(names, arrays)) if isinstance(model.input, dict) else arrays
    return tree.leaves(model.predict_on_batch(given if len(arrays) > 1 or isinstance(given, dict) else given[0]))


def same_weights(a: ModelDocument, b: ModelDocument) -> bool:
    first, second = (layouts.bind_weights(each.model, each.weights)[0] for each in (a, b))
    return first.keys() == second.keys() and all(
        first[key].read().tobytes() == second[key].read().tobytes() for key in first)


def check(model: Any, arrays: list[np.ndarray], target: str) -> ModelDocument:
    """Converts a model, compares predictions, converts back."""
    document = capture.document(model)
    new = converted(document, target)
    expected = tree.leaves(model.predict_on_batch(arrays if len(arrays) > 1 else arrays[0]))
    received = outputs_of(restore.model(new.document), moved(arrays, new.inputs), [])
    assert difference(received, moved(expected, new.outputs), 1e-4, 1e-5) is None
    back = converted(new.document, FORMATS[1 - FORMATS.index(target)]).document
    assert back.model == document.model and same_weights(back, document)
    return new.document


def randomized(model: Any) -> Any:
    model.set_weights([np.random.default_rng(i).uniform(0.1, 0.9, w.shape).astype("float32")
                       for i, w in enumerate(model.get_weights())])
    return model


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape).astype("float32")


def config_of(document: ModelDocument, name: str) -> dict[str, Any]:
    return next(layer.config for _, layer in document.model.walk() if layer.name == name)


def test_a_network_of_images() -> None:
    x = zoo.Input((9, 7, 3))
    y = layers.ZeroPadding2D(((1, 0), (2, 1)))(x)
    y = layers.Conv2D(4, 3, strides=2, padding="same")(y)
    y = layers.PReLU(shared_axes=[1], name="prelu")(layers.BatchNormalization(name="norm")(y))
    z = layers.LayerNormalization(axis=[1, 3], name="per_column")(y)
    y = layers.Concatenate(axis=3, name="both")([y, z])
    squeezed = layers.Reshape((1, 1, 8))(layers.Dense(8)(layers.GlobalAveragePooling2D()(y)))
    y = layers.Multiply()([y, squeezed])
    y = layers.Dropout(0.5, noise_shape=(None, 1, 1, 8), name="drop")(y)
    model = randomized(zoo.Model(x, [layers.Dense(2)(layers.Flatten()(y)), layers.UpSampling2D(2)(y)]))
    new = check(model, [numbers(2, 9, 7, 3)], "channels_first")
    assert config_of(new, "norm")["axis"] == -3 and config_of(new, "both")["axis"] == 1
    assert config_of(new, "per_column")["axis"] == [1, 2] and config_of(new, "prelu")["shared_axes"] == [2]
    assert config_of(new, "drop")["noise_shape"] == [None, 8, 1, 1]
    assert restore.model(new).input_shape == (None, 3, 9, 7)


def test_dense_weights_around_plain_reshapes() -> None:
    """Flatten of channels_first maps in the order of their axes, as Keras 1 did; a decoder that begins with a Dense."""
    x = zoo.Input((3, 4, 5))
    y = layers.Conv2D(2, 2, data_format="channels_first")(x)
    y = layers.PReLU()(layers.Flatten(data_format="channels_last")(y))
    y = layers.BatchNormalization()(layers.Dense(24, activation="relu", name="code")(y))
    y = layers.Conv2D(3, 2, data_format="channels_first")(layers.Reshape((4, 2, 3))(y))
    model = randomized(zoo.Model(x, y))
    document = capture.document(model)
    new = converted(document, "channels_last").document
    image = numbers(2, 3, 4, 5)
    received = restore.model(new).predict_on_batch(np.moveaxis(image, 1, -1))
    assert np.allclose(received, np.moveaxis(model.predict_on_batch(image), 1, -1), 1e-4, 1e-5)
    before, after = (layouts.bind_weights(d.model, d.weights)[0][("code",), "kernel"].read() for d in (document, new))
    assert before.shape == after.shape and not np.array_equal(before, after)
    assert np.array_equal(np.sort(before, axis=None), np.sort(after, axis=None))


def test_videos_and_nested_models() -> None:
    image = zoo.Input((6, 5, 3))
    inner = zoo.Model(image, layers.MaxPooling2D()(layers.Conv2D(4, 2, activation="relu")(image)), name="inner")
    x = zoo.Input((4, 6, 5, 3))
    y = layers.TimeDistributed(layers.Conv2D(3, 2, padding="same"))(x)
    y = layers.ConvLSTM2D(3, 2, padding="same")(y)
    model = randomized(zoo.Model(x, layers.Permute((3, 1, 2))(inner(y))))
    new = check(model, [numbers(2, 4, 6, 5, 3)], "channels_first")
    assert restore.model(new).input_shape == (None, 4, 3, 6, 5)
    assert restore.model(new).output_shape == model.output_shape        # what follows a Permute stays as it was


def test_a_model_in_a_wrapper() -> None:
    image = zoo.Input((3, 4, 5))
    y = layers.Flatten(data_format="channels_last")(layers.Conv2D(2, 2, data_format="channels_first")(image))
    inner = zoo.Model(image, layers.Dense(3, name="code")(y))
    x = zoo.Input((4, 3, 4, 5))
    model = randomized(zoo.Model(x, layers.LSTM(2)(layers.TimeDistributed(inner, name="each")(x))))
    document = capture.document(model)
    new = converted(document, "channels_last")
    assert new.inputs == ((0, 1, 3, 4, 2),)
    video = numbers(2, 4, 3, 4, 5)
    received = restore.model(new.document).predict_on_batch(np.moveaxis(video, 2, -1))
    assert np.allclose(received, model.predict_on_batch(video), 1e-4, 1e-5)


def test_sequences_change_unless_they_cannot() -> None:
    x = zoo.Input((8, 3))
    model = randomized(zoo.Model(x, layers.GlobalMaxPooling1D()(layers.Conv1D(4, 3)(x))))
    assert restore.model(check(model, [numbers(2, 8, 3)], "channels_first")).input_shape == (None, 3, 8)
    model = randomized(zoo.Model(x, layers.LSTM(4)(layers.Conv1D(4, 3)(x))))
    assert check(model, [numbers(2, 8, 3)], "channels_first").model == capture.document(model).model


@pytest.mark.parametrize(("made", "reason"), [
    (lambda y: layers.Dense(3, name="head")(y), "first would give or take channels_first, and head cannot"),
    (lambda y: ops.sum(y, axis=-1), "first would give or take channels_first, and sum.* cannot"),
    (lambda y: layers.Activation("softmax", name="probabilities")(y), r"probabilities \(Activation\): .*'softmax'"),
    (lambda y: layers.Rescaling([1.0, 2.0, 3.0, 4.0], name="scaled")(y), r"scaled \(Rescaling\): its scale"),
    (lambda y: layers.Reshape((-1, 4), name="tokens")(y), "cannot|tokens"),
])
def test_what_cannot_follow_is_named(made: Any, reason: str) -> None:
    x = zoo.Input((6, 5, 3))
    y = made(layers.Conv2D(4, 2, name="first")(x))
    document = capture.document(zoo.Model(x, layers.LSTM(2)(y) if "tokens" in reason else y))
    with pytest.raises(CannotExpress, match=reason):
        converted(document, "channels_first")


def test_training_state_of_other_weights_is_refused() -> None:
    x = zoo.Input((6, 5, 3))
    document = capture.document(zoo.Model(x, layers.Conv2D(4, 2)(x)))
    trained = dataclasses.replace(document, training=io.document.TrainingRecord({"loss": "mse"}))
    with pytest.raises(CannotExpress, match="strip-optimizer"):
        converted(trained, "channels_first")


def test_arguments() -> None:
    document = ModelDocument("legacy_weights_h5", io.document.Producer("keras3"), path="w.h5")
    with pytest.raises(ConfigError, match="of weights alone"):
        with_data_format(document, "channels_first", {})
    with pytest.raises(ConfigError, match="expected one of"):
        with_data_format(document, "channels_middle", {})


def outcome(case: ModelCase) -> str | None:
    """Why a case of the corpus does not come out the same; None if it does."""
    document = dataclasses.replace(io.read(case.folder / case.files()[0]), training=None)
    for target in FORMATS:
        if formats_of(document) == {target}:
            continue
        new = converted(document, target)
        original, model = (restore.model(each, custom_objects=CUSTOM_OBJECTS) for each in (document, new.document))
        for inputs, _ in case.calls():
            expected = outputs_of(original, list(inputs.values()), list(inputs))
            received = outputs_of(model, moved(list(inputs.values()), new.inputs), list(inputs))
            problem = difference(received, moved(expected, new.outputs), **case.tolerance)
            if problem:
                return f"{target}: {problem}"
        back = converted(new.document, FORMATS[1 - FORMATS.index(target)]).document
        if back.model != document.model or not same_weights(back, document):
            return f"{target} and back: not the same"
    return None


@require_corpus
@pytest.mark.parametrize(("producer", "share"), [
    ("keras3", 6), ("tfkeras-2.15", 6), ("keras-2.2.4", 12), ("keras-1.2.2", 12),
    *(pytest.param(producer, 1, marks=pytest.mark.slow) for producer in ("keras3", "tfkeras-2.15", "keras-2.2.4"))])
def test_models_of_the_corpus(producer: str, share: int) -> None:
    row = tally(f"{producer} data format" + f" (one in {share})" * (share > 1))
    suitable = [case for case in cases(producer) if case.files() and any(True for _ in case.calls())
                and not case.meta.get("expectation") and not case.unknown_layers()]
    for case in suitable[::share]:
        if not formats_of(io.read(case.folder / case.files()[0])):
            continue
        try:
            problem = outcome(case)
        except CannotExpress as error:
            row.not_yet[case.name] = " ".join(str(error).partition("\n")[2].split())
            continue
        if problem:
            row.failed[case.name] = problem
        else:
            row.passed.append(case.name)
    assert row.passed and not row.failed, "\n".join(row.lines())
