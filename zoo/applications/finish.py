"""The end of most applications: pooling, a dense classifier, the model, its weights."""

from __future__ import annotations

from zoo import layers
from zoo.applications import arguments
from zoo.applications.arguments import Arguments
from zoo.applications.weights import FormerVersion, load_weights
from zoo.engine.symbolic import KerasTensor
from zoo.models import Model


def finish(x: KerasTensor, images: KerasTensor, checked: Arguments, application: str, *,
           average: str | None = "avg_pool", pooling_is_named: bool = False,
           former: FormerVersion | None = None) -> Model:
    """The model from `images` to the classes, or to the features if there is no top.

    Args:
        x: the last map of features.
        application: its name in the weights manifest.
        average: name of the pooling before the classifier.
        pooling_is_named: whether a pooling without top is called ``avg_pool`` or ``max_pool``.
        former: see `load_weights`.
    """
    if checked.include_top:
        x = layers.GlobalAveragePooling2D(name=average)(x)
        x = layers.Dense(checked.classes, activation=checked.classifier_activation, name="predictions")(x)
    else:
        x = arguments.pool(x, checked.pooling, name=f"{checked.pooling}_pool" if pooling_is_named else None)
    model = arguments.connect(images, x, checked.name)
    load_weights(model, checked.weights, application, {"include_top": checked.include_top}, former=former)
    return model
