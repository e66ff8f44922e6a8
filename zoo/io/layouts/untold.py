"""What architectures of Keras 0 and 1 do not tell but the weights show, about activations with learned parameters.

The parameters have the shape of one sample, and size 1 along the axes on which all positions share them: Keras wrote
neither the axes, nor, for one of the layers in Keras 0, the shape of the input.
"""

from __future__ import annotations

from zoo.io.document import LayerRecord, ModelRecord, WeightTree
from zoo.io.layouts.bind import bind_weights
from zoo.io.layouts.owners import owners_of

_PARAMETERS = {"PReLU": "alpha", "ParametricSoftplus": "alphas", "SReLU": "t_left"}


def complete(model: ModelRecord, tree: WeightTree | None) -> None:
    """Gives layers the `shared_axes` that their weights show, and a model that starts with one its input.

    Args:
        model: as decoded; it is changed.
        tree: its weights; without them nothing is known.
    """
    silent = [owner for owner in owners_of(model).walk()
              if owner.class_name in _PARAMETERS and owner.config.get("shared_axes") is None]
    if tree is None or not silent:
        return
    bound, _ = bind_weights(model, tree)
    for owner in silent:
        found = bound.get((owner.path, f"{owner.prefix}{_PARAMETERS[owner.class_name]}"))
        if found is None or not isinstance(owner.config, dict):
            continue
        axes = [axis for axis, size in enumerate(found.shape, 1) if size == 1]
        if axes:
            owner.config["shared_axes"] = axes
        elif model.kind == "sequential" and model.layers[0].config is owner.config:
            name = f"{owner.name}_input"
            config = {"batch_shape": [None, *found.shape], "dtype": "float32", "sparse": False, "name": name}
            model.layers.insert(0, LayerRecord("InputLayer", name, config))
