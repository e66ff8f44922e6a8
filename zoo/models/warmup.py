"""Compiling what a model will need before anybody waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zoo.engine.kernels import families
from zoo.engine.machine_code import ahead
from zoo.engine.machine_code.unit import CompiledFunction
from zoo.engine.threads import available_processors
from zoo.errors import Unsupported
from zoo.models.explain import explain
from zoo.models.model import Model

BATCH_SIZES = (1, 32)
SIZE = 224


@dataclass(frozen=True)
class Warmed:
    """What `warmup` found.

    Attributes:
        compiled: functions that were compiled now.
        cached: functions whose machine code was there already.
        errors: why others could not be compiled.
    """

    compiled: int
    cached: int
    errors: tuple[str, ...] = ()


def warmup(model: Model, batch_sizes: Sequence[int] = BATCH_SIZES, *, size: int = SIZE) -> Warmed:
    """Compiles all that `predict` needs and that is not compiled yet, so that the first call is a fast one.

    Args:
        model: a functional or sequential model; its weights are not looked at.
        batch_sizes: for which it will be called. What is compiled hardly depends on it.
        size: taken where the model leaves sizes of its inputs open.

    Raises:
        ConfigError: the model has no symbolic inputs.
        Unsupported: Numba is not there.

    Example:
        >>> warmup(model, batch_sizes=[1, 8])
        Warmed(compiled=7, cached=2, errors=())
    """
    functions = functions_of(model, batch_sizes, size)
    missing = ahead.missing(functions)
    outcomes = list(ahead.in_processes([function.unit for function in missing], available_processors()))
    errors = tuple(outcome.error for outcome in outcomes if outcome.error is not None)
    return Warmed(len(missing) - len(errors), len(functions) - len(missing), errors)


def functions_of(model: Model, batch_sizes: Sequence[int], size: int) -> list[CompiledFunction]:
    """The compiled functions that `predict` calls.

    Raises:
        ConfigError, Unsupported: as `warmup`.
    """
    if "jit" not in families.usable():
        raise Unsupported(f"Nothing can be compiled: {families.load('jit') or 'the family jit is switched off'}. "
                          f"Compiled kernels need the extra: pip install \"zoo[fast]\"")
    found: dict[CompiledFunction, None] = {}
    for batch_size in dict.fromkeys(batch_sizes):
        shapes = input_shapes(model, batch_size, size)
        found.update(dict.fromkeys(explain(model, *shapes).program.functions()))
    return list(found)


def input_shapes(model: Model, batch_size: int, size: int) -> list[tuple[int, ...]]:
    """Static shapes for the inputs of a model; none if it has no symbolic inputs."""
    inputs = model.inputs if model.kind != "opaque" else []
    return [(batch_size, *(axis or size for axis in tensor.shape[1:])) for tensor in inputs]
