"""``zoo convert --data-format``: the one change that needs a model, to know the shapes of its tensors."""

from __future__ import annotations

import sys

from zoo.io.document import ModelDocument
from zoo.io.edits.data_format import with_data_format
from zoo.models.tensor_shapes import tensor_shapes


def converted(document: ModelDocument, target: str) -> ModelDocument:
    """The document with images in that data format; tells which inputs and outputs have other axes now.

    Raises:
        CannotExpress: layers cannot follow; each is named.
        UnknownClass: the model holds layers that are not known.
    """
    made = with_data_format(document, target, tensor_shapes(document))
    for kind, orders in (("input", made.inputs), ("output", made.outputs)):
        for number, axes in enumerate(orders, start=1):
            if axes is not None:
                print(f"zoo: note: {kind} {number} has the axes {axes} of what it was", file=sys.stderr)
    return made.document
