"""Files that layers keep beside their weights (vocabularies): from the members of an archive to layers, and back.

They lie under ``assets/`` at the addresses that weights have in the layout by path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zoo.io.document import ModelRecord, WeightTree
from zoo.io.layouts.owners import Owner, owners_of
from zoo.io.layouts.paths import HasWeights, addresses_of_parts

FOLDER = "assets/"
Files = Mapping[str, bytes]


def bind_assets(model: ModelRecord, files: Files, weights: WeightTree | None = None) -> dict[tuple[str, ...], Files]:
    """The files of each layer that has some, by the layer's path; their names are those below its address.

    Args:
        model: of the file.
        files: members of the archive by name.
        weights: of the file, which tell how it numbers its layers.
    """
    known = {folder for name in files for folder in _folders(name)}
    for group in weights.groups if weights is not None else ():
        known |= set(_folders(f"{FOLDER}{group.path}/")) if group.tensors else set()
    found = {}
    for owner, place in _layers(owners_of(model), "", known.__contains__):
        start = f"{FOLDER}{place}/"
        mine = {name.removeprefix(start): data for name, data in files.items() if name.startswith(start)}
        if mine:
            found[owner.path] = mine
    return found


def encode_assets(model: ModelRecord, files: Mapping[tuple[str, ...], Files]) -> dict[str, bytes]:
    """The members of an archive for the files of layers, by the path of the layer."""
    return {f"{FOLDER}{place}/{name}": data for owner, place in _layers(owners_of(model), "", None)
            for name, data in files.get(owner.path, {}).items()}


def _layers(owner: Owner, base: str, has_weights: HasWeights | None) -> Iterator[tuple[Owner, str]]:
    """The layers of a model and of the models inside, with their addresses."""
    for part, place in zip(owner.parts, addresses_of_parts(owner, base, has_weights)):
        if part.is_model:
            yield from _layers(part, place, has_weights)
        else:
            yield part, place


def _folders(name: str) -> list[str]:
    """The folders that hold the one in which a file lies: a file does not say that its layer has weights."""
    pieces = name.removeprefix(FOLDER).split("/")[:-1]
    return ["/".join(pieces[:end]) for end in range(1, len(pieces) + name.endswith("/"))]
