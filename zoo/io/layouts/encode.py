"""Canonically addressed weights to the layouts of files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from zoo.errors import CannotExpress, UnsupportedFile
from zoo.io.document import Convention, ModelRecord, WeightGroup, WeightTree
from zoo.io.layouts.arrangement import OLD_DIALECTS
from zoo.io.layouts.bind_by_number import GRAPH
from zoo.io.layouts.bound import BoundWeights, Key, address
from zoo.io.layouts.by_name import BY_KERAS_NAME, BY_NAME, encode_by_name, named_by_keras
from zoo.io.layouts.names import names_for
from zoo.io.layouts.order import legacy_order
from zoo.io.layouts.owners import Owner, Slot, owners_of
from zoo.io.layouts.paths import addresses_of_parts, join
from zoo.io.layouts.pieces import old_names, pieces_of
from zoo.io.layouts.roles import is_adapter
from zoo.io.tensors import TensorRecord


# Layout -> those of `Slot.stored` that speak of it.
_PLACES = {"by_layer": (0,), "by_number": (0,), "by_path": (1,), BY_NAME: (0, 1),
           BY_KERAS_NAME: (0,)}


def encode_weights(weights: BoundWeights, model: ModelRecord, layout: str, dialect: str,
                   backend: str = "tensorflow") -> WeightTree:
    """Lays weights out as a Keras would.

    Args:
        model: whose weights they are.
        layout: ``by_layer`` (legacy HDF5), ``by_path`` (Keras 3), ``by_number`` (Keras 0) or ``by_name`` (canonical
            addresses).
        dialect: whose order and names of weights, and whose arrays: ``keras3``, ``tfkeras``, ``keras2``, ``keras1`` or
            ``keras0``.
        backend: whose arrays: ``tensorflow`` or ``theano``, as in `Convention`.

    Raises:
        CannotExpress: weights of the model are not among `weights`, or the layout has no place for some.
        UnsupportedFile: another layout.
    """
    if layout not in _PLACES:
        raise UnsupportedFile(f"expected a layout among {', '.join(_PLACES)}, received {layout!r}")
    root = owners_of(model)
    _settle(root, weights)
    convention = Convention(dialect, backend)
    groups = {"by_layer": lambda: _by_layer(root, weights, convention), "by_path": lambda: _by_path(root, weights),
              "by_number": lambda: _by_number(model, root, weights, convention),
              BY_NAME: lambda: encode_by_name(weights),
              BY_KERAS_NAME: lambda: named_by_keras(weights, root, dialect)}[layout]()
    _check(root, weights, _PLACES[layout])
    return WeightTree(layout, groups, convention=convention)


def _settle(root: Owner, weights: BoundWeights) -> None:
    """Gives objects of unknown classes the weights that were found for them."""
    for owner in root.walk():
        if owner.slots is None:
            owner.slots = [Slot(key, key[1].rpartition("/")[2], True, tuple(tensor.shape))
                           for key, tensor in weights.items()
                           if key[0] == owner.path and key[1].startswith(owner.prefix)]


def _check(root: Owner, weights: BoundWeights, places: tuple[int, ...]) -> None:
    slots = {slot.key: slot for slot in root.all_slots()}
    missing = [address(key) for key, slot in slots.items() if all(slot.stored[i] for i in places)
               and key not in weights and not _is_spent(slot)]
    outside = {slot.key for slot in root.slots or ()} if places == (0,) else {  # by layer, each has to be in a layer,
        key for key, slot in slots.items() if not any(slot.stored[i] for i in places)}  # and configs hold the rest
    homeless = [address(key) for key in weights if key not in slots or key in outside]
    if missing or homeless:
        lines = [f"missing: {name}" for name in missing] + [f"no place for: {name}" for name in homeless]
        raise CannotExpress("\n  ".join([f"expected all weights of the model and no others, received {len(weights)}:",
                                         *lines[:40]]))


def _named(weights: BoundWeights, slot: Slot, name: str) -> list[TensorRecord]:
    found = _tensor(weights, slot)
    return [] if found is None else [replace(found, name=name)]


def _tensor(weights: BoundWeights, slot: Slot) -> TensorRecord | None:
    if slot.key in weights:
        return weights[slot.key]
    return TensorRecord.of("", np.zeros(slot.shape, "float32")) if _is_spent(slot) else None


def _is_spent(slot: Slot) -> bool:
    """Whether it is an adapter, which may be 0: what it was is a part of the weight that it adapts."""
    return is_adapter(slot.name) and slot.shape is not None


def _by_layer(root: Owner, weights: BoundWeights, convention: Convention) -> list[WeightGroup]:
    return [WeightGroup(owner.name, _arrays(owner, weights, convention)) for owner in root.parts]


def _by_number(model: ModelRecord, root: Owner, weights: BoundWeights, convention: Convention) -> list[WeightGroup]:
    groups = [_arrays(owner, weights, convention) for owner in root.parts]
    if model.kind == "functional":                          # a `Graph`: all arrays in one group
        paths, groups = [GRAPH], [[tensor for group in groups for tensor in group]]
    else:
        paths = [f"layer_{number}" for number in range(len(groups))]
    return [WeightGroup(path, [replace(tensor, name=f"param_{i}") for i, tensor in enumerate(group)])
            for path, group in zip(paths, groups)]


def _arrays(owner: Owner, weights: BoundWeights, convention: Convention) -> list[TensorRecord]:
    """The arrays of a top-level layer, named and arranged as the convention has them."""
    slots = legacy_order(owner, convention.dialect == "keras3")
    pieces = pieces_of(owner, slots, convention)
    names = old_names(owner, pieces) if convention.dialect in OLD_DIALECTS else \
        names_for(owner, slots, convention.dialect)
    found = [(name, piece, _tensor(weights, piece.slot)) for name, piece in zip(names, pieces)]
    return [replace(piece.encoded(tensor), name=name) for name, piece, tensor in found if tensor is not None]


def _by_path(root: Owner, weights: BoundWeights) -> list[WeightGroup]:
    groups: list[WeightGroup] = []

    def visit(owner: Owner, base: str) -> None:
        numbered: dict[str, list[TensorRecord]] = {base: []}
        stored = [slot for slot in owner.slots or () if slot.stored[1]]
        for number, slot in enumerate(stored):
            below, own = _place(slot, owner, number)
            numbered.setdefault(join(base, below), []).extend(_named(weights, slot, own))
        groups.extend(WeightGroup(path, tensors, owner.name if path == base else None)
                      for path, tensors in numbered.items())
        for part, place in zip(owner.parts, addresses_of_parts(owner, base)):
            visit(part, place)
    visit(root, "")
    return groups


def _place(slot: Slot, owner: Owner, number: int) -> tuple[str, str]:
    """The address below the owner's, and the key there; weights of unknown objects have both in their role."""
    head, _, last = slot.key[1].removeprefix(owner.prefix).rpartition("/")
    return (head, last) if last.isdecimal() else ("", slot.file_key or str(number))
