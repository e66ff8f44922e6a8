"""The base of all optimizers: what surrounds a formula."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo import naming, ops, serialization
from zoo.config import config as settings
from zoo.engine import dtypes
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, ShapeError
from zoo.optimizers import clipping, older_keras, schedules

Tensor = Any
Updates = dict[Variable, Tensor]
BASE_CONFIG = ("name", "learning_rate", "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema",
               "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps")


@dataclass(frozen=True)
class Slot:
    """A state that an optimizer keeps beside a trained variable.

    Args:
        key: what the formula calls it, and the end of its name.
        initial: its first value; None for that of the variable.
        shape, dtype: those of the variable if None.
        name: its whole name, if that is not made from the variable's path and the key.
    """

    key: str
    initial: float | None = 0.0
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    name: str | None = None


class Optimizer:
    """Changes variables along their gradients.

    A subclass says in `slots` what it keeps beside each variable, and in `step` how a variable and its slots follow
    from each other. Everything else is here: clipping, weight decay, gradient accumulation, moving averages,
    constraints. Nothing is changed on the way: `updates` gives all new values, `apply` assigns them (in a traced step
    the assignments become updates of the graph).

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        weight_decay: the share of a variable, times the learning rate, that each step takes away from it.
        clipnorm: largest norm of each gradient.
        clipvalue: largest size of each element of the gradients.
        global_clipnorm: largest norm of all gradients together.
        use_ema: whether moving averages of the variables are kept.
        ema_momentum: how much of an average stays in each step, from 0 to 1.
        ema_overwrite_frequency: after how many steps variables become their averages; only at the end if None.
        loss_scale_factor: by which the loss is multiplied (see `scale_loss`), and the gradients are divided.
        gradient_accumulation_steps: after how many calls the variables change, by the mean of the gradients.
        name: for its variables; made from the class name if None.
        **old: arguments of older Keras (``lr``, ``decay``), with a warning.

    Raises:
        ConfigError: an argument makes no sense, or more than one sort of clipping is asked for.
    """

    def __init__(self, learning_rate: Any, weight_decay: float | None = None, clipnorm: float | None = None,
                 clipvalue: float | None = None, global_clipnorm: float | None = None, use_ema: bool = False,
                 ema_momentum: float = 0.99, ema_overwrite_frequency: int | None = None,
                 loss_scale_factor: float | None = None, gradient_accumulation_steps: int | None = None,
                 name: str | None = None, **old: Any):
        self.name = name or naming.unique_name(naming.to_snake_case(type(self).__name__))
        self.weight_decay, self.loss_scale_factor = weight_decay, loss_scale_factor
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum, self.ema_overwrite_frequency = use_ema, ema_momentum, ema_overwrite_frequency
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_arguments()
        self.built = False
        self.scope = self.name                              # where variables of `build` are
        self._variables: list[Variable] = []
        self._trained: list[Variable] = []
        self._slots: dict[Variable, dict[str, Variable]] = {}
        self._undecayed: tuple[set[Variable], re.Pattern[str] | None] = (set(), None)
        self._iterations = self.add_variable((), dtype="int64", name="iteration")
        rate = older_keras.from_arguments(type(self).__name__, learning_rate, old)
        self._learning_rate = rate if callable(rate) else self._rate_variable(rate)

    def _check_arguments(self) -> None:
        clips = [name for name in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(self, name) is not None]
        if len(clips) > 1:
            raise ConfigError(f"Only one sort of clipping is possible at a time. Received: {', '.join(clips)}")
        steps = self.gradient_accumulation_steps
        if steps is not None and (not isinstance(steps, int) or steps < 2):
            raise ConfigError(f"`gradient_accumulation_steps` must be an integer, at least 2. Received: {steps!r}")
        if self.use_ema and not 0 <= self.ema_momentum <= 1:
            raise ConfigError(f"`ema_momentum` must be between 0 and 1. Received: {self.ema_momentum!r}")
        frequency = self.ema_overwrite_frequency
        if self.use_ema and frequency is not None and (not isinstance(frequency, int) or frequency < 1):
            raise ConfigError(f"`ema_overwrite_frequency` must be an integer, at least 1. Received: {frequency!r}")

    def _rate_variable(self, rate: Any) -> Variable:
        if isinstance(rate, bool) or not isinstance(rate, (int, float, np.number)):
            raise ConfigError(f"`learning_rate` must be a number, a schedule or a function without arguments. "
                              f"Received: learning_rate={rate!r}")
        return self.add_variable((), float(rate), settings.floatx, "learning_rate")

    # ---- what a subclass writes

    def slots(self, variable: Variable) -> Sequence[Sequence[Slot]]:
        """Groups of slots of a variable; variables get those of the first group, one by one, then those of the next."""
        return ()

    def step(self, variable: Tensor, gradient: Tensor, slots: dict[str, Tensor], rate: Tensor,
             t: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The formula.

        Args:
            variable, gradient: of one dtype, as are all arguments.
            slots: by key.
            rate: the learning rate.
            t: how many steps there are, with this one.

        Returns:
            The new value of the variable, and those of its slots by key.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define step().")

    def shared_updates(self, t: Tensor) -> Updates:
        """New values of states that belong to no variable."""
        return {}

    # ---- variables

    def add_variable(self, shape: Sequence[int], initial: Any = 0.0, dtype: str | None = None,
                     name: str = "variable") -> Variable:
        """Creates a variable of the optimizer.

        Args:
            shape: static shape.
            initial: a number, or an array of that shape.
            dtype: `zoo.config.floatx` if None.
            name: what it is called inside the optimizer.
        """
        dtype = dtypes.standardize(dtype or settings.floatx)
        value = np.broadcast_to(np.asarray(initial, dtypes.storage(dtype)), tuple(shape)).copy()
        variable = Variable(value, dtype=dtype, trainable=False, name=name)
        variable.path = f"{self.scope}/{name}"
        self._variables.append(variable)
        return variable

    def _add_slot(self, variable: Variable, slot: Slot) -> Variable:
        shape = variable.shape if slot.shape is None else slot.shape
        initial = variable.numpy() if slot.initial is None else slot.initial
        name = slot.name or f"{variable.path.replace('/', '_')}_{slot.key}"
        return self.add_variable(shape, initial, slot.dtype or variable.dtype, name)

    def build(self, variables: Iterable[Variable]) -> None:
        """Creates the slots of the variables that will be trained; does nothing the second time."""
        if self.built:
            return
        self._trained = list(variables)
        self._slots = {variable: {} for variable in self._trained}
        common = {"average": self.use_ema, "gradient_accumulator": bool(self.gradient_accumulation_steps)}
        first = [(Slot(key),) for key, kept in common.items() if kept]
        groups = [[*first, *self.slots(variable)] for variable in self._trained]
        for group in zip(*groups):
            for variable, slots in zip(self._trained, group):
                self._slots[variable] |= {slot.key: self._add_slot(variable, slot) for slot in slots}
        self.built = True

    @property
    def variables(self) -> list[Variable]:
        """Its state, in Keras's order: iteration, learning rate if that is a number, then what `build` created."""
        return list(self._variables)

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Assigns all its variables, in the order of `variables`; nothing is changed if one does not fit.

        Raises:
            ShapeError: another number of them, or other shapes; all differences are listed.
        """
        variables = self.variables
        wrong = [f"{variable.path}: expected {variable.shape}, received {np.shape(weight)}"
                 for variable, weight in zip(variables, weights) if np.shape(weight) != variable.shape]
        if wrong or len(variables) != len(weights):
            raise ShapeError(f"Weights do not fit the optimizer {self.name!r}: expected {len(variables)}, received "
                             f"{len(weights)}." + "".join(f"\n  {line}" for line in wrong))
        for variable, weight in zip(variables, weights):
            variable.assign(np.asarray(weight))

    @property
    def iterations(self) -> Tensor:
        """How many steps changed the variables."""
        steps = self.gradient_accumulation_steps
        return ops.floor_divide(self._iterations, steps) if steps else self._iterations

    @property
    def learning_rate(self) -> Any:
        """The learning rate: a variable if it was given as a number, otherwise its present value.

        Raises:
            ConfigError: when set to a number although it is a schedule or a function.
        """
        if isinstance(self._learning_rate, schedules.LearningRateSchedule):
            return self._learning_rate(self._iterations)
        return self._learning_rate if isinstance(self._learning_rate, Variable) else self._learning_rate()

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        if isinstance(self._learning_rate, Variable):
            if not callable(rate):
                self._learning_rate.assign(ops.cast(rate, self._learning_rate.dtype))
                return
            self._variables.remove(self._learning_rate)
        elif not callable(rate):
            raise ConfigError(f"The learning rate of {self.name!r} is {self._learning_rate!r}, which cannot be set to "
                              f"a number: make the optimizer with a number, or set another schedule.")
        self._learning_rate = rate

    # ---- a step

    def apply(self, gradients: Sequence[Tensor | None], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Does a step.

        Args:
            gradients: for each variable; None where there is none, with a warning.
            trainable_variables: those that the optimizer was built with, or some of them; all if None. Builds it the
                first time.

        Raises:
            ConfigError: unknown variables, another number of gradients, or none at all.
        """
        if trainable_variables is None and not self.built:
            raise ConfigError(f"{self.name} is not built: say which variables the gradients belong to, or build it.")
        variables = self._trained if trainable_variables is None else list(trainable_variables)
        self.build(variables)
        for variable, value in self.updates(gradients, variables).items():
            variable.assign(value)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Tensor, Variable]]) -> None:
        """Does a step with pairs of gradient and variable."""
        gradients, variables = zip(*grads_and_vars)
        self.apply(gradients, variables)

    def updates(self, gradients: Sequence[Tensor | None], variables: Sequence[Variable]) -> Updates:
        """The new values of all variables and states after a step, which is not done; arguments as of `apply`."""
        gradients, variables = self._matched(gradients, variables)
        if self.loss_scale_factor is not None:
            gradients = [gradient / self.loss_scale_factor for gradient in gradients]
        new = (self._accumulated if self.gradient_accumulation_steps else self._descended)(gradients, variables)
        if self.use_ema:
            new |= self._averaged(new)
        for variable in variables:
            if variable.constraint is not None:
                new[variable] = variable.constraint(new[variable])
        return new | {self._iterations: self._iterations + 1}

    def _matched(self, gradients: Sequence[Tensor | None],
                 variables: Sequence[Variable]) -> tuple[list[Tensor], list[Variable]]:
        """Gradients and variables without those that have no gradient."""
        if len(gradients) != len(variables):
            raise ConfigError(f"{self.name}: received {len(gradients)} gradients for {len(variables)} variables.")
        unknown = [variable.path for variable in variables if variable not in self._slots]
        if unknown:
            raise ConfigError(f"{self.name} was not built with {', '.join(unknown)}: make a new optimizer for other "
                              f"variables.")
        missing = [v.path for gradient, v in zip(gradients, variables) if gradient is None]
        if missing and len(missing) == len(variables):
            raise ConfigError(f"{self.name}: no variable has a gradient: does the loss depend on "
                              f"{', '.join(missing)}?")
        if missing:
            warnings.warn(f"{self.name}: no gradient, and so no change, for {', '.join(missing)}.", stacklevel=4)
        pairs = [(gradient, v) for gradient, v in zip(gradients, variables) if gradient is not None]
        return [gradient for gradient, _ in pairs], [v for _, v in pairs]

    def _descended(self, gradients: list[Tensor], variables: list[Variable]) -> Updates:
        """Clipping, weight decay and the formula."""
        rate, t = self.learning_rate, self.iterations + 1
        new = self.shared_updates(t)
        for variable, gradient in zip(variables, self._clipped(gradients)):
            own_rate, gradient, own_t = (ops.cast(x, variable.dtype) for x in (rate, gradient, t))
            decay, slots = self.decay_of(variable), self._slots[variable]
            decayed = variable if decay is None else variable - variable * decay * own_rate
            new[variable], changed = self.step(decayed, gradient, slots, own_rate, own_t)
            new |= {slots[key]: value for key, value in changed.items()}
        return new

    def _clipped(self, gradients: list[Tensor]) -> list[Tensor]:
        if self.clipnorm:
            return [clipping.by_norm(gradient, self.clipnorm) for gradient in gradients]
        if self.global_clipnorm:
            return clipping.by_global_norm(gradients, self.global_clipnorm)
        if self.clipvalue:
            return [clipping.by_value(gradient, self.clipvalue) for gradient in gradients]
        return gradients

    def _accumulated(self, gradients: list[Tensor], variables: list[Variable]) -> Updates:
        """Sums of gradients; when it is time, a step along their mean, and sums from zero on."""
        steps = self.gradient_accumulation_steps
        due = ops.equal(ops.mod(self._iterations + 1, steps), 0)
        sums = {variable: self._slots[variable]["gradient_accumulator"] for variable in self._trained}
        totals = {sums[v]: sums[v] + ops.cast(gradient, v.dtype) for v, gradient in zip(variables, gradients)}
        stepped = self._descended([totals[sums[variable]] / steps for variable in variables], variables)
        new = {variable: ops.where(due, value, variable) for variable, value in stepped.items()}
        return new | {total: ops.where(due, 0, totals.get(total, total)) for total in sums.values()}

    def _averaged(self, new: Updates) -> Updates:
        """Moving averages of the variables; when it is time, the variables become them."""
        is_later = ops.not_equal(self.iterations, 0)
        changed: Updates = {}
        for variable in self._trained:
            average, value = self._slots[variable]["average"], new.get(variable, variable)
            momentum = ops.cast(is_later, variable.dtype) * self.ema_momentum
            changed[average] = momentum * average + (1.0 - momentum) * value
            if self.ema_overwrite_frequency:
                due = ops.equal(ops.mod(self.iterations + 1, self.ema_overwrite_frequency), 0)
                changed[variable] = ops.where(due, changed[average], value)
        return changed

    @property
    def averages(self) -> dict[Variable, Variable]:
        """The moving average of each trained variable; empty unless `use_ema`."""
        return {variable: slots["average"] for variable, slots in self._slots.items() if "average" in slots}

    def finalize_variable_values(self, variables: Iterable[Variable]) -> None:
        """At the end of training: variables become their moving averages, if there are any."""
        averages = self.averages
        for variable in variables:
            if variable in averages:
                variable.assign(ops.stop_gradient(averages[variable]))

    def scale_loss(self, loss: Tensor) -> Tensor:
        """The loss whose gradients `apply` expects."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # ---- weight decay

    def exclude_from_weight_decay(self, var_list: Iterable[Variable] | None = None,
                                  var_names: Iterable[str] | None = None) -> None:
        """Says which variables do not decay.

        Args:
            var_list: variables.
            var_names: patterns, of which one is found in the name of a variable: ``["bias"]``.

        Raises:
            ConfigError: the optimizer is built already.
        """
        if self.built:
            raise ConfigError(f"{self.name} is built: say what does not decay before.")
        self._undecayed = set(var_list or ()), re.compile("|".join(var_names)) if var_names else None

    def decays(self, variable: Variable) -> bool:
        """Whether weight decay was not switched off for the variable."""
        excluded, names = self._undecayed
        return variable not in excluded and not (names is not None and names.search(variable.name))

    def decay_of(self, variable: Variable) -> float | None:
        """The weight decay of a variable; None if it does not decay."""
        return self.weight_decay if self.decays(variable) else None

    # ---- config

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, without its state: plain data."""
        rate = self._learning_rate
        config = {"name": self.name,
                  "learning_rate": float(rate.value) if isinstance(rate, Variable) else serialization.to_plain(rate)}
        config |= {name: serialization.to_plain(getattr(self, name)) for name in BASE_CONFIG[2:]}
        return config | serialization.config_of(self, skip=BASE_CONFIG)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Optimizer:
        """An optimizer of that config, which may be one of older Keras."""
        config = older_keras.modernized(cls.__name__, config)
        if isinstance(config.get("learning_rate"), dict):
            config["learning_rate"] = schedules.get(config["learning_rate"])
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
