"""What `scan` finds, where it says it is, and what it leaves alone."""

from __future__ import annotations

import io
import json
import os
import pathlib
import pickle
import stat
import zipfile
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
import pytest

import zoo
from tests.corpus import CORPUS, require_corpus
from tests.io.test_guards_hdf5 import REFUSED as HDF5_ATTACKS
from tests.security.files import code, dense_model, keras_archive, layer, legacy, modern_lambda, pickled, sequential
from zoo.errors import UnsafeFile
from zoo.io import hdf5
from zoo.io.source import FileRange
from zoo.safety import RULES, SEVERITIES, scan_files


def rules(path: pathlib.Path) -> list[str]:
    return [found.rule for found in zoo.scan(path)]


def written(path: pathlib.Path, value: Any) -> pathlib.Path:
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


# ---- configs

def hidden(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A record in every place where one can be."""
    inner = sequential(record)
    return {
        "in a model in a model": sequential({**inner, "config": {**inner["config"], "name": "inner"}}),
        "in a wrapper in a wrapper": sequential(layer("TimeDistributed", "a", layer=layer("Bidirectional", "b",
                                                                                           layer=record))),
        "in a custom object": sequential(layer("Mine", "mine", module="my.layers", inner={"deep": [record]})),
        "in the optimizer": {**dense_model(),
                             "compile_config": {"optimizer": {"class_name": "Adam", "config": record}}},
        "in an initializer": sequential(layer("Dense", "d", units=2, kernel_initializer={
            "module": "keras.initializers", "class_name": "Constant", "config": {"value": record}})),
        "beside the config": {**dense_model(), "build_config": {"x": record}},
    }


@pytest.mark.parametrize("place", hidden({}))
@pytest.mark.parametrize(("record", "rule"), [
    (modern_lambda(), "lambda-code"),
    ({"module": "os", "class_name": "system", "config": "true"}, "unsafe-name"),
    (layer("TFSMLayer", filepath="/x"), "tfsm-layer"),
    ({"module": "keras.utils", "class_name": "get_file", "config": {}}, "keras-gadget"),
], ids=["lambda", "module", "tfsm", "gadget"])
def test_wherever_it_is(place: str, record: dict[str, Any], rule: str, tmp_path: pathlib.Path) -> None:
    assert rule in rules(written(tmp_path / "m.json", hidden(record)[place]))


@pytest.mark.parametrize(("record", "rule"), [
    (layer("Lambda", function={"class_name": "function", "config": "mine", "module": "builtins"}), "custom-function"),
    (layer("JaxLayer"), "jax-function"),
    (layer("FlaxLayer"), "jax-function"),
    (layer("IntegerLookup", vocabulary="http://host/words.txt"), "vocabulary-file"),
    (layer("TextVectorization", vocabulary="words.txt"), "vocabulary-file"),
    (layer("Mine", module="mine.layers"), "custom-class"),
    ({"class_name": "Mine>Layer", "config": {"name": "x"}}, "custom-class"),
    ({"module": "numpy", "class_name": "load", "config": {}}, "foreign-module"),
    ({"module": "builtins", "class_name": "exec", "config": {}}, "unsafe-name"),
    ({"module": "builtins", "class_name": "function", "config": "eval"}, "unsafe-name"),
    (layer("Dense", units=2, activation="subprocess.check_output"), "unsafe-name"),
    ({"module": "keras.src.utils.file_utils", "class_name": "function", "config": "get_file"}, "keras-gadget"),
    ({"module": "keras.saving", "class_name": "load_model", "config": {}}, "keras-gadget"),
    ({"class_name": "TFOpLambda", "config": {"name": "r", "function": "io.read_file"}}, "tensorflow-file-op"),
    ({"class_name": "TensorFlowOpLayer", "config": {"name": "r", "node_def": "name: 'x' op: 'PyFunc'"}},
     "tensorflow-file-op"),
    (layer("Tokenizer", proto="models/a.spm"), "file-argument"),
    (layer("Dense", units=2, where="https://host/x"), "address"),
    (layer("Dense", units=10 ** 9), "giant-size"),
    (layer("Reshape", target_shape=[4, -1, 10 ** 12]), "giant-size"),
    (layer("ZeroPadding2D", padding=[[10 ** 9, 0], [0, 0]]), "giant-size"),
    ({"class_name": "Lambda", "config": {"name": "x", "function": [code(), None, None]}}, "lambda-code"),
    ({"class_name": "Merge", "config": {"name": "x", "output_mask": [code(), None, None]}}, "lambda-code"),
], ids=lambda value: value if isinstance(value, str) else str(value.get("class_name")))
def test_each_rule_of_configs(record: dict[str, Any], rule: str, tmp_path: pathlib.Path) -> None:
    assert rule in rules(written(tmp_path / "m.json", sequential(record)))


def test_where_it_is_and_what_it_does(tmp_path: pathlib.Path) -> None:
    inner = sequential(modern_lambda("squares"))
    path = keras_archive(tmp_path / "m.keras", sequential({**inner, "config": {**inner["config"], "name": "inner"}}))
    found = next(found for found in zoo.scan(path) if found.rule == "lambda-code")
    assert found.location == "config.json/model/inner/squares.function.code" and found.file == str(path)
    assert found.severity == "high" and "CVE-2024-3660" in found.advisories
    assert "__import__" in found.message and any("system" in line for line in found.detail)


def test_code_that_cannot_be_read_is_found_all_the_same(tmp_path: pathlib.Path) -> None:
    broken = layer("Dense", units=2, note="\xe3\x01\x00\x00\x00 nothing that Python would write")
    assert "lambda-code" in rules(written(tmp_path / "m.json", sequential(broken)))


def test_other_json_may_name_what_it_likes(tmp_path: pathlib.Path) -> None:
    value = {"paths": ["os.path", "https://host/x"], "path": "/etc/passwd", "units": 3}
    assert rules(written(tmp_path / "settings.json", value)) == []
    assert rules(written(tmp_path / "lines.json", '{"a": 1}\n{"a": 2}\n')) == []


# ---- containers

@pytest.mark.parametrize("attack", HDF5_ATTACKS, ids=lambda attack: attack.__name__)
def test_hdf5_attacks(attack: Callable[[h5py.File], None], tmp_path: pathlib.Path) -> None:
    """What the reader refuses is a finding of the same rule, and does not hide what else is there."""
    path = legacy(tmp_path / "m.h5", sequential(modern_lambda()), attack)
    with pytest.raises(UnsafeFile) as refused:
        hdf5.read(FileRange.whole(path))
    found = zoo.scan(path)
    assert {refused.value.rule, "lambda-code"} <= {item.rule for item in found}
    if refused.value.rule != "over-limit":
        assert next(item for item in found if item.rule == refused.value.rule).location.startswith("/")


def test_two_attacks_in_one_file(tmp_path: pathlib.Path) -> None:
    def fill(file: h5py.File) -> None:
        file["a"], file["b"] = h5py.SoftLink("/x"), h5py.ExternalLink("/other.h5", "/")
    assert {"hdf5-soft-link", "hdf5-external-link"} <= set(rules(legacy(tmp_path / "m.h5", None, fill)))


@pytest.mark.parametrize("good", ["h5", "keras", "npy"])
def test_appended_data(good: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / f"m.{good}"
    {"h5": lambda: legacy(path, dense_model()), "keras": lambda: keras_archive(path, dense_model()),
     "npy": lambda: np.save(path, np.ones(4))}[good]()
    assert rules(path) == []
    path.write_bytes(path.read_bytes() + b"MZ something else")
    assert rules(path) == ["appended-data"]


def test_prepended_data(tmp_path: pathlib.Path) -> None:
    archive = keras_archive(tmp_path / "m.keras", dense_model())
    archive.write_bytes(b"\x7fELF something" + archive.read_bytes())
    assert "prepended-data" in rules(archive)
    with h5py.File(tmp_path / "m.h5", "w", userblock_size=512) as file:
        file["x"] = np.ones(3)
    assert "prepended-data" in rules(tmp_path / "m.h5")


def test_said_twice(tmp_path: pathlib.Path) -> None:
    text = json.dumps(dense_model())[:-1] + ', "class_name": "Functional"}'
    assert "json-duplicate-key" in rules(keras_archive(tmp_path / "a.keras", text))
    path = keras_archive(tmp_path / "b.keras", dense_model())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("config.json", json.dumps(sequential(modern_lambda())))
    assert "zip-duplicate" in rules(path)


def test_archives_in_archives(tmp_path: pathlib.Path) -> None:
    inner = keras_archive(tmp_path / "inner", sequential(modern_lambda()))
    with zipfile.ZipFile(tmp_path / "outer.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(inner, "models/inner.keras")
    found = [item for item in zoo.scan(tmp_path / "outer.zip") if item.rule == "lambda-code"]
    assert found[0].location.startswith("models/inner.keras!config.json/model/attack")


def test_large_compressed_members_pass_through_a_file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoo.safety.parts._SPOOLED", 10)
    path = keras_archive(tmp_path / "m.keras", sequential(modern_lambda()), compression=zipfile.ZIP_DEFLATED)
    assert "lambda-code" in rules(path)


# ---- pickles

@pytest.mark.parametrize("protocol", range(5))
def test_pickles(protocol: int, tmp_path: pathlib.Path) -> None:
    class_of_print = pickle.dumps(pickle.loads, protocol)
    (tmp_path / "a.pkl").write_bytes(class_of_print)
    found = zoo.scan(tmp_path / "a.pkl")
    assert [item.rule for item in found] == ["pickle-code"] and "loads" in found[0].message
    (tmp_path / "b.pkl").write_bytes(pickle.dumps({"weights": [1.0, 2.0]}, max(protocol, 2)))
    assert rules(tmp_path / "b.pkl") == ["pickle"]


def test_a_pickle_that_ends_in_damage_after_its_call(tmp_path: pathlib.Path) -> None:
    """What comes before the damage has run by the time that a reader notices."""
    (tmp_path / "a.pkl").write_bytes(pickled()[:-1] + b"\xff\xff")
    assert rules(tmp_path / "a.pkl") == ["pickle-code", "unreadable"]


def test_pickled_weights(tmp_path: pathlib.Path) -> None:
    (tmp_path / "w.pkl").write_bytes(pickle.dumps([np.ones((2, 2)), np.zeros(3)]))
    assert rules(tmp_path / "w.pkl") == ["pickle"]
    np.save(tmp_path / "o.npy", np.array([{}], dtype=object))
    assert rules(tmp_path / "o.npy") == ["pickled-array"]
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "|O", "fortran_order": False, "shape": (1,)})
    (tmp_path / "e.npy").write_bytes(stream.getvalue() + pickled())
    assert rules(tmp_path / "e.npy") == ["pickle-code", "pickled-array"]


# ---- files and folders

def test_folders(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    keras_archive(tmp_path / "a" / "b" / "m.bin", sequential(modern_lambda()))
    (tmp_path / "a" / "notes.txt").write_text("nothing")
    (tmp_path / "broken.h5").write_bytes(hdf5.SIGNATURE + bytes(50))
    keras_archive(tmp_path / "z.keras", dense_model())
    scanned = list(scan_files([tmp_path]))
    assert [pathlib.Path(item.path).name for item in scanned] == ["broken.h5", "z.keras", "notes.txt", "m.bin"]
    assert [[found.rule for found in item.findings] for item in scanned] == [
        ["unreadable"], [], [], ["lambda-code", "lambda-layer"]]
    assert [item.known for item in scanned] == [True, True, False, True]


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0,
                    reason="who may read everything cannot be refused")
def test_files_that_may_not_be_read(tmp_path: pathlib.Path) -> None:
    keras_archive(tmp_path / "m.keras", dense_model()).chmod(0)
    assert rules(tmp_path) == ["unreadable"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such files here")
def test_special_files_are_not_opened(tmp_path: pathlib.Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert stat.S_ISFIFO(os.stat(tmp_path / "pipe").st_mode) and rules(tmp_path) == ["unreadable"]


def test_links_in_model_folders(tmp_path: pathlib.Path) -> None:
    for name, value in (("config.json", dense_model()), ("metadata.json", {"keras_version": "3.9.0"})):
        written(tmp_path / name, value)
    assert rules(tmp_path) == []
    (tmp_path / "model.weights.h5").symlink_to("/etc/hostname")
    assert "folder-link" in rules(tmp_path)


def test_what_is_not_there(tmp_path: pathlib.Path) -> None:
    with pytest.raises(FileNotFoundError):
        zoo.scan(tmp_path / "missing.h5")


def test_rules_make_sense() -> None:
    assert all(rule.severity in SEVERITIES and rule.title for rule in RULES.values())


def test_every_rule_that_guards_name_is_in_the_table() -> None:
    named = set()
    for path in (pathlib.Path(zoo.__file__).parent / "io").rglob("*.py"):
        named |= {rule for rule in RULES if f'"{rule}"' in path.read_text()}
    assert {"hdf5-bomb", "zip-bomb", "json-duplicate-key", "pickle-code", "shard-path"} <= named


@require_corpus
def test_good_files_of_the_corpus_are_clean() -> None:
    """One producer a format: only lambdas, and classes that are somebody's own, are found."""
    allowed = {"lambda-code", "lambda-layer", "custom-class", "custom-function"}
    assert CORPUS is not None
    count = 0
    for scanned in scan_files([CORPUS / "tfkeras2", CORPUS / "keras-0.3.3"]):
        count += scanned.known
        assert {found.rule for found in scanned.findings} <= allowed, scanned
    assert count > 700


@require_corpus
def test_every_lambda_of_the_corpus_is_found_and_read() -> None:
    """`lambdas` in the notes of a case are the texts; the files hold code, or the name of a function."""
    assert CORPUS is not None
    cases = [path.parent for path in sorted(CORPUS.glob("*/*/meta.json")) if '"lambdas"' in path.read_text()]
    found = {case: [item for item in zoo.scan(case) if item.rule.startswith("lambda")] for case in cases}
    assert len(cases) > 30 and all(found.values()), [case for case, items in found.items() if not items]
    unread = [item for items in found.values() for item in items if item.rule == "lambda-code" and not item.detail]
    assert not unread
