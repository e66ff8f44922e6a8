from __future__ import annotations

import math

import pytest

from zoo.errors import ConfigError, CorruptFile, UnsafeFile
from zoo.io import json_codec
from zoo.io.limits import Limits


def test_values_of_keras_configs() -> None:
    value = json_codec.loads(b'\xef\xbb\xbf{"a": [1, 2.5, null, true, "\\u00e9\\ud83d\\ude00"], "b": NaN, '
                             b'"c": -Infinity, "d": 140304208120592, "e": 18446744073709551615}', "config")
    assert value["a"] == [1, 2.5, None, True, "é😀"] and value["e"] == 2 ** 64 - 1
    assert math.isnan(value["b"]) and value["c"] == -math.inf
    text = json_codec.dumps({**value, "b": None}, "config")
    assert json_codec.loads(text, "config") == {**value, "b": None} and list(value) == ["a", "b", "c", "d", "e"]


def test_brackets_in_text_are_not_depth() -> None:
    value = {"text": "[" * 500 + '\\"' + "{" * 500}
    assert json_codec.loads(json_codec.dumps(value, "x"), "x") == value


@pytest.mark.parametrize("text, message", [
    (b'{"a": 1,\n "b" 2}', "line 2, column 6"),
    (b"", "line 1"),
    (b'{"a": "\xff"}', "Unicode"),
    (b'{"a": "\\ud800"}', "Unicode"),
    (b'{"a": ' + b"9" * 5000 + b"}", "cannot be represented"),
    (b'{"a": "[[[[', "line 1"),
])
def test_what_is_not_json(text: bytes, message: str) -> None:
    with pytest.raises(CorruptFile, match=f"model.json: .*{message}"):
        json_codec.loads(text, "model.json")


def test_keys_twice_are_refused_at_any_depth() -> None:
    with pytest.raises(UnsafeFile, match="keys twice: \\['class_name'\\]"):
        json_codec.loads('{"a": [{"class_name": "Dense", "class_name": "Lambda"}]}', "x")


@pytest.mark.parametrize("text", ["[" * 201 + "]" * 201, '{"a":' * 100_000, "[{}," * 150 + '"]"' + "[" * 201])
def test_depth_is_limited_before_parsing(text: str) -> None:
    with pytest.raises(UnsafeFile, match="nested deeper than 200"):
        json_codec.loads(text, "x")
    assert json_codec.loads("[" * 200 + "]" * 200, "x")


def test_size_is_limited() -> None:
    with pytest.raises(UnsafeFile, match="11 bytes"):
        json_codec.loads('["1234567"]', "x", Limits(json_bytes=9))


def test_what_json_cannot_say() -> None:
    with pytest.raises(ConfigError, match="config: .*plain values"):
        json_codec.dumps({"a": object()}, "config")
