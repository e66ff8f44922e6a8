"""Pairs of weights found so far, checked as they are made."""

from __future__ import annotations

from collections.abc import Iterable

from zoo.io.layouts.bound import BindingReport, BoundWeights, address
from zoo.io.layouts.owners import Owner, Slot
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
        self._skip_mismatch = skip_mismatch

    def pair(self, slot: Slot, tensor: TensorRecord) -> None:
        """Binds a tensor if its shape is right; a second one for the same weight is a copy of the first."""
        if slot.key in self.bound:
            return
        if slot.shape is not None and tuple(slot.shape) != tuple(tensor.shape):
            wrong = self.report.skipped if self._skip_mismatch else self.report.mismatched
            wrong.append(f"{address(slot.key)}: expected {tuple(slot.shape)}, received {tuple(tensor.shape)} "
                         f"({tensor.where or tensor.name})")
            self._refused.add(slot.key)
            return
        self.bound[slot.key] = tensor

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
