"""Keras's order of layers, from records alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import zoo
from tests.io.dialects.samples import Json, layer
from zoo import io
from zoo.errors import CannotExpress
from zoo.io import dialects
from zoo.io.dialects.layer_order import in_order_of_keras
from zoo.io.document import OptimizerRecord, TensorRef, TrainingRecord, WeightGroup, WeightTree
from zoo.io.tensors import TensorRecord
from zoo.models import capture, restore


def dense(name: str, **more: object) -> Json:
    return layer("Dense", name, output_dim=3, init="glorot_uniform", activation="linear", **more)


def branches() -> Json:
    """A short branch before a long one: Keras would put the first layer of the long one first."""
    def stack(*layers: Json) -> Json:
        return {"class_name": "Sequential", "config": list(layers)}
    short = stack(dense("a", batch_input_shape=[None, 3]))
    long = stack(dense("b", batch_input_shape=[None, 3]), dense("c"))
    return stack(layer("Merge", "m", mode="concat", mode_type="raw", concat_axis=-1, layers=[short, long]), dense("d"))


def document() -> io.document.ModelDocument:
    """The branches with weights, as a file of Keras 1 has them."""
    model, _ = dialects.decode_model(branches(), "keras1")
    values = {name: np.random.default_rng(i).random((6 if name == "d" else 3, 3), "float32")
              for i, name in enumerate("abcd")}
    groups = [WeightGroup(name, [TensorRecord(f"{name}_W", value.shape, "float32", lambda value=value: value),
                                 TensorRecord(f"{name}_b", (3,), "float32", lambda: np.ones(3, "float32"))])
              for name, value in values.items()]
    return io.document.ModelDocument("keras_h5", io.document.Producer("keras1"), model=model,
                                     weights=WeightTree("by_layer", groups))


def test_the_order_is_that_of_live_models() -> None:
    model = document().model
    assert [name for name in (record.name for record in model.layers) if "_" not in name] == list("abcmd")
    ordered = [record.name for record in in_order_of_keras(model).layers if "_" not in record.name]
    live = [record.name for record in capture.architecture(restore.from_record(model)).layers if "_" not in record.name]
    assert ordered == live == list("bacmd")


def test_layers_that_no_output_needs_come_last() -> None:
    model = document().model
    assert [record.name for record in in_order_of_keras(replace(model, outputs=TensorRef("a", 0, 0))).layers][:2] == [
        "a_input", "a"]


@pytest.mark.parametrize(("dialect", "suffix"), [("keras3", ".keras"), ("tfkeras", ".h5"), ("keras1", ".h5")])
def test_converted_files_predict_the_same(dialect: str, suffix: str, tmp_path: Path) -> None:
    given = document()
    x = [np.ones((2, 3), "float32")] * 2
    expected = restore.model(given).predict_on_batch(x)
    io.write(given, tmp_path / f"m{suffix}", dialect=dialect)
    again = zoo.load_model(tmp_path / f"m{suffix}", assume="tensorflow" if dialect == "keras1" else None)
    np.testing.assert_array_equal(again.predict_on_batch(x), expected)
    if dialect != "keras1":
        assert [record.name for record in io.read(tmp_path / f"m{suffix}").model.layers if "_" not in record.name] == \
            list("bacmd")


def test_optimizer_state_in_another_order_is_refused(tmp_path: Path) -> None:
    slot = TensorRecord("param_0", (3, 3), "float32", lambda: np.ones((3, 3), "float32"))
    trained = replace(document(), training=TrainingRecord({}, OptimizerRecord("SGD", {}, [slot])))
    with pytest.raises(CannotExpress, match="order of the layers"):
        io.write(trained, tmp_path / "m.keras", dialect="keras3")
