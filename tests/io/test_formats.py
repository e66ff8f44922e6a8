"""What each container writes and reads, apart from the files of the corpus."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import zipfile
from collections.abc import Callable

import h5py
import numpy as np
import pytest

from tests.io.contents import ADAM, CONTENTS, KERAS0, LEGACY, MODERN, by_path, equal, tensors, training
from tests.io.hdf5_files import legacy_weights, make
from zoo import io
from zoo.errors import CannotExpress, CorruptFile, UnsafeFile, UnsupportedFile
from zoo.io.container import Content
from zoo.io.formats import CONTAINERS
from zoo.io.read import read_content


def written(content: Content, name: str, path: pathlib.Path) -> pathlib.Path:
    write = CONTAINERS[name].write
    assert write is not None
    write(content, path)
    return path


@pytest.mark.parametrize("name", [name for name, container in CONTAINERS.items() if container.write])
def test_round_trip(tmp_path: pathlib.Path, name: str) -> None:
    content = CONTENTS[name]
    container, again = read_content(written(content, name, tmp_path / "model"))
    assert container.name == name
    if content.weights is not None and content.weights.layout == "by_path":           # read in natural order
        again.weights.groups.sort(key=lambda group: [g.path for g in content.weights.groups].index(group.path))
    for field in dataclasses.fields(content):
        assert equal(getattr(again, field.name), getattr(content, field.name)), field.name


@pytest.mark.parametrize("name", CONTENTS)
def test_an_existing_file_is_never_written_over_in_place(tmp_path: pathlib.Path, name: str) -> None:
    (tmp_path / "model").write_text("other")
    with pytest.raises(FileExistsError):
        written(CONTENTS[name], name, tmp_path / "model")


def test_natural_order_of_paths_and_variables(tmp_path: pathlib.Path) -> None:
    tree = by_path()
    _, content = read_content(written(Content(weights=tree), "weights_h5", tmp_path / "model"))
    assert [group.path for group in content.weights.groups] == [
        "", "layers/dense", "layers/dense_2", "layers/dense_10", "layers/lookup", "layers/relu"]
    assert [tensor.name for tensor in content.weights.groups[3].tensors] == [str(i) for i in range(11)]


def test_attributes_of_a_whole_model(tmp_path: pathlib.Path) -> None:
    with h5py.File(written(CONTENTS["keras_h5"], "keras_h5", tmp_path / "model")) as file:
        assert json.loads(file.attrs["model_config"]) == LEGACY
        assert json.loads(file.attrs["training_config"]) == {"loss": "mse", "optimizer_config": ADAM}
        assert file.attrs["keras_version"] == "2.2.4" and file.attrs["backend"] == "theano"
        weights = file["model_weights"]
        assert weights.attrs["layer_names"].tolist() == [b"dense", b"a/b", b"relu"]
        assert weights["dense"].attrs["weight_names"].tolist() == [b"dense/kernel:0", b"dense/bias:0"]
        assert weights["relu"].attrs["weight_names"].shape == (0,)
        assert weights["top_level_model_weights"].attrs["weight_names"].shape == (0,)
        assert weights["a/b/kernel"].chunks is None and weights["a/b/kernel"].compression is None
        assert file["optimizer_weights"].attrs["weight_names"].tolist() == [b"Adam/iterations:0", b"m", b"Adam/v/0"]


def test_compile_arguments_change_their_form_with_the_container(tmp_path: pathlib.Path) -> None:
    """HDF5 has `optimizer_config`, an archive a complete object under `optimizer`; slots keep their order."""
    modern = {"optimizer": {"module": "keras.optimizers", **ADAM, "registered_name": None}, "loss": "mse"}
    h5 = Content(MODERN, CONTENTS["keras_h5"].weights, training(modern, "optimizer/vars/0", "optimizer/vars/1"), "3.0")
    _, content = read_content(written(h5, "keras_h5", tmp_path / "h5"))
    assert content.training.config == {"loss": "mse", "optimizer_config": ADAM}
    assert content.training.optimizer.class_name == "Adam" and content.training.optimizer.config == ADAM["config"]
    archive = dataclasses.replace(content, weights=by_path())
    archive.training.optimizer.tensors = tensors("adam/iteration", "adam/learning_rate")
    _, again = read_content(written(archive, "keras_zip", tmp_path / "archive"))
    assert again.training.config == modern
    assert [slot.name for slot in again.training.optimizer.tensors] == ["optimizer/vars/0", "optimizer/vars/1"]
    archive.training.optimizer.class_name = "LossScaleOptimizer"
    with pytest.raises(CannotExpress, match="which inner optimizer"):
        written(archive, "keras_zip", tmp_path / "nested")


def test_archive_members(tmp_path: pathlib.Path) -> None:
    path = written(CONTENTS["keras_zip"], "keras_zip", tmp_path / "model")
    assert [entry.name for entry in tmp_path.iterdir()] == ["model"]
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None and {entry.compress_type for entry in file.infolist()} == {zipfile.ZIP_STORED}
        assert file.namelist() == ["metadata.json", "config.json", "model.weights.h5", "assets/lookup/vocabulary.txt"]
        config = json.loads(file.read("config.json"))
        assert config == {**MODERN, "compile_config": {"loss": "mse", "optimizer": ADAM}}
        assert json.loads(file.read("metadata.json"))["keras_version"] == "3.15.1"


def repacked(path: pathlib.Path, change: Callable[[dict[str, bytes]], object], target: pathlib.Path) -> pathlib.Path:
    """The archive at `path` with changed members, compressed."""
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    change(members)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return target


@pytest.fixture
def archive(tmp_path: pathlib.Path) -> pathlib.Path:
    return written(CONTENTS["keras_zip"], "keras_zip", tmp_path / "model.keras")


def test_compressed_archives_and_folders_hold_the_same(archive: pathlib.Path, tmp_path: pathlib.Path) -> None:
    _, content = read_content(archive)
    _, compressed = read_content(repacked(archive, lambda members: None, tmp_path / "compressed"))
    with zipfile.ZipFile(archive) as file:
        file.extractall(tmp_path / "folder")
    _, folder = read_content(tmp_path / "folder")
    for other in (compressed, folder):
        for field in dataclasses.fields(content):
            assert equal(getattr(other, field.name), getattr(content, field.name)), field.name


@pytest.mark.parametrize("change, error, message", [
    (lambda members: members.pop("model.weights.h5"), CorruptFile, "expected the weights in 'model.weights.h5'"),
    (lambda members: members.update({"config.json": b"[]"}), CorruptFile, "config.json: expected a JSON object"),
    (lambda members: members.update({"config.json": b'{"a": 1, "a": 2}'}), UnsafeFile, "config.json: .* keys twice"),
    (lambda members: members.update({"model.weights.h5": b"\x89HDF\r\n\x1a\n"}), CorruptFile, "model.weights.h5: "),
    (lambda members: members.update({"model.weights.npz": members.pop("model.weights.h5")}), UnsupportedFile,
     "pickled Keras objects"),
    (lambda members: (members.pop("model.weights.h5"), members.update({"model.weights.json": b'{"weight_map": 3}'})),
     CorruptFile, "'weight_map'"),
])
def test_incomplete_archives(archive: pathlib.Path, tmp_path: pathlib.Path, error: type[Exception], message: str,
                             change: Callable[[dict[str, bytes]], object]) -> None:
    with pytest.raises(error, match=message):
        io.read(repacked(archive, change, tmp_path / "changed"))


def test_listed_weights_that_are_missing_are_all_named(tmp_path: pathlib.Path) -> None:
    def fill(file: h5py.File) -> None:
        legacy_weights(file)
        del file["relu"], file["dense/dense/bias:0"]
    with pytest.raises(CorruptFile, match="2 listed layers or weights .*'dense/dense/bias:0', 'relu'"):
        io.read(make(tmp_path / "model", fill))


def test_weights_below_model_weights_without_an_architecture(tmp_path: pathlib.Path) -> None:
    path = make(tmp_path / "model", lambda file: legacy_weights(file.create_group("model_weights")))   # type: ignore
    container, content = read_content(path)
    assert container.name == "legacy_weights_h5" and content.weights.count == 2
    assert (content.backend, content.keras_version) == ("tensorflow", "2.2.4")


@pytest.mark.parametrize("paths", [["layer_0", "layer_1", "layer_2"], ["graph"]])
def test_keras0_weights(tmp_path: pathlib.Path, paths: list[str]) -> None:
    groups = [io.WeightGroup(path, tensors(*[f"param_{i}" for i in range(n)])) for n, path in enumerate(paths)]
    if paths == ["graph"]:
        groups[0].tensors = tensors("param_0", "param_1")
    content = Content(weights=io.WeightTree("by_number", groups))
    container, again = read_content(written(content, "legacy_weights_h5", tmp_path / "model"))
    assert container.name == "legacy_weights_h5" and equal(again.weights, content.weights)


def test_layer_counts_that_lie(tmp_path: pathlib.Path) -> None:
    with pytest.raises(CorruptFile, match="'nb_layers' to count 0 members"):
        io.read(make(tmp_path / "model", lambda file: file.attrs.__setitem__("nb_layers", 1 << 40)))


def test_arrays_outside_of_variables_are_not_overlooked(tmp_path: pathlib.Path) -> None:
    def fill(file: h5py.File) -> None:
        file["layers/dense/vars/0"] = np.zeros(2)
        file["layers/dense/secret"] = np.zeros(2)
    with pytest.raises(UnsupportedFile, match="/layers/dense: expected arrays in groups called 'vars' only.*secret"):
        io.read(make(tmp_path / "model", fill))


def shards(tmp_path: pathlib.Path, weight_map: dict[str, object]) -> pathlib.Path:
    make(tmp_path / "a.weights.h5", lambda file: file.__setitem__("layers/dense/vars/0", np.zeros(2)))
    make(tmp_path / "b.weights.h5", lambda file: file.__setitem__("layers/dense/vars/1", np.ones(2)))
    (tmp_path / "model.weights.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    return tmp_path / "model.weights.json"


def test_variables_of_one_layer_in_two_shards(tmp_path: pathlib.Path) -> None:
    path = shards(tmp_path, {"/layers/dense/vars": ["b.weights.h5", "a.weights.h5"]})
    (group,) = io.read(path).weights.groups                                           # type: ignore[union-attr]
    assert group.path == "layers/dense" and [tensor.name for tensor in group.tensors] == ["0", "1"]
    assert [tensor.read().tolist() for tensor in group.tensors] == [[0, 0], [1, 1]]


@pytest.mark.parametrize("names, error, message", [
    (["../a.weights.h5"], UnsafeFile, "refused the shard"), (["/etc/x.h5"], UnsafeFile, "refused the shard"),
    (["absent.weights.h5"], CorruptFile, "expected the shard 'absent.weights.h5'"),
    (["link.weights.h5"], CorruptFile, "expected the shard 'link.weights.h5'"),
    (["a.weights.h5", "copy.weights.h5"], CorruptFile, "in two shards"),
])
def test_shards_that_are_refused(tmp_path: pathlib.Path, names: list[str], error: type[Exception],
                                 message: str) -> None:
    path = shards(tmp_path, {"/layers/dense/vars": names})
    (tmp_path / "copy.weights.h5").write_bytes((tmp_path / "a.weights.h5").read_bytes())
    (tmp_path / "link.weights.h5").symlink_to("/etc/passwd")
    with pytest.raises(error, match=message):
        io.read(path)


def test_groups_that_no_shard_holds(tmp_path: pathlib.Path) -> None:
    path = shards(tmp_path, {"/layers/dense/vars": ["a.weights.h5"], "/layers/lost/vars": "b.weights.h5"})
    with pytest.raises(CorruptFile, match="no shard holds \\['/layers/lost/vars'\\]"):
        io.read(path)


@pytest.mark.parametrize("architecture, content", [
    (LEGACY, {"keras_version": "2.3.1", "backend": "tensorflow"}), (MODERN, {}), (LEGACY, {"keras_version": "1.2.2"}),
    (MODERN, {"training": io.TrainingRecord({"loss": "mse"})}),
    (KERAS0, {"training": io.TrainingRecord({"loss": "mse", "optimizer": {"name": "SGD", "lr": 0.1}},
                                            io.OptimizerRecord("SGD", {"lr": 0.1}))}),
])
def test_architectures_of_every_age(tmp_path: pathlib.Path, architecture: dict[str, object],
                                    content: dict[str, object]) -> None:
    given = Content(architecture, **content)                                          # type: ignore[arg-type]
    container, again = read_content(written(given, "architecture_json", tmp_path / "model"))
    assert container.name == "architecture_json" and equal(again, given)
    text = json.loads((tmp_path / "model").read_text())
    assert ("backend" in text) == ("backend" in content) and ("compile_config" in text) == (
        architecture is MODERN and "training" in content)
