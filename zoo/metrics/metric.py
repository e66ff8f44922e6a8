"""The base of all metrics: what was seen so far, held in variables, and the figure that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo import initializers, naming, ops, serialization
from zoo.config import config as settings
from zoo.engine import dtypes
from zoo.engine.variable import Variable

Tensor = Any


class Metric:
    """A figure of merit over many batches.

    A subclass creates its variables in ``__init__`` with `add_weight`, adds a batch to them in `update_state`, and
    computes the figure in `result`, both written in `zoo.ops`. In a traced step the assignments become updates of the
    graph.

    Args:
        dtype: of its computations; `zoo.config.floatx` if None.
        name: for logs; made from the class name if None.

    Attributes:
        direction: ``up`` if more is better, ``down`` if less is, None if neither.
        takes_mask: whether `update_state` has the argument `mask`.

    Example:
        >>> class Peak(Metric):
        ...     def __init__(self, name="peak", dtype=None):
        ...         super().__init__(dtype, name)
        ...         self.peak = self.add_weight(name="peak")
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.peak.assign(ops.maximum(self.peak, ops.max(y_pred)))
        ...     def result(self):
        ...         return ops.convert_to_tensor(self.peak)
    """

    direction: str | None = None
    takes_mask = False
    written_unless: Mapping[str, Any] = {}                  # values that Keras leaves out of a config

    def __init__(self, dtype: Any = None, name: str | None = None):
        self.name = name or naming.unique_name(naming.to_snake_case(type(self).__name__))
        self.dtype = dtypes.standardize(dtype or settings.floatx)
        self._variables: list[Variable] = []

    def add_variable(self, shape: Any, initializer: Any = "zeros", dtype: Any = None,
                     name: str | None = None) -> Variable:
        """Creates a variable of the state.

        Args:
            shape: static shape.
            initializer: name, object or config; zeros if None. `reset_state` always sets zeros.
            dtype: `zoo.config.floatx` if None.
            name: what it is called inside the metric, as ``total``.
        """
        shape = (shape,) if isinstance(shape, int) else tuple(int(size) for size in shape)
        dtype = dtypes.standardize(dtype or settings.floatx)
        make = initializers.get(initializer or "zeros")
        variable = Variable(lambda: make(shape, dtype), shape, dtype, trainable=False, name=name or "variable")
        variable.path = f"{self.name}/{variable.name}"
        self._variables.append(variable)
        return variable

    def add_weight(self, shape: Any = (), initializer: Any = None, dtype: Any = None,
                   name: str | None = None) -> Variable:
        """Creates a variable of the state; as `add_variable`, with a scalar as the default."""
        return self.add_variable(shape, initializer, dtype, name)

    @property
    def variables(self) -> list[Variable]:
        """The state: its own variables in order of creation, then those of metrics that it holds."""
        held = [metric for metric in vars(self).values() if isinstance(metric, Metric)]
        return [*self._variables, *(variable for metric in held for variable in metric.variables)]

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Adds a batch to the state."""
        raise NotImplementedError(f"{type(self).__name__} does not define update_state().")

    def result(self) -> Tensor:
        """The figure for all batches since the last reset."""
        raise NotImplementedError(f"{type(self).__name__} does not define result().")

    def reset_state(self) -> None:
        """Forgets all batches: every variable becomes zero."""
        for variable in self.variables:
            variable.assign(ops.zeros(variable.shape, variable.dtype))

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """Adds a batch and gives the figure."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric: plain data."""
        config = {"name": self.name, "dtype": self.dtype, **serialization.config_of(self, skip=("name", "dtype"))}
        return {key: value for key, value in config.items()
                if key not in self.written_unless or value != self.written_unless[key]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """A metric of that config."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
