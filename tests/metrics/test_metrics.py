"""State, weights, masks, names and configs of metrics; curves against their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zoo import metrics, naming, ops
from zoo.engine.function import Function
from zoo.errors import ConfigError, ShapeError, UnknownClass

RNG = np.random.default_rng(0)
LABELS, SCORES = RNG.integers(0, 2, 40), RNG.integers(0, 21, 40).astype("float32") / 20


def test_mean_of_batches_of_different_sizes() -> None:
    mean, values = metrics.Mean(), RNG.standard_normal((7, 3)).astype("float32")
    for part in (values[:2], values[2:]):
        mean.update_state(part)
    np.testing.assert_allclose(mean.result(), values.mean(), rtol=1e-5)
    mean.reset_state()
    assert mean.result() == 0 and [float(v.value) for v in mean.variables] == [0, 0]


def test_weights_of_samples_and_of_positions() -> None:
    values, weight = RNG.random((2, 3)).astype("float32"), np.array([1.0, 3.0])
    by_position = np.array([[1, 0, 0], [0, 2, 0]], "float32")
    np.testing.assert_allclose(metrics.Mean()(values, weight), (values.mean(1) * weight).sum() / 4, rtol=1e-6)
    np.testing.assert_allclose(metrics.Mean()(values, by_position), (values * by_position).sum() / 3, rtol=1e-6)
    np.testing.assert_allclose(metrics.Sum()(values, weight), (values.sum(1) * weight).sum(), rtol=1e-6)


def test_masked_positions_do_not_count() -> None:
    y_true, y_pred, mask = np.array([[1, 0, 1]]), np.array([[1, 1, 0]]), np.array([[True, True, False]])
    assert metrics.Accuracy.takes_mask
    metric = metrics.Accuracy()
    metric.update_state(y_true, y_pred, mask=mask)
    assert metric.result() == 0.5


def test_ignored_class_counts_as_zero_unless_there_are_weights() -> None:
    y_true, y_pred = np.array([0, 1]), np.full((2, 2), 0.5, "float32")
    metric = metrics.SparseCategoricalCrossentropy(ignore_class=0)
    np.testing.assert_allclose(metric(y_true, y_pred), np.log(2) / 2, rtol=1e-6)
    metric.reset_state()
    np.testing.assert_allclose(metric(y_true, y_pred, np.ones(2)), np.log(2), rtol=1e-6)


def test_state_is_carried_by_compiled_steps() -> None:
    metric = metrics.MeanSquaredError()
    step = Function(lambda y_true, y_pred: metric.update_state(y_true, y_pred))
    step(np.zeros((2, 1), "float32"), np.ones((2, 1), "float32"))
    step(np.zeros((2, 1), "float32"), np.full((2, 1), 3, "float32"))
    assert float(metric.result()) == 5
    assert [variable.path for variable in metric.variables] == ["mean_squared_error/total", "mean_squared_error/count"]


def test_a_metric_holds_the_state_of_metrics_in_it() -> None:
    class Spread(metrics.Metric):
        def __init__(self, name: str = "spread", dtype: Any = None):
            super().__init__(dtype, name)
            self.first, self.second = metrics.Mean(), metrics.Mean()
            self.seen = self.add_weight(name="seen")

        def update_state(self, values: Any) -> None:
            self.first.update_state(values)
            self.second.update_state(ops.square(values))
            self.seen.assign_add(1)

        def result(self) -> Any:
            return self.second.result() - ops.square(self.first.result())

    metric = Spread()
    np.testing.assert_allclose(metric(np.array([1.0, 3.0], "float32")), 1)
    assert len(metric.variables) == 5 and float(metric.seen.value) == 1
    metric.reset_state()
    assert all(float(variable.value) == 0 for variable in metric.variables)


@pytest.mark.parametrize("thresholds", [[0.33, 0.57], [0.0, 0.25, 0.5, 0.75, 1.0]], ids=["some", "even"])
def test_counts_at_thresholds(thresholds: list[float]) -> None:
    above = SCORES > np.array(thresholds)[:, None]
    for name, expected in (("TruePositives", above & (LABELS == 1)), ("FalsePositives", above & (LABELS == 0)),
                           ("TrueNegatives", ~above & (LABELS == 0)), ("FalseNegatives", ~above & (LABELS == 1))):
        received = getattr(metrics, name)(thresholds)(LABELS, SCORES)
        np.testing.assert_array_equal(received, expected.sum(1))


def test_area_under_roc_is_the_share_of_pairs_in_order() -> None:
    positive, negative = SCORES[LABELS == 1][:, None], SCORES[LABELS == 0]
    pairs = (positive > negative).mean() + (positive == negative).mean() / 2
    np.testing.assert_allclose(metrics.AUC(num_thresholds=201)(LABELS, SCORES), pairs, rtol=1e-5)


@pytest.mark.parametrize("curve", ["ROC", "pr", "PRGAIN"])
def test_summation_methods_are_in_order(curve: str) -> None:
    low, middle, high = (float(metrics.AUC(curve=curve, summation_method=method)(LABELS, SCORES))
                         for method in ("minoring", "interpolation", "majoring"))
    assert low <= middle + 1e-6 <= high + 2e-6


def test_labels_have_curves_of_their_own() -> None:
    labels, scores = RNG.integers(0, 2, (30, 3)), RNG.random((30, 3)).astype("float32")
    each = [float(metrics.AUC()(labels[:, i], scores[:, i])) for i in range(3)]
    np.testing.assert_allclose(metrics.AUC(multi_label=True)(labels, scores), np.mean(each), rtol=1e-5)
    weighted = metrics.AUC(multi_label=True, num_labels=3, label_weights=[1, 0, 3])
    np.testing.assert_allclose(weighted(labels, scores), (each[0] + 3 * each[2]) / 4, rtol=1e-5)


def test_top_k_and_class() -> None:
    y_true, y_pred = np.array([[0, 1, 1], [1, 0, 0]]), np.array([[0.1, 0.3, 0.2], [0.9, 0.8, 0.7]], "float32")
    assert metrics.Precision(top_k=1)(y_true, y_pred) == 1
    assert metrics.Recall(top_k=1)(y_true, y_pred) == pytest.approx(2 / 3)
    assert metrics.Precision(thresholds=0.5, class_id=1)(y_true, y_pred) == 0
    with pytest.raises(ShapeError, match="class_id"):
        metrics.Precision(class_id=1)(y_true[:, 0], y_pred[:, 0])


def test_intersection_over_union() -> None:
    metric = metrics.IoU(3, [0, 1, 2])
    y_true, y_pred = np.array([0, 0, 1, 7]), np.array([0, 1, 1, 1])            # class 2 does not occur, 7 is none
    np.testing.assert_allclose(metric(y_true, y_pred), (1 / 2 + 1 / 2) / 2, rtol=1e-5)
    assert metric.variables[0].dtype == "int64"
    with pytest.warns(UserWarning, match="cut off"):
        metric.update_state(y_true, y_pred, np.full(4, 0.5))
    metrics.MeanIoU(3, dtype="float32").update_state(y_true, y_pred, np.full(4, 0.5))


def test_adjusted_r2_only_where_it_has_a_meaning() -> None:
    y_true, y_pred = RNG.standard_normal((2, 10, 1)).astype("float32")
    plain = float(metrics.R2Score()(y_true, y_pred))
    np.testing.assert_allclose(metrics.R2Score(num_regressors=2)(y_true, y_pred), 1 - (1 - plain) * 9 / 7, rtol=1e-5)
    np.testing.assert_allclose(metrics.R2Score(num_regressors=9)(y_true, y_pred), plain, rtol=1e-6)


@pytest.mark.parametrize("metric", [
    metrics.AUC(thresholds=[0.7, 0.2], multi_label=True, num_labels=2, label_weights=[1.0, 2.0]),
    metrics.F1Score("macro"), metrics.R2Score(None, 2), metrics.Mean(dtype="float64"),
    metrics.BinaryIoU(threshold=0.3), metrics.OneHotMeanIoU(3, ignore_class=1), metrics.Precision([0.1, 0.2], top_k=2),
    metrics.RecallAtPrecision(0.3, class_id=1), metrics.CosineSimilarity(axis=1),
    metrics.MeanMetricWrapper("huber", delta=2.0), metrics.SparseTopKCategoricalAccuracy(3, from_sorted_ids=True)],
    ids=lambda metric: type(metric).__name__)
def test_config_round_trip(metric: metrics.Metric) -> None:
    copy = metrics.deserialize(metrics.serialize(metric))
    assert type(copy) is type(metric) and copy.get_config() == metric.get_config()
    assert [v.shape for v in copy.variables] == [v.shape for v in metric.variables]


def test_wrapper_of_older_files() -> None:
    metric = metrics.deserialize({"class_name": "MeanMetricWrapper", "config": {
        "name": "accuracy", "dtype": "float32", "fn": "categorical_accuracy"}})
    assert metric.function is metrics.categorical_accuracy and metric.name == "accuracy"


def test_names() -> None:
    naming.reset()
    assert [metrics.AUC().name, metrics.AUC().name, metrics.MeanIoU(2).name] == ["auc", "auc_1", "mean_io_u"]
    assert [metrics.BinaryAccuracy().name, metrics.LogCoshError().name] == ["binary_accuracy", "logcosh"]


@pytest.mark.parametrize(("y_true", "y_pred", "cls"), [
    ((8, 1), (8, 1), metrics.BinaryAccuracy), ((8, 1), (8, 5), metrics.SparseCategoricalAccuracy),
    ((8,), (8, 5), metrics.SparseCategoricalAccuracy), ((8, 5), (8, 5), metrics.CategoricalAccuracy)])
def test_accuracy_of_an_output(y_true: tuple[int, ...], y_pred: tuple[int, ...], cls: type) -> None:
    metric = metrics.for_output("acc", np.ones(y_true), np.ones(y_pred))
    assert type(metric) is cls and metric.name == "acc"


def test_metrics_of_an_output() -> None:
    y = np.ones((2, 1))
    assert metrics.for_output("mse", y, y).name == "mse"
    assert metrics.for_output(metrics.AUC(name="a"), y, y).name == "a"
    own = metrics.for_output(lambda y_true, y_pred: y_pred, y, y)
    assert isinstance(own, metrics.MeanMetricWrapper) and own(y, y) == 1
    with pytest.raises(ConfigError, match="received None"):
        metrics.for_output(None, y, y)


def test_get() -> None:
    assert type(metrics.get("mean_absolute_error")) is type(metrics.get("MAE")) is metrics.MeanAbsoluteError
    assert metrics.get("huber") is metrics.huber
    with pytest.raises(UnknownClass, match="Did you mean 'auc'"):
        metrics.get("aucc")


@pytest.mark.parametrize("make", [
    lambda: metrics.AUC(curve="X"), lambda: metrics.AUC(num_thresholds=1), lambda: metrics.Precision(thresholds=2),
    lambda: metrics.FBetaScore(beta=1), lambda: metrics.F1Score("mean"), lambda: metrics.IoU(2, [2]),
    lambda: metrics.R2Score("mean"), lambda: metrics.R2Score(num_regressors=-1), lambda: metrics.PrecisionAtRecall(1.5),
    lambda: metrics.RecallAtPrecision(0.5, 0)])
def test_arguments_that_make_no_sense(make: Any) -> None:
    with pytest.raises(ConfigError, match="must"):
        make()
