"""The user's settings for Keras."""

from __future__ import annotations

import pathlib

import pytest

from zoo.config import Config
from zoo.errors import ConfigError


def config(folder: pathlib.Path, text: str | None, **environment: str) -> Config:
    if text is not None:
        (folder / "keras.json").write_text(text)
    return Config({"KERAS_HOME": str(folder), **environment})


def test_without_a_file_the_defaults_hold(tmp_path: pathlib.Path) -> None:
    made = config(tmp_path, None)
    assert (made.floatx, made.epsilon, made.image_data_format) == ("float32", 1e-7, "channels_last")


def test_the_file_decides(tmp_path: pathlib.Path) -> None:
    made = config(tmp_path, '{"floatx": "float64", "epsilon": 1e-5, "image_data_format": "channels_first", "backend": 1}')
    assert (made.floatx, made.epsilon, made.image_data_format) == ("float64", 1e-5, "channels_first")


@pytest.mark.parametrize(("ordering", "expected"), [("th", "channels_first"), ("tf", "channels_last")])
def test_the_ordering_of_keras_1(tmp_path: pathlib.Path, ordering: str, expected: str) -> None:
    assert config(tmp_path, f'{{"image_dim_ordering": "{ordering}"}}').image_data_format == expected


def test_the_environment_wins_and_assignment_wins_over_it(tmp_path: pathlib.Path) -> None:
    made = config(tmp_path, '{"floatx": "float64"}', ZOO_FLOATX="float16", ZOO_EPSILON="1e-3")
    assert (made.floatx, made.epsilon) == ("float16", 1e-3)
    made.floatx = "float32"
    assert made.floatx == "float32"


def test_the_file_is_read_once_and_when_needed(tmp_path: pathlib.Path) -> None:
    made = config(tmp_path, "not JSON")
    assert made.threads is None
    (tmp_path / "keras.json").write_text('{"floatx": "float64"}')
    assert made.floatx == "float64"
    (tmp_path / "keras.json").write_text("not JSON")
    assert made.epsilon == 1e-7


@pytest.mark.parametrize("text", ["not JSON", "[1]", "[" * 60000, " " * 70000, "\0"])
def test_damaged_files_are_named(tmp_path: pathlib.Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"keras\.json: expected the settings"):
        config(tmp_path, text).floatx  # noqa: B018


@pytest.mark.parametrize("text", ['{"floatx": "int8"}', '{"epsilon": "x"}', '{"image_dim_ordering": ["tf"]}'])
def test_senseless_values_are_refused(tmp_path: pathlib.Path, text: str) -> None:
    with pytest.raises(ConfigError, match="expected"):
        config(tmp_path, text).floatx  # noqa: B018
