"""One step of training, evaluation or prediction, as one graph.

Forward pass, loss, gradients, optimizer, statistics and metrics are traced together; what they change are updates of
the graph, carried out when its program ends.
"""

from __future__ import annotations

from typing import Any

from zoo import ops, tree
from zoo.engine import graph as graphs
from zoo.engine.autodiff import gradients
from zoo.layers.penalties import collecting_penalties, keeping_losses

Tensor = Any


def train(model: Any, x: Any, y: Any, sample_weight: Any, forward: Any = None) -> dict[str, Tensor]:
    """Changes the trainable weights by one step.

    Args:
        model: whose weights, loss and metrics.
        x: what `forward` takes.
        y, sample_weight: targets and weights, in the structure of the outputs.
        forward: computes the outputs; the model itself if None, otherwise a part of it that x is fit for.

    Returns:
        The figures of the epoch so far.
    """
    graph = graphs.current()
    y_pred, loss = _forward(model, forward or model, x, y, sample_weight, training=True)
    variables = model.trainable_weights
    model.optimizer.build(variables)
    starts = [graph.reads.get(variable) for variable in variables]
    used = [start for start in starts if start is not None]
    found = iter(gradients([model.optimizer.scale_loss(loss)], used))
    model.optimizer.apply([None if start is None else _narrowed(next(found), variable)
                           for start, variable in zip(starts, variables)], variables)
    return _figures(model, x, y, y_pred, sample_weight, loss)


def _narrowed(gradient: Tensor, variable: Any) -> Tensor:
    """The gradient with the precision and range that mixed precision leaves it: what is too large is infinite."""
    narrow = variable.gradient_dtype
    return gradient if narrow is None or gradient is None else ops.cast(ops.cast(gradient, narrow), variable.dtype)


def test(model: Any, x: Any, y: Any, sample_weight: Any, forward: Any = None) -> dict[str, Tensor]:
    """Computes loss and metrics; returns the figures so far. Arguments as of `train`."""
    y_pred, loss = _forward(model, forward or model, x, y, sample_weight, training=False)
    return _figures(model, x, y, y_pred, sample_weight, loss)


def _forward(model: Any, forward: Any, x: Any, y: Any, sample_weight: Any, training: bool) -> tuple[Any, Tensor]:
    with keeping_losses():
        with collecting_penalties() as penalties:
            y_pred = forward(x, training=training)
        model.take_losses(penalties)
        return y_pred, model.compute_loss(x, y, y_pred, sample_weight, training)


def _figures(model: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any, loss: Tensor) -> dict[str, Tensor]:
    model.compiled.tracker.update_state(loss, sample_weight=tree.leaves(x)[0].shape[0])
    return model.compute_metrics(x, y, y_pred, sample_weight)
