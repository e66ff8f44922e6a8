"""Weights of a file, in whatever layout, to the canonical addresses of a model."""

from __future__ import annotations

from zoo.errors import UnsupportedFile
from zoo.io.document import ModelRecord, WeightTree
from zoo.io.layouts.bind_by_layer import bind_by_layer
from zoo.io.layouts.bind_by_number import bind_by_number
from zoo.io.layouts.bind_by_path import bind_by_path
from zoo.io.layouts.bound import BindingReport, BoundWeights
from zoo.io.layouts.by_name import BY_KERAS_NAME, BY_NAME, bind_by_name
from zoo.io.layouts.match import Matches
from zoo.io.layouts.owners import owners_of

# Layout -> how it is bound, and which of `Slot.stored` a file in it must have.
_BINDERS = {"by_layer": (bind_by_layer, (0,)), "by_number": (bind_by_number, (0,)),
            "by_path": (bind_by_path, (1,)), BY_NAME: (bind_by_name, (0, 1)),
            BY_KERAS_NAME: (bind_by_name, (0,))}


def bind_weights(model: ModelRecord, tree: WeightTree, *, by_name: bool = False,
                 skip_mismatch: bool = False) -> tuple[BoundWeights, BindingReport]:
    """Finds the tensor for each weight of a model.

    Args:
        model: whose layers own the weights; those with `LayerRecord.weights` own these, others what their class has.
        tree: the file's weights.
        by_name: match layers by name only; otherwise by their order (or by the addresses that follow from it).
        skip_mismatch: report tensors of other shapes as skipped, not as mismatched. They are never bound.

    Returns:
        The bound tensors, and what became of each weight on either side.

    Raises:
        UnsupportedFile: the layout is not known here.

    Example:
        >>> bound, report = bind_weights(document.model, document.weights)      # doctest: +SKIP
        >>> bound[("dense",), "kernel"].read()                                  # doctest: +SKIP
    """
    if tree.layout not in _BINDERS:
        raise UnsupportedFile(f"expected weights in one of the layouts {', '.join(_BINDERS)}, received {tree.layout!r}")
    binder, due = _BINDERS[tree.layout]
    root = owners_of(model)
    matches = Matches(skip_mismatch)
    binder(root, tree, matches, by_name)
    return matches.result(root, due)
