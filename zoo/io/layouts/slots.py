"""State that an optimizer keeps for the arrays of a file, as state of a model's weights, and back.

A moment is arranged as its weight: rotated, transposed, in one array or in one for each gate. Optimizers of Keras 1 got
the arrays sorted by name, all others in the order of the file's trainable ones.

::

    arrays = trained_arrays(report.arrays, dialect)         # report: of bind_weights
    trained = [Trained(a.name, a.shape) for a in arrays]    # what decode_state and encode_state count by
    state = of_weights(decode_state(optimizer, eras, class_name, config, trained), arrays, keys)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zoo.errors import WeightsMismatch
from zoo.io.layouts.arrangement import decoded, divided, encoded, joined
from zoo.io.layouts.bound import Key, StoredArray, address
from zoo.io.tensors import TensorRecord

Address = tuple[str, "int | None"]


def trained_arrays(arrays: Sequence[StoredArray], dialect: str,
                   frozen: frozenset[Key] = frozenset()) -> list[StoredArray]:
    """The arrays of a file for which its optimizer keeps state, in the order in which it has them.

    Args:
        arrays: all of the file's; see `BindingReport.arrays`.
        dialect: of the file.
        frozen: weights in frozen layers.
    """
    changing = [array for array in arrays if array.trainable and array.key not in frozen]
    return sorted(changing, key=lambda array: array.name) if dialect == "keras1" else changing


def of_weights(state: Mapping[Address, TensorRecord], arrays: Sequence[StoredArray],
               keys: Sequence[Key]) -> dict[Address, TensorRecord]:
    """State by weight, in canonical arrangement, from state by array.

    Args:
        state: by slot and number of the array; what belongs to no array has the number None and stays as it is.
        arrays: as of `trained_arrays`.
        keys: the weights in the order in which the result counts them.

    Raises:
        WeightsMismatch: some gates of a weight have state and others do not.
    """
    number = {key: i for i, key in enumerate(keys)}
    found = {place: tensor for place, tensor in state.items() if place[1] is None}
    parts: dict[tuple[str, Key], dict[int, TensorRecord]] = {}
    for (slot, index), tensor in state.items():
        if index is not None and arrays[index].key in number:
            array = arrays[index]
            whole = tuple(tensor.shape) == array.shape      # what stands in for state that is not kept stays so
            parts.setdefault((slot, array.key), {})[array.block] = decoded(tensor, array.steps) if whole else tensor
    blocks = {array.key: array.blocks for array in arrays}
    for (slot, key), pieces in parts.items():
        if len(pieces) != blocks[key]:
            raise WeightsMismatch(f"{slot} of {address(key)}: expected state for {blocks[key]} gates, received "
                                  f"{len(pieces)}")
        found[slot, number[key]] = joined([pieces[block] for block in sorted(pieces)]) if len(pieces) > 1 else pieces[0]
    return found


def of_arrays(state: Mapping[Address, TensorRecord], arrays: Sequence[StoredArray],
              keys: Sequence[Key]) -> dict[Address, TensorRecord]:
    """The inverse of `of_weights`: state by array, arranged as in the file."""
    found = {place: tensor for place, tensor in state.items() if place[1] is None}
    slots = dict.fromkeys(slot for slot, index in state if index is not None)
    number = {key: i for i, key in enumerate(keys)}
    for slot in slots:
        for index, array in enumerate(arrays):
            tensor = state.get((slot, number[array.key])) if array.key in number else None
            if tensor is not None:
                part = tensor if array.blocks == 1 else divided(tensor, array.block, array.blocks)
                found[slot, index] = encoded(part, array.steps)
    return found
