"""Where the layout by path stores each object: the attributes that lead to it.

Lists hold their objects under snake-case class names, numbered from the second one of a class on:
``layers/dense``, ``layers/dense_1``. tf.keras 2.12 called the layers of a model ``_layer_checkpoint_dependencies``, a
dictionary that holds each layer with weights twice, so that numbers go up by two there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from zoo.io.layouts.owners import Owner
from zoo.naming import to_snake_case

HasWeights = Callable[[str], bool]
LAYERS_OF_TF_2_12 = "_layer_checkpoint_dependencies"


class ListNames:
    """Hands out the names of a list's objects."""

    def __init__(self) -> None:
        self._used: Counter[str] = Counter()

    def next(self, class_name: str) -> str:
        """The name of the next object, if it is of that class."""
        stem = to_snake_case(class_name)
        count = self._used[stem]
        self._used[stem] += 1
        return f"{stem}_{count}" if count else stem

    def skip(self, class_name: str) -> None:
        """Counts an object of that class without naming it."""
        self._used[to_snake_case(class_name)] += 1


def join(base: str, *names: str) -> str:
    """A path below `base`, which is empty for the model itself."""
    return "/".join(filter(None, (base, *names)))


def addresses_of_parts(owner: Owner, base: str, has_weights: HasWeights | None = None) -> list[str]:
    """The addresses of an owner's parts.

    Args:
        base: the address of the owner.
        has_weights: whether a file has weights at or below an address, where a file is read; chooses between
            spellings. None for those of Keras 3.15.
    """
    lists: dict[str, ListNames] = {}
    found = []
    for part in owner.parts:
        attribute = _attribute(part, base, has_weights)
        if not part.in_list:
            found.append(join(base, attribute))
            continue
        names = lists.setdefault(attribute, ListNames())
        place = join(base, attribute, names.next(part.class_name))
        if attribute == LAYERS_OF_TF_2_12 and has_weights is not None and has_weights(place):
            names.skip(part.class_name)
        found.append(place)
    return found


def _attribute(part: Owner, base: str, has_weights: HasWeights | None) -> str:
    if has_weights is None:
        return part.attribute[0]
    return next((name for name in part.attribute if has_weights(join(base, name))), part.attribute[0])
