"""How the tensors of a rewritten model relate to those of the original: axes moved, features in another order.

Layers tie the layouts of their tensors together (a ReLU gives what it gets) or demand one (a convolution of images).
`Layouts` keeps both: tensors that have one layout are one class, and a class has the layout that is demanded of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Shape = tuple[int | None, ...]
Key = tuple[tuple[str, ...], str, int, int]                 # path of the model, layer, number of the call, tensor


@dataclass(frozen=True)
class Moved:
    """Axis i of the new tensor is axis ``axes[i]`` of the original."""

    axes: tuple[int, ...]

    def shape(self, shape: Sequence[int | None]) -> Shape:
        """The new shape for an original one."""
        return tuple(shape[axis] for axis in self.axes)

    def axis(self, axis: int) -> int:
        """The new place of an original axis; negative ones stay negative."""
        rank = len(self.axes)
        return self.axes.index(axis % rank) - (rank if axis < 0 else 0)


@dataclass(frozen=True)
class Shuffled:
    """Feature i, on the last axis, of the new tensor is feature ``order[i]`` of the original."""

    order: tuple[int, ...]


Layout = Moved | Shuffled | None                            # None: as it was


def normal(layout: Layout) -> Layout:
    """None for a layout that changes nothing."""
    order = () if layout is None else layout.axes if isinstance(layout, Moved) else layout.order
    return None if order == tuple(range(len(order))) else layout


def channel_move(rank: int, lead: int, source: str) -> Layout:
    """What becomes of a map (``lead`` axes, spatial..., channels), or with channels first if `source` says so."""
    front = tuple(range(lead))
    if source == "channels_last":
        return normal(Moved((*front, rank - 1, *range(lead, rank - 1))))
    return normal(Moved((*front, *range(lead + 1, rank), lead)))


def within_steps(layout: Layout) -> Layout:
    """The layout of one step of sequences that have a layout.

    Raises:
        ValueError: it moves the steps, or their features.
    """
    if layout is None:
        return None
    if isinstance(layout, Shuffled) or layout.axes[:2] != (0, 1):
        raise ValueError("the steps are not where they were")
    return normal(Moved((0, *(axis - 1 for axis in layout.axes[2:]))))


def around_steps(layout: Layout) -> Layout:
    """The layout of sequences whose steps have a layout; features in another order stay so."""
    return Moved((0, 1, *(axis + 1 for axis in layout.axes[1:]))) if isinstance(layout, Moved) else layout


def rearranged(ids: np.ndarray, layout: Layout) -> np.ndarray:
    """One sample's elements, without the batch axis, in another layout."""
    if isinstance(layout, Moved):
        return ids.transpose([axis - 1 for axis in layout.axes[1:]])
    return ids[..., list(layout.order)] if isinstance(layout, Shuffled) else ids


@dataclass(frozen=True)
class Demand:
    """A layout, and who wants it.

    Args:
        layer: as the user knows it.
        yields: whether the layer has a second choice: layers of sequences stay as they are, and a Flatten that does not
            name a data format gets one.
    """

    layout: Layout
    layer: str
    yields: bool = False


class Layouts:
    """Classes of tensors with one layout."""

    def __init__(self) -> None:
        self._parents: dict[Key, Key] = {}
        self._demands: dict[Key, dict[Layout, dict[str, Demand]]] = {}
        self.changes = 0

    def _root(self, key: Key) -> Key:
        while key in self._parents:
            key = self._parents[key]
        return key

    def join(self, *keys: Key) -> None:
        """Says that tensors have one layout."""
        first = self._root(keys[0])
        for key in keys[1:]:
            other = self._root(key)
            if other != first:
                self._parents[other] = first
                self.changes += 1
                for layout, by_layer in self._demands.pop(other, {}).items():
                    self._demands.setdefault(first, {}).setdefault(layout, {}).update(by_layer)

    def demand(self, key: Key, demand: Demand) -> None:
        """Says which layout a tensor has to have."""
        by_layer = self._demands.setdefault(self._root(key), {}).setdefault(demand.layout, {})
        if demand.layer not in by_layer:
            by_layer[demand.layer] = demand
            self.changes += 1

    def of(self, key: Key) -> Layout:
        """The layout of a tensor: that demanded, the first one that changes something if there are several."""
        wanted = self._demands.get(self._root(key), {})
        return next((layout for layout in wanted if layout is not None), None)

    def demands(self, key: Key) -> list[Demand]:
        """All that is wanted of a tensor."""
        return [demand for by_layer in self._demands.get(self._root(key), {}).values() for demand in by_layer.values()]

    def conflicts(self) -> list[list[Demand]]:
        """For each class of which several layouts are demanded, all who do."""
        return [[demand for by_layer in wanted.values() for demand in by_layer.values()]
                for wanted in self._demands.values() if len(wanted) > 1]
