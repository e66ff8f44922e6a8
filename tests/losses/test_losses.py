"""Reductions, masks, names and configs of losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zoo import losses, ops
from zoo.errors import ConfigError, ShapeError, UnknownClass

TRUE, PRED = np.zeros((2, 3, 1), "float32"), np.array([[1, 2, 3], [4, 5, 6]], "float32")[..., None]
SQUARES = PRED[..., 0] ** 2
WEIGHT = np.array([[1, 0, 2], [0, 1, 3]], "float32")
MASK = np.array([[True, False, True], [True, True, False]])


@pytest.mark.parametrize(("reduction", "plain", "weighted"), [
    ("sum", SQUARES.sum(), (SQUARES * WEIGHT).sum()),
    ("sum_over_batch_size", SQUARES.mean(), (SQUARES * WEIGHT).sum() / 6),
    ("mean", SQUARES.mean(), (SQUARES * WEIGHT).sum() / 6),
    ("mean_with_sample_weight", SQUARES.mean(), (SQUARES * WEIGHT).sum() / WEIGHT.sum()),
    ("none", SQUARES, SQUARES * WEIGHT),
    (None, SQUARES, SQUARES * WEIGHT),
])
def test_reductions(reduction: str | None, plain: Any, weighted: Any) -> None:
    loss = losses.MeanSquaredError(reduction=reduction)
    np.testing.assert_allclose(loss(TRUE, PRED), plain, rtol=1e-6)
    np.testing.assert_allclose(loss(TRUE, PRED, WEIGHT), weighted, rtol=1e-6)


@pytest.mark.parametrize("reduction", ["mean", "mean_with_sample_weight"])
def test_a_mask_leaves_positions_out_of_the_mean(reduction: str) -> None:
    loss = losses.MeanSquaredError(reduction)
    np.testing.assert_allclose(loss(TRUE, PRED, mask=MASK), SQUARES[MASK].mean(), rtol=1e-6)


def test_weights_of_samples_reach_all_positions() -> None:
    received = losses.MeanSquaredError(None)(TRUE, PRED, np.array([[2.0], [3.0]]))
    np.testing.assert_allclose(received, SQUARES * [[2], [3]], rtol=1e-6)


def test_everything_masked_is_zero() -> None:
    assert losses.MeanSquaredError()(TRUE, PRED, mask=np.zeros((2, 3), bool)) == 0


def test_ignored_classes_do_not_count() -> None:
    y_true, y_pred = np.array([0, 1, 2]), np.array([[0.2, 0.8, 0.0], [0.5, 0.25, 0.25], [0.1, 0.1, 0.8]], "float32")
    np.testing.assert_allclose(losses.SparseCategoricalCrossentropy(ignore_class=0)(y_true, y_pred),
                               losses.SparseCategoricalCrossentropy()(y_true[1:], y_pred[1:]), rtol=1e-6)


def test_circle_counts_only_embeddings_that_have_a_pair() -> None:
    y_pred = np.eye(3, dtype="float32")[[0, 1, 2, 0]]
    alone, pair = losses.Circle(reduction=None)([0, 1, 2, 0], y_pred), losses.Circle()([0, 1, 2, 0], y_pred)
    np.testing.assert_allclose(pair, alone[alone > 0].mean(), rtol=1e-6)
    assert (alone > 0).tolist() == [True, False, False, True]


@pytest.mark.parametrize(("y_true", "y_pred"), [((4,), (4, 1)), ((4, 1), (4,)), ((4, 3), (4, 3, 1))])
def test_a_last_axis_of_one_is_added_or_dropped(y_true: tuple[int, ...], y_pred: tuple[int, ...]) -> None:
    a, b = np.arange(np.prod(y_true), dtype="float32"), np.ones(np.prod(y_pred), "float32")
    received = losses.MeanSquaredError()(a.reshape(y_true), b.reshape(y_pred))
    np.testing.assert_allclose(received, ((a - b) ** 2).mean(), rtol=1e-6)


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match="Targets and predictions do not fit"):
        losses.MeanSquaredError()(np.ones((4, 3)), np.ones((4, 2)))
    with pytest.raises(ShapeError, match="sample_weight"):
        losses.MeanSquaredError()(TRUE, PRED, np.ones(2))


def test_half_precision_is_computed_in_the_losses_dtype() -> None:
    received = losses.MeanSquaredError()(np.zeros((1, 2)), np.full((1, 2), 300, "float16"))
    assert received.dtype == np.float32 and received == 90000
    assert losses.MeanSquaredError(dtype="float64")(TRUE, PRED).dtype == np.float64


@pytest.mark.parametrize("loss", [
    losses.Huber(0.5), losses.CosineSimilarity(axis=1), losses.Tversky(0.1, 0.2, axis=(1, 2)),
    losses.CTC(dtype="float64"), losses.SparseCategoricalCrossentropy(ignore_class=3, axis=-2),
    losses.MeanAbsoluteError("sum", "mine")])
def test_config_round_trip(loss: losses.Loss) -> None:
    copy = losses.deserialize(losses.serialize(loss))
    assert type(copy) is type(loss) and copy.get_config() == loss.get_config()


def test_what_keras_does_not_write_is_written_only_if_it_matters() -> None:
    assert losses.Huber().get_config() == {"name": "huber_loss", "reduction": "sum_over_batch_size"}
    assert losses.Huber(2.0).get_config()["delta"] == 2.0


def test_wrapper_of_a_function() -> None:
    loss = losses.LossFunctionWrapper("huber", name="h", delta=2.0)
    copy = losses.deserialize(losses.serialize(loss))
    assert loss.get_config() == {"name": "h", "reduction": "sum_over_batch_size", "fn": "huber", "delta": 2.0}
    np.testing.assert_allclose(copy(TRUE, PRED), losses.Huber(2.0)(TRUE, PRED))


def test_own_loss_and_function() -> None:
    class Cubes(losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return ops.mean(ops.absolute(y_true - y_pred) ** 3, axis=-1)

    assert Cubes().name == "cubes"
    np.testing.assert_allclose(Cubes("c", "sum")(TRUE, PRED), (SQUARES ** 1.5).sum(), rtol=1e-6)
    read = losses.deserialize({"class_name": "Cubes", "config": {"reduction": None}}, {"Cubes": Cubes})
    assert isinstance(read, Cubes) and read.reduction is None
    wrapped = losses.for_output(lambda y_true, y_pred: y_pred[..., 0], TRUE, PRED)
    np.testing.assert_allclose(wrapped(TRUE, PRED), PRED.mean())


@pytest.mark.parametrize(("alias", "name"), [
    ("mse", "mean_squared_error"), ("MAE", "mean_absolute_error"), ("KLD", "kl_divergence"), ("logcosh", "log_cosh"),
    ("bce", "binary_crossentropy"), ("kullback_leibler_divergence", "kl_divergence"),
    ("cosine_proximity", "cosine_similarity")])
def test_aliases_mean_functions(alias: str, name: str) -> None:
    assert losses.get(alias) is losses.get(name) is getattr(losses, name)


@pytest.mark.parametrize(("y_true", "y_pred", "name"), [
    ((8, 1), (8, 1), "binary"), ((8, 1), (8, 5), "sparse_categorical"), ((8,), (8, 5), "sparse_categorical"),
    ((8, 5), (8, 5), "categorical")])
def test_crossentropy_of_an_output(y_true: tuple[int, ...], y_pred: tuple[int, ...], name: str) -> None:
    loss = losses.for_output("crossentropy", np.ones(y_true), np.ones(y_pred))
    assert loss.function is losses.get(f"{name}_crossentropy") and loss.name == "crossentropy"


def test_get() -> None:
    assert isinstance(losses.get("MeanSquaredError"), losses.MeanSquaredError)
    assert losses.get(None) is None and losses.for_output(None, TRUE, PRED) is None
    with pytest.raises(UnknownClass, match="mean_squared_error"):
        losses.get("mean_squared_eror")


@pytest.mark.parametrize("make", [
    lambda: losses.MeanSquaredError("average"), lambda: losses.CategoricalGeneralizedCrossEntropy(q=1),
    lambda: losses.CategoricalCrossentropy(axis=True)(TRUE, PRED)])
def test_arguments_that_make_no_sense(make: Any) -> None:
    with pytest.raises(ConfigError, match="must be"):
        make()


def test_configs_of_keras_2() -> None:
    loss = losses.deserialize({"class_name": "BinaryCrossentropy", "config": {
        "reduction": "auto", "name": "b", "from_logits": True, "label_smoothing": 0, "axis": -1}})
    assert loss.reduction == "sum_over_batch_size" and loss.from_logits
