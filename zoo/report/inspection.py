"""The description of a model file as text for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sized
from typing import Any

from zoo.report.description import Description, walk_layers
from zoo.report.tables import Column, clean, fields, table
from zoo.report.topology import drawn

_LAYERS = (Column("layer"), Column("class"), Column("output shape"), Column("parameters", right=True),
           Column("config"))
_TENSORS = (Column("weight"), Column("stored as"), Column("shape"), Column("dtype"))

# What tells layers of one class apart, in the order in which it is shown, and the value that says nothing.
_TELLING: dict[str, Any] = {
    "units": None, "filters": None, "kernel_size": None, "strides": 1, "padding": "valid", "dilation_rate": 1,
    "groups": 1, "depth_multiplier": 1, "pool_size": None, "size": None, "cropping": None, "target_shape": None,
    "axis": None, "axes": None, "epsilon": None, "rate": None, "stddev": None, "n": None, "dims": None,
    "input_dim": None, "output_dim": None, "num_heads": None, "key_dim": None, "return_sequences": False,
    "go_backwards": False, "stateful": False, "merge_mode": None, "interpolation": None, "scale": True,
    "offset": None, "max_value": None, "negative_slope": 0.0, "alpha": None, "activation": "linear",
    "data_format": "channels_last", "dtype": "float32", "function": None,
}
_LONGEST_VALUE = 60


def text(description: Description, *, with_weights: bool = False, width: int | None = None) -> Iterator[str]:
    """Lines of text.

    Args:
        description: from `zoo.report.description.describe`.
        with_weights: whether to list the tensors; with their statistics if the description has them.
        width: at most so many characters a line in tables, None for as many as it takes.
    """
    yield from fields(_head(description))
    if description["model"] is not None:
        yield from _section("Layers", _layers(description["model"], width))
    if with_weights and description["weights"] is not None:
        yield from _section("Weights", _tensors(description["weights"]["tensors"], width))
    elif description["model"] is None and description["weights"] is not None:
        yield from _section("Weights", _groups(description["weights"]["tensors"], width))
    if description["training"] is not None:
        yield from _section("Training", _training(description["training"], with_weights, width))
    if description["findings"]:
        yield from _section("Findings", [clean(f"{found['severity']}: {found['where']}: {found['message']}")
                                         for found in description["findings"]])


def _section(title: str, lines: list[str]) -> Iterator[str]:
    yield from ("", title)
    yield from lines


def _head(description: Description) -> Iterator[tuple[str, Any]]:
    producer, model, weights = description["producer"], description["model"], description["weights"]
    size = "" if description["bytes"] is None else f", {in_bytes(description['bytes'])}"
    yield "file", description["path"]
    yield "format", f"{description['title']} ({description['format']}){size}"
    yield "written by", _writer(producer)
    yield "known from", "; ".join(producer["evidence"])
    if model is not None:
        yield "model", f"{model['name']} ({model['class_name']}), {_counted(list(walk_layers(model)), 'layer')}"
        yield "inputs", _ends(model, model["inputs"])
        yield "outputs", _ends(model, model["outputs"])
        yield "config", _brief({key: value for key, value in model["config"].items() if key != "name"})
    else:
        yield "model", "none: this file holds weights alone"
    if weights is None:
        yield "weights", "none: this file holds the architecture alone"
    else:
        fixed = weights["parameters"] - (weights["trainable_parameters"] or 0)
        part = f" ({fixed:,} not trainable)" if weights["trainable_parameters"] is not None and fixed else ""
        yield "weights", (f"{weights['parameters']:,} parameters{part} in {_counted(weights['tensors'], 'tensor')}, "
                          f"{in_bytes(weights['bytes'])}, {_dtypes(weights['tensors'])}")
    yield "also holds", ", ".join(description["metadata"])


def _writer(producer: Description) -> str:
    version = f" {producer['keras_version']}" if producer["keras_version"] else ""
    backend = f" on {producer['backend']}" if producer["backend"] else ""
    return f"Keras{version}{backend}, dialect {producer['dialect']}"


def _ends(model: Description, references: Any) -> str:
    """The layers that a model begins or ends with, with their shapes."""
    shapes = {layer["name"]: layer["output_shape"] for layer in model["layers"]}
    return ", ".join(f"{name} {_shape(shapes.get(name))}".rstrip() for name in _names(references))


def _names(references: Any) -> Iterator[str]:
    if isinstance(references, dict):
        references = list(references.values())
    if isinstance(references, list) and len(references) == 3 and isinstance(references[1], int):
        yield references[0]
    elif isinstance(references, list):
        for part in references:
            yield from _names(part)


def _dtypes(tensors: list[Description]) -> str:
    return " ".join(sorted({tensor["dtype"] for tensor in tensors}))


def _layers(model: Description, width: int | None) -> list[str]:
    return table(_LAYERS, list(_rows(model, "")), width=width)


def _rows(model: Description, margin: str) -> Iterator[tuple[str | None, ...]]:
    """One row for each call of a layer, in the order in which data flows, nested models below the layer."""
    art = None if model["kind"] == "sequential" else drawn(model["layers"])
    for index, call, lanes in art or [(index, 0, "") for index in range(len(model["layers"]))]:
        layer = model["layers"][index]
        name = f"{margin}{lanes}{layer['name']}"
        if call:
            yield f"{name} (call {call + 1})", layer["registered_name"] or layer["class_name"], None, None, None
            continue
        yield (name, layer["registered_name"] or layer["class_name"], _shape(layer["output_shape"]),
               None if layer["parameters"] is None else f"{layer['parameters']:,}",
               _brief(layer["config"]) + ("" if layer["trainable"] else " frozen"))
        if layer["model"] is not None:
            yield from _rows(layer["model"], margin + " " * len(lanes) + "  ")


def _brief(config: Description) -> str:
    """The telling part of a config as ``name=value``."""
    return " ".join(f"{name}={_value(config[name])}" for name, silent in _TELLING.items()
                    if name in config and not _says_nothing(config[name], silent))


def _says_nothing(value: Any, silent: Any) -> bool:
    if isinstance(value, list) and silent is not None:
        return all(_says_nothing(item, silent) for item in value)
    return value is None or value == silent


def _value(value: Any) -> str:
    if isinstance(value, dict) and isinstance(value.get("class_name"), str):
        return value["class_name"]
    if isinstance(value, list):
        return f"({','.join(_value(item) for item in value)})"
    shown = value if isinstance(value, str) else json.dumps(value)
    return shown if len(shown) <= _LONGEST_VALUE else f"{shown[:_LONGEST_VALUE]}..."


def _shape(shape: list[int | None] | None) -> str:
    return "" if shape is None else f"({', '.join(map(str, shape))})"


def _groups(tensors: list[Description], width: int | None) -> list[str]:
    """One row for each group of a file without an architecture."""
    columns = (Column("group"), Column("tensors", right=True), Column("parameters", right=True), Column("shapes"))
    groups: dict[str, list[Description]] = {}
    for tensor in tensors:
        groups.setdefault(tensor["group"], []).append(tensor)
    return table(columns, [(name, len(members), f"{sum(map(_count, members)):,}",
                            " ".join(_shape(tensor["shape"]) for tensor in members))
                           for name, members in groups.items()], width=width)


def _count(tensor: Description) -> int:
    count = 1
    for size in tensor["shape"]:
        count *= size
    return count


def _tensors(tensors: list[Description], width: int | None) -> list[str]:
    found = [tensor.get("statistics") or {} for tensor in tensors]
    titles = {"minimum": "min", "maximum": "max", "mean": "mean", "non_finite": "not finite"}
    shown = [key for key in titles if any(statistics.get(key) for statistics in found)]
    rows = [(_owner(tensor), _address(tensor), _shape(tensor["shape"]), tensor["dtype"],
             *(_number(statistics.get(key)) for key in shown)) for tensor, statistics in zip(tensors, found)]
    return table((*_TENSORS, *(Column(titles[key], right=True) for key in shown)), rows, width=width)


def _owner(tensor: Description) -> str:
    return "" if tensor.get("layer") is None else f"{tensor['layer']}/{tensor['role']}".lstrip("/")


def _address(tensor: Description) -> str:
    """Group and name; many files repeat the group in the name."""
    group, name = tensor.get("group"), tensor["name"]
    return name if not group or name.startswith(f"{group}/") else f"{group}/{name}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _training(training: Description, with_tensors: bool, width: int | None) -> list[str]:
    optimizer = training["optimizer"]
    pairs = [(name, _compact(value)) for name, value in training["config"].items() if value not in (None, [], {})]
    lines = fields(pairs)
    if optimizer is not None and optimizer["tensors"]:
        size = sum(map(_count, optimizer["tensors"]))
        lines.append(f"state of the optimizer {optimizer['class_name'] or ''}: "
                     f"{_counted(optimizer['tensors'], 'tensor')} of {size:,} numbers")
    if with_tensors and optimizer is not None and optimizer["tensors"]:
        lines += _tensors(optimizer["tensors"], width)
    if training["metrics"]:
        lines.append(f"variables of metrics: {_counted(training['metrics'], 'tensor')}")
    return lines


def _counted(things: Sized, name: str) -> str:
    return f"{len(things):,} {name}{'s' * (len(things) != 1)}"


def _compact(value: Any) -> str:
    """Nested objects as ``Class(name=value)``."""
    if isinstance(value, dict) and isinstance(value.get("class_name"), str):
        config = value.get("config")
        inside = config.items() if isinstance(config, dict) else [("config", config)]
        return f"{value['class_name']}({', '.join(f'{k}={_compact(v)}' for k, v in inside if v is not None)})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_compact(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_compact, value)) + "]"
    return value if isinstance(value, str) else json.dumps(value)


def in_bytes(count: int) -> str:
    """A number of bytes in the largest fitting unit of 1000, as disks and downloads are measured."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{count} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("unreachable: the last unit always returns")
