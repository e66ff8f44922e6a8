"""A pretrained network with a new head, in the two forms in which it is trained, and as a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from zoo import Input, Model, Sequential, io, layers, optimizers
from zoo.applications.images import ImagePreprocess
from zoo.batch.features import Extractor
from zoo.batch.image_models import NO_PREPROCESSING, ImageModel
from zoo.errors import ShapeError
from zoo.io.edits.annotations import with_labels, with_preprocess
from zoo.models import capture
from zoo.models.frozen import all_layers

DROPOUT = 0.2
_SUFFIX = "_finetuned"                  # with which a model is no application by its name
ROTATION, ZOOM = 0.03, 0.1              # at most, as parts of a full turn and of the image's size


@dataclass(frozen=True)
class Network:
    """What is trained.

    Args:
        images: the model up to its features, and how images become its input.
        head: from features to classes.
        whole: from images to classes; made of the layers of the two others.
    """

    images: ImageModel
    head: Model
    whole: Model

    def frozen(self) -> Model:
        """The head alone: what is trained while the layers below it stay as they are."""
        self.images.model.trainable = False
        return self.head

    def thawed(self) -> Model:
        """All of it, behind layers that turn, zoom and mirror the images of training.

        Batch normalisation goes on to use the statistics that it came with: those of a few photos are worse.
        """
        self.images.model.trainable = True
        for layer in all_layers(self.images.model):
            if isinstance(layer, layers.BatchNormalization):
                layer.trainable = False
        data_format = "channels_first" if self.images.channels_first else "channels_last"
        return Sequential([Input(self.images.item_shape), layers.RandomFlip("horizontal", data_format=data_format),
                           layers.RandomRotation(ROTATION, data_format=data_format),
                           layers.RandomZoom(ZOOM, data_format=data_format), self.whole], name="augmented")

    def save(self, path: str | os.PathLike[str], classes: Sequence[str]) -> None:
        """Writes the whole model with what `zoo classify` needs: names of classes and the preprocessing."""
        document = with_labels(capture.document(self.whole), classes)
        io.write(with_preprocess(document, self.images.preprocess.mode or NO_PREPROCESSING), path)


def build(extractor: Extractor, classes: int) -> Network:
    """The network with a new head of dropout and one dense layer.

    Args:
        extractor: gives features of shape (channels,).

    Raises:
        ShapeError: the features are no vectors.
    """
    found, base = extractor.source, extractor.source.model
    if len(extractor.shape) != 1:
        raise ShapeError(f"Model {base.name!r}: expected features of shape (channels,), received {extractor.shape}; "
                         f"the model has to be made of convolutions that end in a pooling or Flatten layer.")
    # Pixels are prepared as `zoo classify` will do it for the file, which is no application by its name.
    prepared = ImagePreprocess(found.preprocess.size, crop=1.0, interpolation="bilinear", mode=found.preprocess.mode)
    # Each has a dropout of its own, so that the random numbers of one phase do not depend on how long another was.
    dropout, dropout_of_whole = (layers.Dropout(DROPOUT, name="head_dropout") for _ in range(2))
    dense = layers.Dense(classes, activation="softmax", name="head_predictions")
    features = Input(extractor.shape)
    head = Model(features, dense(dropout(features)), name="head")
    name = f"{base.name.removesuffix(_SUFFIX)}{_SUFFIX}"
    whole = Model(base.inputs, dense(dropout_of_whole(base.outputs[0])), name=name)
    images = ImageModel(base, prepared, found.channels, found.channels_first)
    return Network(images, head, whole)


def compile_for(model: Model, learning_rate: float) -> None:
    """Compiles a model whose targets are numbers of classes."""
    model.compile(optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
