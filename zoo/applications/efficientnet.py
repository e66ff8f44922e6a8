"""EfficientNet B0 to B7: one network, scaled in depth, width and size of images together.

Source: Tan & Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, arXiv:1905.11946. Pixels
from 0 to 255 go in: the model normalises them itself, with statistics that are among its weights.
"""

from __future__ import annotations

import math

from zoo import layers
from zoo.applications import arguments
from zoo.applications import efficientnet_blocks as blocks
from zoo.applications.arguments import Arguments
from zoo.applications.constructor import Constructor, constructor
from zoo.applications.efficientnet_blocks import Stage, Style, silu
from zoo.applications.labels import decode_predictions as decode_predictions
from zoo.applications.preprocess import unchanged as preprocess_input
from zoo.applications.scaling import divisible
from zoo.applications.weights import load_weights
from zoo.models import Model

__all__ = [*(f"EfficientNetB{i}" for i in range(8)), "decode_predictions", "preprocess_input"]

STAGES = (Stage(1, 3, 1, 1, 16, 0.25), Stage(2, 3, 2, 6, 24, 0.25), Stage(2, 5, 2, 6, 40, 0.25),
          Stage(3, 3, 2, 6, 80, 0.25), Stage(3, 5, 1, 6, 112, 0.25), Stage(4, 5, 2, 6, 192, 0.25),
          Stage(1, 3, 1, 6, 320, 0.25))
STEM_FILTERS, HEAD_FILTERS = 32, 1280
STYLE = Style(silu, padded=True)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)


def _efficientnet(application: str, width: float, depth: float, size: int, dropout: float) -> Constructor:
    def build(given: Arguments) -> Model:
        checked = arguments.check(application, given, sizes=(size,))
        images = arguments.image_input(checked)
        x = blocks.pixels_to_imagenet(images)
        if checked.pretrained:
            # The published weights hold the variance where the deviation belongs; this divides by the square root.
            x = layers.Rescaling([1 / math.sqrt(deviation) for deviation in IMAGENET_DEVIATION])(x)
        x = blocks.stem(x, divisible(STEM_FILTERS * width), STYLE)
        x = blocks.body(x, STAGES, depth, lambda filters: divisible(filters * width), STYLE)
        x = blocks.head(x, divisible(HEAD_FILTERS * width), checked, dropout, STYLE)
        model = arguments.connect(images, x, checked.name)
        load_weights(model, checked.weights, application, {"include_top": checked.include_top})
        return model

    return constructor(application, build, f"{application}, for images of {size}x{size} pixels.")


EfficientNetB0 = _efficientnet("EfficientNetB0", 1.0, 1.0, 224, 0.2)
EfficientNetB1 = _efficientnet("EfficientNetB1", 1.0, 1.1, 240, 0.2)
EfficientNetB2 = _efficientnet("EfficientNetB2", 1.1, 1.2, 260, 0.3)
EfficientNetB3 = _efficientnet("EfficientNetB3", 1.2, 1.4, 300, 0.3)
EfficientNetB4 = _efficientnet("EfficientNetB4", 1.4, 1.8, 380, 0.4)
EfficientNetB5 = _efficientnet("EfficientNetB5", 1.6, 2.2, 456, 0.4)
EfficientNetB6 = _efficientnet("EfficientNetB6", 1.8, 2.6, 528, 0.5)
EfficientNetB7 = _efficientnet("EfficientNetB7", 2.0, 3.1, 600, 0.5)
