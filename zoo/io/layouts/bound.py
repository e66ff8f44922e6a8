"""What binding weights gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from zoo.io.tensors import TensorRecord

Key = tuple[tuple[str, ...], str]


class BoundWeights(dict[Key, TensorRecord]):
    """Tensors by canonical address: path of layer names from the model, and role inside the layer.

    A role is the name of the layer's weight (``kernel``); for weights of sublayers the path of attributes to it, lists
    by index: ``cell/kernel``, ``forward_layer/cell/kernel``, ``cell/cells/0/kernel``. Weights of layers whose class
    is not known are numbered: ``0``, ``1``.
    """


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
    """

    loaded: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    mismatched: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def address(key: Key) -> str:
    """A key as text."""
    return "/".join((*key[0], key[1]))
