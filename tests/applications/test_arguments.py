"""Wrong arguments say what is wrong and what to do; right ones mean what they mean in Keras."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from zoo import applications, layers
from zoo.applications import VGG16, MobileNet, get_application, get_model, list_models
from zoo.config import config
from zoo.errors import ConfigError
from zoo.models import Model

WRONG = [
    (dict(weights="imagnet"), "weights='imagnet'"),
    (dict(weights="missing/file.h5"), "existing weights file"),
    (dict(weights="imagenet", classes=10), "classes=10"),
    (dict(weights="imagenet", classifier_activation="sigmoid"), "classifier_activation='sigmoid'"),
    (dict(weights="imagenet", input_shape=(100, 224, 3)), "include_top=False"),
    (dict(weights="imagenet", include_top=False, input_shape=(224, 224, 4)), "3 channels"),
    (dict(weights=None, input_shape=(31, 64, 3)), "at least 32x32"),
    (dict(weights=None, include_top=False, input_shape=(64, 31, 3)), "at least 32x32"),
    (dict(weights=None, input_shape=(224, 224)), "three sizes"),
    (dict(weights=None, input_shape=224), "three sizes"),
    (dict(weights=None, input_shape=(None, None, 3)), "every size in `input_shape` should be known"),
    (dict(weights=True), "weights=True"),
    (dict(weights=1), "weights=1"),
    (dict(weights=None, input_shape=("a", 224, 3)), "positive integers"),
    (dict(weights=None, input_shape=(224.5, 224, 3)), "positive integers"),
    (dict(weights=None, input_shape=(1, 224, 224, 3)), "three sizes"),
    (dict(weights=None, include_top=False, input_shape=(224, 224, None)), "number of channels"),
    (dict(weights=None, include_top=False, input_shape=(224, 224, 0)), "positive integers"),
    (dict(weights=None, classes=0), "classes=0"),
    (dict(weights=None, classes="ten"), "classes='ten'"),
    (dict(weights=None, classes=2.5), "classes=2.5"),
    (dict(weights=None, name="a/b"), "name='a/b'"),
    (dict(weights=None, name=3), "name=3"),
    (dict(weights=None, include_top=False, pooling="mean"), "pooling='mean'"),
    (dict(weights=None, include_top=False, input_tensor=np.zeros((1, 64, 64, 3))), "symbolic tensor"),
    (dict(weights=None, include_top=False, input_tensor="photo"), "symbolic tensor"),
    (dict(weights=None, include_top=False, input_tensor=layers.Input((224, 3))), "4 axes"),
    (dict(weights="imagenet", include_top=False, input_tensor=layers.Input((224, 224, 1))), "3 channels"),
]


ANY_SIZE = ("include_top=False", "every size in `input_shape` should be known")


#: One of each family: its members share their code.
FAMILIES = ("VGG16", "ResNet50", "ResNet50V2", "ResNeXt50", "InceptionV3", "InceptionResNetV2", "Xception",
            "DenseNet121", "MobileNet", "MobileNetV2", "MobileNetV3Small", "NASNetMobile", "NASNetLarge",
            "EfficientNetLite0", "EfficientNetB0", "EfficientNetV2B0", "ConvNeXtTiny")


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize(("arguments", "fragment"), WRONG, ids=[fragment for _, fragment in WRONG])
def test_wrong_arguments(name: str, arguments: dict[str, Any], fragment: str) -> None:
    if name.startswith("MobileNetV3") and fragment in ANY_SIZE:
        pytest.skip("its classifier is made of convolutions: images of any size go in")
    smallest = get_application(name).min_size
    fragment = fragment.replace("32x32", f"{smallest}x{smallest}")
    with pytest.raises(ConfigError, match=name) as caught:
        get_application(name).build(**arguments)
    assert fragment in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_all_problems_are_listed() -> None:
    with pytest.raises(ConfigError) as caught:
        VGG16(weights="nowhere", input_shape=(8, 8, 3), pooling="sum")
    assert str(caught.value).count("Received") == 3


@pytest.mark.parametrize("arguments", [dict(alpha=0.6), dict(depth_multiplier=2)])
def test_mobilenet_has_no_published_weights_for_it(arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="depth_multiplier"):
        MobileNet(weights="imagenet", **arguments)


@pytest.mark.parametrize("name", ["MobileNet", "MobileNetV2", "MobileNetV3Small", "MobileNetV3Large"])
@pytest.mark.parametrize("alpha", [0, -1, "half", None, True])
def test_alpha_has_to_be_positive(name: str, alpha: Any) -> None:
    with pytest.raises(ConfigError, match=f"{name}: `alpha` should be a positive number.*Received: alpha={alpha!r}"):
        get_model(name, weights=None, alpha=alpha)


#: What only one family takes, or publishes, and what the message has to say.
WRONG_FOR_ONE = [
    ("MobileNetV2", dict(alpha=0.6), r"one of \(0.35, 0.5, 0.75, 1.0, 1.3, 1.4\).*alpha=0.6"),
    ("MobileNetV3Small", dict(alpha=0.5), "`alpha` should be one of .*alpha=0.5"),
    ("MobileNetV3Large", dict(alpha=0.75, minimalistic=True), "1.0 if minimalistic.*minimalistic=True"),
    ("NASNetMobile", dict(include_top=False, input_shape=(None, None, 3)), "every size in `input_shape`"),
    ("MobileNet", dict(weights=None, depth_multiplier=0), "`depth_multiplier` must be an integer, at least 1"),
    ("MobileNet", dict(weights=None, dropout=2), "rate=2"),
    ("MobileNetV3Small", dict(weights=None, dropout_rate=2), "rate=2"),
]


@pytest.mark.parametrize(("name", "arguments", "fragment"), WRONG_FOR_ONE)
def test_arguments_of_one_family(name: str, arguments: dict[str, Any], fragment: str) -> None:
    with pytest.raises(ConfigError, match=fragment):
        get_model(name, **arguments)


def test_nasnet_s_channels_follow_from_its_cells() -> None:
    with pytest.raises(ConfigError, match=r"divisible by 96 .*penultimate_filters=1000"):
        applications.nasnet.NASNet((224, 224, 3), penultimate_filters=1000)


def test_mobilenet_names_the_published_sizes() -> None:
    with pytest.raises(ConfigError, match=r"\(224, 224, 3\) or \(192, 192, 3\) or .*128"):
        MobileNet(weights="imagenet", input_shape=(144, 144, 3))


def test_channels_first_shapes_are_read_as_such() -> None:
    with config.using(image_data_format="channels_first"):
        with pytest.raises(ConfigError, match="at least 32x32"):
            VGG16(weights=None, include_top=False, input_shape=(3, 64, 16))
        with pytest.raises(ConfigError, match=r"3 channels, \(channels, rows, columns\)"):
            VGG16(weights="imagenet", include_top=False, input_shape=(64, 64, 3))


def test_input_tensor_of_a_longer_model() -> None:
    """Layers before `input_tensor` belong to the model."""
    start = layers.Input((64, 64, 3), name="photo")
    scaled = layers.Rescaling(1 / 255, name="scaled")(start)
    model = MobileNet(weights=None, include_top=False, pooling="avg", input_tensor=scaled, alpha=0.25)
    assert [layer.name for layer in model.layers[:3]] == ["photo", "scaled", "conv1"]
    assert model.input_shape == (None, 64, 64, 3) and model.output_shape == (None, 256)


def test_input_tensor_and_input_shape_have_to_agree() -> None:
    start = layers.Input((64, 64, 3))
    with pytest.raises(ConfigError, match="input_shape"):
        VGG16(weights=None, include_top=False, input_tensor=start, input_shape=(32, 32, 3))
    assert VGG16(weights=None, include_top=False, input_tensor=start, input_shape=(64, 64, 3)).input is start


# What Keras 3 has, in its order: the arguments of each family, then the default name of each model.
USUAL = ("include_top=True, weights='imagenet', input_tensor=None, input_shape=None, pooling=None, classes=1000, "
         "classifier_activation='softmax', name={}")
NAMES = ("VGG16:vgg16 VGG19:vgg19 ResNet50:resnet50 ResNet101:resnet101 ResNet152:resnet152 ResNet50V2:resnet50v2 "
         "ResNet101V2:resnet101v2 ResNet152V2:resnet152v2 DenseNet121:densenet121 DenseNet169:densenet169 "
         "DenseNet201:densenet201 EfficientNetB0:efficientnetb0 EfficientNetB1:efficientnetb1 "
         "EfficientNetB2:efficientnetb2 EfficientNetB3:efficientnetb3 EfficientNetB4:efficientnetb4 "
         "EfficientNetB5:efficientnetb5 EfficientNetB6:efficientnetb6 EfficientNetB7:efficientnetb7 "
         "InceptionV3:inception_v3 InceptionResNetV2:inception_resnet_v2 Xception:xception")
EFFICIENTNET_V2 = USUAL.replace("name=", "include_preprocessing=True, name=")
CONVNEXT = USUAL.replace("include_top=True,", "include_top=True, include_preprocessing=True,")
MOBILENET_V3 = ("input_shape=None, alpha=1.0, minimalistic=False, include_top=True, weights='imagenet', "
                "input_tensor=None, classes=1000, pooling=None, dropout_rate=0.2, classifier_activation='softmax', "
                "include_preprocessing=True, name={}")
NASNET = ("input_shape=None, include_top=True, weights='imagenet', input_tensor=None, pooling=None, classes=1000, "
          "classifier_activation='softmax', name={}")
SIGNATURES = {
    **{name: USUAL.format(repr(model)) for name, _, model in (word.partition(":") for word in NAMES.split())},
    **{f"EfficientNetV2{size}": EFFICIENTNET_V2.format(repr(f"efficientnetv2-{size.lower()}"))
       for size in ("B0", "B1", "B2", "B3", "S", "M", "L")},
    **{f"ConvNeXt{size}": CONVNEXT.format(repr(f"convnext_{size.lower()}"))
       for size in ("Tiny", "Small", "Base", "Large", "XLarge")},
    **{name: MOBILENET_V3.format(repr(name)) for name in ("MobileNetV3Small", "MobileNetV3Large")},
    **{f"NASNet{size}": NASNET.format(repr(f"nasnet_{size.lower()}")) for size in ("Mobile", "Large")},
    "MobileNet": "input_shape=None, alpha=1.0, depth_multiplier=1, dropout=0.001, include_top=True, "
                 "weights='imagenet', input_tensor=None, pooling=None, classes=1000, classifier_activation='softmax', "
                 "name=None",
    "MobileNetV2": "input_shape=None, alpha=1.0, include_top=True, weights='imagenet', input_tensor=None, "
                   "pooling=None, classes=1000, classifier_activation='softmax', name=None",
}
NOT_IN_KERAS = {"ResNeXt50", "ResNeXt101", "EfficientNetLite0", "EfficientNetLite1", "EfficientNetLite2"}


def test_every_application_of_keras_has_a_signature_here() -> None:
    assert set(list_models()) - NOT_IN_KERAS == set(SIGNATURES)
    assert len(SIGNATURES) == 40


@pytest.mark.parametrize(("name", "expected"), SIGNATURES.items())
def test_signatures_are_those_of_keras(name: str, expected: str) -> None:
    parameters = inspect.signature(getattr(applications, name)).parameters.values()
    assert ", ".join(f"{parameter.name}={parameter.default!r}" for parameter in parameters) == expected
    assert getattr(applications, name) is get_application(name).build
    assert getattr(applications, name).__name__ == name


MODULES = {
    "convnext": "ConvNeXtBase ConvNeXtLarge ConvNeXtSmall ConvNeXtTiny ConvNeXtXLarge",
    "densenet": "DenseNet121 DenseNet169 DenseNet201",
    "efficientnet": " ".join(f"EfficientNetB{i}" for i in range(8)),
    "efficientnet_v2": " ".join(f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "L", "M", "S")),
    "inception_resnet_v2": "InceptionResNetV2", "inception_v3": "InceptionV3", "mobilenet": "MobileNet",
    "mobilenet_v2": "MobileNetV2", "mobilenet_v3": "MobileNetV3Small MobileNetV3Large",
    "nasnet": "NASNetLarge NASNetMobile", "resnet": "ResNet50 ResNet101 ResNet152", "resnet50": "ResNet50",
    "resnet_v2": "ResNet50V2 ResNet101V2 ResNet152V2", "vgg16": "VGG16", "vgg19": "VGG19", "xception": "Xception",
    "imagenet_utils": "", "efficientnet_lite": "EfficientNetLite0 EfficientNetLite1 EfficientNetLite2",
    "resnext": "ResNeXt50 ResNeXt101",
}


@pytest.mark.parametrize(("name", "expected"), MODULES.items())
def test_modules_have_the_names_that_keras_gives_them(name: str, expected: str) -> None:
    module = getattr(applications, name)
    for application in expected.split():
        assert getattr(module, application) is getattr(applications, application)
    mode = {"mode": "caffe"} if name == "imagenet_utils" else {}
    assert _defaults(module.preprocess_input) == {"x": inspect.Parameter.empty, "data_format": None, **mode}
    assert _defaults(module.decode_predictions) == {"preds": inspect.Parameter.empty, "top": 5}


def _defaults(function: Any) -> dict[str, Any]:
    return {name: parameter.default for name, parameter in inspect.signature(function).parameters.items()}


@pytest.mark.parametrize("name", ["vgg16", "VGG16", "vgg-16", "VGG_16"])
def test_names_are_forgiving(name: str) -> None:
    assert get_application(name).name == "VGG16"


def test_unknown_names_get_a_hint() -> None:
    with pytest.raises(ConfigError, match="Did you mean .*MobileNet"):
        get_model("mobilnet")
    with pytest.raises(ConfigError, match="Known: VGG16"):
        get_model("transformer")


SMALLEST_FEATURES = {"Xception": (3, 3)}


@pytest.mark.parametrize("name", list_models())
def test_records_agree_with_builders(name: str) -> None:
    record = get_application(name)
    model = record.build(weights=None)
    assert isinstance(model, Model)
    any_size = name.startswith("MobileNetV3")
    assert model.input_shape == (None, None, None, 3) if any_size else (None, record.size, record.size, 3)
    assert model.output_shape == (None, len(record.classes()))
    smallest = (record.min_size, record.min_size, 3)
    assert record.build(weights=None, include_top=False, input_shape=smallest).output_shape[1:3] == \
        SMALLEST_FEATURES.get(name, (1, 1))
