"""Shapes of all tensors of a document's model, for rewrites of documents that have to know them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo.io.document import ModelDocument
from zoo.models import restore
from zoo.models.capture import Shapes, shapes_of


def tensor_shapes(document: ModelDocument, custom_objects: Mapping[str, Any] | None = None) -> Shapes:
    """The shape of each tensor, by the path of its model, its layer, and the numbers of the call and of the tensor.

    The model is built, without weights, and asked.

    Raises:
        UnknownClass, ConfigError: the model cannot be built.
    """
    return shapes_of(restore.model(document, custom_objects=custom_objects, with_weights=False))
