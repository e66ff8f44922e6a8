"""``zoo convert``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Outcome
from tests.corpus import CORPUS, require_corpus
from tests.report import documents
from zoo import io


@pytest.fixture
def model(tmp_path: Path) -> Path:
    io.write(documents.document(), tmp_path / "m.keras")
    return tmp_path / "m.keras"


def arrays(path: Path) -> list[np.ndarray]:
    return sorted((np.asarray(tensor.read()) for _, tensor in io.read(path).weights), key=lambda a: (a.shape, a.sum()))


@pytest.mark.parametrize("name, format, left_out", [
    ("n.keras", "keras_zip", ""),
    ("n.weights.h5", "weights_h5", "the architecture"),
    ("n.h5", "keras_h5", ""),
    ("n.json", "architecture_json", "the weights"),
])
def test_formats(zoo: Callable[..., Outcome], model: Path, tmp_path: Path, name: str, format: str,
                 left_out: str) -> None:
    outcome = zoo("convert", model, tmp_path / name)
    assert outcome.code == 0, outcome.err
    assert io.read(tmp_path / name).format == format
    assert outcome.out.startswith(str(tmp_path / name)) and outcome.out.rstrip().endswith(left_out)
    if format != "architecture_json":
        assert all(map(np.array_equal, arrays(model), arrays(tmp_path / name)))


def test_format_option_overrules_the_suffix(zoo: Callable[..., Outcome], model: Path, tmp_path: Path) -> None:
    assert zoo("convert", model, tmp_path / "w.h5", "--format", "legacy_weights_h5").code == 0
    assert io.read(tmp_path / "w.h5").format == "legacy_weights_h5"


def test_dialect(zoo: Callable[..., Outcome], model: Path, tmp_path: Path) -> None:
    assert zoo("convert", model, tmp_path / "n.json", "--dialect", "tfkeras").code == 0
    assert io.read(tmp_path / "n.json").producer.dialect == "tfkeras"


def test_architecture_with_its_weights(zoo: Callable[..., Outcome], model: Path, tmp_path: Path) -> None:
    zoo("convert", model, tmp_path / "n.json")
    zoo("convert", model, tmp_path / "n.weights.h5")
    outcome = zoo("convert", tmp_path / "n.json", tmp_path / "both.keras", "--weights", tmp_path / "n.weights.h5")
    assert outcome.code == 0, outcome.err
    assert all(map(np.array_equal, arrays(model), arrays(tmp_path / "both.keras")))


def test_an_existing_file_is_replaced_only_on_request(zoo: Callable[..., Outcome], model: Path,
                                                      tmp_path: Path) -> None:
    (tmp_path / "n.json").write_text("mine")
    outcome = zoo("convert", model, tmp_path / "n.json")
    assert outcome.code == 2 and "--overwrite" in outcome.err
    assert (tmp_path / "n.json").read_text() == "mine"
    assert zoo("convert", model, tmp_path / "n.json", "--overwrite").code == 0
    assert json.loads((tmp_path / "n.json").read_text())["class_name"] == "Functional"


def test_onto_itself(zoo: Callable[..., Outcome], model: Path) -> None:
    before = arrays(model)
    assert zoo("convert", model, model, "--overwrite").code == 0
    assert all(map(np.array_equal, before, arrays(model)))


def test_training_state_that_cannot_be_translated_is_left_out_aloud(zoo: Callable[..., Outcome],
                                                                    tmp_path: Path) -> None:
    io.write(documents.document(with_training=True), tmp_path / "m.keras")
    outcome = zoo("convert", tmp_path / "m.keras", tmp_path / "n.h5", "--dialect", "tfkeras")
    assert outcome.code == 0, outcome.err
    assert "left out: compile arguments and optimizer state" in outcome.out
    assert io.read(tmp_path / "n.h5").training is None


def test_weights_alone_cannot_become_a_model(zoo: Callable[..., Outcome], model: Path, tmp_path: Path) -> None:
    zoo("convert", model, tmp_path / "n.weights.h5")
    outcome = zoo("convert", tmp_path / "n.weights.h5", tmp_path / "n.keras")
    assert outcome.code == 2 and "architecture" in outcome.err
    assert not (tmp_path / "n.keras").exists()


@require_corpus
@pytest.mark.parametrize("case", ["tfkeras2/model_residual", "keras3/model_unet"])
def test_files_of_keras(zoo: Callable[..., Outcome], tmp_path: Path, case: str) -> None:
    source = CORPUS / case / "model.h5"
    assert zoo("convert", source, tmp_path / "n.keras").code == 0
    assert all(map(np.array_equal, arrays(source), arrays(tmp_path / "n.keras")))


@pytest.mark.parametrize("word, name, format, dialect", [
    ("keras3", "n", "keras_zip", "keras3"), ("keras3", "n.h5", "keras_h5", "keras3"),
    ("tfkeras", "n", "keras_h5", "tfkeras"), ("tfkeras", "n.json", "architecture_json", "tfkeras"),
    ("keras2", "n.h5", "keras_h5", "keras2"), ("h5", "n", "keras_h5", "keras3"), ("keras", "n", "keras_zip", "keras3"),
    ("weights", "n.weights.h5", "weights_h5", "keras3"), ("weights", "n", "weights_h5", "keras3"),
    ("weights", "n.hdf5", "legacy_weights_h5", "keras3"), ("json", "n", "architecture_json", "keras3"),
    ("yaml", "n", "architecture_yaml", "tfkeras"), ("tfjs", "n", "tfjs_layers", "tfkeras"),
    ("tfjs", "n/model.json", "tfjs_layers", "tfkeras"), ("safetensors", "n", "safetensors", "keras3"),
    ("npz", "n", "npz", "keras3"),
])
def test_targets(zoo: Callable[..., Outcome], model: Path, tmp_path: Path, word: str, name: str, format: str,
                 dialect: str) -> None:
    outcome = zoo("convert", model, tmp_path / name, "--to", word)
    assert outcome.code == 0, outcome.err
    written = io.read(tmp_path / name)
    assert (written.format, written.producer.dialect) == (format, dialect)


def test_weights_alone_take_the_fitting_format(zoo: Callable[..., Outcome], model: Path, tmp_path: Path) -> None:
    zoo("convert", model, tmp_path / "w.npz")
    assert zoo("convert", tmp_path / "w.npz", tmp_path / "w.safetensors", "--to", "safetensors").code == 0
    assert io.read(tmp_path / "w.safetensors").format == "safetensors_weights"
    assert all(map(np.array_equal, arrays(model), arrays(tmp_path / "w.safetensors")))


def test_words_that_contradict_each_other(zoo: Callable[..., Outcome], model: Path, tmp_path: Path) -> None:
    outcome = zoo("convert", model, tmp_path / "n", "--to", "keras3", "--format", "keras_h5")
    assert outcome.code == 2 and "leave out --format" in outcome.err
    outcome = zoo("convert", model, tmp_path / "n", "--to", "tfkeras", "--dialect", "keras3")
    assert outcome.code == 2 and "leave out --format and --dialect" in outcome.err
    assert zoo("convert", model, tmp_path / "n", "--rename-layer", "a").code == 2


def test_changes_on_the_way(zoo: Callable[..., Outcome], model: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    outcome = zoo("convert", model, tmp_path / "n.keras", "--dtype", "float16", "--rename-layer", "edges=lines",
                  "--rename-layer", "head/hidden=dense", "--labels", tmp_path / "labels.txt", "--preprocess", "tf",
                  "--strip-optimizer")
    assert outcome.code == 0, outcome.err
    written = io.read(tmp_path / "n.keras")
    assert {"lines", "head/dense"} <= {"/".join(path) for path, _ in written.model.walk()}
    assert {tensor.dtype for _, tensor in written.weights} == {"float16"}
    assert written.metadata["zoo"] == {"labels": ["cat", "dog"], "preprocess": "tf"}
    outcome = zoo("convert", tmp_path / "n.keras", tmp_path / "n.npz")
    assert outcome.out.rstrip().endswith("left out: the architecture, the labels, the preprocessing")


def test_drop_top(zoo: Callable[..., Outcome], model: Path, tmp_path: Path) -> None:
    outcome = zoo("convert", model, tmp_path / "n.keras", "--drop-top")
    assert outcome.code == 2 and "the nested model 'head' does not end in a pooling or Flatten layer" in outcome.err
