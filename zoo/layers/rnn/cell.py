"""What recurrent cells share: how their inputs, states and dropout meet their weights.

A cell splits its work: `project` does what needs only the input, for one step or for a whole sequence at once; `step`
does the rest, one step at a time; `run` does the steps of a sequence by one primitive where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from zoo import activations, ops
from zoo.engine.rng import SeedGenerator, seeded
from zoo.engine.spec import Shape
from zoo.errors import ConfigError
from zoo.layers import arguments, registry, weight_options
from zoo.layers.layer import Layer

#: activations that the primitives know, with the names they have there
FUSED: dict[Callable[..., Any], str] = {
    activations.tanh: "tanh", activations.sigmoid: "sigmoid", activations.hard_sigmoid: "hard_sigmoid",
    activations.hard_sigmoid_of_keras2: "keras2_hard_sigmoid", activations.relu: "relu", activations.linear: "linear",
}


@dataclass(frozen=True)
class DropoutFactors:
    """What inputs and states are multiplied by in training: 0 for what is dropped; the same in all steps.

    Args:
        inputs: (batch, features...): nothing, one for all gates, or one for each gate.
        states: likewise, for the first state.
    """

    inputs: tuple[Any, ...] = ()
    states: tuple[Any, ...] = ()


KEEP_ALL = DropoutFactors()


class RecurrentCell(Layer):
    """Base of cells: one step of a recurrent layer.

    Args:
        dropout: share of the input to drop in training.
        recurrent_dropout: share of the first state to drop in training.
        seed: of the dropout; drawn if None.
        implementation: 1 draws dropout for each gate by itself, as `recurrent_dropout` does; else without effect.
    """

    gates: ClassVar[int] = 1
    not_in_config = frozenset({"implementation", "activity_regularizer"})

    def __init__(self, dropout: float = 0.0, recurrent_dropout: float = 0.0, seed: int | None = None,
                 implementation: int = 2, **kwargs: Any):
        super().__init__(**kwargs)
        self.dropout = min(1.0, max(0.0, arguments.number(dropout, "dropout")))
        self.recurrent_dropout = min(1.0, max(0.0, arguments.number(recurrent_dropout, "recurrent_dropout")))
        self.seed, self.implementation = seed, implementation
        if self.dropout or self.recurrent_dropout:
            self.seed_generator = SeedGenerator(seed)

    def project(self, inputs: Any, factors: DropoutFactors = KEEP_ALL) -> Any:
        """What the gates need of the inputs: a step (batch, features...) or a sequence (batch, steps, features...)."""
        raise NotImplementedError(f"{type(self).__name__} does not define project().")

    def step(self, projected: Any, states: list[Any], factors: DropoutFactors = KEEP_ALL) -> tuple[Any, list[Any]]:
        """The output and the new states of one step."""
        raise NotImplementedError(f"{type(self).__name__} does not define step().")

    def run(self, projected: Any, states: list[Any], mask: Any) -> list[Any] | None:
        """Each state after all steps (batch, steps, ...), the output first; None if `step` has to do it."""
        return None

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple[Any, Any]:
        single = not isinstance(states, (list, tuple))
        before = [states] if single else list(states)
        factors = self.draw(inputs, before) if training else KEEP_ALL
        output, after = self.step(self.project(inputs, factors), before, factors)
        return output, after[0] if single else after

    def draw(self, inputs: Any, states: list[Any]) -> DropoutFactors:
        """Fresh dropout for inputs (batch, features...) and states."""
        count = self.gates if self.recurrent_dropout or self.implementation == 1 else 1
        return DropoutFactors(self._draw(inputs, self.dropout, count),
                              self._draw(states[0], self.recurrent_dropout, count))

    def _draw(self, like: Any, rate: float, count: int) -> tuple[Any, ...]:
        if not 0 < rate < 1:
            return ()
        return tuple(ops.random.dropout(ops.ones_like(like), rate, seed=self.seed_generator) for _ in range(count))


class DenseCell(RecurrentCell):
    """Base of cells whose gates are products of matrices, plus a bias.

    Weights: kernel (features, gates * units), recurrent_kernel (units, gates * units), bias.

    Args:
        units: size of the states and of the output.
        activation: of what goes into the state: name, function or layer.
        use_bias: whether to add a bias.
        **kwargs: of `RecurrentCell` and `Layer`.
    """

    states: ClassVar[int] = 1

    def __init__(self, units: int, activation: Any, use_bias: bool, kernel_initializer: Any, recurrent_initializer: Any,
                 bias_initializer: Any, kernel_regularizer: Any, recurrent_regularizer: Any, bias_regularizer: Any,
                 kernel_constraint: Any, recurrent_constraint: Any, bias_constraint: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.units = arguments.integer(units, "units")
        self.activation = registry.activation(activation)
        self.use_bias = bool(use_bias)
        weight_options.keep(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        weight_options.keep(self, "recurrent", recurrent_initializer, recurrent_regularizer, recurrent_constraint)
        weight_options.keep(self, "bias", bias_initializer, bias_regularizer, bias_constraint)

    @property
    def state_size(self) -> int | list[int]:
        """Size of the state, or of each state."""
        return self.units if self.states == 1 else [self.units] * self.states

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self.units

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """States to start from: zeros (batch, units)."""
        return [ops.zeros((batch_size, self.units), self.arithmetic_dtype) for _ in range(self.states)]

    def build(self, input_shape: Shape) -> None:
        self.kernel = weight_options.add(self, "kernel", (input_shape[-1], self.gates * self.units))
        self.recurrent_kernel = weight_options.add(self, "recurrent", (self.units, self.gates * self.units),
                                                   name="recurrent_kernel")
        self.bias = weight_options.add(self, "bias", self.bias_shape()) if self.use_bias else None

    def bias_shape(self) -> tuple[int, ...]:
        """Shape of the bias."""
        return (self.gates * self.units,)

    def input_weights(self) -> tuple[Any, Any]:
        """Kernel and bias (or None) of the inputs, as `project` uses them."""
        return self.kernel, self.bias

    def recurrent_weights(self) -> Any:
        """The recurrent kernel as `step` uses it."""
        return self.recurrent_kernel

    def project(self, inputs: Any, factors: DropoutFactors = KEEP_ALL) -> Any:
        kernel, bias = self.input_weights()
        x = product(inputs, kernel, factors.inputs)
        return x if bias is None else ops.add(x, bias)


def product(x: Any, kernel: Any, factors: Sequence[Any] = (), multiply: Callable[[Any, Any], Any] = ops.matmul) -> Any:
    """``x kernel``; with a dropout factor for each gate, these parts of the kernel meet x times their factor."""
    if not factors:
        return multiply(x, kernel)
    parts = [kernel] if len(factors) == 1 else ops.split(kernel, len(factors), axis=-1)
    made = [multiply(ops.multiply(x, _aligned(factor, x)), part) for factor, part in zip(factors, parts, strict=True)]
    return made[0] if len(made) == 1 else ops.concatenate(made, axis=-1)


def _aligned(factor: Any, x: Any) -> Any:
    return factor if factor.ndim == x.ndim else ops.expand_dims(factor, 1)      # one factor for all steps


class ForgetBias:
    """Initial bias of LSTM gates: ones for the forget gate, so that states last; the other gates have their own.

    Args:
        initializer: of the other gates.
        units: size of a gate.

    Source: Jozefowicz et al., 2015, https://proceedings.mlr.press/v37/jozefowicz15.html.
    """

    def __init__(self, initializer: Any, units: int, seed: int | None = None):
        self.initializer, self.units, self.seed = initializer, units, seed

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        """The bias: gate i, gate f, then the rest."""
        others = self.initializer if self.seed is None else seeded(self.initializer, self.seed)
        sizes = (self.units, self.units, shape[0] - 2 * self.units)
        parts = [ops.ones((size,), dtype) if i == 1 else others((size,), dtype) for i, size in enumerate(sizes)]
        return ops.concatenate(parts)


def checked(cell: Any) -> Any:
    """A cell given as itself, as its record, or as an object with `call` and `state_size`.

    Raises:
        ConfigError: it is none of these.
    """
    cell = registry.get(cell) if isinstance(cell, dict) else cell
    if not (hasattr(cell, "call") and hasattr(cell, "state_size")):
        raise ConfigError(f"Expected a recurrent cell, with call(inputs, states) and state_size. Received: {cell!r}")
    return cell
