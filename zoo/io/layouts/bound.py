"""What binding weights gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from zoo.io.layouts.arrangement import Steps
from zoo.io.tensors import TensorRecord

Key = tuple[tuple[str, ...], str]


class BoundWeights(dict[Key, TensorRecord]):
    """Tensors by canonical address: path of layer names from the model, and role inside the layer.

    A role is the name of the layer's weight (``kernel``); for weights of sublayers the path of attributes to it, lists
    by index: ``cell/kernel``, ``forward_layer/cell/kernel``, ``cell/cells/0/kernel``. Weights of layers whose class
    is not known are numbered: ``0``, ``1``.
    """


@dataclass(frozen=True)
class StoredArray:
    """An array of a file and the weight that it is a piece of; optimizers keep state of the same shape for it.

    Args:
        key: the weight's canonical address.
        name: what the file calls the array.
        shape: of the array in the file.
        steps: what turns an array of that shape into the canonical arrangement; see `arrangement.decoded`.
        block, blocks: which part of the weight it is, of how many along the last axis.
        trainable: whether the layer created the weight as trainable.
    """

    key: Key
    name: str
    shape: tuple[int, ...]
    steps: Steps = ()
    block: int = 0
    blocks: int = 1
    trainable: bool = True


@dataclass
class BindingReport:
    """What became of each weight of either side; addresses as ``layer/role`` or the file's own.

    Attributes:
        loaded: weights of the model that got a tensor.
        missing: weights of the model that the file lacks.
        unexpected: tensors of the file that the model has no place for.
        mismatched: pairs whose shapes differ, with both shapes.
        skipped: the same, where the caller wants them left alone.
        notes: how it was matched, and what was ambiguous.
        arrays: what each array of the file is, in the file's order, where files by layer or by number are bound.
    """

    loaded: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    mismatched: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    arrays: list[StoredArray] = field(default_factory=list)


def address(key: Key) -> str:
    """A key as text."""
    return "/".join((*key[0], key[1]))
