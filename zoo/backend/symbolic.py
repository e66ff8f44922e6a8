"""Symbolic computation as Keras's backend describes it: placeholders, functions of them, gradients between them.

A symbolic tensor is a `KerasTensor`: from `placeholder`, from a layer or model (``model.input``), or computed from such
by functions of the backend, of `zoo.ops`, or by layers. `function` compiles what lies between inputs and outputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from zoo import tree
from zoo.config import config
from zoo.engine import autodiff, dtypes
from zoo.engine import graph as graphs
from zoo.engine.function import Function
from zoo.engine.operation import FunctionCall, is_symbolic
from zoo.engine.spec import Dim, TensorSpec
from zoo.engine.symbolic import CallNode, KerasTensor
from zoo.engine.variable import Variable
from zoo.errors import ConfigError
from zoo.layers.core.input_layer import Input, InputLayer
from zoo.layers.layer import Layer, is_training
from zoo.models.topology import walk

Tensor = Any
Values = dict[KerasTensor, Any]


class _Phase:
    """The phase of learning: 0 or 1 if it was set; else each function gets it as an input."""

    def __init__(self) -> None:
        self.given: int | None = None
        self.tensor: KerasTensor | None = None


_PHASE = _Phase()


def placeholder(shape: Sequence[Dim] | None = None, ndim: int | None = None, dtype: str | None = None,
                sparse: bool = False, name: str | None = None) -> KerasTensor:
    """A symbolic tensor that functions take as an input.

    Args:
        shape: with the batch axis; None for unknown sizes.
        ndim: number of axes, if no shape is given.
        dtype: `floatx` if None.
        sparse: only False.
        name: of the input.

    Raises:
        ConfigError: neither shape nor ndim is given.
    """
    if shape is None and ndim is None:
        raise ConfigError("placeholder: give a shape, or the number of axes as ndim.")
    return Input(batch_shape=tuple(shape) if shape is not None else (None,) * ndim, dtype=dtype, sparse=sparse,
                 name=name)


def is_placeholder(x: Any) -> bool:
    """Whether it is a placeholder, or the input of a model."""
    return isinstance(x, KerasTensor) and isinstance(x.call.layer, InputLayer)


def is_keras_tensor(x: Any) -> bool:
    """Whether it is symbolic."""
    return isinstance(x, KerasTensor)


def variable(value: Any, dtype: str | None = None, name: str | None = None, constraint: Any = None) -> Variable:
    """A tensor that keeps its value between runs.

    Args:
        value: its first value.
        dtype: `floatx` for floats if None.
        name: for printing.
        constraint: applied by optimizers.
    """
    made = Variable(_array(value, dtype), name=name or "variable")
    made.constraint = constraint
    return made


def constant(value: Any, dtype: str | None = None, shape: Sequence[int] | None = None,
             name: str | None = None) -> np.ndarray:
    """An array, filled with the value if a shape is given."""
    array = _array(value, dtype)
    return array if shape is None else np.full(tuple(shape), array, array.dtype)


def _array(value: Any, dtype: str | None) -> np.ndarray:
    return np.asarray(value, dtypes.storage(dtypes.standardize(dtype or config.floatx)))


# ---- phases


def learning_phase() -> Any:
    """1 in training and 0 in testing; a symbolic tensor to be given to functions, unless it was set."""
    if graphs.current() is not None:
        return int(is_training())
    if _PHASE.given is not None:
        return _PHASE.given
    if _PHASE.tensor is None:
        _PHASE.tensor = Input(batch_shape=(), dtype="int32", name="keras_learning_phase")
    return _PHASE.tensor


def set_learning_phase(value: int) -> None:
    """Sets the phase for functions that are not given one.

    Raises:
        ConfigError: it is neither 0 nor 1.
    """
    if value not in (0, 1):
        raise ConfigError(f"The learning phase is 0 or 1, received {value!r}.")
    _PHASE.given = int(value)


def forget_learning_phase() -> None:
    """The phase is not set any more."""
    _PHASE.given = _PHASE.tensor = None


class PhaseSwitch(Layer):
    """The first of two tensors in training, else the second."""

    def call(self, inputs: Sequence[Tensor], training: bool = False) -> Tensor:
        return inputs[0] if training else inputs[1]


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Tensor:
    """`x` in training, else `alt`; both may be functions without arguments."""
    x, alt = (part() if callable(part) else part for part in (x, alt))
    if training is None or isinstance(training, KerasTensor):
        if is_symbolic((x, alt)):
            return PhaseSwitch()([x, alt])
        training = is_training() or bool(_PHASE.given)
    return x if training else alt


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Tensor:
    """`x` in testing, else `alt`."""
    return in_train_phase(alt, x, training)


# ---- from placeholders to numbers


def evaluate(values: Values, outputs: Sequence[Any], training: bool) -> list[Any]:
    """The outputs for values of the tensors they depend on; `values` gets all that is computed on the way.

    Raises:
        ConfigError: they depend on an input that has no value.
    """
    symbols = [output for output in outputs if isinstance(output, KerasTensor)]
    for call in walk(list(values), symbols)[0]:
        if all(tensor in values for tensor in call.outputs):
            continue
        if isinstance(call.layer, InputLayer):
            raise ConfigError(f"The outputs depend on {call.outputs[0]!r}, which is not among the inputs.")
        args, kwargs = call.fill(values)
        if isinstance(call.layer, (Layer, _Gradient)):
            kwargs = {"training": training, **kwargs}
        results = tree.leaves(call.layer(*args, **kwargs))
        values.update((tensor, result) for tensor, result in zip(call.outputs, results) if tensor not in values)
    return [values[output] if isinstance(output, KerasTensor) else output for output in outputs]


class _Gradient(FunctionCall):
    """The gradients of a loss by several tensors, as a node between symbolic tensors.

    It is called on the placeholders, and computes the way from there to the loss anew; equal nodes are merged when a
    function is compiled.
    """

    def __init__(self, loss: KerasTensor, sources: Sequence[Any]):
        super().__init__(self._gradients, {}, "Gradients")
        calls, _ = walk([], [loss, *(source for source in sources if isinstance(source, KerasTensor))])
        self.loss, self.sources = loss, list(sources)
        self.placeholders = [call.outputs[0] for call in calls if isinstance(call.layer, InputLayer)]

    def infer(self, call: CallNode) -> list[TensorSpec]:
        """Gradients look like what they belong to (tracing would need sizes that placeholders leave open)."""
        return [source.spec for source in self.sources]

    def _gradients(self, *placeholders: Tensor, training: bool = False) -> list[Tensor]:
        graph = graphs.current()
        values: Values = dict(zip(self.placeholders, placeholders))
        sources = [graph.as_value(source) for source in evaluate(values, self.sources, training)]
        loss = graph.as_value(evaluate(values, [self.loss], training)[0])
        found = autodiff.gradients([loss], sources)
        missing = [tensor for tensor, gradient in zip(self.sources, found) if gradient is None]
        if missing:
            raise ConfigError(f"gradients: the loss does not depend on {missing}.")
        return found


def gradients(loss: KerasTensor, variables: Any) -> list[KerasTensor]:
    """Symbolic gradients of the (sum of the) loss.

    Args:
        loss: symbolic.
        variables: what to differentiate by: variables, placeholders, or symbolic tensors on the way to the loss.

    Raises:
        ConfigError: the loss is not symbolic. (That it does not depend on a variable is found when it is computed.)
    """
    sources = tree.leaves(variables)
    if not isinstance(loss, KerasTensor):
        raise ConfigError(f"gradients: expected a symbolic loss, computed from a placeholder or from model.input; "
                          f"received {type(loss).__name__}. Of what is computed at once, zoo.engine.tape.GradientTape "
                          f"gives gradients.")
    node = _Gradient(loss, sources)
    results = node.call_symbolically(tuple(node.placeholders), {})
    return tree.leaves(results)


class BackendFunction:
    """What lies between symbolic inputs and outputs, compiled when it is first called.

    Args:
        inputs: placeholders, other symbolic tensors, and perhaps the learning phase.
        outputs: symbolic tensors and variables.
        updates: pairs (variable, its new value), assigned after the outputs are computed.
        name: for printing.

    Example:
        >>> x = placeholder((None, 2))
        >>> double = function([x], [x * 2])
        >>> double([[[1, 2]]])
        [array([[2., 4.]], dtype=float32)]
    """

    def __init__(self, inputs: Sequence[KerasTensor], outputs: Any, updates: Iterable[Any] = (), name: str = ""):
        self.inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        strange = [tensor for tensor in self.inputs if not isinstance(tensor, KerasTensor) and tensor not in (0, 1)]
        if strange:
            raise ConfigError(f"function: inputs are symbolic tensors, received {strange[0]!r}.")
        self.outputs, self.updates = outputs, [pair for pair in updates if pair is not None]
        self.name = name or "backend_function"
        self._functions: dict[bool, Function] = {}

    def __call__(self, inputs: Any) -> Any:
        """The outputs for a list of arrays, in the order of the inputs.

        Raises:
            ConfigError: another number of arrays.
        """
        arrays = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        if len(arrays) != len(self.inputs):
            raise ConfigError(f"{self.name}: expected {len(self.inputs)} arrays, received {len(arrays)}.")
        training, given = bool(_PHASE.given), []
        for tensor, array in zip(self.inputs, arrays):
            if not isinstance(tensor, KerasTensor) or tensor is _PHASE.tensor:
                training = bool(array)
            else:
                given.append(np.asarray(array, dtypes.storage(tensor.dtype)))
        if training not in self._functions:
            self._functions[training] = Function(lambda arrays: self._compute(arrays, training), name=self.name)
        return self._functions[training](given)

    def _compute(self, arrays: list[Tensor], training: bool) -> Any:
        tensors = [t for t in self.inputs if isinstance(t, KerasTensor) and t is not _PHASE.tensor]
        values: Values = dict(zip(tensors, arrays))
        if _PHASE.tensor is not None:
            values[_PHASE.tensor] = np.int32(training)
        flat = tree.leaves(self.outputs)
        results = evaluate(values, [*flat, *(new for _, new in self.updates)], training)
        for (target, _), new in zip(self.updates, results[len(flat):]):
            target.assign(new)
        return tree.pack(self.outputs, results[:len(flat)])


def function(inputs: Sequence[Any], outputs: Any, updates: Iterable[Any] | None = None,
             name: str | None = None, **kwargs: Any) -> BackendFunction:
    """A function of arrays for symbolic inputs and outputs; see `BackendFunction`.

    Raises:
        ConfigError: options that only another backend had.
    """
    if kwargs:
        raise ConfigError(f"function: unknown options {sorted(kwargs)}: they belonged to Theano or TensorFlow.")
    return BackendFunction(inputs, outputs, updates or (), name or "")


# ---- values of variables


def update(x: Variable, new_x: Any) -> Any:
    """Assigns a value; for a symbolic one, gives the pair that `function` takes among its `updates`."""
    return (x, new_x) if isinstance(new_x, KerasTensor) else x.assign(new_x)


def update_add(x: Variable, increment: Any) -> Any:
    """Adds to a variable; see `update`."""
    return update(x, x + increment)


def update_sub(x: Variable, decrement: Any) -> Any:
    """Subtracts from a variable; see `update`."""
    return update(x, x - decrement)


def moving_average_update(x: Variable, value: Any, momentum: float) -> Any:
    """``x * momentum + value * (1 - momentum)``; see `update`."""
    return update(x, x * momentum + value * (1.0 - momentum))


def get_value(x: Any) -> np.ndarray:
    """The numbers of a variable, an array, or a symbolic tensor that depends on no placeholder."""
    return np.asarray(function([], [x])([])[0]) if isinstance(x, KerasTensor) else np.array(x)


eval = get_value  # noqa: A001 - Keras's other name for it


def set_value(x: Variable, value: Any) -> None:
    """Assigns a value."""
    x.assign(np.asarray(value))


def batch_get_value(tensors: Iterable[Any]) -> list[np.ndarray]:
    """Copies of several values."""
    return [get_value(tensor) for tensor in tensors]


def batch_set_value(tuples: Iterable[tuple[Variable, Any]]) -> None:
    """Assigns several values."""
    for target, value in tuples:
        set_value(target, value)


def count_params(x: Any) -> int:
    """Number of elements of a tensor whose shape is known."""
    return int(np.prod(x.shape))
