"""Names that only older releases of Keras had, as scripts import them."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import zoo
from zoo import compat, layers, losses
from zoo.errors import OldSpelling

NAMES = {
    "layers": "Convolution1D Convolution2D Convolution3D Deconvolution2D Deconvolution3D AtrousConv1D AtrousConv2D "
              "AtrousConvolution1D AtrousConvolution2D SeparableConvolution2D MaxoutDense Highway Merge "
              "TimeDistributedDense CuDNNLSTM LocallyConnected2D ThresholdedReLU",
    "losses": "mse MSE mae MAE mape MAPE msle MSLE kld KLD kullback_leibler_divergence logcosh cosine_proximity",
    "objectives": "mse mean_squared_error categorical_crossentropy", "metrics": "mse MAE kld CosineProximity",
    "initializers": "normal uniform one zero glorot_uniform", "initializations": "normal uniform one zero",
    "optimizers": "sgd rmsprop adagrad adadelta adam adamax nadam", "regularizers": "l1l2 activity_l2 WeightRegularizer",
    "utils": "print_summary", "utils.np_utils": "to_categorical probas_to_classes categorical_probas_to_classes",
    "models": "model_from_config model_from_json", "backend.tensorflow_backend": "relu ctc_batch_cost",
    "backend": "ctc_decode", "mixed_precision.experimental": "Policy set_policy", "tree": "flatten MAP_TO_NONE",
    "legacy.saving": "deserialize_keras_object", "quantizers": "AbsMaxQuantizer pack_int4",
    "config": "set_dtype_policy max_epochs enable_interactive_logging", "random": "binomial categorical SeedGenerator",
    "ops.linalg": "jvp", "backend.common": "floatx",
}


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in NAMES.items()
                                              for name in names.split()])
def test_names_are_there(module: str, name: str) -> None:
    with compat.installed():
        assert callable(getattr(importlib.import_module(f"keras.{module}"), name))


def imported(module: str) -> Any:
    with compat.installed():
        return importlib.import_module(f"keras.{module}")


def test_short_names_are_the_functions() -> None:
    x, y = np.array([[1.0, 3.0]], "float32"), np.array([[2.0, 5.0]], "float32")
    assert imported("losses").mse(x, y).tolist() == [2.5] and imported("metrics").mae(x, y).tolist() == [1.5]
    assert imported("losses").cosine_proximity is losses.cosine_similarity
    assert imported("losses").cosine_proximity(x, x).tolist() == pytest.approx([-1])        # it was made small


def test_old_layers_are_those_of_today() -> None:
    with compat.installed():
        module = importlib.import_module("keras.layers")
        assert isinstance(module.Deconvolution3D(4, 3), layers.Conv3DTranspose)
        with pytest.warns(OldSpelling, match="dilation_rate"):
            atrous = module.AtrousConv2D(4, 3, 3, atrous_rate=(2, 2))
    assert isinstance(atrous, layers.Conv2D) and atrous.dilation_rate == (2, 2)


def test_classes_of_probabilities() -> None:
    several, single = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]]), np.array([[0.2], [0.9]])
    assert zoo.utils.probas_to_classes(several).tolist() == [1, 0]
    assert zoo.utils.probas_to_classes(single).tolist() == [[0], [1]]
    assert zoo.utils.categorical_probas_to_classes(several).tolist() == [1, 0]


def test_models_from_plain_configs_and_printed_tables(capsys: pytest.CaptureFixture[str]) -> None:
    model = zoo.Sequential([layers.Input((3,)), layers.Dense(2, name="only")])
    again = imported("models").model_from_config({"class_name": "Sequential", "config": model.get_config()})
    assert [layer.name for layer in again.layers] == ["only"]
    zoo.utils.print_summary(model)
    assert "only" in capsys.readouterr().out
