"""Every model file of the corpus: recognised by content, read, and written back without loss.

The whole corpus takes a minute; without ``--slow`` every tenth file is taken.
"""

from __future__ import annotations

import json
import pathlib
from collections import Counter
from typing import Any

import numpy as np
import pytest

from tests.corpus import CORPUS, require_corpus
from zoo import io
from zoo.errors import UnknownFormat
from zoo.io.container import Content
from zoo.io.read import read_content

pytestmark = [require_corpus]

PRODUCERS = sorted(path.name for path in CORPUS.iterdir() if (path / "INDEX.json").is_file()) if CORPUS else []

# File name in the corpus -> what it must be.
EXPECTED = {"model.h5": "keras_h5", "initial.h5": "keras_h5", "trained.h5": "keras_h5",
            "model.keras": "keras_zip", "initial.keras": "keras_zip", "trained.keras": "keras_zip",
            "model.weights.h5": "weights_h5", "sharded.weights.json": "weights_h5",
            "weights.h5": "legacy_weights_h5", "legacy_weights.h5": "legacy_weights_h5",
            "model.json": "architecture_json", "model.yaml": "architecture_yaml", "model_dir": "keras_zip"}

# tf.keras 2.12 wrote HDF5 into files called .keras.
MISNAMED = {"tfkeras-2.12/hdf5_named_keras/model.keras": "keras_h5"}

# Cases whose file holds other weights than the model lists, and why.
OTHER_WEIGHTS = {
    "gradients/spectral_normalization/model.keras": "the vector u is saved, but listed as no weight",
    "keras3/spectral_normalization_conv/model.keras": "the same",
    "keras3/spectral_normalization_dense/model.keras": "the same",
    "keras3/string_lookup_tf_idf/model.keras": "idf_weights is saved, but is no weight",
    "keras3/text_vectorization_tf_idf/model.keras": "the same",
    "keras3/model_lora/model.keras": "Keras merges the low-rank factors when it saves",
    "keras3/model_lora/model.weights.h5": "the same",
    "tfkeras2/model_nested_two_levels/model.h5": "the inner model is listed twice, alone and inside of another",
}


def sampled(paths: list[pathlib.Path], request: pytest.FixtureRequest) -> list[pathlib.Path]:
    return paths if request.config.getoption("--slow") else paths[::10]


def tensors(content: Content) -> list[tuple[str, io.TensorRecord]]:
    """Every tensor of a file with its whole address."""
    found = [(f"{group.path}|{group.name}|{tensor.name}", tensor) for group, tensor in content.weights or ()]
    if content.training is not None:
        found += [(tensor.name, tensor) for tensor in
                  (content.training.optimizer.tensors if content.training.optimizer else ())]
        found += [(f"{group.path}|{tensor.name}", tensor) for group in content.training.metrics
                  for tensor in group.tensors]
    return found


def check_same(old: Content, new: Content, where: str) -> None:
    for part in ("architecture", "keras_version", "backend", "metadata"):
        assert getattr(new, part) == getattr(old, part), f"{where}: {part}"
    assert (new.training and new.training.config) == (old.training and old.training.config), where
    if old.weights is not None:
        assert new.weights is not None
        assert [(group.path, group.name) for group in new.weights.groups] == \
            [(group.path, group.name) for group in old.weights.groups], where
    assert [name for name, _ in tensors(new)] == [name for name, _ in tensors(old)], where
    for (name, before), (_, after) in zip(tensors(old), tensors(new), strict=True):
        assert (after.shape, after.dtype) == (before.shape, before.dtype), f"{where}: {name}"
        assert after.read().tobytes() == before.read().tobytes(), f"{where}: {name}"


@pytest.mark.parametrize("producer", PRODUCERS)
def test_recognised_read_and_written_back(producer: str, request: pytest.FixtureRequest,
                                          tmp_path: pathlib.Path) -> None:
    assert CORPUS is not None
    paths = [path for path in sorted((CORPUS / producer).glob("*/*")) if path.name in EXPECTED]
    if producer == "wild" or not paths:
        pytest.skip("other file names: see the next test" if producer == "wild" else "no model files here")
    counts: Counter[str] = Counter()
    for number, path in enumerate(sampled(paths, request)):
        where = path.relative_to(CORPUS).as_posix()
        found = io.sniff(path)
        counts[found.format] += 1
        assert found.format == MISNAMED.get(where, EXPECTED[path.name]), where
        if found.advice is not None:
            continue
        container, content = read_content(path)
        check_weights(path, where, content)
        assert container.write is not None
        copy = tmp_path / str(number)
        container.write(content, copy)
        again, written = read_content(copy)
        assert again is container, where
        check_same(content, written, where)
        copy.unlink()
    print(producer, dict(counts))


def check_weights(path: pathlib.Path, where: str, content: Content) -> None:
    """Compares the shapes of all weights with those that the producer listed."""
    listed: Any = json.loads((path.parent / "meta.json").read_text()).get("weights")
    if content.weights is None or not isinstance(listed, list):
        return
    shapes = sorted(tuple(next(part for part in entry if isinstance(part, list))) for entry in listed)
    same = sorted(tensor.shape for _, tensor in content.weights) == shapes
    assert same is not (where in OTHER_WEIGHTS), where


def test_files_from_the_wild(tmp_path: pathlib.Path) -> None:
    assert CORPUS is not None
    counts: Counter[str] = Counter()
    for path in sorted((CORPUS / "wild").rglob("*")):
        if path.suffix not in (".h5", ".hdf5", ".keras"):
            continue
        if path.name.endswith("_inputs_and_outputs.h5"):
            with pytest.raises(UnknownFormat, match="no Keras wrote as a model"):
                io.sniff(path)
            counts["recorded activations"] += 1
            continue
        container, content = read_content(path)
        assert content.weights is not None and container.write is not None
        container.write(content, tmp_path / "copy")
        check_same(content, read_content(tmp_path / "copy")[1], str(path))
        (tmp_path / "copy").unlink()
        counts[container.name] += 1
    print("wild", dict(counts))
    assert set(counts) == {"keras_h5", "legacy_weights_h5", "keras_zip", "recorded activations"}


def test_arrays_on_disk_stay_there(tmp_path: pathlib.Path) -> None:
    """Neither reading nor asking for sizes touches an array; large ones are mapped, also inside of archives."""
    assert CORPUS is not None
    folder = CORPUS / "keras3" / "model_other_file_forms"
    parameters = json.loads((folder / "meta.json").read_text())["parameters"]
    container, content = read_content(folder / "model.keras")
    assert container.write is not None
    container.write(content, tmp_path / "aligned.keras")             # Keras leaves the place in the archive to chance
    for path in (folder / "model.h5", folder / "model.weights.h5", tmp_path / "aligned.keras"):
        document = io.read(path)
        assert document.weights is not None and document.weights.nbytes == 4 * parameters
        assert all(isinstance(tensor.read().base, np.memmap) for _, tensor in document.weights), path


def test_shards_and_folder_equal_the_single_file() -> None:
    assert CORPUS is not None
    folder = CORPUS / "keras3" / "model_sharded_weights"
    _, whole = read_content(folder / "model.weights.h5")
    _, shards = read_content(folder / "sharded.weights.json")
    assert [name for name, _ in tensors(shards)] == [name for name, _ in tensors(whole)]
    assert all(np.array_equal(a.read(), b.read()) for (_, a), (_, b) in zip(tensors(whole), tensors(shards)))
    folder = CORPUS / "keras3" / "model_other_file_forms"
    archive = read_content(folder / "model.keras")[1]
    check_same(archive, with_date(folder / "model_dir", folder / "model.keras"), "folder")


def with_date(path: pathlib.Path, dated: pathlib.Path) -> Content:
    """The content of `path` with the date of `dated`."""
    content = read_content(path)[1]
    content.metadata["date_saved"] = read_content(dated)[1].metadata["date_saved"]
    return content
