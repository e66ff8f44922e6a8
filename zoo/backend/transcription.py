"""Connectionist temporal classification with the names and arguments of Keras's backend, up to Keras 2."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo import ops
from zoo.config import config
from zoo.errors import Unsupported

Tensor = Any


def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Tensor:
    """The loss of each sample, (batch, 1); the last class is the blank.

    Args:
        y_true: labels (batch, labels).
        y_pred: probabilities (batch, steps, classes).
        input_length, label_length: how many steps and labels count, (batch, 1).
    """
    logits = ops.log(ops.add(y_pred, config.epsilon))
    lengths = [ops.cast(ops.reshape(length, (-1,)), "int32") for length in (label_length, input_length)]
    loss = ops.ctc_loss(ops.cast(y_true, "int32"), logits, *lengths, mask_index=y_pred.shape[-1] - 1)
    return ops.expand_dims(loss, 1)


def ctc_decode(y_pred: Any, input_length: Any, greedy: bool = True, beam_width: int = 100,
               top_paths: int = 1) -> tuple[list[np.ndarray], Any]:
    """The most likely labels of each sample, -1 after their end.

    Args:
        y_pred: probabilities (batch, steps, classes); the last class is the blank.
        input_length: how many steps count, (batch,).
        greedy: take the likeliest class of each step.
        beam_width, top_paths: of the search that is done otherwise.

    Returns:
        A list with the labels (batch, steps), and the negated sums of logarithms (batch, 1).

    Raises:
        Unsupported: another decoding than the greedy one.
    """
    if not greedy:
        raise Unsupported("K.ctc_decode: only greedy=True is there; zoo.ops.ctc_decode has the strategy 'beam_search'.")
    logits = np.log(np.asarray(y_pred) + config.epsilon)
    blank, lengths = logits.shape[-1] - 1, np.asarray(input_length).reshape(-1)
    best, lines = logits.argmax(-1), []
    for line, length in zip(best, lengths):
        changes = np.concatenate([[True], line[1:length] != line[:length - 1]]) if length else np.zeros(0, bool)
        lines.append(line[:length][changes & (line[:length] != blank)])
    width = logits.shape[1]
    labels = np.array([np.pad(line, (0, width - len(line)), constant_values=-1) for line in lines], "int64")
    counted = np.arange(logits.shape[1]) < lengths[:, None]
    return [labels], -np.where(counted, logits.max(-1), 0).sum(1, keepdims=True).astype("float32")
