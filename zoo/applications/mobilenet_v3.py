"""MobileNetV3: found by search; squeeze-and-excitation, and hard swish in its deeper layers.

Source: Howard et al., Searching for MobileNetV3, arXiv:1905.02244. The minimalistic variants have neither of these, and
3x3 kernels alone. Pixels from 0 to 255 go in: the model scales them itself unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from zoo import layers
from zoo.applications import arguments
from zoo.applications.arguments import Arguments, ImageShape, Weights
from zoo.applications.constructor import Constructor, named
from zoo.applications.labels import decode_predictions as decode_predictions
from zoo.applications.mobilenet_v2 import normalize
from zoo.applications.preprocess import unchanged as preprocess_input
from zoo.applications.scaling import correct_padding, divisible
from zoo.applications.weights import load_weights
from zoo.engine.symbolic import KerasTensor
from zoo.errors import ConfigError
from zoo.models import Model

__all__ = ["MobileNetV3Large", "MobileNetV3Small", "decode_predictions", "preprocess_input"]

Activate = Callable[[KerasTensor], KerasTensor]

PUBLISHED_ALPHAS = (0.75, 1.0)
SQUEEZE = 0.25                                              # of the channels, in squeeze-and-excitation


class Block(NamedTuple):
    """An inverted residual; `excited`: with squeeze-and-excitation; `swish`: hard swish instead of ReLU."""

    expansion: float
    filters: int
    kernel: int
    stride: int
    excited: bool
    swish: bool


SMALL = (Block(1, 16, 3, 2, True, False), Block(72 / 16, 24, 3, 2, False, False),
         Block(88 / 24, 24, 3, 1, False, False), Block(4, 40, 5, 2, True, True), Block(6, 40, 5, 1, True, True),
         Block(6, 40, 5, 1, True, True), Block(3, 48, 5, 1, True, True), Block(3, 48, 5, 1, True, True),
         Block(6, 96, 5, 2, True, True), Block(6, 96, 5, 1, True, True), Block(6, 96, 5, 1, True, True))
LARGE = (Block(1, 16, 3, 1, False, False), Block(4, 24, 3, 2, False, False), Block(3, 24, 3, 1, False, False),
         Block(3, 40, 5, 2, True, False), Block(3, 40, 5, 1, True, False), Block(3, 40, 5, 1, True, False),
         Block(6, 80, 3, 2, False, True), Block(2.5, 80, 3, 1, False, True), Block(2.3, 80, 3, 1, False, True),
         Block(2.3, 80, 3, 1, False, True), Block(6, 112, 3, 1, True, True), Block(6, 112, 3, 1, True, True),
         Block(6, 160, 5, 2, True, True), Block(6, 160, 5, 1, True, True), Block(6, 160, 5, 1, True, True))


def _mobilenet_v3(application: str, blocks: Sequence[Block], head_filters: int) -> Constructor:
    def construct(input_shape: ImageShape | None = None, alpha: float = 1.0, minimalistic: bool = False,
                  include_top: bool = True, weights: Weights = "imagenet", input_tensor: KerasTensor | None = None,
                  classes: int = 1000, pooling: str | None = None, dropout_rate: float = 0.2,
                  classifier_activation: Any = "softmax", include_preprocessing: bool = True,
                  name: str | None = application) -> Model:
        arguments.check_alpha(application, alpha)
        given = Arguments(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation,
                          name)
        if given.pretrained and alpha not in (PUBLISHED_ALPHAS[1:] if minimalistic else PUBLISHED_ALPHAS):
            raise ConfigError(f"{application}: with weights='imagenet', `alpha` should be one of {PUBLISHED_ALPHAS}, "
                              f"and 1.0 if minimalistic. Received: alpha={alpha}, minimalistic={minimalistic}. For "
                              "others, use weights=None.")
        checked = arguments.check(application, given, any_size=True)
        images = arguments.image_input(checked)
        x = layers.Rescaling(1 / 127.5, offset=-1.0)(images) if include_preprocessing else images
        x = _features(x, blocks, alpha, minimalistic)
        if include_top:
            x = _classified(x, checked, divisible(head_filters * max(alpha, 1.0)), dropout_rate, minimalistic)
        else:
            x = arguments.pool(x, pooling, name=f"{pooling}_pool")
        model = arguments.connect(images, x, name)
        load_weights(model, weights, application, {"include_top": include_top, "alpha": alpha,
                                                   "minimalistic": minimalistic})
        return model

    return named(construct, application, f"{application}: alpha scales the filters of every layer.")


def _features(x: KerasTensor, blocks: Sequence[Block], alpha: float, minimalistic: bool) -> KerasTensor:
    x = _convolve(x, 16, "conv", _activation(not minimalistic), kernel=3, stride=2)
    for i, block in enumerate(blocks):
        if minimalistic:
            block = block._replace(kernel=3, excited=False, swish=False)
        prefix = f"expanded_conv_{i}_" if i else "expanded_conv_"
        x = _inverted_residual(x, block, divisible(block.filters * alpha), prefix, expanded=i > 0)
    channels = x.shape[arguments.channel_axis()]
    return _convolve(x, divisible(channels * 6), "conv_1", _activation(not minimalistic))


def _classified(x: KerasTensor, checked: Arguments, filters: int, dropout: float, minimalistic: bool) -> KerasTensor:
    """The classifier is made of 1x1 convolutions of the pooled features."""
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Conv2D(filters, 1, padding="same", name="conv_2")(x)
    x = _activation(not minimalistic)(x)
    if dropout > 0:
        x = layers.Dropout(dropout)(x)
    x = layers.Conv2D(checked.classes, 1, padding="same", name="logits")(x)
    x = layers.Flatten()(x)
    return layers.Activation(checked.classifier_activation, name="predictions")(x)


def _inverted_residual(inputs: KerasTensor, block: Block, filters: int, prefix: str, expanded: bool) -> KerasTensor:
    x, channels = inputs, inputs.shape[arguments.channel_axis()]
    wide = divisible(channels * block.expansion)
    if expanded:
        x = _convolve(x, wide, f"{prefix}expand", _activation(block.swish))
    if block.stride == 2:
        x = layers.ZeroPadding2D(correct_padding(x, block.kernel), name=f"{prefix}depthwise_pad")(x)
    x = layers.DepthwiseConv2D(block.kernel, strides=block.stride, padding="same" if block.stride == 1 else "valid",
                               use_bias=False, name=f"{prefix}depthwise")(x)
    x = _activation(block.swish)(normalize(x, f"{prefix}depthwise_bn"))
    if block.excited:
        x = _excited(x, divisible(wide * SQUEEZE), f"{prefix}squeeze_excite_")
    x = _convolve(x, filters, f"{prefix}project")
    return layers.Add(name=f"{prefix}add")([inputs, x]) if block.stride == 1 and channels == filters else x


def _excited(inputs: KerasTensor, squeezed: int, prefix: str) -> KerasTensor:
    x = layers.GlobalAveragePooling2D(keepdims=True, name=f"{prefix}avg_pool")(inputs)
    x = layers.Conv2D(squeezed, 1, padding="same", name=f"{prefix}conv")(x)
    x = layers.ReLU(name=f"{prefix}relu")(x)
    x = layers.Conv2D(inputs.shape[arguments.channel_axis()], 1, padding="same", name=f"{prefix}conv_1")(x)
    x = layers.ReLU(6.0)(x + 3.0) * (1.0 / 6.0)             # hard sigmoid
    return layers.Multiply(name=f"{prefix}mul")([inputs, x])


def _activation(swish: bool) -> Activate:
    return layers.Activation("hard_silu") if swish else layers.ReLU()


def _convolve(x: KerasTensor, filters: int, name: str, activation: Activate | None = None, kernel: int = 1,
              stride: int = 1) -> KerasTensor:
    x = layers.Conv2D(filters, kernel, strides=stride, padding="same", use_bias=False, name=name)(x)
    x = normalize(x, f"{name}_bn")
    return x if activation is None else activation(x)


MobileNetV3Small = _mobilenet_v3("MobileNetV3Small", SMALL, 1024)
MobileNetV3Large = _mobilenet_v3("MobileNetV3Large", LARGE, 1280)
