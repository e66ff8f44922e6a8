"""Several cells as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import ops
from zoo.engine.spec import Shape
from zoo.layers.core.wrapper import build_held
from zoo.layers.layer import Layer, accepts
from zoo.layers.rnn import cell as single
from zoo.layers.rnn.sequence import Step, stepper


class StackedRNNCells(Layer):
    """Cells on top of each other: each takes the output of the one below. The state is the list of their states.

    Args:
        cells: the cells (or their records), the lowest first.
    """

    not_in_config = frozenset({"activity_regularizer"})

    def __init__(self, cells: Sequence[Any], **kwargs: Any):
        super().__init__(**kwargs)
        self.cells = [single.checked(cell) for cell in cells]

    @property
    def state_size(self) -> list[Any]:
        """Size of the state, or sizes of the states, of each cell."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> int:
        """Size of the output of the uppermost cell."""
        return _output_size(self.cells[-1])

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """States to start from, for each cell."""
        return [cell.get_initial_state(batch_size=batch_size) if hasattr(cell, "get_initial_state") else
                [ops.zeros((batch_size, size), self.arithmetic_dtype) for size in _sizes(cell)] for cell in self.cells]

    def build(self, input_shape: Shape) -> None:
        for cell in self.cells:
            if isinstance(cell, Layer):
                build_held(cell, input_shape)
            input_shape = (input_shape[0], _output_size(cell))

    def call(self, inputs: Any, states: list[Any], training: bool = False) -> tuple[Any, list[Any]]:
        return self.stepper(inputs, states, training)(inputs, states)

    def stepper(self, inputs: Any, states: list[Any], training: bool, constants: Any = None) -> Step:
        """One step of all cells; see `sequence.stepper`."""
        steps, x = [], inputs
        for cell, state in zip(self.cells, states):
            own = constants if accepts(type(cell), "constants") else None
            steps.append(stepper(cell, x, _as_list(state), training, own))
            x = steps[-1](x, _as_list(state))[0]            # for its shape alone

        def step(x: Any, before: list[Any]) -> tuple[Any, list[Any]]:
            after = []
            for one, state in zip(steps, before):
                x, new = one(x, _as_list(state))
                after.append(new if isinstance(state, (list, tuple)) else new[0])
            return x, after
        return step


def _as_list(state: Any) -> list[Any]:
    return list(state) if isinstance(state, (list, tuple)) else [state]


def _sizes(cell: Any) -> list[int]:
    return _as_list(cell.state_size)


def _output_size(cell: Any) -> int:
    return _sizes(cell)[0] if getattr(cell, "output_size", None) is None else cell.output_size
