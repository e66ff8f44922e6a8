"""Means of precision and recall."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.config import config as settings
from zoo.errors import ConfigError, ShapeError
from zoo.metrics.metric import Metric

Tensor = Any
AVERAGES = (None, "micro", "macro", "weighted")
STATE = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")


class FBetaScore(Metric):
    """The harmonic mean of precision and recall, in which recall counts `beta` times as much.

    Args:
        average: ``micro`` counts all classes together; ``macro`` averages the scores of the classes, ``weighted`` with
            their frequency as weight; None gives a score for each class.
        beta: a positive float.
        threshold: above it a score predicts a class; the highest score of each sample does if None.
        name, dtype: as of `Metric`.

    Source: van Rijsbergen 1979, Information Retrieval, chapter 7.
    """

    direction = "up"

    def __init__(self, average: str | None = None, beta: float = 1.0, threshold: float | None = None,
                 name: str = "fbeta_score", dtype: Any = None):
        super().__init__(dtype, name)
        if average not in AVERAGES:
            raise ConfigError(f"`average` must be one of {', '.join(map(repr, AVERAGES))}. "
                              f"Received: average={average!r}")
        if not isinstance(beta, float) or beta <= 0:
            raise ConfigError(f"`beta` must be a float greater than 0. Received: beta={beta!r}")
        if threshold is not None and (not isinstance(threshold, float) or not 0 < threshold <= 1):
            raise ConfigError(f"`threshold` must be None or a float greater than 0, at most 1. "
                              f"Received: threshold={threshold!r}")
        self.average, self.beta, self.threshold = average, beta, threshold
        self._built = False

    def _build(self, shape: tuple[int | None, ...]) -> None:
        if len(shape) != 2 or shape[-1] is None:
            raise ShapeError(f"{type(self).__name__}: expected targets and predictions of shape (batch, classes), "
                             f"received {shape}.")
        for name in STATE:
            setattr(self, name, self.add_weight(() if self.average == "micro" else (shape[-1],), dtype=self.dtype,
                                                name=name))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch ``(batch, classes)``, each sample with its weight."""
        y_true, y_pred = (ops.convert_to_tensor(y, dtype=self.dtype) for y in (y_true, y_pred))
        if not self._built:
            self._build(tuple(y_pred.shape))
        if self.threshold is None:
            highest = ops.greater_equal(y_pred, ops.max(y_pred, axis=-1, keepdims=True))
            chosen = ops.logical_and(highest, ops.greater(ops.absolute(y_pred), 1e-9))
        else:
            chosen = ops.greater(y_pred, self.threshold)
        chosen = ops.cast(chosen, self.dtype)
        weight = 1.0
        if sample_weight is not None:
            weight = ops.expand_dims(ops.convert_to_tensor(sample_weight, dtype=self.dtype), 1)
        seen = (chosen * y_true, chosen * (1.0 - y_true), (1.0 - chosen) * y_true, y_true)
        for name, values in zip(STATE, seen):
            getattr(self, name).assign_add(ops.sum(values * weight, axis=None if self.average == "micro" else 0))

    def result(self) -> Tensor:
        """The score, of each class or of all."""
        precision = ops.divide(self.true_positives, self.true_positives + self.false_positives + settings.epsilon)
        recall = ops.divide(self.true_positives, self.true_positives + self.false_negatives + settings.epsilon)
        square = self.beta ** 2
        score = ops.divide(precision * recall, square * precision + recall + settings.epsilon) * (1 + square)
        if self.average == "weighted":
            total = ops.sum(self.intermediate_weights) + settings.epsilon
            return ops.sum(score * ops.divide(self.intermediate_weights, total))
        return score if self.average is None else ops.mean(score)


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall.

    Args:
        average, threshold, name, dtype: as of `FBetaScore`.
    """

    def __init__(self, average: str | None = None, threshold: float | None = None, name: str = "f1_score",
                 dtype: Any = None):
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)
