"""What layers add to the loss: penalties on outputs, penalties on weights, and whatever `call` adds itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from zoo import conventions, ops, tree
from zoo.engine import graph as graphs
from zoo.engine.symbolic import KerasTensor
from zoo.engine.tape import LiveGraph
from zoo.errors import ConfigError

Tensor = Any

_collected: ContextVar[list[Tensor] | None] = ContextVar("collected", default=None)
_keepers: ContextVar[list[Any] | None] = ContextVar("keepers", default=None)


@contextmanager
def collecting_penalties() -> Iterator[list[Tensor]]:
    """Inside, what layers add to the loss is collected in the list."""
    collected: list[Tensor] = []
    token = _collected.set(collected)
    try:
        yield collected
    finally:
        _collected.reset(token)


@contextmanager
def keeping_losses() -> Iterator[None]:
    """Inside a trace: layers keep what their calls add to the loss, as `WithLosses.losses`, until the end."""
    keepers: list[WithLosses] = []
    token = _keepers.set(keepers)
    try:
        yield
    finally:
        _keepers.reset(token)
        for layer in keepers:
            layer._added = []


class WithLosses:
    """Mixin of layers: `add_loss`, and the sum's terms as `losses`."""

    activity_regularizer: Any
    trainable_weights: list[Any]
    name: str

    def add_loss(self, loss: Any) -> None:
        """Adds to the loss that training minimises.

        Args:
            loss: a scalar tensor or a list of them, computed in `call` (or in `train_step`).

        Raises:
            ConfigError: it is a symbolic tensor, of no layer's call.
        """
        if any(isinstance(term, KerasTensor) for term in tree.leaves(loss)):
            raise ConfigError(f"{self.name}.add_loss received a symbolic tensor. A loss is added where data flow: "
                              f"write a layer whose call() computes it and says self.add_loss(...), or override "
                              f"compute_loss.")
        collected = _collected.get()
        if collected is not None:
            collected.extend(tree.leaves(loss))
        elif _matter():
            self._kept().extend(tree.leaves(loss))

    @property
    def losses(self) -> list[Tensor]:
        """Scalar tensors: what the last call added to the loss, and the penalties on trainable weights."""
        return [*self._kept(), *(v.regularizer(v) for v in self.trainable_weights if v.regularizer is not None)]

    @contextmanager
    def holding_losses(self) -> Iterator[None]:
        """Around a call: if it is the outermost one, what it adds to the loss is kept until the next."""
        if _collected.get() is not None or not _matter():
            yield
            return
        with collecting_penalties() as collected:
            yield
        self.take_losses(collected)

    def take_losses(self, added: list[Tensor]) -> None:
        """Makes these what the last call added to the loss."""
        self._added = added
        if (keepers := _keepers.get()) is not None:
            keepers.append(self)

    def penalize(self, outputs: Any) -> None:
        """Adds the penalty on the outputs to the loss, if one is being computed: the mean over the batch, today."""
        collected = _collected.get()
        if self.activity_regularizer is None or collected is None:
            return
        is_sum = conventions.current().activity_penalty == "sum"
        for output in tree.leaves(outputs):
            penalty = self.activity_regularizer(output)
            collected.append(penalty if is_sum else ops.divide(penalty, output.shape[0]))

    def _kept(self) -> list[Tensor]:
        return self.__dict__.setdefault("_added", [])


def _matter() -> bool:
    """Whether anybody can ask for losses: not where predictions are traced."""
    graph = graphs.current()
    return graph is None or isinstance(graph, LiveGraph) or _keepers.get() is not None
