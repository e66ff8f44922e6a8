"""Weights alone of early Keras, into models whose images have another order of dimensions, or flatten another way.

Keras 0 and 1 stored kernels in the order of the images (``th``: channels first, ``tf``: channels last), and before
Keras 2.2 images were flattened in the order they had; later releases flatten those with channels first as if these
were last. A file with an architecture says all that; of weights alone, the shapes of the kernels tell it. They are read
as those of the model that would have had them, and rewritten to the one that is there (`zoo.io.edits.data_format`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from zoo.io import layouts
from zoo.io.document import ModelDocument, ModelRecord, WeightTree
from zoo.io.edits.data_format import FORMATS, with_data_format
from zoo.io.layouts.arrangement import OLD_DIALECTS
from zoo.models.capture import shapes_of

FIRST, LAST = FORMATS
FLATTENS_CHANNELS_LAST = (2, 2)                             # the first release of Keras 2 that does


def as_built(model: Any, record: ModelRecord, document: ModelDocument,
             by_name: bool = False) -> tuple[ModelDocument, list[str]]:
    """The document with its weights as a model has them, and notes on what was rearranged.

    Args:
        model, record: the model, and its architecture.
        document: with the weights.
        by_name: whether they are matched by names of layers.

    Returns:
        The document itself, if there is nothing to rearrange.

    Raises:
        CannotExpress: the model has layers that cannot follow to another order.
    """
    tree, own = document.weights, _data_format(record)
    if document.model is not None or tree is None or own is None or not _flattened_as_it_was(tree):
        return document, []
    orders = {own: ModelDocument("memory", document.producer, model=record)}
    shapes = {own: shapes_of(model)}
    if _mismatches(record, tree, by_name):
        other = FORMATS[1 - FORMATS.index(own)]
        twin = with_data_format(orders[own], other, shapes[own])
        orders[other], shapes[other] = twin.document, twin.shapes
    order = min(orders, key=lambda order: _mismatches(orders[order].model, tree, by_name))
    written = _flattening_as_it_was(orders[order].model) if order == FIRST else orders[order].model
    if written == record:
        return document, []
    moved = replace(document, model=written, weights=_named(tree, written) if by_name else tree)
    known = shapes[order]
    for target in ([LAST] if order == FIRST else []) + ([FIRST] if own == FIRST else []):
        result = with_data_format(moved, target, known)
        moved, known = result.document, result.shapes
    return moved, [f"the file was taken for one of a model with {order}, of a Keras that flattened images in the order "
                   f"they had: its weights were rearranged for this model, with {own}"]


def _flattened_as_it_was(tree: WeightTree) -> bool:
    version = re.match(r"(\d+)\.(\d+)", tree.keras_version or "")
    early = version is not None and tuple(map(int, version.groups())) < FLATTENS_CHANNELS_LAST
    return tree.convention.dialect in OLD_DIALECTS or tree.convention.dialect == "keras2" and early


def _data_format(record: ModelRecord) -> str | None:
    """The one that all layers of images have, None if they differ or there are none."""
    named = {layer.config["data_format"] for _, layer in record.walk()
             if layer.config.get("data_format") in FORMATS and layer.class_name != "Flatten"}
    return named.pop() if len(named) == 1 else None


def _mismatches(record: ModelRecord | None, tree: WeightTree, by_name: bool) -> int:
    assert record is not None
    return len(layouts.bind_weights(record, tree, by_name=by_name)[1].mismatched)


def _flattening_as_it_was(record: ModelRecord | None) -> ModelRecord:
    """The model with images flattened in the order of their axes, whichever comes first."""
    assert record is not None
    changed = [replace(layer, config={**layer.config, "data_format": LAST}) if layer.class_name == "Flatten" else
               layer if layer.model is None else replace(layer, model=_flattening_as_it_was(layer.model))
               for layer in record.layers]
    return replace(record, layers=changed)


def _named(tree: WeightTree, record: ModelRecord) -> WeightTree:
    """The groups that have the name of a layer."""
    names = {layer.name for layer in record.layers}
    return replace(tree, groups=[group for group in tree.groups if group.path in names])
