"""Weights stored by name alone, in no particular order: safetensors, npz, TensorFlow.js.

The names that zoo writes are canonical addresses, ``layer/role`` (``block/dense/kernel`` for a layer in a nested
model). Names of Keras are understood as well where they tell one weight only: ``lstm/lstm_cell/kernel``, and without
the part before the last, as TensorFlow.js shortens them, ``lstm/kernel``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from zoo.errors import CannotExpress
from zoo.io.document import WeightGroup, WeightTree
from zoo.io.layouts.bound import BoundWeights, Key, address
from zoo.io.layouts.match import Matches
from zoo.io.layouts.names import names_for
from zoo.io.layouts.owners import Owner, Slot
from zoo.io.tensors import TensorRecord

BY_NAME = "by_name"
BY_KERAS_NAME = "by_keras_name"                 # the same, under the names that Keras gives to its variables

Naming = Callable[[Owner, list[Slot]], list[str]]


def bind_by_name(root: Owner, tree: WeightTree, matches: Matches, by_name: bool) -> None:
    """Gives each weight the tensor with its name; by which of its names, is decided for each tensor."""
    del by_name                                                     # there is nothing else to go by
    namings = [_meanings(root, naming) for naming in _NAMINGS]
    left = []
    for group, tensor in tree:
        name = tensor.name.partition(":")[0]
        slots = (meanings[name] for meanings in namings if len(meanings.get(name, ())) == 1)
        found = next((slot for [slot] in slots if slot.key not in matches.bound), None)
        if found is not None:
            matches.pair(found, tensor)
        else:
            left.append(tensor)
    matches.leave(tensor.name for tensor in _bind_unknown(root, left, matches))


def encode_by_name(weights: BoundWeights) -> list[WeightGroup]:
    """The weights under their canonical addresses, those of one layer together.

    Raises:
        CannotExpress: two weights have one address, since a layer's name holds a slash.
    """
    named = {}
    for key, tensor in weights.items():
        if address(key) in named:
            raise CannotExpress(f"two weights would be called {address(key)!r}; rename one of the layers: "
                                "zoo convert --rename-layer OLD=NEW")
        named[address(key)] = replace(tensor, name=address(key))
    return grouped(named.values())


def named_by_keras(weights: BoundWeights, root: Owner, dialect: str) -> list[WeightGroup]:
    """The weights under the names that a Keras gives to its variables, without TensorFlow's output number.

    Raises:
        CannotExpress: two weights have one name.
    """
    named = {}
    for owner in root.parts:
        slots = [slot for slot in owner.all_slots() if slot.key in weights]
        for slot, name in zip(slots, _by_keras(dialect)(owner, slots), strict=True):
            if name in named:
                raise CannotExpress(f"two weights would be called {name!r}: layers of nested models have the same "
                                    "name; rename one: zoo convert --rename-layer OLD=NEW")
            named[name] = replace(weights[slot.key], name=name)
    return grouped(named.values())


def grouped(tensors: Iterable[TensorRecord]) -> list[WeightGroup]:
    """Consecutive tensors whose names differ in the last part only, as groups called by what they share."""
    groups: list[WeightGroup] = []
    for tensor in tensors:
        path = tensor.name.rpartition("/")[0]
        if not groups or groups[-1].path != path:
            groups.append(WeightGroup(path, []))
        groups[-1].tensors.append(tensor)
    return groups


def _meanings(root: Owner, naming: Naming) -> dict[str, list[Slot]]:
    found: dict[str, dict[Key, Slot]] = {}
    for owner in root.parts:
        slots = owner.all_slots()
        for name, slot in zip(naming(owner, slots), slots, strict=True):
            found.setdefault(name, {})[slot.key] = slot
    return {name: list(slots.values()) for name, slots in found.items()}


def _addresses(owner: Owner, slots: list[Slot]) -> list[str]:
    return [address(slot.key) for slot in slots]


def _by_keras(dialect: str) -> Naming:
    return lambda owner, slots: [name.removesuffix(":0") for name in names_for(owner, slots, dialect)]


def _shortened(owner: Owner, slots: list[Slot]) -> list[str]:
    pieces = [name.split("/") for name in _by_keras("tfkeras")(owner, slots)]
    return ["/".join([*parts[:-2], parts[-1]]) if len(parts) > 2 else "/".join(parts) for parts in pieces]


_NAMINGS: tuple[Naming, ...] = (_addresses, _by_keras("tfkeras"), _by_keras("keras2"), _by_keras("keras3"), _shortened)


def _bind_unknown(root: Owner, tensors: list[TensorRecord], matches: Matches) -> list[TensorRecord]:
    """Gives objects of unknown classes what is called after them; what is left."""
    for owner in (owner for owner in root.walk() if owner.slots is None):
        start = "".join(f"{name}/" for name in owner.path) + owner.prefix
        mine = [tensor for tensor in tensors if tensor.name.startswith(start)]
        for tensor in mine:
            matches.unknown(owner, tensor.name[len(start):], tensor)
        tensors = [tensor for tensor in tensors if not any(tensor is other for other in mine)]
    return tensors
