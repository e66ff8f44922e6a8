"""MobileNet: depthwise convolutions, each followed by a pointwise one.

Source: Howard et al., MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications,
arXiv:1704.04861.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import layers
from zoo.applications import arguments
from zoo.applications.arguments import Arguments, ImageShape, Weights
from zoo.applications.labels import decode_predictions as decode_predictions
from zoo.applications.preprocess import for_mode
from zoo.applications.weights import load_weights
from zoo.engine.symbolic import KerasTensor
from zoo.errors import ConfigError
from zoo.models import Model

preprocess_input = for_mode("tf")

STEM_FILTERS = 32
# Filters of the pointwise convolution and stride of the depthwise one, for each block.
BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1))
PUBLISHED_ALPHAS = (0.25, 0.5, 0.75, 1.0)
PUBLISHED_SIZES = (224, 192, 160, 128)


def MobileNet(input_shape: ImageShape | None = None, alpha: float = 1.0, depth_multiplier: int = 1,
              dropout: float = 1e-3, include_top: bool = True, weights: Weights = "imagenet",
              input_tensor: KerasTensor | None = None, pooling: str | None = None, classes: int = 1000,
              classifier_activation: Any = "softmax", name: str | None = None) -> Model:
    """MobileNet, first version, as in Keras.

    Args:
        input_shape: see `zoo.applications.arguments.Arguments`, as all not listed here.
        alpha: scales the number of filters of every layer.
        depth_multiplier: outputs of a depthwise convolution for each of its channels.
        dropout: rate before the classifier.
        name: made of alpha and the number of rows if None, as ``mobilenet_1.00_224``.

    Raises:
        ConfigError: arguments that are wrong or do not fit together.
    """
    arguments.check_alpha("MobileNet", alpha)
    given = Arguments(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    if given.pretrained and (depth_multiplier != 1 or alpha not in PUBLISHED_ALPHAS):
        raise ConfigError(f"MobileNet: with weights='imagenet', `depth_multiplier` should be 1 and `alpha` one of "
                          f"{PUBLISHED_ALPHAS}. Received: depth_multiplier={depth_multiplier}, alpha={alpha}. "
                          f"For others, use weights=None.")
    checked = arguments.check("MobileNet", given, sizes=PUBLISHED_SIZES)
    x = images = arguments.image_input(checked)
    x = _convolve(x, layers.Conv2D(int(STEM_FILTERS * alpha), 3, strides=2, padding="same", use_bias=False,
                                   name="conv1"))
    for block, (filters, stride) in enumerate(BLOCKS, 1):
        if stride != 1:
            x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{block}")(x)
        x = _convolve(x, layers.DepthwiseConv2D(3, strides=stride, padding="same" if stride == 1 else "valid",
                                                depth_multiplier=depth_multiplier, use_bias=False,
                                                name=f"conv_dw_{block}"))
        x = _convolve(x, layers.Conv2D(int(filters * alpha), 1, padding="same", use_bias=False,
                                       name=f"conv_pw_{block}"))
    x = _classify(x, checked, dropout) if include_top else arguments.pool(x, pooling)
    return finish_scaled(x, images, checked, "MobileNet", alpha, PUBLISHED_SIZES)


def finish_scaled(x: KerasTensor, images: KerasTensor, checked: Arguments, application: str, alpha: float,
                  sizes: Sequence[int]) -> Model:
    """The model, with the weights that were published for its alpha and its rows, and named by both if it has no name.

    Args:
        x: the output.
        application: its name in the weights manifest.
        sizes: rows (and columns) of images for which weights were published, the usual one first.
    """
    rows, columns = arguments.image_sizes(checked.input_shape)
    if checked.pretrained and (rows != columns or rows not in sizes):
        rows = sizes[0]                                     # without top, any size of image can use these weights
    name = f"{application.lower()}_{alpha:.2f}_{rows}" if checked.name is None else checked.name
    model = arguments.connect(images, x, name)
    load_weights(model, checked.weights, application,
                 {"include_top": checked.include_top, "alpha": alpha, "size": rows})
    return model


def _convolve(x: KerasTensor, convolution: layers.Layer) -> KerasTensor:
    """A convolution, batch normalisation and ReLU6."""
    x = convolution(x)
    x = layers.BatchNormalization(axis=arguments.channel_axis(), name=f"{convolution.name}_bn")(x)
    return layers.ReLU(6.0, name=f"{convolution.name}_relu")(x)


def _classify(x: KerasTensor, checked: Arguments, dropout: float) -> KerasTensor:
    """The classifier is a 1x1 convolution of the pooled features."""
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Conv2D(checked.classes, 1, padding="same", name="conv_preds")(x)
    x = layers.Reshape((checked.classes,), name="reshape_2")(x)
    return layers.Activation(checked.classifier_activation, name="predictions")(x)
