"""A document's weights into a live model: everything is checked before anything is changed."""

from __future__ import annotations

from typing import Any

from zoo.errors import WeightsMismatch
from zoo.io import layouts
from zoo.io.dialects.theano import meant_otherwise_by_theano
from zoo.io.document import ModelDocument, ModelRecord
from zoo.models import capture, dim_orderings
from zoo.models.load_report import LoadReport

_SHOWN = 40


def load(model: Any, document: ModelDocument, *, by_name: bool = False, skip_mismatch: bool = False,
         strict: bool = True) -> LoadReport:
    """Assigns the document's weights to the model's variables.

    Raises:
        WeightsMismatch: see `Model.load_weights`.
    """
    if document.weights is None:
        raise WeightsMismatch(f"{document.path}: this file has no weights (it is {document.format}).")
    if model.kind == "sequential" and not model.built and document.model is not None:
        build_like(model, document)
    record = capture.architecture(model)
    notes = _meant_otherwise(record, document)
    document, rearranged = dim_orderings.as_built(model, record, document, by_name)
    if document.model is not None:
        _sort_like(record, document.model)
    bound, binding = layouts.bind_weights(record, document.weights, by_name=by_name, skip_mismatch=skip_mismatch)
    report = LoadReport(source=document.path or "", loaded=list(binding.loaded), skipped=list(binding.skipped),
                        missing=list(binding.missing), unexpected=list(binding.unexpected),
                        mismatched=list(binding.mismatched), notes=list(binding.notes))
    report.notes += [finding.message for finding in document.findings if finding.where == document.path]
    report.notes += notes + rearranged
    refuse(report, strict=strict and not by_name, skip_mismatch=skip_mismatch)
    for path, role, variable in capture.addressed(model):
        tensor = bound.get((path, role))
        if tensor is not None:
            if tensor.dtype != variable.dtype:
                report.converted.append(f"{'/'.join(path)}/{role}: {tensor.dtype} -> {variable.dtype}")
            variable.assign(tensor.read())
    return report


def _meant_otherwise(record: ModelRecord, document: ModelDocument) -> list[str]:
    """A note on layers that compute something else on the backend that the weights were trained with."""
    assert document.weights is not None
    convention, version = document.weights.convention, document.producer.keras_version
    layers = meant_otherwise_by_theano(record, convention.dialect, version) if convention.backend == "theano" else []
    return [f"the weights were trained with Theano, which pads and enlarges differently: {', '.join(layers)}. Load "
            f"the architecture together with its weights for what it computed"] if layers else []


def _sort_like(record: ModelRecord, other: ModelRecord) -> None:
    """Puts the layers of a model in the order that they have in a file, which is the order of its weights."""
    theirs = {layer.name: (place, layer) for place, layer in enumerate(other.layers)}
    if theirs.keys() == {layer.name for layer in record.layers}:
        record.layers.sort(key=lambda layer: theirs[layer.name][0])
    for layer in record.layers:
        twin = theirs[layer.name][1].model if layer.name in theirs else None
        if layer.model is not None and twin is not None:
            _sort_like(layer.model, twin)


#: Layers that begin a model -> the weight that tells the size of its input's channels, which axis of it, and how many
#: axes there are between batch and channels.
_TELLING = {"Dense": ("kernel", 0, 0), "Conv1D": ("kernel", -2, 1), "Conv2D": ("kernel", -2, 2),
            "Conv3D": ("kernel", -2, 3), "DepthwiseConv2D": ("kernel", -2, 2),
            "SeparableConv1D": ("depthwise_kernel", -2, 1), "SeparableConv2D": ("depthwise_kernel", -2, 2),
            **dict.fromkeys(("SimpleRNN", "GRU", "LSTM"), ("cell/kernel", 0, 1))}
_WITHOUT_TRACE = frozenset({"Activation", "Dropout", "GaussianDropout", "GaussianNoise", "Masking"})


def build_like(model: Any, document: ModelDocument) -> None:
    """Builds a sequential model that does not know its input shape, if the document knows it or its weights tell it."""
    first = document.model.layers[0] if document.model.layers else None
    if first is not None and first.class_name == "InputLayer":
        model.build(first.config["batch_shape"])
    elif (shape := _shape_by_weights(document)) is not None:
        model.build(shape)


def _shape_by_weights(document: ModelDocument) -> tuple[int | None, ...] | None:
    """The shape that the first layer with weights was built for; sizes that they do not tell are None."""
    bound, _ = layouts.bind_weights(document.model, document.weights)
    first = next((layer for layer in document.model.layers if layer.class_name not in _WITHOUT_TRACE), None)
    if first is None or first.class_name == "Embedding":
        return None if first is None else (None, None)
    role, axis, between = _TELLING.get(first.class_name, ("", 0, 0))
    tensor = bound.get(((first.name,), role))
    if tensor is None:
        return None
    channels, positions = (tensor.shape[axis] * first.config.get("groups", 1),), (None,) * between
    order = channels + positions if first.config.get("data_format") == "channels_first" else positions + channels
    return (None, *order)


def refuse(report: LoadReport, *, strict: bool, skip_mismatch: bool) -> None:
    """Raises `WeightsMismatch` with every difference if the report is not good enough."""
    problems = list(report.mismatched) if not skip_mismatch else []
    if strict:
        problems += [f"missing in the file: {name}" for name in report.missing]
        problems += [f"not in the model: {name}" for name in report.unexpected]
    nothing = not report.loaded and bool(report.missing or report.unexpected or report.mismatched)
    if not problems and not nothing:
        return
    head = f"{report.source}: no weight of this file fits the model." if nothing else \
        f"{report.source}: {len(problems)} weights do not fit the model."
    shown = problems[:_SHOWN] + ([f"... and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else [])
    raise WeightsMismatch("\n  ".join([head, *shown, "Nothing was changed. by_name=True matches layers by name, "
                                       "skip_mismatch=True leaves differing ones alone."]), report)
