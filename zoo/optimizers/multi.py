"""Different optimizers for different variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from typing import Any

from zoo import serialization
from zoo.engine.variable import Variable
from zoo.errors import ConfigError
from zoo.optimizers import registry
from zoo.optimizers.loss_scale import LossScaleOptimizer
from zoo.optimizers.optimizer import Optimizer, Tensor, Updates


class OptimizerMap(MutableMapping):
    """Optimizers by patterns of variable paths.

    Args:
        default_optimizer: for variables that no pattern matches.
        optimizer_map: pattern -> optimizer; a pattern matches a whole path, as ``encoder/.*``.

    Example:
        >>> by_path = OptimizerMap(SGD())
        >>> by_path["encoder/.*"] = Adam()
    """

    def __init__(self, default_optimizer: Any, optimizer_map: dict[str, Any] | None = None):
        self.default_optimizer = registry.get(default_optimizer)
        self.optimizer_map: dict[str, Optimizer] = {}
        for pattern, optimizer in (optimizer_map or {}).items():
            self[pattern] = registry.get(optimizer)

    def __getitem__(self, path: str) -> Optimizer:
        if path in self.optimizer_map:
            return self.optimizer_map[path]
        matching = [pattern for pattern in self.optimizer_map if re.fullmatch(pattern, path)]
        if len(matching) > 1:
            raise ConfigError(f"{path} matches several patterns: {', '.join(map(repr, matching))}.")
        return self.optimizer_map[matching[0]] if matching else self.default_optimizer

    def __setitem__(self, pattern: str, optimizer: Optimizer) -> None:
        if pattern in self.optimizer_map or not isinstance(pattern, str):
            raise ConfigError(f"Expected a new pattern, received {pattern!r}.")
        if not isinstance(optimizer, Optimizer) or isinstance(optimizer, (LossScaleOptimizer, MultiOptimizer)):
            raise ConfigError(f"Expected an optimizer that is none of others, received {optimizer!r}.")
        self.optimizer_map[pattern] = optimizer

    def __delitem__(self, pattern: str) -> None:
        del self.optimizer_map[pattern]

    def __iter__(self) -> Iterator[str]:
        return iter(self.optimizer_map)

    def __len__(self) -> int:
        return len(self.optimizer_map)

    def __call__(self, variable: Variable) -> Optimizer:
        """The optimizer of a variable."""
        return self[variable.path]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal map: plain data."""
        return serialization.config_of(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> OptimizerMap:
        """A map of that config."""
        return cls(**config)


class MultiOptimizer(Optimizer):
    """Lets each variable be changed by the optimizer that a map gives.

    Args:
        optimizer_map: a function from a variable to its optimizer, such as an `OptimizerMap`.
        loss_scale_factor: for all optimizers.
        name: as of `Optimizer`.
    """

    def __init__(self, optimizer_map: Any, loss_scale_factor: float | None = None, name: str | None = None):
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        self.optimizer_map = registry.get(optimizer_map)
        self.optimizers: list[Optimizer] = []
        self._of: dict[Variable, Optimizer] = {}
        known = self.optimizer_map.values() if hasattr(self.optimizer_map, "values") else ()
        for optimizer in (*known, getattr(self.optimizer_map, "default_optimizer", None)):
            if optimizer is not None:
                self._include(optimizer)

    def _include(self, optimizer: Any) -> Optimizer:
        if not isinstance(optimizer, Optimizer) or isinstance(optimizer, (LossScaleOptimizer, MultiOptimizer)):
            raise ConfigError(f"{self.name}: expected an optimizer that is none of others, received {optimizer!r}.")
        if all(optimizer is not known for known in self.optimizers):
            optimizer.loss_scale_factor = self.loss_scale_factor
            self.optimizers.append(optimizer)
        return optimizer

    def build(self, variables: Iterable[Variable]) -> None:
        """Builds each optimizer with its variables."""
        if self.built:
            return
        variables = list(variables)
        super().build(variables)
        self._of = {variable: self._include(self.optimizer_map(variable)) for variable in variables}
        for optimizer, own in self._parts(variables):
            optimizer.build(own)

    def _parts(self, variables: Iterable[Variable]) -> Iterator[tuple[Optimizer, list[Variable]]]:
        """Each optimizer that has some of the variables, with these."""
        variables = list(variables)
        for optimizer in self.optimizers:
            own = [variable for variable in variables if self._of[variable] is optimizer]
            if own:
                yield optimizer, own

    @property
    def variables(self) -> list[Variable]:
        """Its own, and those of all optimizers."""
        return [*super().variables, *(variable for optimizer in self.optimizers for variable in optimizer.variables)]

    @property
    def learning_rate(self) -> Any:
        """Has none; each of its optimizers does.

        Raises:
            ConfigError: always.
        """
        raise ConfigError(f"{self.name} has several optimizers, each with its learning rate: see `optimizers`.")

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        raise ConfigError(f"{self.name} has several optimizers, each with its learning rate: see `optimizers`.")

    def updates(self, gradients: Sequence[Tensor | None], variables: Sequence[Variable]) -> Updates:
        """The steps of all optimizers."""
        gradients, variables = self._matched(gradients, variables)
        by_variable = dict(zip(variables, gradients))
        new: Updates = {self._iterations: self._iterations + 1}
        for optimizer, own in self._parts(variables):
            new |= optimizer.updates([by_variable[variable] for variable in own], own)
        return new

    def finalize_variable_values(self, variables: Iterable[Variable]) -> None:
        """As each optimizer does with its own."""
        for optimizer, own in self._parts(variables):
            optimizer.finalize_variable_values(own)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, without its state: plain data."""
        return serialization.config_of(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> MultiOptimizer:
        """An optimizer of that config."""
        return cls(**config)
