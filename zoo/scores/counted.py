"""Samples that a score leaves out: their values do not count in a mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from zoo import ops
from zoo.scores.classification import sparse_categorical_crossentropy
from zoo.scores.margin import circle

Tensor = Any


def _of_other_classes(y_true: Tensor, values: Tensor, *, ignore_class: int | None = None, **_: Any) -> Tensor | None:
    if ignore_class is None:
        return None
    y_true = ops.convert_to_tensor(y_true)
    wanted = ops.not_equal(y_true, ops.cast(ignore_class, ops.dtype(y_true)))
    return ops.reshape(wanted, tuple(-1 if size is None else size for size in values.shape))


def _with_pairs(y_true: Tensor, values: Tensor, **_: Any) -> Tensor:
    return ops.greater(values, 0)


COUNTED: dict[Callable[..., Any], Callable[..., Tensor | None]] = {
    sparse_categorical_crossentropy: _of_other_classes,
    circle: _with_pairs,
}


def counted(function: Callable[..., Any], y_true: Tensor, values: Tensor, options: Mapping[str, Any]) -> Tensor | None:
    """Which values of a score count, as bools of their shape; None means all of them.

    Args:
        function: the score.
        y_true: the targets that it was given.
        values: what it gave.
        options: its other arguments.
    """
    rule = COUNTED.get(function)
    return None if rule is None else rule(y_true, values, **options)
