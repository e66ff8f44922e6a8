"""Which dialect a model's JSON is written in."""

from __future__ import annotations

import re
from typing import Any

_KERAS1_ARGUMENTS = frozenset({"border_mode", "consume_less", "dim_ordering", "inner_activation", "nb_filter",
                               "nb_kernel", "pool_length", "subsample"})
_KERAS1_ARGUMENTS_OF = {"Dense": "output_dim", "TimeDistributedDense": "output_dim", "BatchNormalization": "mode",
                        "Dropout": "p", "Embedding": "init", "Merge": "mode"}
_TFKERAS_CLASSES = frozenset({"Functional", "GlorotUniform", "TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"})


def detect(config: Any, keras_version: str | None) -> str:
    """``keras3``, ``tfkeras``, ``keras2``, ``keras1``, ``keras0``, or ``unknown``.

    The version decides if the file has one: tf.keras writes 2.4 and later, or a version that ends in ``-tf``;
    multi-backend Keras ended with 2.3. Without a version, the JSON itself tells.

    Args:
        config: the JSON of a model or a layer.
        keras_version: as the file says it.
    """
    if not isinstance(config, dict):
        return "unknown"
    if "class_name" not in config:              # Keras 0 has the class of a layer in "name"
        return "keras0" if isinstance(config.get("layers"), (list, dict)) or "nodes" in config else "unknown"
    found = re.match(r"(\d+)\.(\d+)", keras_version or "")
    if found is None:
        return _by_content(config)
    major, minor = int(found[1]), int(found[2])
    if major == 2:
        return "tfkeras" if minor >= 4 or "-tf" in (keras_version or "") else "keras2"
    return {0: "keras0", 1: "keras1"}.get(major, "keras3" if major >= 3 else "unknown")


def _by_content(config: dict[str, Any]) -> str:
    modern = tensorflow = old = False
    stack: list[Any] = [config]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack += value
        elif isinstance(value, dict):
            stack += value.values()
            name, inner = value.get("class_name"), value.get("config")
            keys = inner.keys() if isinstance(inner, dict) else ()
            modern |= "batch_shape" in value or name in ("__keras_tensor__", "DTypePolicy")
            tensorflow |= "time_major" in value or isinstance(name, str) and name in _TFKERAS_CLASSES
            old |= not _KERAS1_ARGUMENTS.isdisjoint(value) or _KERAS1_ARGUMENTS_OF.get(str(name)) in keys
    if modern:
        return "keras3"
    return "tfkeras" if tensorflow else "keras1" if old else "keras2"
