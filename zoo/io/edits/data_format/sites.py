"""One layer in a conversion: its tensors, and what it may say of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zoo.io.edits.data_format.tensors import (Demand, Key, Layout, Layouts, Moved, Shape, Shuffled, around_steps,
                                               channel_move, normal, within_steps)

Change = Callable[[np.ndarray], np.ndarray]


class Lacking(Exception):
    """A layer cannot follow its tensors into another layout; the message tells why."""


@dataclass(frozen=True)
class Conversion:
    """What is converted into what.

    Args:
        source, target: data formats.
        shapes: of the original tensors, batch axis included.
        layouts: of the tensors, as far as they are known.
        yielding: addresses of layers that take their second choice; see `Demand`.
    """

    source: str
    target: str
    shapes: Mapping[Key, Shape]
    layouts: Layouts
    yielding: frozenset[str] = frozenset()


@dataclass
class Site:
    """One call of a layer.

    Args:
        class_name, config: of the layer.
        address: its path, for messages.
        inputs, outputs: tensors of the call.
        plan: what is converted.
        offset: how many axes behind the batch axis the layer does not see (the steps of a `TimeDistributed`).
        prefix: what the roles of its weights begin with.

    Attributes:
        changes: how weights change, by role.
    """

    class_name: str
    config: dict[str, Any]
    address: str
    inputs: list[Key]
    outputs: list[Key]
    plan: Conversion
    offset: int = 0
    prefix: str = ""
    changes: dict[str, Change] = field(default_factory=dict)

    @property
    def yields(self) -> bool:
        """Whether the layer has a second choice that it has not taken yet."""
        silent = self.class_name == "Flatten" and "data_format" not in self.config
        return (silent or self.class_name.endswith("1D")) and self.address not in self.plan.yielding

    @property
    def tensors(self) -> list[Key]:
        """Inputs and outputs."""
        return [*self.inputs, *self.outputs]

    def shape(self, key: Key) -> Shape:
        """The original shape of a tensor as the layer sees it."""
        shape = self.plan.shapes[key]
        return (shape[0], *shape[self.offset + 1:])

    def layout(self, key: Key) -> Layout:
        """The layout of a tensor as the layer sees it."""
        layout = self.plan.layouts.of(key)
        if isinstance(layout, Moved):
            for _ in range(self.offset):
                try:
                    layout = within_steps(layout)
                except ValueError as error:
                    raise Lacking(str(error)) from error
        return layout

    def demand(self, key: Key, layout: Layout) -> None:
        """Says which layout a tensor has to have."""
        for _ in range(self.offset):
            layout = around_steps(layout)
        self.plan.layouts.demand(key, Demand(normal(layout), self.address, self.yields))

    def stay(self) -> None:
        """Says that the tensors are as they were."""
        for key in self.tensors:
            self.demand(key, None)

    def change(self, role: str, change: Change) -> None:
        """Says how a weight changes."""
        self.changes[self.prefix + role] = change


@dataclass(frozen=True)
class Rule:
    """How a class of layers behaves.

    Args:
        constrain: says what the layer wants of its tensors; called again when more is known of them.
        rewrite: the new config, for the layouts that were found; weights are changed by `Site.change`.
    """

    constrain: Callable[[Site], None]
    rewrite: Callable[[Site], dict[str, Any]]


def data_format(config: Mapping[str, Any]) -> str:
    """That of a layer."""
    return config.get("data_format") or "channels_last"

def is_converted(site: Site) -> bool:
    """Whether a layer of images or sequences goes from one format to the other."""
    is_causal = site.config.get("padding") == "causal"      # which exists for channels_last only
    return data_format(site.config) == site.plan.source and site.address not in site.plan.yielding and not is_causal


def map_layout(site: Site, key: Key, lead: int = 1) -> Layout:
    """What becomes of a tensor with `lead` axes, spatial ones, and channels."""
    return channel_move(len(site.shape(key)), lead, site.plan.source)


# ---- activations

_ELEMENTWISE = frozenset("""
    celu elu exponential gelu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid mish
    relu relu6 selu sigmoid silu soft_shrink softplus softsign sparse_plus sparse_sigmoid squareplus swish tanh
    tanh_shrink threshold keras2>hard_sigmoid
    """.split())
_EQUIVARIANT = frozenset({"softmax", "log_softmax", "sparsemax"})       # on the last axis, whatever its order
ELEMENTWISE_LAYERS = frozenset("""
    ActivityRegularization AlphaDropout ELU GaussianDropout GaussianNoise Identity LeakyReLU ReLU ThresholdedReLU
    """.split())


def check_activation(config: Mapping[str, Any], layout: Layout, name: str = "activation") -> None:
    """Checks that the activation does the same in another layout.

    Raises:
        Lacking: it looks along an axis, or nobody knows what it does.
    """
    given = config.get(name)
    title = given.get("class_name", "") if isinstance(given, dict) else given
    if layout is None or title is None or title in ELEMENTWISE_LAYERS:
        return
    follows = title in _ELEMENTWISE or title in _EQUIVARIANT and isinstance(layout, Shuffled)
    if not follows:
        raise Lacking(f"{name} {title!r} works on the last axis, or is not known")
