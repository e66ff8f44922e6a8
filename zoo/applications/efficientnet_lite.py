"""EfficientNet-Lite: EfficientNet for devices without swish and squeeze-excite; ReLU6 bounds what is to be quantised.

Architecture: Tan & Le, EfficientNet, arXiv:1905.11946, with the changes described in Google's EfficientNet-Lite
release: the larger ones keep the filters of stem and head, and the numbers of blocks of the first and the last stage.
Layers are named as in Keras's EfficientNet. Convolutions pad as TensorFlow's ``same``: the published weights were
trained that way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from zoo import layers
from zoo.applications import arguments
from zoo.applications import efficientnet_blocks as blocks
from zoo.applications.arguments import Arguments
from zoo.applications.constructor import Constructor, constructor
from zoo.applications.efficientnet_blocks import Block, Stage, Style
from zoo.applications.labels import decode_predictions as decode_predictions
from zoo.applications.preprocess import for_mode
from zoo.applications.scaling import divisible
from zoo.applications.weights import load_weights
from zoo.models import Model

preprocess_input = for_mode("lite")

STAGES = (Stage(1, 3, 1, 1, 16), Stage(2, 3, 2, 6, 24), Stage(2, 5, 2, 6, 40), Stage(3, 3, 2, 6, 80),
          Stage(3, 5, 1, 6, 112), Stage(4, 5, 2, 6, 192), Stage(1, 3, 1, 6, 320))
STEM_FILTERS, HEAD_FILTERS = 32, 1280
STYLE = Style(lambda name: layers.ReLU(6.0, name=name))

# Modules of the published PyTorch checkpoint -> layers; inside a block, the names follow that of the block.
TORCH_MODULES = {"_conv_stem": "stem_conv", "_bn0": "stem_bn", "_conv_head": "top_conv", "_bn1": "top_bn",
                 "_fc": "predictions"}
TORCH_BLOCK_MODULES = {"_expand_conv": "expand_conv", "_bn0": "expand_bn", "_depthwise_conv": "dwconv", "_bn1": "bn",
                       "_project_conv": "project_conv", "_bn2": "project_bn"}


def _efficientnet_lite(application: str, width: float, depth: float, size: int, dropout: float) -> Constructor:
    stages = scaled_stages(width, depth)

    def build(given: Arguments) -> Model:
        checked = arguments.check(application, given, sizes=(size,))
        images = arguments.image_input(checked)
        x = blocks.stem(images, STEM_FILTERS, STYLE)
        x = blocks.body(x, stages, 1.0, lambda filters: filters, STYLE)
        x = blocks.head(x, HEAD_FILTERS, checked, dropout, STYLE)
        model = arguments.connect(images, x, checked.name)
        # One file is published, with top; without top, the classifier in it is left out.
        load_weights(model, checked.weights, application, {"include_top": True},
                     torch_modules(list(blocks.blocks_of(stages)), checked.include_top))
        return model

    return constructor(application, build, f"{application}, for images of {size}x{size} pixels.")


def scaled_stages(width: float, depth: float) -> list[Stage]:
    """The stages with `width` times the filters and, between the first and the last, `depth` times the blocks."""
    deeper = [stage._replace(blocks=math.ceil(depth * stage.blocks)) for stage in STAGES[1:-1]]
    return [stage._replace(filters=divisible(width * stage.filters)) for stage in (STAGES[0], *deeper, STAGES[-1])]


def torch_modules(network: Sequence[Block], include_top: bool = True) -> dict[str, str | None]:
    """The layer of each module of the PyTorch checkpoint; None for the classifier if there is no top."""
    modules: dict[str, str | None] = dict(TORCH_MODULES)
    for i, block in enumerate(network):
        modules |= {f"_blocks.{i}.{module}": f"{block.name}_{layer}" for module, layer in TORCH_BLOCK_MODULES.items()}
    return modules if include_top else modules | {"_fc": None}


EfficientNetLite0 = _efficientnet_lite("EfficientNetLite0", 1.0, 1.0, 224, 0.2)
EfficientNetLite1 = _efficientnet_lite("EfficientNetLite1", 1.0, 1.1, 240, 0.2)
EfficientNetLite2 = _efficientnet_lite("EfficientNetLite2", 1.1, 1.2, 260, 0.3)
