"""The table that `Model.summary` prints."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo import tree
from zoo.engine.operation import FunctionCall, Operation

Row = tuple[str, ...]


def table(model: Any, line_length: int | None = None, expand_nested: bool = False, show_trainable: bool = False) -> str:
    """Layers with output shapes, numbers of parameters and, where the model branches, the layers they are fed from."""
    branches = model.kind == "functional" and not _is_chain(model)
    header = ("Layer (type)", "Output Shape", "Param #", *(("Connected to",) * branches),
              *(("Trainable",) * show_trainable))
    rows = [row for layer in _listed(model) for row in _rows(model, layer, branches, expand_nested, show_trainable, 0)]
    widths = [max(map(len, column)) + 2 for column in zip(header, *rows)]
    if line_length is not None and line_length > sum(widths):
        widths[0] += line_length - sum(widths)
    rule = "=" * sum(widths)
    lines = [f'Model: "{model.name}"', rule, _line(header, widths), rule, *(_line(row, widths) for row in rows), rule]
    return "\n".join([*lines, *totals(model)])


def totals(model: Any) -> list[str]:
    """Three lines: all, trainable and other parameters, with their size in memory."""
    groups = {"Total params": model.weights, "Trainable params": model.trainable_weights,
              "Non-trainable params": model.non_trainable_weights}
    return [f"{title}: {count(weights):,} ({_size(weights)})" for title, weights in groups.items()]


def count(weights: list[Any]) -> int:
    """Number of scalars."""
    return sum(int(np.prod(variable.shape)) for variable in weights)


def _listed(model: Any) -> list[Operation]:
    return model.topology.operations if model.kind == "functional" else model.layers


def _is_chain(model: Any) -> bool:
    calls = model.topology.calls
    return len(calls) == len(model.topology.operations) and all(len(call.inputs) <= 1 for call in calls) and \
        len({call.inputs[0] for call in calls if call.inputs}) == sum(bool(call.inputs) for call in calls)


def _rows(model: Any, layer: Operation, branches: bool, expand: bool, trainable: bool, depth: int) -> list[Row]:
    function = isinstance(layer, FunctionCall)
    row = ["  " * depth + f"{layer.name} ({layer.class_name if function else type(layer).__name__})",
           _shape(model, layer), "0" if function else f"{layer.count_params():,}" if layer.built else "?"]
    if branches:
        row.append(_sources(model, layer) if depth == 0 else "")
    if trainable:
        row.append("-" if function else "Y" if layer.trainable else "N")
    rows = [tuple(row)]
    if expand and getattr(layer, "kind", None) in ("functional", "sequential"):
        for inner in _listed(layer):
            rows += _rows(layer, inner, branches, expand, trainable, depth + 1)
    return rows


def _shape(model: Any, layer: Operation) -> str:
    functional = model if model.kind == "functional" else getattr(model, "_functional", None)
    if functional is None:
        return "?"
    calls = functional.topology.calls_of(layer)
    return str(tree.map(lambda spec: spec.shape, calls[0].structure)) if calls else "?"


def _sources(model: Any, layer: Operation) -> str:
    calls = model.topology.calls_of(layer)
    return ", ".join(dict.fromkeys(f"{tensor.name}[{tensor.index}]" for call in calls for tensor in call.inputs)) or "-"


def _size(weights: list[Any]) -> str:
    size = float(sum(variable.spec.nbytes for variable in weights))
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            return f"{size:.2f} {unit}"
        size /= 1024
    raise AssertionError("unreachable: the last unit always returns")


def _line(row: Row, widths: list[int]) -> str:
    return "".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
