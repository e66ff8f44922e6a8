"""Which backend wrote a file, and what that means for its layers."""

from __future__ import annotations

import pytest

from tests.io.layouts.samples import layer, sequential
from zoo.errors import CannotExpress, ConfigError
from zoo.io import dialects
from zoo.io.backend import settle
from zoo.io.dialects.theano import with_meanings_of_theano, without_meanings_of_theano
from zoo.io.document import ModelDocument, ModelRecord, Producer, WeightGroup, WeightTree
from zoo.io.tensors import TensorRecord

CONV = {"filters": 2, "kernel_size": [3, 3], "strides": [2, 2], "padding": "same", "data_format": "channels_last"}


def document(dialect: str, names: str = "", backend: str | None = None, layout: str = "by_layer",
             **config: object) -> ModelDocument:
    """One convolution with stride 2."""
    tensors = [TensorRecord(name, (3, 3, 1, 2), "float32", lambda: None) for name in names.split()]
    tree = WeightTree(layout, [WeightGroup("c", tensors)], backend) if tensors else None
    return ModelDocument("keras_h5", Producer(dialect, None, backend), "a.h5",
                         sequential(layer("Conv2D", "c", **{**CONV, **config})), tree)


@pytest.mark.parametrize(("given", "assume", "backend", "severity"), [
    (document("keras2", "c/kernel", "theano"), None, "theano", None),
    (document("keras2", "c/kernel:0", "tensorflow"), None, "tensorflow", None),
    (document("keras2", "c/kernel:0", "cntk"), None, "tensorflow", None),
    (document("keras2", "c/kernel:0", "tensorflow"), "theano", "theano", "warning"),
    (document("keras1", "c_W"), None, "theano", "info"),
    (document("keras1", "c_W:0"), None, "tensorflow", "info"),
    (document("keras1", "c_W"), "tensorflow", "tensorflow", None),
    (document("keras1"), None, "tensorflow", "warning"),
    (document("keras1", data_format="channels_first"), None, "theano", "warning"),
    (document("keras0", "param_0", layout="by_number"), None, "theano", "warning"),
    (document("keras3", "0", layout="by_path"), None, "tensorflow", None)])
def test_backends(given: ModelDocument, assume: str | None, backend: str, severity: str | None) -> None:
    settle(given, assume)
    assert given.model is not None
    assert given.model.layers[0].config["padding"] == {"theano": "same_theano", "tensorflow": "same"}[backend]
    if given.weights is not None:
        assert given.weights.convention.backend == backend
        assert given.weights.convention.dialect == given.producer.dialect
    assert [finding.severity for finding in given.findings] == ([severity] if severity else [])
    if severity:
        other = {"theano": "tensorflow", "tensorflow": "theano"}[backend]
        assert f"assume='{other}'" in given.findings[0].message and "concerns c" in given.findings[0].message


def test_what_no_backend_changes_is_not_mentioned() -> None:
    given = ModelDocument("keras_h5", Producer("keras1"), "a.h5", sequential(layer("Dense", "d")))
    settle(given)
    assert not given.findings and not given.producer.evidence


def test_other_backends_cannot_be_assumed() -> None:
    with pytest.raises(ConfigError, match="theano"):
        settle(document("keras1"), "torch")


@pytest.mark.parametrize(("class_name", "config", "version", "expected"), [
    ("Conv2D", CONV, None, {"padding": "same_theano"}),
    ("Conv2D", CONV | {"strides": [1, 1]}, None, {}),
    ("Conv2D", CONV | {"strides": [1, 1], "kernel_size": [3, 2]}, None, {"padding": "same_theano"}),
    ("Conv2D", CONV | {"strides": 1, "kernel_size": 2, "dilation_rate": 2}, None, {}),
    ("Conv2D", CONV | {"kernel_size": 1}, None, {}),
    ("Conv2D", CONV | {"padding": "valid"}, None, {}),
    ("MaxPooling2D", {"pool_size": [2, 2], "padding": "same"}, None, {"padding": "same_theano"}),
    ("MaxPooling2D", {"pool_size": 3, "strides": 1, "padding": "same"}, None, {}),
    ("AveragePooling1D", {"pool_size": 3, "strides": 1, "padding": "same"}, "2.2.4", {}),
    ("AveragePooling1D", {"pool_size": 3, "strides": 1, "padding": "same"}, "2.0.9", {"padding": "same_theano_counted"}),
    ("ConvLSTM2D", {"kernel_size": [3, 3], "padding": "same"}, None, {}),
    ("ConvLSTM2D", {"kernel_size": [2, 3], "padding": "same"}, None, {"padding": "same_theano"}),
    ("ConvLSTM2D", {"kernel_size": [2, 3], "padding": "valid"}, None, {"padding": "valid_theano"}),
    ("ConvLSTM2D", {"kernel_size": 3, "padding": "same", "strides": 2}, None, {"padding": "same_theano"}),
    ("UpSampling2D", {"interpolation": "bilinear"}, "2.2.4", {"interpolation": "bilinear_asymmetric"}),
    ("ZeroPadding2D", {"padding": [[1, 1], [1, 1]]}, None, {})])
def test_meanings(class_name: str, config: dict[str, object], version: str | None, expected: dict[str, str]) -> None:
    inner = {"class_name": class_name, "config": {"name": "inner", **config}}
    model = sequential(layer(class_name, "a", **config), layer("TimeDistributed", "b", layer=inner))
    before = without_meanings_of_theano(model)
    with_meanings_of_theano(model, "keras2", version)
    wrapped = model.layers[1].config["layer"]["config"]
    for found in (model.layers[0].config, wrapped):
        assert {key: found[key] for key in expected} == expected
        assert all(found[key] == value for key, value in config.items() if key not in expected)
    assert without_meanings_of_theano(model) == before


def test_dialects_without_theano_refuse_its_meanings() -> None:
    model: ModelRecord = sequential(layer("MaxPooling2D", "p", pool_size=[2, 2], padding="same_theano"))
    for dialect in ("keras3", "tfkeras", "keras2", "keras1"):
        with pytest.raises(CannotExpress, match="sequential/p: Theano's own padding='same_theano' of MaxPooling2D"):
            dialects.encode_model(model, dialect)
