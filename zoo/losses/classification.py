"""Losses of classes. What each computes is said at the function of the same name in `zoo.scores`."""

from __future__ import annotations

from typing import Any

from zoo import scores
from zoo.errors import ConfigError
from zoo.losses.loss import FunctionLoss


class KLDivergence(FunctionLoss):
    """How much predicted probabilities differ from those of the targets."""

    function = staticmethod(scores.kl_divergence)


class CTC(FunctionLoss):
    """How unlikely a sequence of labels is under logits of frames, in any alignment."""

    function = staticmethod(scores.ctc)


class BinaryCrossentropy(FunctionLoss):
    """Cross-entropy of yes-or-no answers.

    Args:
        from_logits: whether predictions are log-odds.
        label_smoothing: how far targets are moved towards 1/2, from 0 to 1.
        axis: averaged over.
        reduction, name, dtype: as of `Loss`.
    """

    function = staticmethod(scores.binary_crossentropy)

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
                 reduction: str | None = "sum_over_batch_size", name: str = "binary_crossentropy", dtype: Any = None):
        super().__init__(reduction, name, dtype)
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


class BinaryFocalCrossentropy(FunctionLoss):
    """Cross-entropy of yes-or-no answers in which nearly right ones count little.

    Args:
        apply_class_balancing: whether ones count `alpha` and zeros 1 - `alpha`.
        alpha: weight of ones.
        gamma: how fast the weight of right answers falls.
        from_logits, label_smoothing, axis: as of `BinaryCrossentropy`.
        reduction, name, dtype: as of `Loss`.
    """

    function = staticmethod(scores.binary_focal_crossentropy)

    def __init__(self, apply_class_balancing: bool = False, alpha: float = 0.25, gamma: float = 2.0,
                 from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
                 reduction: str | None = "sum_over_batch_size", name: str = "binary_focal_crossentropy",
                 dtype: Any = None):
        super().__init__(reduction, name, dtype)
        self.apply_class_balancing, self.alpha, self.gamma = apply_class_balancing, alpha, gamma
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


class CategoricalCrossentropy(FunctionLoss):
    """Cross-entropy of classes with one-hot targets.

    Args:
        from_logits: whether predictions are logits.
        label_smoothing: how much of the targets is spread over all classes, from 0 to 1.
        axis: of the classes.
        reduction, name, dtype: as of `Loss`.
    """

    function = staticmethod(scores.categorical_crossentropy)

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
                 reduction: str | None = "sum_over_batch_size", name: str = "categorical_crossentropy",
                 dtype: Any = None):
        super().__init__(reduction, name, dtype)
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


class CategoricalFocalCrossentropy(FunctionLoss):
    """Cross-entropy of classes in which nearly right ones count little.

    Args:
        alpha: weight of all classes, or of each.
        gamma: how fast the weight of right answers falls.
        from_logits, label_smoothing, axis: as of `CategoricalCrossentropy`.
        reduction, name, dtype: as of `Loss`.
    """

    function = staticmethod(scores.categorical_focal_crossentropy)

    def __init__(self, alpha: Any = 0.25, gamma: float = 2.0, from_logits: bool = False, label_smoothing: float = 0.0,
                 axis: int = -1, reduction: str | None = "sum_over_batch_size",
                 name: str = "categorical_focal_crossentropy", dtype: Any = None):
        super().__init__(reduction, name, dtype)
        self.alpha, self.gamma = alpha, gamma
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


class SparseCategoricalCrossentropy(FunctionLoss):
    """Cross-entropy of classes with class numbers as targets.

    Args:
        from_logits: whether predictions are logits.
        ignore_class: class number of samples that do not count.
        axis: of the classes.
        reduction, name, dtype: as of `Loss`.
    """

    function = staticmethod(scores.sparse_categorical_crossentropy)
    written_unless = {"axis": -1}

    def __init__(self, from_logits: bool = False, ignore_class: int | None = None,
                 reduction: str | None = "sum_over_batch_size", axis: int = -1,
                 name: str = "sparse_categorical_crossentropy", dtype: Any = None):
        super().__init__(reduction, name, dtype)
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis


class CategoricalGeneralizedCrossEntropy(FunctionLoss):
    """Between cross-entropy and absolute error: robust against wrong labels; targets are class numbers.

    Args:
        q: between 0 (cross-entropy) and 1 (absolute error), both excluded.
        reduction, name, dtype: as of `Loss`.
    """

    function = staticmethod(scores.categorical_generalized_cross_entropy)

    def __init__(self, q: float = 0.5, reduction: str | None = "sum_over_batch_size",
                 name: str = "categorical_generalized_cross_entropy", dtype: Any = None):
        if not 0 < q < 1:
            raise ConfigError(f"`q` must be between 0 and 1, both excluded. Received: q={q!r}")
        super().__init__(reduction, name, dtype)
        self.q = q
