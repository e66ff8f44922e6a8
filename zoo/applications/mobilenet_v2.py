"""MobileNetV2: inverted residuals with linear bottlenecks.

Source: Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, arXiv:1801.04381.
"""

from __future__ import annotations

from typing import Any

from zoo import layers
from zoo.applications import arguments
from zoo.applications.arguments import Arguments, ImageShape, Weights
from zoo.applications.labels import decode_predictions as decode_predictions
from zoo.applications.mobilenet import finish_scaled
from zoo.applications.preprocess import for_mode
from zoo.applications.scaling import correct_padding, divisible
from zoo.engine.symbolic import KerasTensor
from zoo.errors import ConfigError
from zoo.models import Model

preprocess_input = for_mode("tf")

STEM_FILTERS, HEAD_FILTERS = 32, 1280
# Filters, blocks, stride of the first block, expansion.
STAGES = ((16, 1, 1, 1), (24, 2, 2, 6), (32, 3, 2, 6), (64, 4, 2, 6), (96, 3, 1, 6), (160, 3, 2, 6), (320, 1, 1, 6))
PUBLISHED_ALPHAS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
PUBLISHED_SIZES = (224, 192, 160, 128, 96)


def MobileNetV2(input_shape: ImageShape | None = None, alpha: float = 1.0, include_top: bool = True,
                weights: Weights = "imagenet", input_tensor: KerasTensor | None = None, pooling: str | None = None,
                classes: int = 1000, classifier_activation: Any = "softmax", name: str | None = None) -> Model:
    """MobileNet, second version, as in Keras.

    Args:
        input_shape: see `zoo.applications.arguments.Arguments`, as all not listed here.
        alpha: scales the number of filters of every layer.
        name: made of alpha and the number of rows if None, as ``mobilenetv2_1.00_224``.

    Raises:
        ConfigError: arguments that are wrong or do not fit together.
    """
    arguments.check_alpha("MobileNetV2", alpha)
    given = Arguments(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    if given.pretrained and alpha not in PUBLISHED_ALPHAS:
        raise ConfigError(f"MobileNetV2: with weights='imagenet', `alpha` should be one of {PUBLISHED_ALPHAS}. "
                          f"Received: alpha={alpha}. For others, use weights=None.")
    checked = arguments.check("MobileNetV2", given, sizes=PUBLISHED_SIZES)
    images = arguments.image_input(checked)
    x = _convolve(images, divisible(STEM_FILTERS * alpha), "Conv1", "bn_Conv1", "Conv1_relu", kernel=3, stride=2)
    block = 0
    for filters, blocks, first_stride, expansion in STAGES:
        for i in range(blocks):
            x = _inverted_residual(x, divisible(filters * alpha), first_stride if i == 0 else 1, expansion,
                                   f"block_{block}_" if block else "expanded_conv_")
            block += 1
    x = _convolve(x, divisible(HEAD_FILTERS * max(alpha, 1.0)), "Conv_1", "Conv_1_bn", "out_relu", padding="valid")
    if include_top:
        x = layers.GlobalAveragePooling2D()(x)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    else:
        x = arguments.pool(x, pooling)
    return finish_scaled(x, images, checked, "MobileNetV2", alpha, PUBLISHED_SIZES)


def _inverted_residual(inputs: KerasTensor, filters: int, stride: int, expansion: int, prefix: str) -> KerasTensor:
    x, channels = inputs, inputs.shape[arguments.channel_axis()]
    if expansion != 1:
        x = _convolve(x, channels * expansion, f"{prefix}expand", f"{prefix}expand_BN", f"{prefix}expand_relu")
    if stride == 2:
        x = layers.ZeroPadding2D(correct_padding(x, 3), name=f"{prefix}pad")(x)
    x = layers.DepthwiseConv2D(3, strides=stride, use_bias=False, padding="same" if stride == 1 else "valid",
                               name=f"{prefix}depthwise")(x)
    x = layers.ReLU(6.0, name=f"{prefix}depthwise_relu")(normalize(x, f"{prefix}depthwise_BN"))
    x = _convolve(x, filters, f"{prefix}project", f"{prefix}project_BN")
    return layers.Add(name=f"{prefix}add")([inputs, x]) if stride == 1 and channels == filters else x


def _convolve(x: KerasTensor, filters: int, name: str, normalized: str, activated: str | None = None, kernel: int = 1,
              stride: int = 1, padding: str = "same") -> KerasTensor:
    """A convolution, batch normalisation and, if it has a name, ReLU6."""
    x = layers.Conv2D(filters, kernel, strides=stride, padding=padding, use_bias=False, name=name)(x)
    x = normalize(x, normalized)
    return layers.ReLU(6.0, name=activated)(x) if activated else x


def normalize(x: KerasTensor, name: str) -> KerasTensor:
    """Batch normalisation, as the second and third versions have it."""
    return layers.BatchNormalization(axis=arguments.channel_axis(), momentum=0.999, epsilon=1e-3, name=name)(x)
