"""ConvNeXt: a convolutional network with the proportions of a vision transformer.

Source: Liu et al., A ConvNet for the 2020s, arXiv:2201.03545. Pixels from 0 to 255 go in: the model normalises them
itself unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import layers
from zoo.applications import arguments
from zoo.applications.arguments import Arguments, ImageShape, Weights
from zoo.applications.constructor import Constructor, named
from zoo.applications.labels import decode_predictions as decode_predictions
from zoo.applications.preprocess import unchanged as preprocess_input
from zoo.applications.weights import load_weights
from zoo.engine.symbolic import KerasTensor
from zoo.errors import Unsupported
from zoo.models import Model, Sequential

__all__ = [*(f"ConvNeXt{size}" for size in ("Tiny", "Small", "Base", "Large", "XLarge")), "decode_predictions",
           "preprocess_input"]

EPSILON = 1e-6
LAYER_SCALE = 1e-6                                          # initial factor of every branch
IMAGENET_MEAN = (0.485 * 255, 0.456 * 255, 0.406 * 255)
IMAGENET_VARIANCE = ((0.229 * 255) ** 2, (0.224 * 255) ** 2, (0.225 * 255) ** 2)


def _convnext(application: str, depths: Sequence[int], channels: Sequence[int]) -> Constructor:
    def construct(include_top: bool = True, include_preprocessing: bool = True, weights: Weights = "imagenet",
                  input_tensor: KerasTensor | None = None, input_shape: ImageShape | None = None,
                  pooling: str | None = None, classes: int = 1000, classifier_activation: Any = "softmax",
                  name: str | None = f"convnext_{application[8:].lower()}") -> Model:
        checked = arguments.check(application, Arguments(include_top, weights, input_tensor, input_shape, pooling,
                                                         classes, classifier_activation, name))
        if arguments.channel_axis() == 1:
            raise Unsupported(f"{application} normalises channels along the last axis: it is for channels_last only. "
                              "Use zoo.config.image_data_format = 'channels_last' while it is made.")
        x = images = arguments.image_input(checked)
        if include_preprocessing:
            x = layers.Normalization(mean=IMAGENET_MEAN, variance=IMAGENET_VARIANCE, axis=arguments.channel_axis(),
                                     name=f"{name}_prestem_normalization")(x)
        x = Sequential([layers.Conv2D(channels[0], 4, strides=4, name=f"{name}_stem_conv"),
                        _normalization(f"{name}_stem_layernorm")], name=f"{name}_stem")(x)
        for stage, (depth, width) in enumerate(zip(depths, channels)):
            if stage:
                x = Sequential([_normalization(f"{name}_downsampling_layernorm_{stage - 1}"),
                                layers.Conv2D(width, 2, strides=2, name=f"{name}_downsampling_conv_{stage - 1}")],
                               name=f"{name}_downsampling_block_{stage - 1}")(x)
            for i in range(depth):
                x = _block(x, width, f"{name}_stage_{stage}_block_{i}")
        model = arguments.connect(images, _head(x, checked), name)
        load_weights(model, weights, application, {"include_top": include_top})
        return model

    return named(construct, application, f"{application}, with {'-'.join(map(str, depths))} blocks.")


def _block(inputs: KerasTensor, channels: int, name: str) -> KerasTensor:
    """A 7x7 depthwise convolution, and two dense layers for each position."""
    x = layers.Conv2D(channels, 7, padding="same", groups=channels, name=f"{name}_depthwise_conv")(inputs)
    x = _normalization(f"{name}_layernorm")(x)
    x = layers.Dense(4 * channels, name=f"{name}_pointwise_conv_1")(x)
    x = layers.Activation("gelu", name=f"{name}_gelu")(x)
    x = layers.Dense(channels, name=f"{name}_pointwise_conv_2")(x)
    x = layers.LayerScale(LAYER_SCALE, channels, name=f"{name}_layer_scale")(x)
    return inputs + layers.Activation("linear", name=f"{name}_identity")(x)


def _head(x: KerasTensor, checked: Arguments) -> KerasTensor:
    if not checked.include_top:
        return layers.LayerNormalization(epsilon=EPSILON)(arguments.pool(x, checked.pooling))
    x = layers.GlobalAveragePooling2D(name=f"{checked.name}_head_gap")(x)
    x = _normalization(f"{checked.name}_head_layernorm")(x)
    return layers.Dense(checked.classes, activation=checked.classifier_activation, name=f"{checked.name}_head_dense")(x)


def _normalization(name: str) -> layers.Layer:
    return layers.LayerNormalization(epsilon=EPSILON, name=name)


ConvNeXtTiny = _convnext("ConvNeXtTiny", (3, 3, 9, 3), (96, 192, 384, 768))
ConvNeXtSmall = _convnext("ConvNeXtSmall", (3, 3, 27, 3), (96, 192, 384, 768))
ConvNeXtBase = _convnext("ConvNeXtBase", (3, 3, 27, 3), (128, 256, 512, 1024))
ConvNeXtLarge = _convnext("ConvNeXtLarge", (3, 3, 27, 3), (192, 384, 768, 1536))
ConvNeXtXLarge = _convnext("ConvNeXtXLarge", (3, 3, 27, 3), (256, 512, 1024, 2048))
