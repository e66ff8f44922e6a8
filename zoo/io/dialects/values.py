"""Plain values that JSON cannot say, in the encodings that Keras has for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Special = Callable[[dict[str, Any]], Any]


def _slice(config: dict[str, Any], special: Special | None) -> slice:
    return slice(*(decode_value(config.get(key), special) for key in ("start", "stop", "step")))


def decode_value(value: Any, special: Special | None = None) -> Any:
    """The value behind a JSON value: tuples, slices, ``...``, scalars of NumPy.

    Arrays (``__numpy__``, ``__tensor__``) stay objects, because their dtype counts; so does every other object, with
    its values decoded.

    Args:
        special: tried first on each object; NotImplemented where it does not apply.
    """
    if isinstance(value, list):
        return [decode_value(item, special) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"type", "value"} and value["type"] in ("ndarray", "float32", "float64"):   # Keras 2.0 to 2.2
        return value["value"]
    class_name, config = value.get("class_name"), value.get("config")
    if isinstance(class_name, str):
        found = special(value) if special is not None else NotImplemented
        if found is not NotImplemented:
            return found
        if class_name == "__tuple__":
            return tuple(decode_value(item, special) for item in value.get("items", ()))
        if class_name == "TensorShape":
            return tuple(value["items"]) if isinstance(value.get("items"), list) else None
        if class_name == "__ellipsis__":
            return ...
        if class_name == "__slice__" and isinstance(config, dict):
            return _slice(config, special)
        if class_name == "__numpy__" and isinstance(config, dict) and not isinstance(config.get("value"), list):
            return config.get("value")
    return {key: decode_value(item, special) for key, item in value.items()}


def encode_value(value: Any, tensor: Callable[[Any], Any] | None = None) -> Any:
    """The JSON value of what `decode_value` gives; `tensor` writes what is neither plain nor a nest."""
    if isinstance(value, (list, tuple)):
        return [encode_value(item, tensor) for item in value]
    if isinstance(value, dict):
        return {key: encode_value(item, tensor) for key, item in value.items()}
    if isinstance(value, slice):
        parts = {key: encode_value(getattr(value, key), tensor) for key in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": parts}
    if value is ...:
        return {"class_name": "__ellipsis__", "config": {}}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return tensor(value) if tensor is not None else value
