"""Weights stored by object path: `layers/dense/vars/0`."""

from __future__ import annotations

from zoo.io.document import WeightGroup, WeightTree
from zoo.io.layouts.match import Matches
from zoo.io.layouts.owners import Owner
from zoo.io.layouts.paths import addresses_of_parts, join


def bind_by_path(root: Owner, tree: WeightTree, matches: Matches, by_name: bool) -> None:
    """Follows the objects of the model through the file.

    Args:
        by_name: find layers by the name that files of Keras 3.6 and later store with each object, not by their number.
    """
    reader = _Reader(tree, matches, by_name)
    reader.visit(root, "")
    _share(root, matches)
    matches.leave(f"{group.path}/{tensor.name}".lstrip("/") for group, tensor in tree
                  if id(tensor) not in reader.used)
    if by_name and not reader.has_names:
        matches.note("the file stores no layer names: layers were found by their number, as Keras does")


class _Reader:
    """A walk through the objects of a model and the groups of a file at once."""

    def __init__(self, tree: WeightTree, matches: Matches, by_name: bool):
        self.groups = {group.path: group for group in tree.groups}
        self.matches = matches
        self.used: set[int] = set()
        self.has_names = any(group.name for group in tree.groups if group.path)
        self.by_name = by_name and self.has_names
        self._prefixes = {prefix for group in tree.groups if group.tensors for prefix in _prefixes(group.path)}

    def visit(self, owner: Owner, base: str) -> None:
        """Binds the weights of an object whose address is `base`, and of all inside."""
        if owner.slots is None:
            self._take_all(owner, base)
            return
        group = self.groups.get(base)
        if group is not None:
            self._bind(owner, group)
        addresses = addresses_of_parts(owner, base, self._prefixes.__contains__)
        if owner.is_model and self.by_name:
            addresses = self._named(owner, base)
        for part, place in zip(owner.parts, addresses):
            if place:
                self.visit(part, place)

    def _bind(self, owner: Owner, group: WeightGroup) -> None:
        stored = [slot for slot in owner.slots or () if slot.stored[1]]
        by_key = {slot.file_key or str(i): slot for i, slot in enumerate(stored)}
        for tensor in group.tensors:
            slot = by_key.get(tensor.name)
            if slot is not None:
                self.matches.pair(slot, tensor)
                self.used.add(id(tensor))

    def _take_all(self, owner: Owner, base: str) -> None:
        """Weights of an object of unknown class, by their place below its address."""
        for path, group in self.groups.items():
            if path == base or path.startswith(f"{base}/") or not base:
                for tensor in group.tensors:
                    self.matches.unknown(owner, join(path[len(base):].strip("/"), tensor.name), tensor)
                    self.used.add(id(tensor))

    def _named(self, owner: Owner, base: str) -> list[str]:
        """The addresses of a model's layers by their stored names; empty where the file has no such layer."""
        container = join(base, "layers")
        names = {group.name: path for path, group in self.groups.items() if path.rpartition("/")[0] == container}
        return [names.get(part.name, "") for part in owner.parts]


def _share(root: Owner, matches: Matches) -> None:
    """Gives the weights of a layer to layers of the same name elsewhere: files hold a shared layer once.

    The architecture shows a layer that is called both inside and outside of a nested model as two layers.
    """
    layers = [owner for owner in root.walk() if owner.path and not owner.prefix and not owner.is_model]
    found = {_identity(owner): owner for owner in reversed(layers)
             if any(slot.key in matches.bound for slot in owner.all_slots())}
    for owner in layers:
        source = found.get(_identity(owner))
        slots = owner.all_slots()
        if source is None or source is owner or any(slot.key in matches.bound for slot in slots):
            continue
        matches.note(f"{'/'.join(owner.path)}: stored once, with the layer {'/'.join(source.path)} that it is shared "
                     f"with")
        for slot, same in zip(slots, source.all_slots()):
            if same.key in matches.bound:
                matches.pair(slot, matches.bound[same.key])


def _identity(owner: Owner) -> tuple[object, ...]:
    return owner.name, owner.class_name, *(slot.key[1] for slot in owner.all_slots())


def _prefixes(path: str) -> list[str]:
    pieces = path.split("/")
    return ["/".join(pieces[:end]) for end in range(1, len(pieces) + 1)]
