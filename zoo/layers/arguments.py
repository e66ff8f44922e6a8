"""Checks of layer arguments: each gives the normalised value, or says what was expected and what was received."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from zoo.config import config as settings
from zoo.errors import ConfigError, Unsupported

DATA_FORMATS = ("channels_last", "channels_first")


def integer(value: Any, name: str, minimum: int = 1) -> int:
    """An integer of at least `minimum`."""
    if not _is_integer(value) or value < minimum:
        raise ConfigError(f"`{name}` must be an integer, at least {minimum}. Received: {name}={value!r}")
    return operator.index(value)


def integers(value: Any, rank: int, name: str, minimum: int = 1) -> tuple[int, ...]:
    """`rank` integers of at least `minimum`; one integer stands for all of them."""
    values = (value,) * rank if _is_integer(value) else value
    if not _is_sequence(values, rank) or not all(_is_integer(v) and v >= minimum for v in values):
        raise ConfigError(f"`{name}` must be an integer or {rank} integers, each at least {minimum}. "
                          f"Received: {name}={value!r}")
    return tuple(map(operator.index, values))


def pairs(value: Any, rank: int, name: str) -> tuple[tuple[int, int], ...]:
    """(before, after) for `rank` axes, from one integer for all, one for each axis, or a pair for each axis.

    With one axis, two integers are its pair.
    """
    values = (value,) * rank if _is_integer(value) else value
    if rank == 1 and _is_sequence(values, 2):
        values = (values,)
    if _is_sequence(values, rank):
        values = tuple((v, v) if _is_integer(v) else v for v in values)
        if all(_is_sequence(v, 2) and all(_is_integer(n) and n >= 0 for n in v) for v in values):
            return tuple((operator.index(a), operator.index(b)) for a, b in values)
    raise ConfigError(f"`{name}` must be an integer, {rank} integers or {rank} pairs of integers, none negative. "
                      f"Received: {name}={value!r}")


def choice(value: Any, allowed: Sequence[Any], name: str) -> Any:
    """One of the allowed values."""
    if value not in allowed:
        raise ConfigError(f"`{name}` must be one of {', '.join(map(repr, allowed))}. Received: {name}={value!r}")
    return value


def data_format(value: str | None) -> str:
    """``channels_last`` or ``channels_first``; `zoo.config` decides if None."""
    return choice(settings.image_data_format if value is None else value, DATA_FORMATS, "data_format")


def number(value: Any, name: str, minimum: float | None = None, maximum: float | None = None) -> float:
    """A number between `minimum` and `maximum`, both included."""
    valid = isinstance(value, (int, float)) or hasattr(value, "__float__")
    if not valid or (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
        bounds = [f"at least {minimum}"] * (minimum is not None) + [f"at most {maximum}"] * (maximum is not None)
        raise ConfigError(f"`{name}` must be a number{', ' * bool(bounds)}{' and '.join(bounds)}. "
                          f"Received: {name}={value!r}")
    return value


def axes(value: Any, name: str = "axis") -> int | tuple[int, ...]:
    """One axis, or several as a tuple."""
    if _is_integer(value):
        return operator.index(value)
    if isinstance(value, (list, tuple)) and all(map(_is_integer, value)):
        return tuple(map(operator.index, value))
    raise ConfigError(f"`{name}` must be an integer or a list of integers. Received: {name}={value!r}")


def only_axis(value: Any, name: str = "axis") -> int:
    """One axis."""
    if not _is_integer(value):
        raise ConfigError(f"`{name}` must be an integer. Received: {name}={value!r}")
    return operator.index(value)


def only_dense(value: Any, name: str = "sparse") -> bool:
    """False: tensors are dense.

    Raises:
        Unsupported: something else is asked for.
    """
    if value:
        raise Unsupported(f"{name}={value!r} is not supported: zoo has dense tensors only.")
    return False


def _is_integer(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


def _is_sequence(value: Any, length: int) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == length
