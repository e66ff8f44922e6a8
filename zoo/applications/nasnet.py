"""NASNet-A: cells found by search on CIFAR-10, stacked for ImageNet.

Source: Zoph et al., Learning Transferable Architectures for Scalable Image Recognition, arXiv:1707.07012. Each cell
takes the outputs of the two cells before it.
"""

from __future__ import annotations

from typing import Any

from zoo import layers
from zoo.applications import arguments
from zoo.applications.arguments import Arguments, ImageShape, Weights
from zoo.applications.constructor import Constructor, named
from zoo.applications.finish import finish
from zoo.applications.labels import decode_predictions as decode_predictions
from zoo.applications.preprocess import for_mode
from zoo.applications.scaling import correct_padding
from zoo.engine.symbolic import KerasTensor
from zoo.errors import ConfigError
from zoo.layers.building import name_scope
from zoo.models import Model

preprocess_input = for_mode("tf")

CELLS_IN_OUTPUT = 24                                        # channels of the last cell, in filters of the first ones
MULTIPLIER = 2                                              # of the filters, from stage to stage


def NASNet(input_shape: ImageShape | None = None, penultimate_filters: int = 4032, num_blocks: int = 6,
           stem_block_filters: int = 96, skip_reduction: bool = True, filter_multiplier: int = MULTIPLIER,
           include_top: bool = True, weights: Weights = None, input_tensor: KerasTensor | None = None,
           pooling: str | None = None, classes: int = 1000, default_size: int | None = 331,
           classifier_activation: Any = "softmax", name: str | None = "nasnet", application: str = "NASNet") -> Model:
    """A NASNet of any size.

    Args:
        penultimate_filters: channels of the last cell.
        num_blocks: normal cells of each of the three stages.
        stem_block_filters: filters of the first convolution.
        skip_reduction: whether cells after a reduction see what came before the reduction cell, not in it.
        filter_multiplier: of the filters, from stage to stage.
        default_size: rows and columns of its images if nothing else is said; None for any.
        application: whose published weights ``weights="imagenet"`` means.

    Raises:
        ConfigError: arguments that are wrong or do not fit together.
    """
    if penultimate_filters % (CELLS_IN_OUTPUT * filter_multiplier ** 2):
        raise ConfigError(f"{application}: `penultimate_filters` should be divisible by "
                          f"{CELLS_IN_OUTPUT * filter_multiplier ** 2} (24 * filter_multiplier ** 2). Received: "
                          f"penultimate_filters={penultimate_filters}")
    given = Arguments(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    checked = arguments.check(application, given, sizes=(default_size or 224,))
    if given.pretrained and isinstance(input_shape, (tuple, list)) and None in input_shape:
        raise ConfigError(f"{application}: with weights='imagenet', every size in `input_shape` should be known: it "
                          f"decides how maps are padded. Received: input_shape={input_shape}")
    images = arguments.image_input(checked)
    filters = penultimate_filters // CELLS_IN_OUTPUT
    x = layers.Conv2D(stem_block_filters, 3, strides=2, use_bias=False, kernel_initializer="he_normal",
                      name="stem_conv1")(images)
    x = _normalize(x, "stem_bn1")
    cells = _Cells(x)
    cells.reduction(filters // filter_multiplier ** 2, "stem_1")
    cells.reduction(filters // filter_multiplier, "stem_2")
    for stage in range(3):
        first = stage * num_blocks + min(stage, 1)
        if stage:
            before = cells.previous
            cells.reduction(filters * filter_multiplier ** stage, f"reduce_{stage * num_blocks}")
            if skip_reduction:                              # the cell before the one that the reduction began with
                cells.previous = before
        for i in range(num_blocks):
            cells.normal(filters * filter_multiplier ** stage, str(first + i))
    x = layers.Activation("relu")(cells.x)
    return finish(x, images, checked, application, average=None)


class _Cells:
    """The last two outputs, to which cells are appended, and by how much each is smaller than the images."""

    def __init__(self, x: KerasTensor):
        self.x, self.scale = x, 1
        self.previous: tuple[KerasTensor, int] | None = None

    def normal(self, filters: int, name: str) -> None:
        with name_scope(f"normal_A_block_{name}"):
            self._normal(filters, name)

    def reduction(self, filters: int, name: str) -> None:
        with name_scope(f"reduction_A_block_{name}"):
            self._reduction(filters, name)

    def _normal(self, filters: int, name: str) -> None:
        p, h = self._inputs(filters, name, "normal")
        joined = [
            _add(_separable(h, filters, 5, 1, 1, f"normal_left1_{name}"),
                 _separable(p, filters, 3, 1, 1, f"normal_right1_{name}"), f"normal_add_1_{name}"),
            _add(_separable(p, filters, 5, 1, 2, f"normal_left2_{name}"),
                 _separable(p, filters, 3, 1, 2, f"normal_right2_{name}"), f"normal_add_2_{name}"),
            _add(_averaged(h, f"normal_left3_{name}"), p, f"normal_add_3_{name}"),
            _add(_averaged(p, f"normal_left4_{name}"), _averaged(p, f"normal_right4_{name}"), f"normal_add_4_{name}"),
            _add(_separable(h, filters, 3, 1, 5, f"normal_left5_{name}"), h, f"normal_add_5_{name}")]
        self._append(_concatenate([p, *joined], f"normal_concat_{name}"), 1)

    def _reduction(self, filters: int, name: str) -> None:
        p, h = self._inputs(filters, name, "reduction")
        padded = layers.ZeroPadding2D(correct_padding(h, 3), name=f"reduction_pad_1_{name}")(h)
        first = _add(_separable(h, filters, 5, 2, 1, f"reduction_left1_{name}"),
                     _separable(p, filters, 7, 2, 1, f"reduction_right1_{name}"), f"reduction_add_1_{name}")
        second = layers.MaxPooling2D(3, strides=2, name=f"reduction_left2_{name}")(padded)
        second = _add(second, _separable(p, filters, 7, 2, 2, f"reduction_right2_{name}"), f"reduction_add_2_{name}")
        third = layers.AveragePooling2D(3, strides=2, name=f"reduction_left3_{name}")(padded)
        third = _add(third, _separable(p, filters, 5, 2, 3, f"reduction_right3_{name}"), f"reduction_add3_{name}")
        fourth = _add(second, _averaged(first, f"reduction_left4_{name}"), None)
        fifth = _separable(first, filters, 3, 1, 5, f"reduction_left4_{name}")
        fifth = _add(fifth, layers.MaxPooling2D(3, strides=2, name=f"reduction_right5_{name}")(padded),
                     f"reduction_add4_{name}")
        self._append(_concatenate([second, third, fourth, fifth], f"reduction_concat_{name}"), 2)

    def _append(self, output: KerasTensor, stride: int) -> None:
        self.previous = self.x, self.scale
        self.x, self.scale = output, self.scale * stride

    def _inputs(self, filters: int, name: str, kind: str) -> tuple[KerasTensor, KerasTensor]:
        """Both inputs of a cell, with the number of channels and the size that it works with."""
        if self.previous is None:
            p, scale = self.x, self.scale
        else:
            p, scale = self.previous
        with name_scope("adjust_block"):
            if scale != self.scale:
                p = _halved(p, filters, name)
            elif self.previous is not None and p.shape[arguments.channel_axis()] != filters:
                p = _projected(p, filters, name)
        h = layers.Activation("relu")(self.x)
        h = _normalize(_pointwise(h, filters, f"{kind}_conv_1_{name}"), f"{kind}_bn_1_{name}")
        return p, h


def _projected(p: KerasTensor, filters: int, name: str) -> KerasTensor:
    """With another number of channels."""
    with name_scope(f"adjust_projection_block_{name}"):
        p = _pointwise(layers.Activation("relu")(p), filters, f"adjust_conv_projection_{name}")
        return _normalize(p, f"adjust_bn_{name}")


def _halved(p: KerasTensor, filters: int, name: str) -> KerasTensor:
    """Every other row and column, and those in between, each with half of the channels."""
    with name_scope(f"adjust_reduction_block_{name}"):
        return _even_and_odd(p, filters, name)


def _even_and_odd(p: KerasTensor, filters: int, name: str) -> KerasTensor:
    p = layers.Activation("relu", name=f"adjust_relu_1_{name}")(p)
    even = layers.AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_1_{name}")(p)
    even = _pointwise(even, filters // 2, f"adjust_conv_1_{name}")
    odd = layers.Cropping2D(((1, 0), (1, 0)))(layers.ZeroPadding2D(((0, 1), (0, 1)))(p))
    odd = layers.AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_2_{name}")(odd)
    odd = _pointwise(odd, filters // 2, f"adjust_conv_2_{name}")
    return _normalize(_concatenate([even, odd], None), f"adjust_bn_{name}")


def _separable(x: KerasTensor, filters: int, kernel: int, stride: int, block: int, name: str) -> KerasTensor:
    """Twice ReLU, separable convolution and batch normalisation; the first one has the stride."""
    with name_scope(f"block_{block}"), name_scope(f"separable_conv_block_{name}"):
        return _twice_separable(x, filters, kernel, stride, name)


def _twice_separable(x: KerasTensor, filters: int, kernel: int, stride: int, name: str) -> KerasTensor:
    x = layers.Activation("relu")(x)
    if stride == 2:
        x = layers.ZeroPadding2D(correct_padding(x, kernel), name=f"separable_conv_1_pad_{name}")(x)
    for i in (1, 2):
        x = layers.Activation("relu")(x) if i == 2 else x
        x = layers.SeparableConv2D(filters, kernel, strides=stride if i == 1 else 1, use_bias=False,
                                   padding="valid" if stride == 2 and i == 1 else "same",
                                   name=f"separable_conv_{i}_{name}")(x)
        x = _normalize(x, f"separable_conv_{i}_bn_{name}")
    return x


def _averaged(x: KerasTensor, name: str) -> KerasTensor:
    return layers.AveragePooling2D(3, strides=1, padding="same", name=name)(x)


def _pointwise(x: KerasTensor, filters: int, name: str) -> KerasTensor:
    return layers.Conv2D(filters, 1, padding="same", use_bias=False, kernel_initializer="he_normal", name=name)(x)


def _normalize(x: KerasTensor, name: str) -> KerasTensor:
    return layers.BatchNormalization(axis=arguments.channel_axis(), momentum=0.9997, epsilon=1e-3, name=name)(x)


def _add(first: KerasTensor, second: KerasTensor, name: str | None) -> KerasTensor:
    return layers.Add(name=name)([first, second])


def _concatenate(parts: list[KerasTensor], name: str | None) -> KerasTensor:
    return layers.Concatenate(axis=arguments.channel_axis(), name=name)(parts)


def _published(application: str, size: int, any_size: bool, **options: Any) -> Constructor:
    def construct(input_shape: ImageShape | None = None, include_top: bool = True, weights: Weights = "imagenet",
                  input_tensor: KerasTensor | None = None, pooling: str | None = None, classes: int = 1000,
                  classifier_activation: Any = "softmax", name: str | None = options["name"]) -> Model:
        if input_shape is None and input_tensor is None and not any_size:
            input_shape = (3, size, size) if arguments.channel_axis() == 1 else (size, size, 3)
        return NASNet(input_shape, **{**options, "name": name}, include_top=include_top, weights=weights,
                      input_tensor=input_tensor, pooling=pooling, classes=classes, default_size=size,
                      classifier_activation=classifier_activation, application=application)

    return named(construct, application, f"{application}, for images of {size}x{size} pixels.")


NASNetMobile = _published("NASNetMobile", 224, False, penultimate_filters=1056, num_blocks=4, stem_block_filters=32,
                          skip_reduction=False, name="nasnet_mobile")
NASNetLarge = _published("NASNetLarge", 331, True, penultimate_filters=4032, num_blocks=6, stem_block_filters=96,
                         skip_reduction=True, name="nasnet_large")
