"""Pairs of weights found so far, checked as they are made."""

from __future__ import annotations

from collections.abc import Iterable

from zoo.io.layouts.bound import BindingReport, BoundWeights, Key, address
from zoo.io.layouts.arrangement import joined, shape_after
from zoo.io.layouts.owners import Owner, Slot
from zoo.io.layouts.pieces import Piece
from zoo.io.tensors import TensorRecord


class Matches:
    """Collects what is bound, what differs, and what is left over.

    Args:
        skip_mismatch: as in `bind_weights`.
    """

    def __init__(self, skip_mismatch: bool):
        self.bound = BoundWeights()
        self.report = BindingReport()
        self._refused: set[object] = set()
        self._parts: dict[Key, dict[int, TensorRecord]] = {}
        self._skip_mismatch = skip_mismatch

    def pair(self, slot: Slot, tensor: TensorRecord) -> None:
        """Binds a tensor if its shape is right; a second one for the same weight is a copy of the first."""
        if slot.key in self.bound:
            return
        if slot.shape is not None and tuple(slot.shape) != tuple(tensor.shape):
            self._refuse(slot.key, f"expected {tuple(slot.shape)}, received {tuple(tensor.shape)} "
                                   f"({tensor.where or tensor.name})")
            return
        self.bound[slot.key] = tensor

    def pair_piece(self, piece: Piece, tensor: TensorRecord) -> None:
        """Binds an array that a file arranges in its own way; parts of a weight once all of them are there."""
        key, source = piece.slot.key, tensor.where or tensor.name
        self.report.arrays.append(piece.found_in(tensor))
        if shape_after(tensor.shape, piece.steps(tuple(tensor.shape))) is None:
            self._refuse(key, f"its axes cannot be those of a {piece.owner.class_name} of {piece.convention.dialect}, "
                              f"received {tuple(tensor.shape)} ({source})")
            return
        found = piece.decoded(tensor)
        if piece.blocks == 1:
            self.pair(piece.slot, found)
            return
        parts = self._parts.setdefault(key, {})
        parts[piece.block] = found
        if len(parts) < piece.blocks:
            return
        shapes = {tuple(part.shape) for part in parts.values()}
        if len(shapes) == 1:
            self.pair(piece.slot, joined([parts[block] for block in range(piece.blocks)]))
        else:
            self._refuse(key, f"expected gates of one shape, received {sorted(shapes)} ({source})")

    def _refuse(self, key: Key, text: str) -> None:
        wrong = self.report.skipped if self._skip_mismatch else self.report.mismatched
        wrong.append(f"{address(key)}: {text}")
        self._refused.add(key)

    def unknown(self, owner: Owner, role: str, tensor: TensorRecord) -> None:
        """Binds a weight of an object whose weights are not known."""
        self.bound[owner.path, f"{owner.prefix}{role}"] = tensor

    def leave(self, places: Iterable[str]) -> None:
        """Notes tensors of the file that fit nowhere."""
        self.report.unexpected += places

    def note(self, text: str) -> None:
        """Notes how something was matched."""
        self.report.notes.append(text)

    def result(self, root: Owner, due: tuple[int, ...]) -> tuple[BoundWeights, BindingReport]:
        """The bound weights in the model's order, and the report.

        Args:
            due: those of `Slot.stored` that all say so, where the file should have a weight.
        """
        slots = root.all_slots()
        order = {slot.key: i for i, slot in enumerate(slots)}
        bound = BoundWeights(sorted(self.bound.items(), key=lambda item: order.get(item[0], len(order))))
        self.report.loaded = [address(key) for key in bound]
        self.report.missing = [address(slot.key) for slot in slots if slot.key not in bound
                               and slot.key not in self._refused and all(slot.stored[i] for i in due)]
        return bound, self.report
