"""A `ModelDocument` as plain data that JSON can hold: the one description that text and JSON are made of.

The keys are documented in ``docs/cli.md``; new ones may be added, those there are neither change nor go away.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from zoo import tree
from zoo.io.document import (
    LayerRecord,
    ModelDocument,
    ModelRecord,
    TensorRef,
    TrainingRecord,
    WeightTree,
)
from zoo.io.formats import CONTAINERS
from zoo.io.tensors import TensorRecord
from zoo.report.ownership import LayerPath, Ownership, ownership
from zoo.report.shapes import output_shapes
from zoo.report.statistics import statistics

SCHEMA = "zoo-inspect/1"

Description = dict[str, Any]


def describe(document: ModelDocument, *, with_statistics: bool = False) -> Description:
    """All that is known of a document.

    Args:
        with_statistics: whether to read every tensor, one at a time, for minimum, maximum and mean.
    """
    owned = ownership(document)
    return {
        "schema": SCHEMA,
        "path": document.path,
        "bytes": _file_size(document.path),
        "format": document.format,
        "title": CONTAINERS[document.format].title,
        "producer": asdict(document.producer),
        "model": None if document.model is None else _model(document.model, owned, ()),
        "weights": None if document.weights is None else _weights(document.weights, owned, with_statistics),
        "training": None if document.training is None else _training(document.training, with_statistics),
        "metadata": plain(document.metadata),
        "findings": [asdict(finding) for finding in document.findings]
        + [{"severity": "warning", "where": "weights", "message": problem} for problem in owned.problems],
    }


def _model(model: ModelRecord, owned: Ownership, path: LayerPath) -> Description:
    shapes = output_shapes(model)
    return {
        "kind": model.kind,
        "class_name": model.class_name,
        "name": model.name,
        "inputs": plain(model.inputs),
        "outputs": plain(model.outputs),
        "config": plain(model.config),
        "layers": [_layer(layer, shapes.get(layer.name), owned, (*path, layer.name)) for layer in model.layers],
    }


def _layer(layer: LayerRecord, shape: tuple[int | None, ...] | None, owned: Ownership,
           path: LayerPath) -> Description:
    sources = [[leaf for leaf in tree.leaves((call.args, call.kwargs)) if isinstance(leaf, TensorRef)]
               for call in layer.calls]
    return {
        "name": layer.name,
        "class_name": layer.class_name,
        "registered_name": layer.registered_name,
        "output_shape": plain(shape),
        "parameters": owned.parameters(path),
        "trainable": layer.trainable,
        "calls": [[source.layer for source in call] for call in sources],
        "sources": plain(sources),
        "config": plain(layer.config),
        "model": None if layer.model is None else _model(layer.model, owned, path),
    }


def _weights(weights: WeightTree, owned: Ownership, with_statistics: bool) -> Description:
    return {
        "layout": weights.layout,
        "backend": weights.backend,
        "keras_version": weights.keras_version,
        "count": weights.count,
        "parameters": sum(tensor.size for _, tensor in weights),
        "trainable_parameters": owned.trainable,
        "bytes": weights.nbytes,
        "tensors": [_tensor(tensor, with_statistics) | {"group": group.path} | _owner(tensor, owned)
                    for group, tensor in weights],
    }


def _owner(tensor: TensorRecord, owned: Ownership) -> Description:
    path, role = owned.keys.get(id(tensor), (None, None))
    return {"layer": None if path is None else "/".join(path), "role": role}


def _training(training: TrainingRecord, with_statistics: bool) -> Description:
    optimizer = training.optimizer
    return {
        "config": plain(training.config),
        "optimizer": None if optimizer is None else {
            "class_name": optimizer.class_name,
            "config": plain(optimizer.config),
            "tensors": [_tensor(tensor, with_statistics) for tensor in optimizer.tensors],
        },
        "metrics": [_tensor(tensor, with_statistics) | {"group": group.path}
                    for group in training.metrics for tensor in group.tensors],
    }


def _tensor(tensor: TensorRecord, with_statistics: bool) -> Description:
    found = statistics(tensor.read()) if with_statistics else None
    return {"name": tensor.name, "shape": list(tensor.shape), "dtype": tensor.dtype,
            **({"statistics": None if found is None else asdict(found)} if with_statistics else {})}


def plain(value: Any) -> Any:
    """The value in JSON's terms: references as ``[layer, call, output]``, bytes by their number, NaN as text."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, TensorRef):
        return [value.layer, value.node, value.tensor]
    if isinstance(value, bytes):
        return {"bytes": len(value)}
    if isinstance(value, (np.generic, np.ndarray)):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)


def walk_layers(model: Description, depth: int = 0) -> Iterator[tuple[int, Description]]:
    """Yields ``(depth, layer)`` for the layers of a described model, nested ones after the layer that holds them."""
    for layer in model["layers"]:
        yield depth, layer
        if layer["model"] is not None:
            yield from walk_layers(layer["model"], depth + 1)


def _file_size(path: str | None) -> int | None:
    """Bytes of a file, or of all files below a folder."""
    if path is None:
        return None
    found = Path(path)
    if not found.is_dir():
        return os.path.getsize(found)
    return sum(file.stat().st_size for file in found.rglob("*") if file.is_file())
