"""Translations of whole configs, where a table of arguments is not enough.

Each takes and gives a config and a build config.
"""

from __future__ import annotations

from typing import Any

from zoo.io.dialects.structure import is_object

Config = dict[str, Any]
Revised = tuple[Config, Config | None]

_SHAPES = ("query_shape", "value_shape", "key_shape")
_RENORM = ("renorm", "renorm_clipping", "renorm_momentum")
_LAMBDA_EXTRAS = ("module", "function_type", "output_shape_type", "output_shape_module", "output_mask",
                  "output_mask_type", "output_mask_module")


def batch_normalization(config: Config, build: Config | None) -> Revised:
    """One axis as an integer; nothing about renormalisation where there is none."""
    axis = config.get("axis")
    if isinstance(axis, (list, tuple)) and len(axis) == 1 and isinstance(axis[0], (int, float)):
        config["axis"] = int(axis[0])
    if not config.get("renorm"):
        config = {key: value for key, value in config.items() if key not in _RENORM}
    return config, build


def tf_attention_shapes(config: Config, build: Config | None) -> Revised:
    """tf.keras writes the shapes for which an attention layer was built into its config."""
    shapes = {key: config.pop(key) for key in _SHAPES if key in config}
    shapes = {key: shape for key, shape in shapes.items() if shape is not None}
    return config, {"shapes_dict": shapes} if shapes else build


def tf_attention_shapes_inside(config: Config, build: Config | None) -> Revised:
    """The inverse of `tf_attention_shapes`; tf.keras expects all three keys."""
    stored = (build or {}).get("shapes_dict")
    shapes = dict(stored) if isinstance(stored, dict) else {}
    shapes.setdefault("key_shape", shapes.get("value_shape"))
    return config | {key: shapes.get(key) for key in _SHAPES}, build


def lambda_from_keras2(config: Config, build: Config | None) -> Revised:
    """Code as a list of three, or a name, to the objects of Keras 3. The code stays text."""
    revised = {key: value for key, value in config.items() if key not in _LAMBDA_EXTRAS}
    for key in ("function", "output_shape", "mask"):
        if isinstance(revised.get(key), list) and config.get(f"{key}_type", "lambda") == "lambda" \
                and revised[key] and isinstance(revised[key][0], str):
            code, defaults, closure = (*revised[key], None, None)[:3]
            revised[key] = {"class_name": "__lambda__",
                            "config": {"code": code, "defaults": defaults, "closure": closure}}
        elif isinstance(revised.get(key), str):
            revised[key] = {"class_name": "function", "config": revised[key]}
    return revised, build


def keras2_lambda(config: Config, build: Config | None) -> Revised:
    """The inverse of `lambda_from_keras2`."""
    revised = dict(config)
    for key in ("function", "output_shape", "mask"):
        value = revised.get(key)
        if key not in revised or (key == "mask" and value is None):
            continue
        kind = str(value.get("class_name")) if isinstance(value, dict) else ""
        if kind == "__lambda__" and isinstance(value.get("config"), dict):
            revised[key] = [value["config"].get(part) for part in ("code", "defaults", "closure")]
        elif kind == "function":
            revised[key] = value.get("config")
        revised[f"{key}_type"] = {"__lambda__": "lambda", "function": "function"}.get(kind, "raw")
    return revised, build


def keras2_bidirectional(config: Config, build: Config | None) -> Revised:
    """Without a backward layer that Keras 2 would make itself: the mirror image of the forward one."""
    forward, backward = config.get("layer"), config.get("backward_layer")
    if not is_object(forward) or not is_object(backward) or backward["class_name"] != forward["class_name"] \
            or _mirrored(forward["config"]) != _plain(backward["config"]):
        return config, build
    name = forward["config"].get("name", "").removeprefix("forward_")
    revised = {key: value for key, value in config.items() if key != "backward_layer"}
    return revised | {"layer": {**forward, "config": forward["config"] | {"name": name}}}, build


def tf_discretization(config: Config, build: Config | None) -> Revised:
    """tf.keras takes the boundaries of the bins or their number, not both."""
    return (config | {"num_bins": None} if config.get("bin_boundaries") is not None else config), build


def random_contrast(config: Config, build: Config | None) -> Revised:
    """One number meant as much less as more contrast, before Keras 3.7; since then two are written."""
    factor = config.get("factor")
    return (config | {"factor": [factor, factor]} if isinstance(factor, (int, float)) else config), build


def _plain(config: Config) -> Config:
    return {key: value for key, value in config.items() if key != "name"}


def _mirrored(config: Config) -> Config:
    return _plain(config) | {"go_backwards": not config.get("go_backwards", False)}
