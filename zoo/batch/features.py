"""What a network sees in images, instead of what it would call them: outputs from before its classifier."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zoo import layers, tree
from zoo.applications.registry import Application, get_application
from zoo.batch import image_models
from zoo.batch.image_models import ImageModel
from zoo.batch.pipeline import Sample, computed
from zoo.batch.sources import ImageSource
from zoo.errors import ConfigError, ShapeError
from zoo.io.edits.headless import without_top
from zoo.models import Model, capture, restore

_RANK_OF_MAPS = 4                       # (batch, rows, columns, channels)


@dataclass(frozen=True)
class Extractor:
    """A model of images with one output that is wanted of each image.

    Args:
        source: the model, cut where the features are.
        shape: of the features of one image.
    """

    source: ImageModel
    shape: tuple[int, ...]

    def compute(self, batch: np.ndarray) -> np.ndarray:
        """The features of one batch, float32."""
        return np.asarray(tree.leaves(self.source.model.predict_on_batch(batch))[0], np.float32)


def choose(model: str, *, layer: str | None = None, variant: Mapping[str, Any] | None = None,
           weights: str | os.PathLike[str] | None = None, preprocess: str | None = None,
           assume: str | None = None) -> Extractor:
    """What computes the features of images.

    A network by name is built without its classifier, with average pooling, for images of its usual size; of a model
    file, the head behind the last pooling or `Flatten` is cut off. With `layer`, a network by name has its classifier,
    so that all layers are there.

    Args:
        model, variant, weights, preprocess, assume: as of `zoo.batch.image_models.load`.
        layer: name of the layer whose output is wanted; None for the pooled features.

    Raises:
        ConfigError: there is no such model or layer.
        CannotExpress: it is not clear where the head of the model in a file begins.
        ShapeError: the layer has several outputs, or its output has an unknown shape.
        ZooError: the weights cannot be had, or the file cannot be read.
    """
    application = _application_named(model)
    if layer is None and application is not None:
        variant = {"size": application.size, **(variant or {}), "include_top": False, "pooling": "avg"}
    found = image_models.load(model, variant=variant, weights=weights, preprocess=preprocess, assume=assume)
    if layer is not None:
        cut = Model(found.model.inputs, found.model.get_layer(layer).output, name=found.model.name)
    else:
        cut = found.model if application is not None else _without_head(found)
    shape = cut.outputs[0].shape[1:]
    if len(cut.outputs) != 1 or None in shape:
        raise ShapeError(f"Expected one output of known shape of layer {layer!r} of model {found.model.name!r}, "
                         f"received {[tensor.shape for tensor in cut.outputs]}")
    return Extractor(replace(found, model=cut), tuple(shape))


def extracted(sources: Sequence[ImageSource], extractor: Extractor, *,
              batch_size: int = 32) -> Iterator[tuple[Sample, np.ndarray | None]]:
    """Each image, in order, with its features; None, and an error, if there are none. Memory does not grow with the
    number of images."""
    for sample, found in computed(sources, extractor.source.read, extractor.compute, extractor.source.item_shape,
                                  batch_size=batch_size):
        if found is not None and not np.isfinite(found).all():
            sample, found = replace(sample, error="the model's output for this image is not finite"), None
        yield sample, found


def _application_named(model: str) -> Application | None:
    """The application of that name; None if it is a file, or of no name that is known here."""
    if os.path.exists(model):
        return None
    try:
        return get_application(model)
    except ConfigError:                                     # `load` knows other names, or says what is wrong
        return None


def _without_head(found: ImageModel) -> Model:
    """The model from images to one vector each; maps that no layer has pooled yet are averaged."""
    model = found.model
    if len(model.outputs) == 1 and len(model.outputs[0].shape) == _RANK_OF_MAPS:
        data_format = "channels_first" if found.channels_first else "channels_last"
        pooled = layers.GlobalAveragePooling2D(data_format=data_format, name="pooled_features")(model.outputs[0])
        return Model(model.inputs, pooled, name=model.name)
    return restore.model(without_top(capture.document(model)))
