"""The base of custom recurrent cells in Keras 2."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.layers.layer import Layer


class AbstractRNNCell(Layer):
    """A recurrent cell of one's own: a subclass writes `state_size`, `output_size` and ``call(inputs, states)``.

    Today any layer with `state_size` and such a `call` is a cell.
    """

    def call(self, inputs: Any, states: Any) -> tuple[Any, Any]:
        """The output and the new states of one step."""
        raise NotImplementedError(f"{type(self).__name__} does not define call().")

    @property
    def state_size(self) -> Any:
        """Size of the state, or sizes of the states."""
        raise NotImplementedError(f"{type(self).__name__} does not define state_size.")

    @property
    def output_size(self) -> int:
        """Size of the output."""
        raise NotImplementedError(f"{type(self).__name__} does not define output_size.")

    def get_initial_state(self, inputs: Any = None, batch_size: int | None = None, dtype: Any = None) -> list[Any]:
        """States to start from: zeros."""
        batch = inputs.shape[0] if inputs is not None else batch_size
        sizes = self.state_size if isinstance(self.state_size, (list, tuple)) else [self.state_size]
        return [ops.zeros((batch, size), dtype or self.arithmetic_dtype) for size in sizes]
