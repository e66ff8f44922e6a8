"""EfficientNet-Lite: EfficientNet for devices without swish and squeeze-excite; ReLU6 bounds what is to be quantised.

Architecture: Tan & Le, EfficientNet, arXiv:1905.11946, with the changes described in Google's EfficientNet-Lite
release. Stem and head are not scaled. Layers are named as in Keras's EfficientNet. Convolutions pad as TensorFlow's
``same``: the published weights were trained that way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from zoo import layers
from zoo.applications import arguments
from zoo.applications.arguments import Arguments, ImageShape, Weights
from zoo.applications.labels import decode_predictions as decode_predictions
from zoo.applications.preprocess import for_mode
from zoo.applications.weights import load_weights
from zoo.engine.symbolic import KerasTensor
from zoo.models import Model

preprocess_input = for_mode("lite")


class Stage(NamedTuple):
    """Blocks in a row; only the first one has the stride."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    filters: int


LITE0_STAGES = (Stage(1, 3, 1, 1, 16), Stage(2, 3, 2, 6, 24), Stage(2, 5, 2, 6, 40), Stage(3, 3, 2, 6, 80),
                Stage(3, 5, 1, 6, 112), Stage(4, 5, 2, 6, 192), Stage(1, 3, 1, 6, 320))
STEM_FILTERS, HEAD_FILTERS = 32, 1280
DROPOUT = 0.2
DROP_CONNECT = 0.2                                          # of the last block; it grows linearly with depth

# Variance scaling by the number of outputs, as EfficientNet was trained.
CONVOLUTION_INITIALIZER = {"class_name": "VarianceScaling",
                           "config": {"scale": 2.0, "mode": "fan_out", "distribution": "truncated_normal"}}
CLASSIFIER_INITIALIZER = {"class_name": "VarianceScaling",
                          "config": {"scale": 1.0 / 3.0, "mode": "fan_out", "distribution": "uniform"}}

# Modules of the published PyTorch checkpoint -> layers; inside a block, the names follow that of the block.
TORCH_MODULES = {"_conv_stem": "stem_conv", "_bn0": "stem_bn", "_conv_head": "top_conv", "_bn1": "top_bn",
                 "_fc": "predictions"}
TORCH_BLOCK_MODULES = {"_expand_conv": "expand_conv", "_bn0": "expand_bn", "_depthwise_conv": "dwconv", "_bn1": "bn",
                       "_project_conv": "project_conv", "_bn2": "project_bn"}


class Block(NamedTuple):
    """An inverted residual: expand, convolve depthwise, project; added to its input if it `repeats` the one before."""

    name: str
    kernel: int
    stride: int
    expansion: int
    filters: int
    repeats: bool


def EfficientNetLite0(include_top: bool = True, weights: Weights = "imagenet",
                      input_tensor: KerasTensor | None = None, input_shape: ImageShape | None = None,
                      pooling: str | None = None, classes: int = 1000, classifier_activation: Any = "softmax",
                      name: str | None = "efficientnetlite0") -> Model:
    """EfficientNet-Lite0, the smallest of its family.

    Args:
        include_top: see `zoo.applications.arguments.Arguments`, as all others.

    Raises:
        ConfigError: arguments that are wrong or do not fit together.
    """
    return _efficientnet_lite("EfficientNetLite0", LITE0_STAGES, Arguments(
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name))


def _efficientnet_lite(application: str, stages: Sequence[Stage], given: Arguments) -> Model:
    checked = arguments.check(application, given)
    x = images = arguments.image_input(checked)
    x = _activate(_convolve(x, "stem_", STEM_FILTERS, kernel=3, stride=2), "stem_activation")
    blocks = list(blocks_of(stages))
    for i, block in enumerate(blocks):
        x = _inverted_residual(x, block, DROP_CONNECT * i / len(blocks))
    x = _activate(_convolve(x, "top_", HEAD_FILTERS), "top_activation")
    if checked.include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dropout(DROPOUT, name="top_dropout")(x)
        x = layers.Dense(checked.classes, activation=checked.classifier_activation,
                         kernel_initializer=CLASSIFIER_INITIALIZER, name="predictions")(x)
    else:
        x = arguments.pool(x, checked.pooling, name=f"{checked.pooling}_pool")
    model = arguments.connect(images, x, checked.name)
    # One file is published, with top; without top, the classifier in it is left out.
    load_weights(model, checked.weights, application, {"include_top": True},
                 torch_modules(blocks, checked.include_top))
    return model


def blocks_of(stages: Sequence[Stage]) -> Iterator[Block]:
    """The blocks in order, named ``block1a``, ``block2a``, ``block2b``, ..."""
    for number, stage in enumerate(stages, 1):
        for i in range(stage.blocks):
            yield Block(f"block{number}{chr(ord('a') + i)}", stage.kernel, stage.stride if i == 0 else 1,
                        stage.expansion, stage.filters, repeats=i > 0)


def torch_modules(blocks: Sequence[Block], include_top: bool = True) -> dict[str, str | None]:
    """The layer of each module of the PyTorch checkpoint; None for the classifier if there is no top."""
    modules: dict[str, str | None] = dict(TORCH_MODULES)
    for i, block in enumerate(blocks):
        modules |= {f"_blocks.{i}.{module}": f"{block.name}_{layer}" for module, layer in TORCH_BLOCK_MODULES.items()}
    return modules if include_top else modules | {"_fc": None}


def _inverted_residual(inputs: KerasTensor, block: Block, drop_rate: float) -> KerasTensor:
    x = inputs
    if block.expansion != 1:
        x = _convolve(x, f"{block.name}_expand_", x.shape[arguments.channel_axis()] * block.expansion)
        x = _activate(x, f"{block.name}_expand_activation")
    x = layers.DepthwiseConv2D(block.kernel, strides=block.stride, padding="same", use_bias=False,
                               depthwise_initializer=CONVOLUTION_INITIALIZER, name=f"{block.name}_dwconv")(x)
    x = layers.BatchNormalization(axis=arguments.channel_axis(), name=f"{block.name}_bn")(x)
    x = _activate(x, f"{block.name}_activation")
    x = _convolve(x, f"{block.name}_project_", block.filters)
    if not block.repeats:
        return x
    # Stochastic depth (arXiv:1603.09382): in training, whole images skip the block.
    x = layers.Dropout(drop_rate, noise_shape=(None, 1, 1, 1), name=f"{block.name}_drop")(x)
    return layers.Add(name=f"{block.name}_add")([x, inputs])


def _convolve(x: KerasTensor, prefix: str, filters: int, kernel: int = 1, stride: int = 1) -> KerasTensor:
    """A convolution and batch normalisation, named ``<prefix>conv`` and ``<prefix>bn``."""
    x = layers.Conv2D(filters, kernel, strides=stride, padding="same", use_bias=False,
                      kernel_initializer=CONVOLUTION_INITIALIZER, name=f"{prefix}conv")(x)
    return layers.BatchNormalization(axis=arguments.channel_axis(), name=f"{prefix}bn")(x)


def _activate(x: KerasTensor, name: str) -> KerasTensor:
    return layers.ReLU(6.0, name=name)(x)
