"""Keras's module names."""

from __future__ import annotations

import importlib
import sys

import pytest

import zoo.layers
from zoo import compat
from zoo.compat.names import MODULES, ROOTS


@pytest.fixture(autouse=True)
def finder():
    with compat.installed() as installed:
        yield installed


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("module", ["layers", "layers.core", "layers.convolutional", "layers.advanced_activations",
                                    "layers.normalization", "layers.recurrent", "layers.embeddings"])
def test_layers_are_ours_under_every_name(root: str, module: str) -> None:
    assert importlib.import_module(f"{root}.{module}").Dense is zoo.layers.Dense


def test_every_source_of_the_table_gives_something() -> None:
    for path, row in MODULES.items():
        module = importlib.import_module(f"keras.{path}".rstrip("."))
        for name in row.names:
            assert getattr(module, name) is not None, f"{path}: {name}"


def test_forms_of_import() -> None:
    import keras
    import tensorflow as tf
    from keras import backend as K  # noqa: N812
    from keras.layers import Dense
    from tensorflow.keras.models import Sequential
    assert keras.layers.Dense is tf.keras.layers.Dense is Dense
    assert Sequential is keras.Sequential is zoo.Sequential
    assert K.image_data_format() == "channels_last" and keras.__version__


def test_star_imports() -> None:
    module = importlib.import_module("keras.layers")
    assert {"Dense", "LSTM", "Merge", "merge", "Input"} <= set(module.__all__)


@pytest.mark.parametrize("module", ["tensorflow.data", "tensorflow.compat.v1", "tensorflow.python.ops"])
def test_other_modules_of_tensorflow_are_refused(module: str) -> None:
    with pytest.raises(ImportError, match=rf"{module.rpartition('.')[0] if 'v1' in module else module} is not there"):
        importlib.import_module(module)


def test_other_names_of_tensorflow_are_refused() -> None:
    import tensorflow as tf
    with pytest.raises(ImportError, match=r"tensorflow\.reduce_sum is not there: .*keras\.ops"):
        tf.reduce_sum  # noqa: B018


def test_what_zoo_lacks_is_said() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"keras\.wrappers: wrap the model in a class"):
        importlib.import_module("keras.wrappers")
    with pytest.raises(AttributeError, match=r"zoo has no keras\.layers\.TFSMLayer"):
        importlib.import_module("keras.layers").TFSMLayer  # noqa: B018


def test_afterwards_all_is_as_before(finder: compat.KerasFinder) -> None:
    importlib.import_module("tf_keras.layers")
    with compat.installed():
        assert "tf_keras" not in sys.modules
    assert "tf_keras.layers" in sys.modules and finder in sys.meta_path


def test_other_modules_are_left_alone(finder: compat.KerasFinder) -> None:
    assert finder.find_spec("kerastuner") is None and finder.find_spec("numpy") is None
