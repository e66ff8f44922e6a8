"""EfficientNetV2: its first stages have fused blocks, which train faster.

Source: Tan & Le, EfficientNetV2: Smaller Models and Faster Training, arXiv:2104.00298. Pixels from 0 to 255 go in: the
model normalises them itself unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import layers
from zoo.applications import arguments
from zoo.applications import efficientnet_blocks as blocks
from zoo.applications.arguments import Arguments, ImageShape, Weights
from zoo.applications.constructor import Constructor, named
from zoo.applications.efficientnet_blocks import Stage, Style, silu
from zoo.applications.labels import decode_predictions as decode_predictions
from zoo.applications.preprocess import unchanged as preprocess_input
from zoo.applications.scaling import divisible
from zoo.applications.weights import load_weights
from zoo.engine.symbolic import KerasTensor
from zoo.models import Model

__all__ = [*(f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "S", "M", "L")), "decode_predictions",
           "preprocess_input"]

B_STAGES = (Stage(1, 3, 1, 1, 16, fused=True), Stage(2, 3, 2, 4, 32, fused=True), Stage(2, 3, 2, 4, 48, fused=True),
            Stage(3, 3, 2, 4, 96, 0.25), Stage(5, 3, 1, 6, 112, 0.25), Stage(8, 3, 2, 6, 192, 0.25))
S_STAGES = (Stage(2, 3, 1, 1, 24, fused=True), Stage(4, 3, 2, 4, 48, fused=True), Stage(4, 3, 2, 4, 64, fused=True),
            Stage(6, 3, 2, 4, 128, 0.25), Stage(9, 3, 1, 6, 160, 0.25), Stage(15, 3, 2, 6, 256, 0.25))
M_STAGES = (Stage(3, 3, 1, 1, 24, fused=True), Stage(5, 3, 2, 4, 48, fused=True), Stage(5, 3, 2, 4, 80, fused=True),
            Stage(7, 3, 2, 4, 160, 0.25), Stage(14, 3, 1, 6, 176, 0.25), Stage(18, 3, 2, 6, 304, 0.25),
            Stage(5, 3, 1, 6, 512, 0.25))
L_STAGES = (Stage(4, 3, 1, 1, 32, fused=True), Stage(7, 3, 2, 4, 64, fused=True), Stage(7, 3, 2, 4, 96, fused=True),
            Stage(10, 3, 2, 4, 192, 0.25), Stage(19, 3, 1, 6, 224, 0.25), Stage(25, 3, 2, 6, 384, 0.25),
            Stage(7, 3, 1, 6, 640, 0.25))
HEAD_FILTERS = 1280
DROPOUT = 0.2
STYLE = Style(silu, momentum=0.9, depthwise="dwconv2", drop_by_scaled_depth=False)
IMAGENET_MEAN, IMAGENET_VARIANCE = (0.485, 0.456, 0.406), (0.229 ** 2, 0.224 ** 2, 0.225 ** 2)


def _efficientnet_v2(application: str, stages: Sequence[Stage], size: int, *, stem_filters: int, width: float = 1.0,
                     depth: float = 1.0, statistics: bool = False) -> Constructor:
    """Makes one function.

    Args:
        statistics: whether pixels are normalised by the statistics of ImageNet, not to -1..1.
    """
    def construct(include_top: bool = True, weights: Weights = "imagenet", input_tensor: KerasTensor | None = None,
                  input_shape: ImageShape | None = None, pooling: str | None = None, classes: int = 1000,
                  classifier_activation: Any = "softmax", include_preprocessing: bool = True,
                  name: str | None = f"efficientnetv2-{application[14:].lower()}") -> Model:
        checked = arguments.check(application, Arguments(include_top, weights, input_tensor, input_shape, pooling,
                                                         classes, classifier_activation, name), sizes=(size,))
        x = images = arguments.image_input(checked)
        if include_preprocessing:
            x = _normalized(x, statistics)
        x = blocks.stem(x, _scaled(stem_filters, width), STYLE)
        x = blocks.body(x, stages, depth, lambda filters: _scaled(filters, width), STYLE)
        x = blocks.head(x, _scaled(HEAD_FILTERS, width), checked, DROPOUT, STYLE)
        model = arguments.connect(images, x, name)
        load_weights(model, weights, application, {"include_top": include_top})
        return model

    return named(construct, application, f"{application}, for images of {size}x{size} pixels.")


def _scaled(filters: int, width: float) -> int:
    return divisible(filters * width, least=0)


def _normalized(x: KerasTensor, statistics: bool) -> KerasTensor:
    if statistics and arguments.channel_axis() == -1:
        return blocks.pixels_to_imagenet(x, mean=IMAGENET_MEAN, variance=IMAGENET_VARIANCE)
    return layers.Rescaling(1 / 128, offset=-1.0)(x)


EfficientNetV2B0 = _efficientnet_v2("EfficientNetV2B0", B_STAGES, 224, stem_filters=32, statistics=True)
EfficientNetV2B1 = _efficientnet_v2("EfficientNetV2B1", B_STAGES, 240, stem_filters=32, depth=1.1, statistics=True)
EfficientNetV2B2 = _efficientnet_v2("EfficientNetV2B2", B_STAGES, 260, stem_filters=32, width=1.1, depth=1.2,
                                    statistics=True)
EfficientNetV2B3 = _efficientnet_v2("EfficientNetV2B3", B_STAGES, 300, stem_filters=32, width=1.2, depth=1.4,
                                    statistics=True)
EfficientNetV2S = _efficientnet_v2("EfficientNetV2S", S_STAGES, 384, stem_filters=24)
EfficientNetV2M = _efficientnet_v2("EfficientNetV2M", M_STAGES, 480, stem_filters=24)
EfficientNetV2L = _efficientnet_v2("EfficientNetV2L", L_STAGES, 480, stem_filters=32)
