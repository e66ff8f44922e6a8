"""Weights into an application: the published ones, or those of a file."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo import hub, io, layers
from zoo.applications.arguments import IMAGENET, Weights
from zoo.io.document import ModelDocument, WeightGroup, WeightTree
from zoo.io.tensors import TensorRecord
from zoo.models import Model
from zoo.models import weights as model_weights

Axes = tuple[int, ...] | None

# What PyTorch calls a parameter of a layer -> what Keras calls it, and the order of axes that makes it Keras's.
BATCH_NORMALIZATION: Mapping[str, tuple[str, Axes]] = {
    "weight": ("gamma", None),
    "bias": ("beta", None),
    "running_mean": ("moving_mean", None),
    "running_var": ("moving_variance", None),
}
TORCH_PARAMETERS: Mapping[str, Mapping[str, tuple[str, Axes]]] = {
    # old: (filters, channels, rows, columns)  new: (rows, columns, channels, filters)
    "Conv2D": {"weight": ("kernel", (2, 3, 1, 0)), "bias": ("bias", None)},
    # old: (channels, 1, rows, columns)  new: (rows, columns, channels, 1)
    "DepthwiseConv2D": {"weight": ("kernel", (2, 3, 0, 1)), "bias": ("bias", None)},
    # old: (units, inputs)  new: (inputs, units)
    "Dense": {"weight": ("kernel", (1, 0)), "bias": ("bias", None)},
    "BatchNormalization": BATCH_NORMALIZATION,
}
# In the names of the files that were published for Keras 1 and 2.
BACKEND_OF_KERNELS = {"_th_kernels": "theano", "_tf_kernels": "tensorflow"}
TORCH_COUNTER = "num_batches_tracked"                       # of a batch normalisation; no number depends on it


@dataclass(frozen=True)
class FormerVersion:
    """An application before its layers got the names and the order that they have now.

    Args:
        layers: the name of each layer with weights then -> its name now.
        epsilon: of its batch normalisations then.
        until: the last release that built it so, for the report.
    """

    layers: Mapping[str, str]
    epsilon: float
    until: str

    def wrote(self, tree: WeightTree) -> bool:
        """Whether a file is of that version: some of its layers have names that exist no longer."""
        return tree.layout == "by_layer" and any(group.path in self.layers for group in tree.groups)


def load_weights(model: Model, weights: Weights, application: str, variant: Mapping[str, Any],
                 torch_modules: Mapping[str, str | None] | None = None, former: FormerVersion | None = None) -> None:
    """Loads the weights that an application was asked for; leaves what it did in ``model.load_report``.

    Args:
        model: the new model.
        weights: None (nothing to do), ``"imagenet"``, a path, or the document that was read from there.
        application: its name in the weights manifest.
        variant: which of its published files fits, by the arguments that the manifest lists.
        torch_modules: for files of PyTorch: the layer of each module, None for a module that this model lacks on
            purpose.
        former: another version of the application, whose files are read, too. The model then normalises as that
            version did.

    Raises:
        WeightsMismatch: the file does not fit the model; all differences are listed.
        HubError: the published file cannot be had.
        FileError: the file cannot be read.
    """
    if weights is None:
        return
    document = _read(hub.fetch(hub.weights_manifest().find(application, **variant)) if weights == IMAGENET else weights)
    if torch_modules is not None and document.format == "torch_checkpoint":
        document = dataclasses.replace(document, weights=by_layer(document.weights, model, torch_modules))
    is_former = former is not None and document.weights is not None and former.wrote(document.weights)
    if is_former:
        document = dataclasses.replace(document, weights=as_now(document.weights, model, former))
    model.load_report = model_weights.load(model, document)
    if is_former:
        _normalize_as(former, model)


def _read(weights: str | os.PathLike[str] | ModelDocument) -> ModelDocument:
    """The document of a file; where the file does not say which backend wrote it, the name of a published one does."""
    if isinstance(weights, ModelDocument):
        return weights
    document = io.read(weights)
    name = os.path.basename(weights)
    backend = next((backend for mark, backend in BACKEND_OF_KERNELS.items() if mark in name), None)
    return document if backend is None or document.producer.backend is not None else io.read(weights, assume=backend)


def as_now(tree: WeightTree, model: Model, former: FormerVersion) -> WeightTree:
    """A file of a former version with today's names of layers, in their order; other layers come last as they are."""
    places = {layer.name: place for place, layer in enumerate(model.layers)}
    renamed = [dataclasses.replace(group, path=former.layers.get(group.path, group.path)) for group in tree.groups]
    return dataclasses.replace(tree, groups=sorted(renamed, key=lambda group: places.get(group.path, len(places))))


def _normalize_as(former: FormerVersion, model: Model) -> None:
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.epsilon = former.epsilon
    model.load_report.notes.append(f"the layers have the names of {former.until} and before, which normalised with "
                                   f"epsilon={former.epsilon}: so does this model now")


def by_layer(tree: WeightTree, model: Model, modules: Mapping[str, str | None]) -> WeightTree:
    """A PyTorch state dict in Keras's order, names and axes, still unread.

    A module without a layer keeps its name and comes last, so that it is reported when the tree is loaded.

    Args:
        tree: tensors named ``module.parameter``.
        model: says of which class each layer is.
        modules: the layer of each module, None for a module whose tensors are left out.
    """
    groups = {layer.name: WeightGroup(layer.name, []) for layer in model.layers}
    classes = {layer.name: type(layer).__name__ for layer in model.layers}
    for _, tensor in tree:
        module, _, parameter = tensor.name.rpartition(".")
        layer = modules.get(module, module)
        if layer is None or parameter == TORCH_COUNTER:
            continue
        role, axes = TORCH_PARAMETERS.get(classes.get(layer, ""), {}).get(parameter, (parameter, None))
        groups.setdefault(layer, WeightGroup(layer, [])).tensors.append(_permuted(tensor, f"{layer}/{role}", axes))
    return WeightTree("by_layer", [group for group in groups.values() if group.tensors])


def _permuted(tensor: TensorRecord, name: str, axes: Axes) -> TensorRecord:
    if axes is None or len(axes) != len(tensor.shape):
        return dataclasses.replace(tensor, name=name)
    return dataclasses.replace(tensor, name=name, shape=tuple(tensor.shape[axis] for axis in axes),
                               load=lambda: np.ascontiguousarray(tensor.read().transpose(axes)))
