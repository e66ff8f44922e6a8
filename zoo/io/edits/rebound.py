"""Weights by their canonical addresses, for edits of the architecture that move, rename or drop them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from zoo.errors import CannotExpress
from zoo.io import layouts
from zoo.io.document import ModelDocument, ModelRecord, WeightTree
from zoo.io.layouts.bound import BoundWeights, Key
from zoo.io.layouts.by_name import BY_NAME, encode_by_name


def with_weights(document: ModelDocument, model: ModelRecord, moved: Callable[[Key], Key | None]) -> ModelDocument:
    """The document with another architecture, and its weights where they belong in that.

    Args:
        model: the new architecture.
        moved: from the address of a weight to its new one, or to None if it is dropped.

    Raises:
        CannotExpress: the weights of the document do not fit its architecture.
    """
    if document.weights is None or document.model is None:
        return replace(document, model=model)
    bound, report = layouts.bind_weights(document.model, document.weights)
    lost = [*(f"no place for: {name}" for name in report.unexpected), *report.mismatched]
    if lost:
        raise CannotExpress("\n  ".join([f"{document.path}: weights of the file do not fit its architecture:",
                                         *lost[:40]]))
    places = ((moved(key), tensor) for key, tensor in bound.items())
    kept = BoundWeights({place: tensor for place, tensor in places if place is not None})
    return replace(document, model=model, weights=WeightTree(BY_NAME, encode_by_name(kept)))
