"""Small architectures in the JSON of each dialect, for tests."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def layer(class_name: str, name: str, **config: Any) -> Json:
    """A layer's object without calls."""
    return {"class_name": class_name, "config": {"name": name, **config}}


def keras2_input(name: str, *shape: int) -> Json:
    return layer("InputLayer", name, batch_input_shape=[None, *shape], dtype="float32", sparse=False)


def called(entry: Json, *calls: Any) -> Json:
    """The layer inside a functional model, with its calls as the file writes them."""
    return {**entry, "name": entry["config"].get("name", "nameless"), "inbound_nodes": list(calls)}


def legacy(*refs: Any) -> list[Any]:
    """A call of Keras 2 on the tensors ``(layer, node, tensor)``."""
    return [[*ref, {}] for ref in refs]


def modern(*args: Any, **kwargs: Any) -> Json:
    """A call of Keras 3; tuples ``(layer, node, tensor)`` stand for tensors."""
    return {"args": [_tensors(arg) for arg in args], "kwargs": {key: _tensors(arg) for key, arg in kwargs.items()}}


def _tensors(value: Any) -> Any:
    if isinstance(value, tuple):
        return {"class_name": "__keras_tensor__", "config": {"shape": [None], "dtype": "float32",
                                                             "keras_history": list(value)}}
    return [_tensors(item) for item in value] if isinstance(value, list) else value


def functional(layers: list[Json], inputs: Any, outputs: Any, class_name: str = "Functional", **config: Any) -> Json:
    return {"class_name": class_name, "config": {"name": "model", **config, "layers": layers, "input_layers": inputs,
                                                 "output_layers": outputs}}


def sequential(*layers: Json, name: str = "sequential", **config: Any) -> Json:
    return {"class_name": "Sequential", "config": {"name": name, "layers": list(layers), **config}}
