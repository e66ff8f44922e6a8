"""Which kernels exist for which primitive.

`REFERENCE` holds the definition of every primitive: ``fn(xp, *arrays, **attrs) -> array or tuple``, written once for
NumPy and CuPy through `xp`. `KERNELS` holds the fast ways to compute a node: each says which nodes it supports, and
binds to concrete buffers. Adding a kernel is adding a row; nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.errors import ConfigError

if TYPE_CHECKING:
    from zoo.engine.graph import Node

REFERENCE: dict[str, Callable[..., Any]] = {}


def reference(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers the decorated function as the definition of primitive `name`."""
    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        if name in REFERENCE:
            raise ConfigError(f"The primitive {name!r} already has a reference kernel.")
        REFERENCE[name] = function
        return function
    return enter


@dataclass(frozen=True)
class Packing:
    """A change of a weight before use: applied once in the prologue, shared by all threads and programs.

    Args:
        input: position of the node's input to replace.
        op: name of the primitive that makes the packed array.
        attrs: its attributes.
        seconds: estimate of what making it takes, which counts where the weight is another one in each run.
    """

    input: int
    op: str
    attrs: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class Kernel:
    """One way to compute a node.

    Args:
        op: the primitive.
        name: unique within `op`; with the family it names the kernel in `explain`.
        family: ``blas``, ``jit`` or ``cuda`` (the ``reference`` family is made from `REFERENCE`).
        supports: None if the kernel can compute the node, else the reason why not.
        cost: estimated seconds x constant; the cheapest supporting kernel wins.
        bind: ``bind(node, inputs, outputs) -> run``: `run()` reads the input buffers and fills the output buffers,
            all of them C-contiguous; `inputs` are packed, `node` is the node as it was before packing. What buffers
            hold is known to `run` only: a weight may be another one by then.
        packing: weights to transform beforehand.
        in_place: positions of the inputs whose memory the first output may take over if they are not needed again.
        tolerance: largest difference to the reference, relative to the scale of the output.
    """

    op: str
    name: str
    family: str
    supports: Callable[[Node], str | None]
    bind: Callable[[Node, Sequence[np.ndarray], Sequence[np.ndarray]], Callable[[], None]]
    cost: Callable[[Node], float] = lambda node: 1.0
    packing: Callable[[Node], Sequence[Packing]] = lambda node: ()
    in_place: Callable[[Node], Sequence[int]] = lambda node: ()
    tolerance: float = 1e-5

    @property
    def title(self) -> str:
        """``family.name``."""
        return f"{self.family}.{self.name}"


KERNELS: dict[str, list[Kernel]] = {}


def register(kernel: Kernel) -> Kernel:
    """Adds a kernel; a second one of the same family and name is an error."""
    rows = KERNELS.setdefault(kernel.op, [])
    if any(row.title == kernel.title for row in rows):
        raise ConfigError(f"The kernel {kernel.title} for {kernel.op!r} is already registered.")
    rows.append(kernel)
    return kernel
