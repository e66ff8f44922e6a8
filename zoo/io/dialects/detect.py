"""Which dialect a model's JSON is written in."""

from __future__ import annotations

import re
from typing import Any

_TF_SUFFIX = re.compile(r"-tf$|-tf\b")
_KERAS1_ARGUMENTS = frozenset({"output_dim", "nb_filter", "border_mode", "dim_ordering", "inner_activation", "init",
                               "W_regularizer", "consume_less", "batch_norm_mode", "nb_col", "input_dtype"})


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
        return "tfkeras" if minor >= 4 or _TF_SUFFIX.search(keras_version or "") else "keras2"
    return {0: "keras0", 1: "keras1"}.get(major, "keras3" if major >= 3 else "unknown")


def _by_content(config: dict[str, Any]) -> str:
    seen = {"modern": False, "tensorflow": False, "old": False}
    stack: list[Any] = [config]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack += value
        elif isinstance(value, dict):
            stack += value.values()
            seen["modern"] |= "batch_shape" in value or value.get("class_name") in ("__keras_tensor__", "DTypePolicy")
            seen["tensorflow"] |= "time_major" in value or value.get("class_name") in ("Functional", "TFOpLambda") \
                or "GlorotUniform" == value.get("class_name")
            seen["old"] |= bool(value.keys() & _KERAS1_ARGUMENTS)
    if seen["modern"]:
        return "keras3"
    if seen["tensorflow"]:
        return "tfkeras"
    return "keras1" if seen["old"] else "keras2"
