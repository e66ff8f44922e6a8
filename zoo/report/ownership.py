"""Which weights of a file belong to which layer, as far as the file and Keras's rules tell; nothing is built for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from zoo.errors import UnsupportedFile
from zoo.io.document import ModelDocument
from zoo.io.layouts import BindingReport, Key, bind_weights, owners_of
from zoo.io.layouts.owners import Owner

LayerPath = tuple[str, ...]


@dataclass(frozen=True)
class Ownership:
    """The owners of a document's weights.

    Args:
        keys: layer path and role of each tensor that has an owner, by its identity.
        sizes: number of scalars of each role.
        trainable: number of scalars that training would change; None if it is not known.
        problems: what does not fit together, as sentences.
    """

    keys: dict[int, Key] = field(default_factory=dict)
    sizes: dict[Key, int] | None = None
    trainable: int | None = None
    problems: tuple[str, ...] = ()

    def parameters(self, path: LayerPath) -> int | None:
        """Scalars of the layer at `path` and of all inside; None if the file does not tell."""
        if self.sizes is None:
            return None
        return sum(size for (owner, _), size in self.sizes.items() if owner[:len(path)] == path)


def ownership(document: ModelDocument) -> Ownership:
    """Finds the owners of all weights."""
    if document.model is None or document.weights is None:
        return Ownership()
    try:
        bound, report = bind_weights(document.model, document.weights)
    except UnsupportedFile as error:
        return Ownership(problems=(f"which weights belong to which layer is not known: {error}",))
    sizes = {key: tensor.size for key, tensor in bound.items()}
    changing = set(_trainable(owners_of(document.model), True))
    keys = {id(tensor): key for key, tensor in bound.items()}
    times = Counter(array.name for array in report.arrays)
    pieces = {array.name: array.key for array in report.arrays if times[array.name] == 1}   # a part of a weight each
    keys |= {id(tensor): pieces[tensor.name] for _, tensor in document.weights
             if id(tensor) not in keys and tensor.name in pieces}
    return Ownership(keys, sizes,
                     sum(size for key, size in sizes.items() if key in changing), tuple(_problems(report)))


def _trainable(owner: Owner, parent: bool) -> Iterator[Key]:
    """The weights that training would change: created as trainable, in layers none of which is frozen."""
    if parent and owner.trainable:
        yield from (slot.key for slot in owner.slots or () if slot.trainable)
        for part in owner.parts:
            yield from _trainable(part, True)


def _problems(report: BindingReport) -> Iterator[str]:
    yield from (f"the file lacks {name}" for name in report.missing)
    yield from (f"no layer owns {name}" for name in report.unexpected)
    yield from (f"a shape does not fit: {name}" for name in report.mismatched)
    yield from report.notes
