"""Initializers, regularizers and constraints of Keras 0 and 1, as today's objects and back.

Initializers were names. Regularizers and constraints were ``{"name": class, argument: value, ...}``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zoo.io.dialects.vocabulary import REGULARIZERS as REGULARIZERS_OF_TODAY

Config = dict[str, Any]
Lacks = Callable[[str], None]

_SEEDED: Config = {"seed": None}

# name -> class and arguments of today
INITIALIZERS: dict[str, tuple[str, Config]] = {
    "uniform": ("RandomUniform", {"minval": -0.05, "maxval": 0.05, **_SEEDED}),
    "normal": ("RandomNormal", {"mean": 0.0, "stddev": 0.05, **_SEEDED}),
    "lecun_uniform": ("LecunUniform", _SEEDED), "glorot_uniform": ("GlorotUniform", _SEEDED),
    "glorot_normal": ("GlorotNormal", _SEEDED), "he_uniform": ("HeUniform", _SEEDED),
    "he_normal": ("HeNormal", _SEEDED),
    "orthogonal": ("Orthogonal", {"gain": 1.1, **_SEEDED}), "identity": ("Identity", {"gain": 1.0}),
    "zero": ("Zeros", {}), "one": ("Ones", {}),
}
INITIALIZER_ARGUMENTS = frozenset({"init", "inner_init", "beta_init", "gamma_init", "t_left_init", "a_left_init",
                                   "t_right_init", "a_right_init"})

# class -> class of today; both regularize by sums of absolute values and of squares
REGULARIZERS = {"WeightRegularizer": "L1L2", "ActivityRegularizer": "L1L2", "L1L2Regularizer": "L1L2"}
CONSTRAINTS: dict[str, dict[str, str]] = {                  # class -> its names of arguments that are others today
    "MaxNorm": {"m": "max_value"}, "NonNeg": {}, "UnitNorm": {}}
_REGULARIZER_ARGUMENTS = ("_regularizer", "_constraint")


def is_named(value: Any) -> bool:
    """Whether a JSON value is an object of the time: its class is its name."""
    return isinstance(value, dict) and isinstance(value.get("name"), str) and "class_name" not in value


def decode_values(config: Config) -> Config:
    """The config with today's objects in place of those of the time."""
    return {key: _decode(key, value) for key, value in config.items()}


def _decode(key: str, value: Any) -> Any:
    if key in INITIALIZER_ARGUMENTS and isinstance(value, str) and value in INITIALIZERS:
        class_name, arguments = INITIALIZERS[value]
        return {"class_name": class_name, "config": dict(arguments)}
    if not key.endswith(_REGULARIZER_ARGUMENTS) or not is_named(value):
        return value
    name, arguments = value["name"], {part: item for part, item in value.items() if part != "name"}
    if name in CONSTRAINTS:
        arguments = {CONSTRAINTS[name].get(part, part): item for part, item in arguments.items()}
    return {"class_name": REGULARIZERS.get(name, name), "config": arguments}


def encode_values(config: Config, regularizer: dict[str, str], lacks: Lacks) -> Config:
    """The inverse of `decode_values`.

    Args:
        config: with the names of arguments that the dialect has.
        regularizer: what the dialect calls the class ``L1L2``, for weights and for ``activity_regularizer``.
        lacks: is told what cannot be said.
    """
    return {key: _encode(key, value, regularizer, lacks) for key, value in config.items()}


def _encode(key: str, value: Any, regularizer: dict[str, str], lacks: Lacks) -> Any:
    if key in INITIALIZER_ARGUMENTS and isinstance(value, (str, dict)):
        return _initializer_name(value) or lacks(f"{key}={value!r:.80}")
    if not key.endswith(_REGULARIZER_ARGUMENTS) or not isinstance(value, dict):
        return value
    class_name, arguments = value.get("class_name"), value.get("config") or {}
    if class_name not in REGULARIZERS_OF_TODAY:             # somebody's own class as well
        theirs = {today: own for own, today in CONSTRAINTS.get(class_name, {}).items()}
        return {"name": class_name, **{theirs.get(part, part): item for part, item in arguments.items()}}
    if class_name in ("L1", "L2", "L1L2"):
        both = {"l1": 0.0, "l2": 0.0} | {part: arguments[part] for part in ("l1", "l2") if part in arguments}
        return {"name": regularizer["activity" if key.startswith("activity") else "weight"], **both}
    lacks(f"{key}={class_name}")
    return None


def _initializer_name(value: Any) -> str | None:
    """The name of the time of an initializer, given by a name or as an object."""
    if isinstance(value, str):
        return value if value in INITIALIZERS else {"zeros": "zero", "ones": "one"}.get(value)
    class_name, arguments = value.get("class_name"), value.get("config") or {}
    return next((name for name, (today, own) in INITIALIZERS.items() if today == class_name
                 and all(arguments.get(key, own[key]) == own[key] for key in own if key != "seed")), None)
