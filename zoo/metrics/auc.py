"""The area under a curve of confusion counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import ops
from zoo.config import config as settings
from zoo.errors import ConfigError, ShapeError
from zoo.metrics.confusion import are_even, confusion_counts, even_levels
from zoo.metrics.metric import Metric
from zoo.metrics.thresholds import share

Tensor = Any
CURVES = ("ROC", "PR", "PRGAIN")
HEIGHTS = {"interpolation": lambda left, right: (left + right) / 2.0, "minoring": ops.minimum, "majoring": ops.maximum}
COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


class AUC(Metric):
    """The area under the receiver's operating curve, or under a curve of precision and recall.

    Args:
        num_thresholds: how many points of the curve are computed; at least 2.
        curve: ``ROC`` (recall over false positive rate), ``PR`` (precision over recall) or ``PRGAIN``.
        summation_method: height of the curve between two points: ``interpolation``, ``minoring`` or ``majoring``.
        name, dtype: as of `Metric`.
        thresholds: instead of evenly placed ones; 0 and 1 are added.
        multi_label: whether each label has its own curve, and the areas are averaged.
        num_labels: how many; known from the first batch if None.
        label_weights: a weight for each label.
        from_logits: whether predictions are log-odds.

    Sources: Fawcett 2006, An Introduction to ROC Analysis; Davis and Goadrich 2006, The Relationship Between
    Precision-Recall and ROC Curves (interpolation of PR); Flach and Kull 2015, Precision-Recall-Gain Curves.
    """

    direction = "up"
    written_unless = {"thresholds": None}

    def __init__(self, num_thresholds: int = 200, curve: str = "ROC", summation_method: str = "interpolation",
                 name: str | None = None, dtype: Any = None, thresholds: Sequence[float] | None = None,
                 multi_label: bool = False, num_labels: int | None = None, label_weights: Any = None,
                 from_logits: bool = False):
        super().__init__(dtype, name)
        self.curve, self.summation_method = str(curve).upper(), str(summation_method).lower()
        _check(self.curve in CURVES, "curve", CURVES, curve)
        _check(self.summation_method in HEIGHTS, "summation_method", tuple(HEIGHTS), summation_method)
        if thresholds is None and num_thresholds <= 1:
            raise ConfigError(f"`num_thresholds` must be at least 2. Received: num_thresholds={num_thresholds!r}")
        if num_labels and not multi_label:
            raise ConfigError("`num_labels` belongs to multi_label=True.")
        self.thresholds = None if thresholds is None else sorted(float(t) for t in thresholds)
        inner = even_levels(num_thresholds)[1:-1] if thresholds is None else self.thresholds
        self.num_thresholds = len(inner) + 2
        self._evenly = thresholds is None or are_even((0.0, *inner, 1.0))
        self._levels = (-settings.epsilon, *inner, 1.0 + settings.epsilon)      # every score is between
        self.multi_label, self.num_labels, self.from_logits = multi_label, num_labels, from_logits
        self.label_weights = label_weights
        self._built = False
        if num_labels or not multi_label:
            self._build((num_labels,) if multi_label else ())

    def _build(self, labels: tuple[int, ...]) -> None:
        for name in COUNTS:
            setattr(self, name, self.add_weight(shape=(self.num_thresholds, *labels), name=name))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch of targets and scores, each sample with its weight."""
        if not self._built:
            if len(y_pred.shape) != 2:
                raise ShapeError(f"AUC: multi_label=True needs predictions of shape (batch, labels), "
                                 f"received {tuple(y_pred.shape)}.")
            self._build((y_pred.shape[1],))
        seen = confusion_counts(
            y_true, ops.sigmoid(y_pred) if self.from_logits else y_pred, self._levels, evenly=self._evenly,
            sample_weight=sample_weight, multi_label=self.multi_label,
            label_weights=None if self.multi_label else self.label_weights)
        for name in COUNTS:
            getattr(self, name).assign_add(seen[name])

    def result(self) -> Tensor:
        """The area: of the curve, or the mean of the labels' curves."""
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._averaged(self._interpolated_precision())
        x, y = self._points()
        heights = HEIGHTS[self.summation_method](y[:-1], y[1:])
        return self._averaged((x[:-1] - x[1:]) * heights)

    def _points(self) -> tuple[Tensor, Tensor]:
        """Abscissas and ordinates of the curve, from the lowest threshold to the highest."""
        tp, fp, tn, fn = (getattr(self, name) for name in COUNTS)
        if self.curve == "ROC":
            return share(fp, tn), share(tp, fn)
        if self.curve == "PR":
            return share(tp, fn), share(tp, fp)
        odds = ops.divide_no_nan(tp + fn, tn + fp)          # gains: 1 - odds * fn / tp and 1 - odds * fp / tp
        nothing = ops.equal(tp, 0.0)
        recall = ops.where(nothing, 0.0, 1.0 - odds * ops.divide_no_nan(fn, tp))
        precision = ops.where(nothing, 1.0, 1.0 - odds * ops.divide_no_nan(fp, tp))
        return ops.maximum(recall, 0.0), precision

    def _interpolated_precision(self) -> Tensor:
        """Areas under PR between thresholds, true positives being linear in positives there."""
        tp, fp, _, fn = (getattr(self, name) for name in COUNTS)
        p = tp + fp
        gained = tp[:-1] - tp[1:]
        slope = ops.divide_no_nan(gained, ops.maximum(p[:-1] - p[1:], 0.0))
        intercept = tp[1:] - slope * p[1:]
        both = ops.logical_and(p[:-1] > 0, p[1:] > 0)
        ratio = ops.where(both, ops.divide_no_nan(p[:-1], ops.maximum(p[1:], 0.0)), 1.0)
        return ops.divide_no_nan(slope * (gained + intercept * ops.log(ratio)), ops.maximum(tp[1:] + fn[1:], 0.0))

    def _averaged(self, areas: Tensor) -> Tensor:
        """The sum over thresholds; of several labels the weighted mean."""
        if not self.multi_label:
            return ops.sum(areas)
        by_label = ops.sum(areas, axis=0)
        if self.label_weights is None:
            return ops.mean(by_label)
        weights = ops.convert_to_tensor(self.label_weights, dtype=self.dtype)
        return ops.divide_no_nan(ops.sum(by_label * weights), ops.sum(weights))


def _check(valid: bool, name: str, choices: Sequence[str], value: Any) -> None:
    if not valid:
        raise ConfigError(f"`{name}` must be one of {', '.join(map(repr, choices))}. Received: {name}={value!r}")
