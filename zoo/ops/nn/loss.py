"""Cross-entropies and other distances between targets and outputs, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.config import config
from zoo.engine import primitives as p
from zoo.errors import ConfigError, ShapeError
from zoo.ops.math import logsumexp
from zoo.ops.nn.activation import log_softmax
from zoo.ops.numpy_like.arithmetic import logaddexp, multiply, subtract
from zoo.ops.numpy_like.elementwise import clip, log10
from zoo.ops.numpy_like.indexing import take_along_axis
from zoo.ops.numpy_like.logic import equal, less, logical_and, not_equal
from zoo.ops.numpy_like.manipulation import concatenate, expand_dims, pad, reshape, slice_axis, squeeze, stack
from zoo.ops.numpy_like.reduction import mean, sum as sum_
from zoo.ops.promotion import (
    Tensor, as_float, as_tensor, concrete, constant, dtype_of, known_size, promote, rank_of, shape_of,
)


def _check_shapes(name: str, target: Any, output: Any) -> None:
    shapes = shape_of(target), shape_of(output)
    if len(shapes[0]) != len(shapes[1]) or any(None not in (a, b) and a != b for a, b in zip(*shapes)):
        raise ShapeError(f"{name}: expected target and output of one shape, received {shapes[0]} and {shapes[1]}.")


def _probability(x: Tensor) -> Tensor:
    """x held away from 0 and 1, so that logarithms stay finite."""
    return clip(x, config.epsilon, 1 - config.epsilon)


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Tensor:
    """-sum(target * log(output)) along the axis of the classes.

    Args:
        target: probabilities.
        output: probabilities (scaled to the sum 1), or logits.
        from_logits: whether `output` are logits.
        axis: of the classes, which is dropped.
    """
    target, output = promote(target, output, dtype="~float")
    _check_shapes("categorical_crossentropy", target, output)
    if from_logits:
        logs = log_softmax(output, axis)
    else:
        logs = p.log_op(_probability(p.divide_op(output, sum_(output, axis, keepdims=True))))
    return p.negative_op(sum_(p.multiply_op(target, logs), axis))


def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Tensor:
    """-log(output of the target's class).

    Args:
        target: class numbers, in the shape of `output` without its last axis (or with 1 there).
        output: probabilities or logits.
        from_logits: whether `output` are logits.
        axis: of the classes: the last one.
    """
    output, target = as_float(output), as_tensor(target, "int32")
    if axis not in (-1, rank_of(output) - 1):
        raise ConfigError(f"sparse_categorical_crossentropy: expected axis=-1, received {axis}.")
    if rank_of(target) == rank_of(output) and shape_of(target)[-1] == 1:
        target = squeeze(target, -1)
    if rank_of(target) != rank_of(output) - 1:
        raise ShapeError(f"sparse_categorical_crossentropy: expected targets in the shape of the outputs without the "
                         f"classes, received {shape_of(target)} and {shape_of(output)}.")
    logits = output if from_logits else p.log_op(_probability(output))
    own = squeeze(take_along_axis(logits, expand_dims(target, -1), -1), -1)
    return p.subtract_op(logsumexp(logits, -1), own)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Tensor:
    """-(target * log(output) + (1 - target) * log(1 - output)), of probabilities or logits."""
    target, output = promote(target, output, dtype="~float")
    _check_shapes("binary_crossentropy", target, output)
    if from_logits:                                         # softplus(x) - x * target, the logarithms worked out
        return p.subtract_op(p.softplus_op(output), p.multiply_op(output, target))
    output = _probability(output)
    no = p.multiply_op(subtract(1, target), p.log_op(subtract(1, output)))
    return p.negative_op(p.add_op(p.multiply_op(target, p.log_op(output)), no))


def psnr(x1: Any, x2: Any, max_val: float) -> Tensor:
    """The peak signal-to-noise ratio in decibels."""
    x1, x2 = promote(x1, x2, dtype="~float")
    _check_shapes("psnr", x1, x2)
    error = mean(p.square_op(p.subtract_op(x1, x2)))
    return subtract(multiply(20, log10(as_tensor(max_val, dtype_of(x2)))), multiply(10, log10(error)))


def ctc_loss(target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0) -> Tensor:
    """-log(probability of the target), summed over all alignments: connectionist temporal classification.

    Source: Graves et al., 2006: the forward recursion over the target with blanks between its labels.

    Args:
        target: labels ``(batch, labels)``.
        output: logits ``(batch, steps, classes)``; the number of steps must be known.
        target_length, output_length: how many of them count, ``(batch,)``.
        mask_index: the class that is the blank.
    """
    labels, logs = as_tensor(target, "int32"), log_softmax(output, -1)
    batch, steps = shape_of(logs)[0], known_size("ctc_loss", logs, 1)
    mask_index %= known_size("ctc_loss", logs, 2)
    count = known_size("ctc_loss", labels, 1)
    blank = p.full_like_op(labels, value=mask_index, dtype="int32")
    path = reshape(stack([blank, labels], -1), (batch, 2 * count))
    path = concatenate([path, slice_axis(blank, 1, 0, 1)], 1)                   # blank, label, blank, ..., blank
    width = 2 * count + 1
    emitted = take_along_axis(logs, expand_dims(path, 1), 2)                    # (batch, steps, width)
    impossible = constant(-1e30, dtype_of(logs))
    two_before = pad(slice_axis(path, 1, 0, width - 2), [(0, 0), (2, 0)], constant_values=mask_index)
    may_skip = logical_and(not_equal(path, mask_index), not_equal(path, two_before))
    starts = p.select_op(less(np.arange(width, dtype="int32"), 2), squeeze(slice_axis(emitted, 1, 0, 1), 1), impossible)
    ends, forward = as_tensor(output_length, "int32"), starts
    for step in range(1, steps):
        one, two = (pad(slice_axis(forward, 1, 0, width - k), [(0, 0), (k, 0)], constant_values=-1e30) for k in (1, 2))
        arriving = logaddexp(logaddexp(forward, one), p.select_op(may_skip, two, impossible))
        moved = p.add_op(arriving, squeeze(slice_axis(emitted, 1, step, step + 1), 1))
        forward = p.select_op(expand_dims(less(step, ends), -1), moved, forward)
    last = multiply(as_tensor(target_length, "int32"), 2)
    on_blank = take_along_axis(forward, expand_dims(last, -1), 1)
    on_label = take_along_axis(forward, expand_dims(p.maximum_op(subtract(last, 1), constant(0, "int32")), -1), 1)
    on_label = p.select_op(expand_dims(equal(last, 0), -1), impossible, on_label)
    return p.negative_op(squeeze(logaddexp(on_blank, on_label), -1))


def ctc_decode(inputs: Any, sequence_lengths: Any, strategy: str = "greedy", beam_width: int = 100, top_paths: int = 1,
               merge_repeated: bool = True, mask_index: int = 0) -> tuple[Tensor, Tensor]:
    """The likeliest labels: the best class of each step, repetitions merged, blanks dropped. Only outside of graphs.

    Returns:
        Labels ``(1, batch, steps)`` filled up with -1, and the negative sum of the best logits ``(batch, 1)``.

    Raises:
        ConfigError: another strategy than "greedy" is asked for.
    """
    if strategy != "greedy":
        raise ConfigError(f"ctc_decode: expected strategy 'greedy', received {strategy!r}; "
                          f"beam search is not supported.")
    logits, lengths = np.asarray(concrete("ctc_decode", inputs)), np.asarray(concrete("ctc_decode", sequence_lengths))
    mask_index %= logits.shape[-1]
    labels = np.full(logits.shape[:2], -1, "int32")
    best = logits.argmax(-1)
    for row, (line, length) in enumerate(zip(best, lengths)):
        line = line[:length]
        kept = line != mask_index
        if merge_repeated:
            kept &= np.concatenate([[True], line[1:] != line[:-1]])[:length]
        labels[row, :kept.sum()] = line[kept]
    counted = np.arange(logits.shape[1]) < lengths[:, None]
    return labels[None], -np.where(counted, logits.max(-1), 0).sum(-1, keepdims=True).astype("float32")
