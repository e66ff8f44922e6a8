"""How unlikely the right classes are under the predicted probabilities."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.config import config as settings
from zoo.errors import ConfigError, ShapeError
from zoo.scores.weighting import as_like, as_pair

Tensor = Any


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """Sum of y_true * log(y_true / y_pred) over the last axis, both held between `epsilon` and 1.

    Source: Kullback and Leibler 1951, On Information and Sufficiency.
    """
    y_true, y_pred = (ops.clip(y, settings.epsilon, 1.0) for y in as_pair(y_true, y_pred))
    return ops.sum(y_true * ops.log(ops.divide(y_true, y_pred)), axis=-1)


def binary_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0,
                        axis: int = -1) -> Tensor:
    """Mean over an axis of -log of the probability of the right one of two answers.

    Args:
        y_true: 0 or 1, or probabilities between.
        y_pred: probabilities of 1, same shape; or their log-odds.
        from_logits: whether `y_pred` are log-odds.
        label_smoothing: how far targets are moved towards 1/2.
        axis: averaged over.
    """
    y_true, y_pred = as_pair(y_true, y_pred)
    y_true = _smoothed(y_true, label_smoothing, 2)
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


def binary_focal_crossentropy(y_true: Any, y_pred: Any, apply_class_balancing: bool = False, alpha: float = 0.25,
                              gamma: float = 2.0, from_logits: bool = False, label_smoothing: float = 0.0,
                              axis: int = -1) -> Tensor:
    """`binary_crossentropy` in which answers that are nearly right already count little.

    Args:
        apply_class_balancing: whether ones count `alpha` and zeros 1 - `alpha`.
        alpha: weight of ones.
        gamma: how fast the weight (1 - probability) ** gamma falls.

    Source: Lin et al. 2017, Focal Loss for Dense Object Detection.
    """
    y_true, y_pred = as_pair(y_true, y_pred)
    y_true = _smoothed(y_true, label_smoothing, 2)
    y_pred = ops.sigmoid(y_pred) if from_logits else y_pred
    right = y_true * y_pred + (1.0 - y_true) * (1.0 - y_pred)
    values = ops.power(1.0 - right, gamma) * ops.binary_crossentropy(y_true, y_pred, from_logits=False)
    if apply_class_balancing:
        values = (y_true * alpha + (1.0 - y_true) * (1.0 - alpha)) * values
    return ops.mean(values, axis=axis)


def categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0,
                             axis: int = -1) -> Tensor:
    """Sum of -y_true * log(probability) over the axis of classes.

    Args:
        y_true: one-hot or probabilities.
        y_pred: probabilities, same shape (scaled to the sum of 1); or logits.
        from_logits: whether `y_pred` are logits.
        label_smoothing: how much of the targets is spread evenly over all classes.
        axis: the axis of classes.
    """
    _require_axis(axis)
    y_true, y_pred = as_pair(y_true, y_pred)
    y_true = _smoothed(y_true, label_smoothing, y_pred.shape[-1])
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


def categorical_focal_crossentropy(y_true: Any, y_pred: Any, alpha: float = 0.25, gamma: float = 2.0,
                                   from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1) -> Tensor:
    """`categorical_crossentropy` in which classes that are nearly right already count little.

    Args:
        alpha: weight of all classes, or of each along the last axis.
        gamma: how fast the weight (1 - probability) ** gamma falls.

    Source: Lin et al. 2017, Focal Loss for Dense Object Detection.
    """
    _require_axis(axis)
    y_true, y_pred = as_pair(y_true, y_pred)
    y_true = _smoothed(y_true, label_smoothing, y_pred.shape[-1])
    y_pred = ops.softmax(y_pred, axis=axis) if from_logits else y_pred
    probability = ops.divide(y_pred, ops.sum(y_pred, axis=axis, keepdims=True))
    probability = ops.clip(probability, settings.epsilon, 1.0 - settings.epsilon)
    weight = ops.multiply(ops.power(1.0 - probability, gamma), as_like(alpha, y_pred))
    return ops.sum(ops.negative(weight * y_true * ops.log(probability)), axis=axis)


def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False,
                                    ignore_class: int | None = None, axis: int = -1) -> Tensor:
    """-log of the probability of the right class.

    Args:
        y_true: class numbers, shaped like `y_pred` without the axis of classes (or with size 1 there).
        y_pred: probabilities or logits.
        from_logits: whether `y_pred` are logits.
        ignore_class: class number whose samples get the value 0.
        axis: the axis of classes.
    """
    y_pred, y_true = ops.convert_to_tensor(y_pred), ops.convert_to_tensor(y_true)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[axis] == 1:
        y_true = ops.squeeze(y_true, axis)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    valid = ops.not_equal(y_true, ops.cast(ignore_class, ops.dtype(y_true)))
    y_true, y_pred = ops.where(valid, y_true, 0), ops.where(ops.expand_dims(valid, axis), y_pred, 0)
    values = ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    return ops.where(valid, values, 0.0)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float = 0.5) -> Tensor:
    """(1 - p ** q) / q of the probability p of the right class: robust against wrong labels.

    Args:
        y_true: class numbers.
        y_pred: probabilities with classes on the last axis.
        q: between the cross-entropy (towards 0) and the absolute error (1).

    Source: Zhang and Sabuncu 2018, Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    right = as_like(ops.one_hot(ops.cast(y_true, "int32"), y_pred.shape[-1]), y_pred)
    return (1.0 - ops.power(ops.sum(y_pred * right, axis=-1), q)) / q


def ctc(y_true: Any, y_pred: Any) -> Tensor:
    """-log of the probability of all alignments of a label sequence with the frames.

    Args:
        y_true: class numbers, shape ``(batch, max_length)``; 0 is blank and pads the end.
        y_pred: logits, shape ``(batch, frames, classes)``; all frames count.

    Source: Graves et al. 2006, Connectionist Temporal Classification.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if len(y_true.shape) != 2 or len(y_pred.shape) != 3:
        raise ShapeError(f"ctc: expected targets of shape (batch, max_length) and logits of shape "
                         f"(batch, frames, classes), received {tuple(y_true.shape)} and {tuple(y_pred.shape)}.")
    lengths = ops.sum(ops.cast(ops.not_equal(y_true, 0), "int32"), axis=-1)
    frames = ops.ones_like(lengths) * y_pred.shape[1]
    return ops.ctc_loss(ops.cast(y_true, "int32"), y_pred, lengths, frames, mask_index=0)


def _smoothed(y_true: Tensor, amount: float, classes: int) -> Tensor:
    """Targets mixed with the uniform distribution."""
    return y_true * (1.0 - amount) + amount / classes if amount else y_true


def _require_axis(axis: Any) -> None:
    if isinstance(axis, bool):
        raise ConfigError(f"`axis` must be an integer. Received: axis={axis!r}")
