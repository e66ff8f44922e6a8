"""The dialect of Keras 0 (0.1 to 0.3): what `keras0_structure` makes of it is that of Keras 1, but for a few layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from zoo.io.dialects import keras1_layers
from zoo.io.dialects.dialect import ANY, Rules
from zoo.io.dialects.keras0_structure import lift
from zoo.io.dialects.keras0_writing import lower
from zoo.io.dialects.keras1 import KERAS1
from zoo.io.dialects.vocabulary import KERAS0_LAYERS

Config = dict[str, Any]

_REGULARIZER = {"weight": "WeightRegularizer", "activity": "ActivityRegularizer"}


def decode_layer(class_name: str, config: Config, note: Callable[[str, str], None]) -> tuple[str, Config]:
    """As `keras1_layers.decode_layer`."""
    if class_name == "BatchNormalization":                  # its running deviation is no variance
        note("info", "BatchNormalization of Keras 0 divides by the standard deviation plus epsilon, unlike later ones")
        return "LegacyBatchNormalization", dict(config)
    if class_name == "Reshape" and "dims" in config:
        config = {"target_shape" if key == "dims" else key: value for key, value in config.items()}
    return keras1_layers.decode_layer(class_name, config, note)


def encode_layer(class_name: str, config: Config, lacks: Callable[[str], None]) -> tuple[str, Config]:
    """As `keras1_layers.encode_layer`."""
    if class_name == "LegacyBatchNormalization":
        if config.get("mode") == 2:
            lacks("BatchNormalization with mode=2")
        return "BatchNormalization", {"mode": 0} | config
    name, config = keras1_layers.encode_layer(class_name, config, lacks, _REGULARIZER)
    if name == "Reshape" and "target_shape" in config:
        config["dims"] = config.pop("target_shape")
    if name.startswith("Atrous"):
        lacks(f"the layer {name}")
    if not config.pop("bias", True):
        lacks(f"a {name} without bias")
    return name, config


KERAS0 = replace(
    KERAS1,
    name="keras0",
    title="Keras 0.3",
    layers=KERAS0_LAYERS,
    every_layer=KERAS1.every_layer | Rules(extra={"cache_enabled": (ANY,)}),
    lift=lift,
    lower=lower,
    decode_layer=decode_layer,
    encode_layer=encode_layer,
    dim_ordering="th",
)
