"""Arrays of a file as pieces of a model's weights: most are a whole weight, those of old recurrent layers one gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from zoo.io.document import Convention
from zoo.io.layouts.arrangement import (OLD_DIALECTS, Steps, decoded, divided, encoded, gates_of, shape_after,
                                        steps_of)
from zoo.io.layouts.bound import Key, StoredArray
from zoo.io.layouts.names import unique
from zoo.io.layouts.owners import Owner, Slot
from zoo.io.tensors import TensorRecord

# What Keras 1 called the weights, before the name of the gate.
_OLD_VARIABLES = {"kernel": "W", "recurrent_kernel": "U", "bias": "b", "embeddings": "W", "alpha": "alphas",
                  "moving_mean": "running_mean", "moving_variance": "running_std"}

# Layers whose weights a dialect created in another order than all later ones.
_ORDERS = {("keras0", "Highway"): "W b W_carry b_carry"}


@dataclass(frozen=True)
class Piece:
    """A weight, or one of the equal parts that it has along its last axis, as a file arranges it.

    Args:
        slot: the weight.
        owner: whose weight it is.
        convention: the file's.
        block, blocks: which part of how many.
        gate: the name of the part.
    """

    slot: Slot
    owner: Owner = field(repr=False)
    convention: Convention
    block: int = 0
    blocks: int = 1
    gate: str = ""

    def steps(self, shape: tuple[int, ...] | None = None) -> Steps:
        """What turns an array of that shape in the file into the canonical one."""
        return steps_of(self.owner.class_name, self.slot.name, self.owner.config, self.convention, shape)

    def decoded(self, tensor: TensorRecord) -> TensorRecord:
        """The array of the file, in canonical arrangement."""
        return decoded(tensor, self.steps(tuple(tensor.shape)))

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of that shape in a file can be this piece."""
        found, expected = shape_after(shape, self.steps(shape)), self.slot.shape
        if found is None or expected is None:
            return found is not None
        return len(found) == len(expected) and (*found[:-1], found[-1] * self.blocks) == tuple(expected)

    def encoded(self, weight: TensorRecord) -> TensorRecord:
        """The file's array, from the whole canonical weight."""
        part = weight if self.blocks == 1 else divided(weight, self.block, self.blocks)
        return encoded(part, self.steps())

    def found_in(self, tensor: TensorRecord) -> StoredArray:
        """That an array of a file is this piece."""
        shape = tuple(tensor.shape)
        return StoredArray(self.slot.key, tensor.name, shape, self.steps(shape), self.block, self.blocks,
                           self.slot.trainable)


def pieces_of(owner: Owner, slots: Sequence[Slot], convention: Convention,
              by_gate: bool | None = None) -> list[Piece]:
    """The arrays in which a file of that convention has these weights.

    Args:
        owner: of all of them, itself or a part of it.
        slots: in the file's order.
        by_gate: whether each gate of a recurrent layer has arrays of its own in files of Keras 0 and 1; None for what
            the layer's `implementation` says: not with 2, which was ``consume_less="gpu"``.
    """
    owners = {slot.key: inner for inner in owner.walk() for slot in inner.slots or ()}
    slots = [other for slot in slots for other in _in_order(slot, owners[slot.key], convention)]
    return list(_pieces(slots, owners, convention, by_gate if convention.dialect in OLD_DIALECTS else False))


def _in_order(slot: Slot, owner: Owner, convention: Convention) -> Sequence[Slot]:
    """The weight, or in place of the first one of a layer all of them, where the dialect had its own order."""
    order = _ORDERS.get((convention.dialect, owner.class_name))
    if order is None or owner.slots is None:
        return (slot,)
    own = {other.name: other for other in owner.slots}
    return [own[name] for name in order.split() if name in own] if slot is owner.slots[0] else ()


def _pieces(slots: Sequence[Slot], owners: dict[Key, Owner], convention: Convention,
            by_gate: bool | None) -> Iterator[Piece]:
    done: set[Key] = set()
    for slot in slots:
        cell = owners[slot.key]
        split = cell.config.get("implementation") != 2 if by_gate is None else by_gate
        gates = gates_of(cell.class_name) if split else ()
        if not gates:
            yield Piece(slot, cell, convention)
        elif slot.key not in done:                          # all weights of the cell, one gate after the other
            mine = [other for other in slots if owners[other.key] is cell]
            done.update(other.key for other in mine)
            for gate, block in gates:
                yield from (Piece(other, cell, convention, block, len(gates), gate) for other in mine)


def old_names(owner: Owner, pieces: Sequence[Piece]) -> list[str]:
    """The names that Keras 1 on TensorFlow gave to the arrays of a top-level layer: ``gru_1_U_z:0``."""
    layers: dict[Key, str] = {}

    def visit(inner: Owner, name: str) -> None:
        layers.update(dict.fromkeys((slot.key for slot in inner.slots or ()), name))
        for part in inner.parts:                            # the cell of a layer is no layer of its own
            visit(part, name if gates_of(part.class_name) or part.class_name.endswith("Cell") else part.name)
    visit(owner, owner.name)
    return [f"{name}:0" for name in unique([f"{layers[piece.slot.key]}_{_old_variable(piece)}" for piece in pieces])]


def _old_variable(piece: Piece) -> str:
    name = _OLD_VARIABLES.get(piece.slot.name, piece.slot.name)
    return f"{name}_{piece.gate}" if piece.gate else name
