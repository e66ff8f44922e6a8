"""Intersection over union of classes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from zoo import ops
from zoo.config import config as settings
from zoo.engine import dtypes
from zoo.errors import ConfigError
from zoo.metrics.metric import Metric

Tensor = Any


class IoU(Metric):
    """For each class the number of places where targets and predictions agree, over that where one of them has it.

    The mean over those of the target classes that occur. The confusion matrix is one of whole numbers unless `dtype`
    is a float: weights are cut off to whole numbers then.

    Args:
        num_classes: how many classes there are.
        target_class_ids: which of them count.
        name, dtype: as of `Metric`; int64 if None.
        ignore_class: class of targets that do not count; any place outside of the classes does not count either.
        sparse_y_true, sparse_y_pred: whether targets and predictions are class numbers; otherwise the class of the
            highest score is taken.
        axis: of the scores.

    Source: Jaccard 1912, The Distribution of the Flora in the Alpine Zone.
    """

    direction = "up"

    def __init__(self, num_classes: int, target_class_ids: Sequence[int], name: str | None = None, dtype: Any = None,
                 ignore_class: int | None = None, sparse_y_true: bool = True, sparse_y_pred: bool = True,
                 axis: int = -1):
        super().__init__(dtype or "int64", name)
        if max(target_class_ids) >= num_classes:
            raise ConfigError(f"`target_class_ids` must be less than num_classes={num_classes}. "
                              f"Received: target_class_ids={target_class_ids!r}")
        self.num_classes, self.target_class_ids, self.ignore_class = num_classes, list(target_class_ids), ignore_class
        self.sparse_y_true, self.sparse_y_pred, self.axis = sparse_y_true, sparse_y_pred, axis
        self.total_confusion_matrix = self.add_weight(shape=(num_classes, num_classes), dtype=self.dtype,
                                                      name="total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch; a weight for each place, or one for all."""
        y_true = y_true if self.sparse_y_true else ops.argmax(y_true, axis=self.axis)
        y_pred = y_pred if self.sparse_y_pred else ops.argmax(y_pred, axis=self.axis)
        y_true, y_pred = (ops.reshape(ops.cast(y, "int32"), (-1,)) for y in (y_true, y_pred))
        inside = ops.logical_and(self._is_class(y_true), self._is_class(y_pred))
        if self.ignore_class is not None:
            inside = ops.logical_and(inside, ops.not_equal(y_true, self.ignore_class))
        weight = ops.where(inside, self._weights(sample_weight), 0)
        places = ops.stack([ops.where(inside, y, 0) for y in (y_true, y_pred)], axis=1)
        weight = ops.broadcast_to(ops.cast(weight, self.dtype), y_true.shape)
        self.total_confusion_matrix.assign_add(ops.scatter(places, weight, self.total_confusion_matrix.shape))

    def _is_class(self, y: Tensor) -> Tensor:
        return ops.logical_and(ops.greater_equal(y, 0), ops.less(y, self.num_classes))

    def _weights(self, sample_weight: Any) -> Tensor:
        if sample_weight is None:
            return ops.convert_to_tensor(1, dtype=self.dtype)
        sample_weight = ops.convert_to_tensor(sample_weight)
        if dtypes.is_float(ops.dtype(sample_weight)) and not dtypes.is_float(self.dtype):
            warnings.warn(f"{self.name}: weights are floats, but the metric's dtype is {self.dtype}: their fractions "
                          f"are cut off. Give whole numbers, or the metric dtype='float32'.", stacklevel=3)
        weight = ops.cast(sample_weight, self.dtype)
        return ops.reshape(weight, (-1,)) if len(weight.shape) > 1 else weight

    def result(self) -> Tensor:
        """The mean over those target classes that occur."""
        matrix = ops.cast(self.total_confusion_matrix, "float32")
        both = ops.diag(matrix)
        either = ops.sum(matrix, axis=0) + ops.sum(matrix, axis=1) - both
        both, either = (ops.take(x, self.target_class_ids, axis=0) for x in (both, either))
        occurs = ops.cast(ops.greater(either, 1e-9), "float32")
        ratios = occurs * ops.divide(both, either + settings.epsilon)
        return ops.divide(ops.sum(ratios), ops.sum(occurs) + settings.epsilon)


class BinaryIoU(IoU):
    """`IoU` of two classes, told apart by a threshold.

    Args:
        target_class_ids: which of 0 and 1 count.
        threshold: from it on a score means 1.
        name, dtype: as of `IoU`.
    """

    def __init__(self, target_class_ids: Sequence[int] = (0, 1), threshold: float = 0.5, name: str | None = None,
                 dtype: Any = None):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch of targets 0 and 1 and of scores."""
        super().update_state(y_true, ops.greater_equal(ops.cast(y_pred, "float32"), self.threshold), sample_weight)


class MeanIoU(IoU):
    """`IoU` of all classes.

    Args:
        num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis: as of `IoU`.
    """

    def __init__(self, num_classes: int, name: str | None = None, dtype: Any = None, ignore_class: int | None = None,
                 sparse_y_true: bool = True, sparse_y_pred: bool = True, axis: int = -1):
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)


class OneHotIoU(IoU):
    """`IoU` with one-hot targets.

    Args:
        num_classes, target_class_ids, name, dtype, ignore_class, sparse_y_pred, axis: as of `IoU`.
    """

    def __init__(self, num_classes: int, target_class_ids: Sequence[int], name: str | None = None, dtype: Any = None,
                 ignore_class: int | None = None, sparse_y_pred: bool = False, axis: int = -1):
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


class OneHotMeanIoU(MeanIoU):
    """`MeanIoU` with one-hot targets.

    Args:
        num_classes, name, dtype, ignore_class, sparse_y_pred, axis: as of `IoU`.
    """

    def __init__(self, num_classes: int, name: str | None = None, dtype: Any = None, ignore_class: int | None = None,
                 sparse_y_pred: bool = False, axis: int = -1):
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)
