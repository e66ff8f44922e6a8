"""The 1000 classes of ImageNet (ILSVRC 2012), and predictions in words.

``data/imagenet_classes.tsv`` has one class a line: WordNet id and Keras's name for it, in the order of the outputs of
all classifiers, which is the order of the ids. Two pairs share a name (``crane``, ``maillot``); ids are unique.
"""

from __future__ import annotations

import functools
import importlib.resources
from typing import Any, NamedTuple

import numpy as np

from zoo.errors import ConfigError, ShapeError


class ClassLabel(NamedTuple):
    """One class of ImageNet: its WordNet id, as ``n02123159``, and its name, as ``tiger_cat``."""

    wnid: str
    name: str


@functools.cache
def imagenet_classes() -> tuple[ClassLabel, ...]:
    """The classes in the order of a classifier's outputs."""
    text = importlib.resources.files("zoo.applications").joinpath("data/imagenet_classes.tsv").read_text("utf-8")
    return tuple(ClassLabel(*line.split("\t")) for line in text.splitlines())


def decode_predictions(preds: Any, top: int = 5) -> list[list[tuple[str, str, float]]]:
    """Names the likeliest classes.

    Args:
        preds: scores of a batch, (batch, 1000).
        top: how many classes to name.

    Returns:
        For each image, ``(WordNet id, name, score)`` from the highest score down.

    Raises:
        ShapeError: `preds` has another shape.
        ConfigError: `top` is not a positive integer.

    Example:
        >>> scores = np.zeros((1, 1000), "float32")
        >>> scores[0, 282] = 1
        >>> decode_predictions(scores, top=1)
        [[('n02123159', 'tiger_cat', 1.0)]]
    """
    classes = imagenet_classes()
    scores = np.asarray(preds)
    if scores.ndim != 2 or scores.shape[1] != len(classes):
        raise ShapeError(f"decode_predictions expects the scores of a batch, (batch, {len(classes)}), as a classifier "
                         f"of ImageNet with include_top=True gives them. Received: shape {scores.shape}")
    if not isinstance(top, int) or top < 1:
        raise ConfigError(f"`top` should be a positive integer. Received: top={top!r}")
    return [[(*classes[i], row[i].item()) for i in np.argsort(row)[::-1][:top]] for row in scores]
