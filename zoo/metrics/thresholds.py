"""Metrics that follow from confusion counts at thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import ops
from zoo.errors import ConfigError
from zoo.metrics.confusion import NEVER, are_even, confusion_counts, even_levels, levels
from zoo.metrics.metric import Metric

Tensor = Any
Thresholds = float | Sequence[float] | None


def share(part: Tensor, rest: Tensor) -> Tensor:
    """``part / (part + rest)``; 0 where both are 0."""
    return ops.divide_no_nan(part, part + rest)


class ConfusionMetric(Metric):
    """Base: adds up confusion counts at thresholds.

    Attributes:
        counts: names of the counts that are kept, and of the variables that keep them.
    """

    counts: dict[str, str] = {}
    top_k: int | None = None
    class_id: int | None = None

    def count_at(self, thresholds: Sequence[float], evenly: bool) -> None:
        """Creates the variables for these thresholds."""
        self._levels, self._evenly = tuple(thresholds), evenly
        for name in self.counts.values():
            setattr(self, name, self.add_weight(shape=(len(thresholds),), name=name))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch of targets and scores, each sample with its weight."""
        seen = confusion_counts(y_true, y_pred, self._levels, evenly=self._evenly, sample_weight=sample_weight,
                                top_k=self.top_k, class_id=self.class_id)
        for count, name in self.counts.items():
            getattr(self, name).assign_add(seen[count])

    def single(self, values: Tensor) -> Tensor:
        """The value itself if there is one threshold only."""
        return ops.stop_gradient(values[0] if len(self._levels) == 1 else values)


class _Count(ConfusionMetric):
    def __init__(self, thresholds: Thresholds = None, name: str | None = None, dtype: Any = None):
        super().__init__(dtype, name)
        self.thresholds = thresholds
        self.count_at(levels(thresholds), are_even(levels(thresholds)))

    def result(self) -> Tensor:
        """The weighted number, for one threshold or each of several."""
        return self.single(self.accumulator)


class TruePositives(_Count):
    """Number of positive targets with scores above the threshold.

    Args:
        thresholds: one or several numbers from 0 to 1; 0.5 if None.
        name, dtype: as of `Metric`.
    """

    counts = {"true_positives": "accumulator"}


class TrueNegatives(_Count):
    """Number of negative targets with scores not above the threshold.

    Args:
        thresholds: one or several numbers from 0 to 1; 0.5 if None.
        name, dtype: as of `Metric`.
    """

    counts = {"true_negatives": "accumulator"}


class FalsePositives(_Count):
    """Number of negative targets with scores above the threshold.

    Args:
        thresholds: one or several numbers from 0 to 1; 0.5 if None.
        name, dtype: as of `Metric`.
    """

    counts = {"false_positives": "accumulator"}


class FalseNegatives(_Count):
    """Number of positive targets with scores not above the threshold.

    Args:
        thresholds: one or several numbers from 0 to 1; 0.5 if None.
        name, dtype: as of `Metric`.
    """

    counts = {"false_negatives": "accumulator"}


class _Share(ConfusionMetric):
    direction = "up"

    def __init__(self, thresholds: Thresholds = None, top_k: int | None = None, class_id: int | None = None,
                 name: str | None = None, dtype: Any = None):
        super().__init__(dtype, name)
        self.thresholds, self.top_k, self.class_id = thresholds, top_k, class_id
        given = levels(thresholds, default=0.5 if top_k is None else NEVER)
        self.count_at(given, are_even(given))

    def result(self) -> Tensor:
        """The share, for one threshold or each of several."""
        kept, wrong = (getattr(self, name) for name in self.counts.values())
        return self.single(share(kept, wrong))


class Precision(_Share):
    """The share of positive targets among scores above the threshold.

    Args:
        thresholds: one or several numbers from 0 to 1; 0.5 if None.
        top_k: only the highest scores of each sample count (all of them if there are no thresholds).
        class_id: only this class counts.
        name, dtype: as of `Metric`.
    """

    counts = {"true_positives": "true_positives", "false_positives": "false_positives"}


class Recall(_Share):
    """The share of scores above the threshold among positive targets.

    Args:
        thresholds, top_k, class_id: as of `Precision`.
        name, dtype: as of `Metric`.
    """

    counts = {"true_positives": "true_positives", "false_negatives": "false_negatives"}


class _BestUnderConstraint(ConfusionMetric):
    """The best of one share, over all thresholds at which another is at least as high as demanded."""

    direction = "up"
    demand: str                                             # the argument that says how high the other has to be
    counts = {name: name for name in ("true_positives", "false_positives", "true_negatives", "false_negatives")}

    def __init__(self, value: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any):
        if not 0 <= value <= 1:
            raise ConfigError(f"`{self.demand}` must be between 0 and 1. Received: {self.demand}={value!r}")
        if num_thresholds <= 0:
            raise ConfigError(f"`num_thresholds` must be at least 1. Received: num_thresholds={num_thresholds!r}")
        super().__init__(dtype, name)
        setattr(self, self.demand, value)
        self.num_thresholds, self.class_id = num_thresholds, class_id
        single = num_thresholds == 1
        self.count_at((0.5,) if single else even_levels(num_thresholds), evenly=not single)

    @property
    def precisions(self) -> Tensor:
        """Share of positive targets among positive predictions, at each threshold."""
        return share(self.true_positives, self.false_positives)

    @property
    def recalls(self) -> Tensor:
        """Share of positive predictions among positive targets, at each threshold; also called sensitivity."""
        return share(self.true_positives, self.false_negatives)

    @property
    def specificities(self) -> Tensor:
        """Share of negative predictions among negative targets, at each threshold."""
        return share(self.true_negatives, self.false_positives)

    def best(self, wanted: Tensor, constrained: Tensor) -> Tensor:
        """The highest of `wanted` where `constrained` meets the demand; 0 if it nowhere does."""
        meets = ops.greater_equal(constrained, getattr(self, self.demand))
        return ops.max(ops.where(meets, wanted, 0.0), initial=0.0)


class SensitivityAtSpecificity(_BestUnderConstraint):
    """The highest sensitivity at thresholds with at least the given specificity.

    Args:
        specificity: demanded, from 0 to 1.
        num_thresholds: how many are tried.
        class_id: only this class counts.
        name, dtype: as of `Metric`.
    """

    demand = "specificity"

    def __init__(self, specificity: float, num_thresholds: int = 200, class_id: int | None = None,
                 name: str | None = None, dtype: Any = None):
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def result(self) -> Tensor:
        """The sensitivity."""
        return self.best(self.recalls, self.specificities)


class SpecificityAtSensitivity(_BestUnderConstraint):
    """The highest specificity at thresholds with at least the given sensitivity.

    Args:
        sensitivity: demanded, from 0 to 1.
        num_thresholds, class_id, name, dtype: as of `SensitivityAtSpecificity`.
    """

    demand = "sensitivity"

    def __init__(self, sensitivity: float, num_thresholds: int = 200, class_id: int | None = None,
                 name: str | None = None, dtype: Any = None):
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def result(self) -> Tensor:
        """The specificity."""
        return self.best(self.specificities, self.recalls)


class PrecisionAtRecall(_BestUnderConstraint):
    """The highest precision at thresholds with at least the given recall.

    Args:
        recall: demanded, from 0 to 1.
        num_thresholds, class_id, name, dtype: as of `SensitivityAtSpecificity`.
    """

    demand = "recall"

    def __init__(self, recall: float, num_thresholds: int = 200, class_id: int | None = None,
                 name: str | None = None, dtype: Any = None):
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def result(self) -> Tensor:
        """The precision."""
        return self.best(self.precisions, self.recalls)


class RecallAtPrecision(_BestUnderConstraint):
    """The highest recall at thresholds with at least the given precision.

    Args:
        precision: demanded, from 0 to 1.
        num_thresholds, class_id, name, dtype: as of `SensitivityAtSpecificity`.
    """

    demand = "precision"

    def __init__(self, precision: float, num_thresholds: int = 200, class_id: int | None = None,
                 name: str | None = None, dtype: Any = None):
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def result(self) -> Tensor:
        """The recall."""
        return self.best(self.recalls, self.precisions)
