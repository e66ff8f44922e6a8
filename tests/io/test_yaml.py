"""YAML text: only plain values come out of it, whatever it asks for."""

from __future__ import annotations

import json
import math
import pathlib

import pytest

from tests.conformance.outcome import tally
from tests.corpus import CORPUS, require_corpus
from zoo import io
from zoo.errors import ConfigError, CorruptFile, UnsafeFile
from zoo.io import yaml_codec
from zoo.io.limits import Limits
from zoo.io.read import read_content

DTYPE = "!!python/object/apply:numpy.dtype\n  args: [{}, false, true]\n  state: !!python/tuple [3, {}]\n"
SCALAR = "!!python/object/apply:numpy.core.multiarray.scalar\n- " + DTYPE.format("f4", "<") + "- !!binary |\n  AACgQA==\n"

VALUES = {
    "a: [1, 2.5, true, null, text, '1', .nan]": {"a": [1, 2.5, True, None, "text", "1", math.nan]},
    "a: !!python/tuple [1, [2]]": {"a": (1, [2])},
    "a: !!python/tuple\n- !!python/tuple [1, 0]\n": {"a": ((1, 0),)},
    "a: &x [1]\nb: *x": {"a": [1], "b": [1]},
    "a: !!python/unicode 'é'\nb: !!python/long '7'": {"a": "é", "b": 7},
    "a: !!python/name:__main__.%3Clambda%3E ''": {"a": "<lambda>"},
    SCALAR: 5.0,
    "": None,
}


@pytest.mark.parametrize("text", VALUES)
def test_values(text: str) -> None:
    assert repr(yaml_codec.loads(text, "t")) == repr(VALUES[text])


def test_an_alias_gives_a_copy() -> None:
    value = yaml_codec.loads("a: &x {b: 1}\nc: *x", "t")
    value["a"]["b"] = 2
    assert value["c"] == {"b": 1}


UNSAFE = {
    "a: !!python/object/apply:os.system ['true']": "line 1: refused the tag .*os.system",
    "a: !!python/object:builtins.object {}": "makes plain values only",
    "a: !!python/object/new:subprocess.Popen [[ls]]": "refused the tag",
    "a: !!python/module:os ''": "refused the tag",
    "a: !mine 1": "refused the tag '!mine'",
    "a: 2020-01-01": "refused the tag .*timestamp",
    "a: !!set {b}": "refused the tag",
    "a: 1\na: 2": "the key 'a' twice",
    "[" * 300 + "]" * 300: "nested deeper than 200",
    "- " * 300 + "1": "nested deeper than 200",
    "a: &a [x, x]\nb: &b [" + "*a, " * 9 + "]\n" + "\n".join(
        f"{chr(c + 1)}: &{chr(c + 1)} [" + f"*{chr(c)}, " * 9 + "]" for c in range(ord("b"), ord("l"))): "bomb",
}


@pytest.mark.parametrize("text", UNSAFE, ids=lambda text: text[:40])
def test_what_is_refused(text: str) -> None:
    with pytest.raises(UnsafeFile, match=f"t.*{UNSAFE[text]}"):
        yaml_codec.loads(text, "t")


CORRUPT = {
    "a: [1, 2": "not valid YAML: .*line 1",
    "a: *nothing": "line 1, column 4: the alias \\*nothing",
    "a: &x [*x]": "the alias \\*x refers to nothing before it",
    "1: 2": "keys that are text, received 1",
    "[1]: 2": "keys that are text",
    "a: 1\n--- \nb: 2": "one document, received more",
    "a: !!int text": "not a value of its tag",
    "a: !!binary '#'": "base64",
    SCALAR.replace("AACgQA==", "AACgQAA="): "not a number of NumPy",
    SCALAR.replace("f4", "O8"): "not a number of NumPy",
    "a: \x00": "not valid YAML",
}


@pytest.mark.parametrize("text", CORRUPT, ids=lambda text: text[:40])
def test_what_is_damaged(text: str) -> None:
    with pytest.raises(CorruptFile, match=f"t.*{CORRUPT[text]}"):
        yaml_codec.loads(text, "t")
    with pytest.raises(CorruptFile, match="Unicode"):
        yaml_codec.loads(b"a: \xff", "t")


def test_too_long() -> None:
    with pytest.raises(UnsafeFile, match="YAML of 20 bytes; the limit is 10"):
        yaml_codec.loads(" " * 20, "t", Limits(yaml_bytes=10))


def test_written_text_is_read_back_and_has_no_tags() -> None:
    shared = [1, 2]
    value = {"a": shared, "b": shared, "c": ["1e-3", "null", "on", "2020-01-01", "é\n", 1e-7, math.inf, None, True, ""]}
    text = yaml_codec.dumps(value, "t")
    assert yaml_codec.loads(text, "t") == value
    assert "!!" not in text and "&" not in text
    with pytest.raises(ConfigError, match="expected plain values"):
        yaml_codec.dumps({"a": object()}, "t")


@require_corpus
def test_every_architecture_of_the_corpus_equals_its_twin(tmp_path: pathlib.Path) -> None:
    """The YAML of a case holds what its JSON or HDF5 file holds, and is written back equal."""
    assert CORPUS is not None
    counts = tally("YAML equals its twin")
    for path in sorted(CORPUS.glob("*/*/model.yaml")):
        name = path.relative_to(CORPUS).as_posix()
        container, content = read_content(path)
        twin = next((twin for twin in (path.with_name("model.json"), path.with_name("model.h5")) if twin.exists()), None)
        if twin is None:
            counts.not_yet[name] = "the corpus has this architecture as YAML alone"
            continue
        copy = tmp_path / "copy.yaml"
        container.write(content, copy)
        again = read_content(copy)[1]
        copy.unlink()
        same = content.architecture == read_content(twin)[1].architecture == again.architecture
        same = same and (content.training and content.training.config) == (again.training and again.training.config)
        (counts.passed.append(name) if same else counts.failed.setdefault(name, "differs"))
    assert counts.passed and not counts.failed


def test_an_architecture_in_a_file(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "model"
    path.write_text("class_name: Sequential\nconfig:\n  name: s\n  layers:\n  - class_name: Dense\n    config: {name: d, "
                    "trainable: true, dtype: float32, units: 3, batch_input_shape: !!python/tuple [null, 2]}\nkeras_version: 2.2.4\nbackend: tensorflow\n"
                    "zoo: {labels: [a, b, c]}\n")
    document = io.read(path)
    assert document.format == "architecture_yaml" and document.producer.keras_version == "2.2.4"
    assert document.metadata == {"zoo": {"labels": ["a", "b", "c"]}}
    io.write(document, tmp_path / "copy.yaml")
    again = io.read(tmp_path / "copy.yaml")
    assert (again.model, again.producer, again.metadata) == (document.model, document.producer, document.metadata)
    io.write(document, tmp_path / "model.json")
    assert json.loads((tmp_path / "model.json").read_text())["keras_version"] == "2.2.4"
