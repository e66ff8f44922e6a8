"""How files arrange the numbers of a weight: which axes come first, rotated or not, in one array or in several.

The canonical arrangement is that of Keras 3 on TensorFlow. What differs from it is a table here: by class of the
owner, by weight, by dialect and backend, and by the data format of the layer. Everything can be undone, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zoo.io.document import Convention
from zoo.io.tensors import TensorRecord

Array = np.ndarray
Steps = tuple["Step", ...]


@dataclass(frozen=True)
class Step:
    """One reversible change of an array, from the file's arrangement towards the canonical one.

    Args:
        name: what it does, for people.
        decode, encode: the change, and what undoes it.
    """

    name: str
    decode: Callable[[Array], Array]
    encode: Callable[[Array], Array]


def _rotated(kernel: Array) -> Array:
    """A kernel (spatial..., in, out), with its spatial axes reversed."""
    return np.flip(kernel, tuple(range(kernel.ndim - 2)))


def _permutation(*axes: int) -> Step:
    back = tuple(int(axis) for axis in np.argsort(axes))
    return Step(f"axes in the order {axes}", lambda a: a.transpose(axes), lambda a: a.transpose(back))


ROTATION = Step("kernel rotated by 180 degrees", _rotated, _rotated)
_NO_WIDTH = Step("axis 1, of size 1, left out", lambda a: a.reshape(a.shape[:1] + a.shape[2:]),
                 lambda a: a.reshape(a.shape[:1] + (1,) + a.shape[1:]))


def decoded(tensor: TensorRecord, steps: Steps) -> TensorRecord:
    """The array of a file in canonical arrangement; it is read and changed when somebody asks for it."""
    return _changed(tensor, [step.decode for step in steps])


def encoded(tensor: TensorRecord, steps: Steps) -> TensorRecord:
    """A canonical array as a file has it."""
    return _changed(tensor, [step.encode for step in reversed(steps)])


def shape_after(shape: Sequence[int], steps: Steps) -> tuple[int, ...] | None:
    """The canonical shape of an array of that shape in a file; None if it does not have the axes for the steps."""
    array = _nothing(shape)
    try:
        for step in steps:
            array = step.decode(array)
    except ValueError:
        return None
    return array.shape


def _changed(tensor: TensorRecord, changes: Sequence[Callable[[Array], Array]]) -> TensorRecord:
    if not changes:
        return tensor
    load = tensor.load

    def changed(array: Array) -> Array:
        for change in changes:
            array = change(array)
        return array
    return replace(tensor, shape=changed(_nothing(tensor.shape)).shape,
                   load=lambda: np.ascontiguousarray(changed(load())), blocks=None)


def _nothing(shape: Sequence[int]) -> Array:
    """An array of that shape and no memory: what views do to it shows what they do to shapes."""
    return np.broadcast_to(np.zeros((), bool), tuple(shape))


def joined(blocks: Sequence[TensorRecord]) -> TensorRecord:
    """Several arrays as one, side by side along the last axis."""
    first, loads = blocks[0], [block.load for block in blocks]
    return replace(first, shape=(*first.shape[:-1], sum(block.shape[-1] for block in blocks)),
                   load=lambda: np.concatenate([load() for load in loads], axis=-1), blocks=None)


def divided(tensor: TensorRecord, block: int, blocks: int) -> TensorRecord:
    """One of the equal parts that an array has along the last axis."""
    size, load = tensor.shape[-1] // blocks, tensor.load
    return replace(tensor, shape=(*tensor.shape[:-1], size),
                   load=lambda: np.ascontiguousarray(load()[..., block * size:(block + 1) * size]), blocks=None)


# ---- which layers have kernels in another arrangement

# Theano's convolutions are true convolutions. The kernels of depthwise convolutions were rotated when they were used.
_ROTATED = {**dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "Conv3DTranspose"), {"kernel"}),
            **dict.fromkeys(("ConvLSTMCell", "ConvLSTM2DCell"), {"kernel", "recurrent_kernel"})}

# Kernels whose axes Keras 0 and 1 ordered as the layer's data, and whether they have the channels of the output last.
_OUTPUT_LAST = {("Conv2D", "kernel"): True, ("Conv3D", "kernel"): True, ("Conv2DTranspose", "kernel"): False,
                ("SeparableConv2D", "depthwise_kernel"): True, ("SeparableConv2D", "pointwise_kernel"): True,
                ("ConvLSTMCell", "kernel"): True, ("ConvLSTMCell", "recurrent_kernel"): True,
                ("ConvLSTM2DCell", "kernel"): True, ("ConvLSTM2DCell", "recurrent_kernel"): True}

# Sequences were images of width 1: (length, 1, in, out), and until Keras 1.1 (out, in, length, 1).
_SEQUENCE_KERNEL = (_NO_WIDTH,)
_OLD_SEQUENCE_KERNEL = (_permutation(2, 3, 1, 0), _NO_WIDTH)

OLD_DIALECTS = frozenset({"keras0", "keras1"})


def steps_of(class_name: str, variable: str, config: Mapping[str, Any], convention: Convention,
             shape: tuple[int, ...] | None = None) -> Steps:
    """What turns an array of a file into the canonical one.

    Args:
        class_name, variable, config: the owner of the weight, and the weight's name there.
        convention: whose arrays the file has.
        shape: of the array, where it exists: it tells old kernels from older ones.
    """
    steps: Steps = ()
    if convention.dialect in OLD_DIALECTS:
        steps = _old_axes(class_name, variable, config, convention, shape)
    if convention.backend == "theano" and variable in _ROTATED.get(class_name, ()):
        steps += (ROTATION,)
    return steps


def is_rotated_by_theano(class_name: str) -> bool:
    """Whether owners of that class have kernels that Theano stored rotated."""
    return class_name in _ROTATED


def _old_axes(class_name: str, variable: str, config: Mapping[str, Any], convention: Convention,
              shape: tuple[int, ...] | None) -> Steps:
    if (class_name, variable) == ("Conv1D", "kernel"):
        return _OLD_SEQUENCE_KERNEL if _is_older(shape, config, convention) else _SEQUENCE_KERNEL
    is_last = _OUTPUT_LAST.get((class_name, variable))
    if is_last is None:
        return ()
    rank = 3 if class_name == "Conv3D" else 2
    spatial = tuple(range(rank))
    if config.get("data_format") == "channels_first":       # (out, in, spatial...)
        behind = tuple(axis + 2 for axis in spatial)
        return (_permutation(*behind, 1, 0) if is_last else _permutation(*behind, 0, 1),)
    return () if is_last else (_permutation(*spatial, rank + 1, rank),)      # (spatial..., in, out)


def _is_older(shape: tuple[int, ...] | None, config: Mapping[str, Any], convention: Convention) -> bool:
    """Whether the kernel of a convolution of sequences is (out, in, length, 1)."""
    if shape is None or len(shape) != 4:
        return convention.dialect == "keras0"
    size = config.get("kernel_size")
    length = size[0] if isinstance(size, (list, tuple)) and size else size
    newer = shape[:2] == (length, 1) and shape[3] == config.get("filters", shape[3])
    return not newer and shape[3] == 1


# ---- which weights are divided into gates

# Gates from left to right, and in the order in which Keras 0 and 1 stored an array for each.
_GATES = {"LSTMCell": ("ifco", "icfo"), "ConvLSTMCell": ("ifco", "icfo"), "ConvLSTM2DCell": ("ifco", "icfo"),
          "GRUCell": ("zrh", "zrh")}


def gates_of(class_name: str) -> tuple[tuple[str, int], ...]:
    """The gates in the order in which Keras 0 and 1 kept their arrays, with their places from left to right; none if
    the class has no gates."""
    canonical, stored = _GATES.get(class_name, ("", ""))
    return tuple((gate, canonical.index(gate)) for gate in stored)
