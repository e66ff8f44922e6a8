"""Layers, shapes and weights of the applications against what Keras builds."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.applications.golden import golden, golden_names
from tests.corpus import CORPUS, require_corpus
from zoo import naming
from zoo.applications import get_application, get_model, list_models
from zoo.config import config
from zoo.errors import Unsupported
from zoo.models import Model


@pytest.fixture(autouse=True)
def _fresh_names() -> Iterator[None]:
    naming.reset()
    yield


def unnumbered(described: Any) -> Any:
    """Without the numbers of unnamed variables (of `LayerScale`), which Keras counts over the whole program."""
    return json.loads(re.sub(r"variable_\d+", "variable", json.dumps(described)))


def layers_of(model: Model) -> list[dict[str, Any]]:
    """The layers in the form of the corpus's ``structure.json``."""
    described = []
    for layer in model.layers:
        inputs = [tensor.name for tensor in layer.calls[0].inputs]
        described.append({"name": layer.name, "class": type(layer).__name__, "inputs": inputs,
                          "output_shape": list(layer.output.shape),
                          "weights": [[weight.name, list(weight.shape)] for weight in layer.weights]})
    return described


@require_corpus
@pytest.mark.parametrize("case", golden_names())
def test_layers_are_those_of_keras(case: str) -> None:
    expected = golden(case)
    model = get_model(expected.meta["model"], weights=None, **expected.arguments)
    assert layers_of(model) == unnumbered(expected.structure["layers_in_legacy_h5_order"])
    assert [[weight.path, list(weight.shape), weight.dtype] for weight in model.weights] == \
        unnumbered([[path, shape, dtype] for path, _, shape, dtype in expected.structure["model_weights_order"]])
    assert model.count_params() == expected.meta["parameters"]
    assert sum(math.prod(weight.shape) for weight in model.trainable_weights) == \
        expected.meta["trainable_parameters"]


def legacy_layouts() -> list[str]:
    if CORPUS is None:
        return []
    folders = sorted(CORPUS.glob("keras-*-applications/*.layout.json"))
    return [path.relative_to(CORPUS).as_posix() for path in folders if path.name.split(".")[0].removesuffix("_notop")
            in list_models()]


#: The others got new names of layers with keras-applications 1.0.7, or have names that are numbered.
KEPT_NAMES = {"VGG16", "VGG19", "MobileNet", "NASNetLarge"}


@require_corpus
@pytest.mark.parametrize("path", legacy_layouts())
def test_weights_stand_as_in_the_files_of_keras_2(path: str) -> None:
    """Published files are in Keras 2's order: the same layers with weights, in the same order, of the same shapes."""
    layout = json.loads((CORPUS / path).read_text())
    size = layout["input_size"]
    model = get_model(layout["application"], weights=None, include_top=layout["include_top"],
                      input_shape=(size, size, 3))
    ours = [(layer.name, [list(weight.shape) for weight in layer.weights]) for layer in model.layers if layer.weights]
    theirs = [(row["name"], [shape for _, shape in row["weights"]]) for row in layout["layers"] if row["weights"]]
    if layout["application"] == "ResNet50":                 # its shortcuts came after the last convolution of a block
        ours.sort(key=lambda layer: str(layer[1]))
        theirs.sort(key=lambda layer: str(layer[1]))
    assert [shapes for _, shapes in ours] == [shapes for _, shapes in theirs]
    if layout["application"] in KEPT_NAMES:
        assert ours == theirs
    assert model.count_params() == layout["count_params"]


@pytest.mark.parametrize("name", list_models())
def test_without_top_any_size_and_any_pooling(name: str) -> None:
    features = get_model(name, weights=None, include_top=False, input_shape=(None, None, 3))
    assert features.output_shape[:3] == (None, None, None) and features.output_shape[3] is not None
    for pooling in ("avg", "max"):
        pooled = get_model(name, weights=None, include_top=False, pooling=pooling, input_shape=(None, None, 3))
        assert pooled.output_shape == (None, features.output_shape[3])


@pytest.mark.parametrize("name", [name for name in list_models() if not name.startswith("ConvNeXt")])
def test_channels_first(name: str) -> None:
    size = 32 * -(-get_application(name).min_size // 32)
    last = get_model(name, weights=None, include_top=False, input_shape=(size, size + 32, 3)).output_shape
    with config.using(image_data_format="channels_first"):
        model = get_model(name, weights=None, include_top=False, input_shape=(3, size, size + 32))
    assert model.output_shape == (None, last[3], *last[1:3])
    assert [weight.shape for weight in model.weights] == \
        [weight.shape for weight in get_model(name, weights=None, include_top=False).weights]


def test_convnext_is_for_channels_last() -> None:
    with config.using(image_data_format="channels_first"), pytest.raises(Unsupported, match="ConvNeXtTiny.*last axis"):
        get_model("ConvNeXtTiny", weights=None)


@pytest.mark.parametrize("alpha", [0.25, 0.5, 0.75, 1.0, 1.3])
def test_mobilenet_scales_with_alpha(alpha: float) -> None:
    model = get_model("MobileNet", weights=None, alpha=alpha, include_top=False, pooling="avg")
    assert model.output_shape == (None, int(1024 * alpha))
    assert model.name == f"mobilenet_{alpha:.2f}_None"
    assert get_model("MobileNet", weights=None, alpha=alpha, input_shape=(96, 128, 3)).name == \
        f"mobilenet_{alpha:.2f}_96"


def test_mobilenet_depth_multiplier_and_dropout() -> None:
    model = get_model("MobileNet", weights=None, depth_multiplier=2, dropout=0.25, classes=7)
    assert model.get_layer("conv_dw_3").weights[0].shape == (3, 3, 128, 2)
    assert model.get_layer("dropout").rate == 0.25
    assert model.output_shape == (None, 7)


@pytest.mark.parametrize(("name", "deepened"), [("EfficientNetLite1", 5470344), ("EfficientNetLite2", 6150168)])
def test_larger_efficientnet_lites_have_deeper_stages_but_the_first_and_the_last(name: str, deepened: int) -> None:
    model = get_model(name, weights=None)
    names = [layer.name for layer in model.layers]
    counts = [sum(word.startswith(f"block{stage}") and word.endswith("_dwconv") for word in names)
              for stage in range(1, 8)]
    assert counts == [1, 3, 3, 4, 4, 5, 1]
    assert model.count_params() == deepened
    assert model.get_layer("stem_conv").filters == 32 and model.get_layer("top_conv").filters == 1280


def test_efficientnet_lite0_has_the_published_size() -> None:
    """4.7 million parameters; 7 stages with 1, 2, 2, 3, 3, 4 and 1 blocks, of which 9 repeat the one before."""
    model = get_model("EfficientNetLite0", weights=None)
    assert round(model.count_params() / 1e6, 1) == 4.7
    names = [layer.name for layer in model.layers]
    assert names[:4] == ["input_layer", "stem_conv", "stem_bn", "stem_activation"]
    assert [name.removesuffix("_dwconv") for name in names if name.endswith("_dwconv")] == \
        "block1a block2a block2b block3a block3b block4a block4b block4c block5a block5b block5c " \
        "block6a block6b block6c block6d block7a".split()
    assert sum(name.endswith("_add") for name in names) == 9
    assert names[-3:] == ["avg_pool", "top_dropout", "predictions"]
    assert not any("se_" in name for name in names)
    rates = [layer.rate for layer in model.layers if layer.name.endswith("_drop")]
    assert rates == sorted(rates) and 0 < rates[0] < rates[-1] < 0.2
