"""How releases of Keras compute, where they differ: a model from an old file predicts and trains on as it did there.

`TODAY` is Keras 3. A model that is read from a file has the conventions of the release that wrote it in
``model.conventions``; assigning others is possible at any time. While a step is traced they are in force (`using`), and
whoever computes something that releases do differently asks for the `current` ones.

What belongs to one object is no convention but an argument of it (epsilon, ``recurrent_activation``), or a class of its
own (``legacy>RMSprop``).

Sources: the source code of the releases, and numbers that they computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from zoo.errors import ConfigError


@dataclass(frozen=True)
class Conventions:
    """The conventions of some releases.

    Args:
        name: for files and reports.
        mean: over what the mean of a loss is. ``counted``: over positions that no mask leaves out; ``all``: over all
            of them, masked ones being 0; ``weighted``: over those that no mask leaves out and whose weight is not 0,
            and metrics are means over batches.
        activity_penalty: whether penalties on activities are the ``mean`` over the samples, or their ``sum``.
        moving_variance: what the moving variance of a batch normalization follows, besides the variance of the batch:
            ``epsilon`` is added; ``unbiased``: multiplied by n / (n - 1 - epsilon); ``unbiased_images``: multiplied by
            n / (n - 1), for inputs of rank 4.
        frozen_statistics: with what a frozen batch normalization normalises in training: with the ``moving``
            statistics, or those of the ``batch``, which ``followed`` adds to the moving ones all the same.
        accuracy_by: whether ``accuracy`` is chosen by the ``shapes`` of targets and output, or by the ``loss``.
        class_weights_of: whether class weights are for samples of ``training`` alone, or for ``all``: those that
            `validation_split` holds back as well.
        merged_masks: which steps are real where tensors merge: those that are real in ``any`` of them, and no mask is
            left if a tensor has none, and padding does not take part; or those that are real in ``all`` tensors that
            have a mask, and padding is merged like everything else.
        scores: names of losses and metrics that meant another function -> that function's name.
    """

    name: str
    mean: str = "counted"
    activity_penalty: str = "mean"
    moving_variance: tuple[str, ...] = ()
    frozen_statistics: str = "moving"
    accuracy_by: str = "shapes"
    class_weights_of: str = "training"
    merged_masks: str = "any"
    scores: Mapping[str, str] = field(default_factory=dict)


_SIGNS = {"hinge": "keras1>hinge", "squared_hinge": "keras1>squared_hinge"}
_COSINE = dict.fromkeys(("cosine", "cosine_proximity"), "keras2>cosine_proximity")
_MEAN_COSINE = dict.fromkeys(_COSINE, "keras1>cosine_proximity")
_OF_BATCHES = {name: f"keras1>{name}" for name in ("precision", "recall", "fbeta_score", "fmeasure",
                                                   "matthews_correlation")}

TODAY = Conventions("keras-3")
TFKERAS = Conventions("tf.keras", moving_variance=("unbiased_images",), merged_masks="all")

_SAMPLE = ("epsilon", "unbiased")
_OLD = {"mean": "weighted", "activity_penalty": "sum", "accuracy_by": "loss", "class_weights_of": "all",
        "merged_masks": "all"}

#: Multi-backend Keras on Theano, by first release; each until the next.
_RELEASES = {
    (0, 0): Conventions("keras-0", **_OLD, moving_variance=("epsilon",), frozen_statistics="followed",
                        scores=_SIGNS | _MEAN_COSINE),
    (1, 0): Conventions("keras-1", **_OLD, moving_variance=("epsilon",), frozen_statistics="followed",
                        scores=_SIGNS | _MEAN_COSINE | _OF_BATCHES),
    (2, 0): Conventions("keras-2.0", **_OLD, moving_variance=("epsilon",), frozen_statistics="followed",
                        scores=_SIGNS | _COSINE),
    (2, 1): Conventions("keras-2.1", **_OLD, moving_variance=_SAMPLE, frozen_statistics="followed",
                        scores=_SIGNS | _COSINE),
    (2, 1, 3): Conventions("keras-2.1.3", **_OLD, moving_variance=_SAMPLE, frozen_statistics="batch",
                           scores=_SIGNS | _COSINE),
    (2, 3): Conventions("keras-2.3", **_OLD | {"mean": "all"}, moving_variance=_SAMPLE, frozen_statistics="batch"),
}
_LATEST = {"keras0": (0, 9), "keras1": (1, 9), "keras2": (2, 9)}

#: Keras 3 itself, likewise: until 3.14 it did not divide penalties on activities by the size of the batch.
_RELEASES_3 = {(3, 0): Conventions("keras-3.0", activity_penalty="sum", merged_masks="all"),
               (3, 4): Conventions("keras-3.4", activity_penalty="sum"), (3, 14): TODAY}


def of(dialect: str, version: str | None, backend: str | None = None) -> Conventions:
    """The conventions of the release that wrote a file.

    Args:
        dialect: as in `zoo.io.document.Producer`.
        version: ``2.2.4``; the last release of the dialect if it is not known.
        backend: ``theano``, ``tensorflow``, or another; Theano if it is not known. Of no matter for Keras 3.
    """
    said = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", version or "")
    release = tuple(int(part or 0) for part in said.groups()) if said else None
    if dialect not in _LATEST:
        return TFKERAS if dialect == "tfkeras" else _latest(_RELEASES_3, release or max(_RELEASES_3))
    found = _latest(_RELEASES, release or _LATEST[dialect])
    return found if backend in (None, "theano") else _on_tensorflow(found)


def _latest(releases: Mapping[tuple[int, ...], Conventions], release: tuple[int, ...]) -> Conventions:
    """The conventions of the last first release that is not after `release`."""
    return releases[max(first for first in releases if first <= max(release, min(releases)))]


def _on_tensorflow(conventions: Conventions) -> Conventions:
    """Its moments have no epsilon in them; those of images are unbiased already, from Keras 2.0 on."""
    images = ("unbiased_images",) if conventions.name.startswith("keras-2") else ()
    variance = tuple(term for term in conventions.moving_variance if term != "epsilon")
    return replace(conventions, name=f"{conventions.name}/tensorflow", moving_variance=images + variance)


def of_predictions(release: Conventions) -> Conventions:
    """Those of a release that a model has which was never trained: how it predicts, and nothing of training."""
    return TODAY if release.merged_masks == TODAY.merged_masks else _OLDER_MASKS


_OLDER_MASKS = replace(TODAY, name="keras-3/older-masks", merged_masks="all")
_NAMED = {each.name: each for each in (TODAY, _OLDER_MASKS, TFKERAS, *_RELEASES_3.values(), *_RELEASES.values(),
                                      *map(_on_tensorflow, _RELEASES.values()))}


def named(name: str) -> Conventions:
    """The conventions of that name.

    Raises:
        ConfigError: there are none.
    """
    if name not in _NAMED:
        raise ConfigError(f"Conventions: expected one of {', '.join(_NAMED)}, received {name!r}.")
    return _NAMED[name]


_current: ContextVar[Conventions] = ContextVar("conventions", default=TODAY)


def current() -> Conventions:
    """The conventions in force: `TODAY` unless a step of a model of older ones is being traced."""
    return _current.get()


@contextmanager
def using(conventions: Conventions) -> Iterator[None]:
    """Inside, these conventions are in force."""
    token = _current.set(conventions)
    try:
        yield
    finally:
        _current.reset(token)


def meant_by(identifier: Any) -> Any:
    """What a loss or a metric given as `identifier` is by the conventions in force: another name, or just that."""
    return current().scores.get(identifier, identifier) if isinstance(identifier, str) else identifier
