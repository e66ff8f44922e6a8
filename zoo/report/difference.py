"""What differs between two model files, whatever their formats: architecture, weights, training state, metadata.

Both are compared in the canonical vocabulary and with weights at their canonical addresses, so that a file and what it
was converted to are the same. Nothing is built for it, and tensors are read one pair at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from zoo.errors import ZooError
from zoo.io.dialects import DIALECTS
from zoo.io.dialects.dialect import is_neutral
from zoo.io.dialects.training import decode_training
from zoo.io.document import LayerRecord, ModelDocument, ModelRecord, WeightTree
from zoo.io.layouts import BindingReport, BoundWeights, bind_weights, trained_weights
from zoo.io.tensors import TensorRecord
from zoo.io.training import in_keras3_order, output_names
from zoo.report.description import plain
from zoo.report.statistics import Distance, distance

ABSENT = "(absent)"
_OF_SAVING = {"date_saved"}                             # tells two savings apart, not two models
PARTS = ("architecture", "weights", "training", "metadata")

Names = dict[tuple[str, ...], tuple[str, ...]]          # paths of layers in the second file -> in the first


@dataclass(frozen=True)
class Change:
    """One difference.

    Args:
        part: one of `PARTS`.
        where: path of layer names and argument, address of a weight, or key.
        first, second: what either file says, in JSON's terms; `ABSENT` where it says nothing.
        distance: for arrays of equal shape.
    """

    part: str
    where: str
    first: Any
    second: Any
    distance: Distance | None = None


@dataclass
class Difference:
    """All differences, and how much was compared.

    Args:
        compared: number of layers, weights, ... by part that both files have.
        notes: how things were matched where names did not tell.
    """

    changes: list[Change] = field(default_factory=list)
    compared: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.changes


@dataclass(frozen=True)
class Tolerance:
    """Numbers are equal if ``|a - b| <= absolute + relative * |b|``."""

    relative: float = 0.0
    absolute: float = 0.0


def difference(first: ModelDocument, second: ModelDocument, *, parts: tuple[str, ...] = PARTS,
               tolerance: Tolerance = Tolerance()) -> Difference:
    """Compares two documents.

    Args:
        parts: which of `PARTS` to compare.
        tolerance: for weights and optimizer state.
    """
    found = Difference()
    names: Names = {}
    if first.model is not None and second.model is not None:
        names = _renamed(first.model, second.model, found.notes)
    if "architecture" in parts:
        found.changes += _presence("architecture", first.model, second.model)
        if first.model is not None and second.model is not None:
            found.compared["layers"] = sum(1 for _ in first.model.walk())
            dialects = first.producer.dialect, second.producer.dialect
            found.changes += _models(first.model, second.model, (), names, dialects)
    if "weights" in parts:
        found.changes += _presence("weights", first.weights, second.weights)
        if first.weights is not None and second.weights is not None:
            one, other = _addresses(first, second, names, found.notes)
            found.compared["weights"] = len(one.keys() & other.keys())
            found.changes += _tensors("weights", one, other, tolerance)
    if "training" in parts:
        found.changes += _presence("training", first.training, second.training)
        if first.training is not None and second.training is not None:
            found.changes += _training(first, second, tolerance, found)
    if "metadata" in parts:
        one, other = ({key: value for key, value in plain(document.metadata).items() if key not in _OF_SAVING}
                      for document in (first, second))
        found.changes += _values("metadata", "", one, other)
    return found


def _presence(part: str, first: Any, second: Any) -> Iterator[Change]:
    if (first is None) != (second is None):
        yield Change(part, part, *(ABSENT if side is None else "(present)" for side in (first, second)))


# ---- architecture

def _renamed(first: ModelRecord, second: ModelRecord, notes: list[str]) -> Names:
    """Layers under other names, where everything else says that they are the same ones."""
    names: Names = {}

    def pair(one: ModelRecord, other: ModelRecord, path: tuple[str, ...], other_path: tuple[str, ...]) -> None:
        same_names = {layer.name for layer in one.layers} & {layer.name for layer in other.layers}
        classes = [[layer.class_name for layer in model.layers] for model in (one, other)]
        by_order = classes[0] == classes[1] and len(same_names) < len(one.layers)
        if by_order:
            notes.append(f"{'/'.join(path) or 'model'}: layers have other names but equal classes in equal order; they "
                         "were matched by order")
        mates = list(zip(one.layers, other.layers)) if by_order else \
            [(layer, mate) for layer in one.layers for mate in other.layers if mate.name == layer.name]
        for layer, mate in mates:
            names[(*other_path, mate.name)] = (*path, layer.name)
            if layer.model is not None and mate.model is not None:
                pair(layer.model, mate.model, (*path, layer.name), (*other_path, mate.name))

    pair(first, second, (), ())
    return names


def _models(first: ModelRecord, second: ModelRecord, path: tuple[str, ...], names: Names,
            dialects: tuple[str, str], other_path: tuple[str, ...] = ()) -> Iterator[Change]:
    where = "/".join(path) or "model"
    local = {mate[-1]: layer[-1] for mate, layer in names.items() if mate[:-1] == other_path}
    yield from _values("architecture", f"{where}.kind", first.kind, second.kind)
    yield from _values("architecture", f"{where}.config", _quiet(first.config), _quiet(second.config))
    for end in ("inputs", "outputs"):
        yield from _values("architecture", f"{where}.{end}", plain(getattr(first, end)),
                           _translated(plain(getattr(second, end)), local))
    mates = {local.get(layer.name, layer.name): layer for layer in second.layers}
    for layer in first.layers:
        mate = mates.pop(layer.name, None)
        address = "/".join((*path, layer.name))
        if mate is None:
            yield Change("architecture", address, layer.class_name, ABSENT)
            continue
        yield from _layers(layer, mate, address, local, dialects)
        if layer.model is not None and mate.model is not None:
            yield from _models(layer.model, mate.model, (*path, layer.name), names, dialects,
                               (*other_path, mate.name))
    for name, layer in mates.items():
        yield Change("architecture", "/".join((*path, name)), ABSENT, layer.class_name)


def _layers(first: LayerRecord, second: LayerRecord, where: str, local: Mapping[str, str],
            dialects: tuple[str, str]) -> Iterator[Change]:
    yield from _values("architecture", f"{where}.class_name", first.class_name, second.class_name)
    if first.name != second.name:
        yield Change("architecture", f"{where}.name", first.name, second.name)
    one, other = _quiet(first.config), _quiet(second.config)
    for mine, theirs, dialect in ((one, other, dialects[0]), (other, one, dialects[1])):
        lacking = DIALECTS[dialect].rules_of(first.class_name).lacking if dialect in DIALECTS else {}
        for key in [key for key in theirs.keys() - mine.keys() if key in lacking]:
            if is_neutral(theirs[key], lacking[key]):
                del theirs[key]
    yield from _values("architecture", where, one, other)
    calls = [[[plain(call.args), plain(call.kwargs)] for call in layer.calls] for layer in (first, second)]
    yield from _values("architecture", f"{where}.calls", calls[0], _translated(calls[1], local))


def _quiet(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config in JSON's terms, without the name (which is compared apart) and without arguments that are None."""
    return {key: value for key, value in plain(dict(config)).items() if key != "name" and value is not None}


def _translated(value: Any, names: Mapping[str, str]) -> Any:
    """References ``[layer, call, output]`` with the layers' names in the first file."""
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str) and value[1:] == \
            [number for number in value[1:] if isinstance(number, int)]:
        return [names.get(value[0], value[0]), *value[1:]]
    if isinstance(value, list):
        return [_translated(item, names) for item in value]
    if isinstance(value, dict):
        return {key: _translated(item, names) for key, item in value.items()}
    return value


def _values(part: str, where: str, first: Any, second: Any) -> Iterator[Change]:
    """The innermost places at which two values in JSON's terms differ."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in [*first, *(key for key in second if key not in first)]:
            yield from _values(part, f"{where}.{key}".lstrip("."), first.get(key, ABSENT), second.get(key, ABSENT))
    elif first != second or isinstance(first, bool) != isinstance(second, bool):
        yield Change(part, where, first, second)


# ---- arrays

def _addresses(first: ModelDocument, second: ModelDocument, names: Names,
               notes: list[str]) -> tuple[dict[str, TensorRecord], dict[str, TensorRecord]]:
    """The weights of both files under the names by which they are compared."""
    assert first.weights is not None and second.weights is not None
    if first.model is not None and second.model is not None:
        sides = [bind_weights(document.model, document.weights) for document in (first, second)]
        if all(bound for bound, _ in sides):
            return _canonical(*sides[0], first.weights, {}), _canonical(*sides[1], second.weights, names)
    one, other = ({f"{group.path}/{tensor.name}": tensor for group, tensor in tree}
                  for tree in (first.weights, second.weights))
    if one and not one.keys() & other.keys() and [t.shape for t in one.values()] == [t.shape for t in other.values()]:
        notes.append("the weights have no names in common, but equal shapes in equal order; they were matched by order")
        other = dict(zip(one, other.values()))
    return one, other


def _canonical(bound: BoundWeights, report: BindingReport, weights: WeightTree,
               names: Names) -> dict[str, TensorRecord]:
    """Weights at their places in the model, in the arrangement of today; what no layer owns, by the file's name."""
    found = {"/".join((*names.get(path, path), role)): tensor for (path, role), tensor in bound.items()}
    left = set(report.unexpected)
    return found | {name: tensor for group, tensor in weights if (name := f"{group.path}/{tensor.name}") in left}


def _tensors(part: str, first: Mapping[str, TensorRecord], second: Mapping[str, TensorRecord],
             tolerance: Tolerance) -> Iterator[Change]:
    for name, tensor in first.items():
        other = second.get(name)
        if other is None:
            yield Change(part, name, _said(tensor), ABSENT)
            continue
        if tensor.shape != other.shape or tensor.dtype != other.dtype:
            yield Change(part, name, _said(tensor), _said(other))
        if tensor.shape == other.shape:
            apart = distance(tensor.read(), other.read(), tolerance.relative, tolerance.absolute)
            if apart.differing:
                yield Change(part, name, _said(tensor), _said(other), apart)
    for name in second.keys() - first.keys():
        yield Change(part, name, ABSENT, _said(second[name]))


def _said(tensor: TensorRecord) -> str:
    return f"{tensor.dtype} ({', '.join(map(str, tensor.shape))})"


# ---- training state

def _training(first: ModelDocument, second: ModelDocument, tolerance: Tolerance,
              found: Difference) -> Iterator[Change]:
    sides = [_canonical_training(document) for document in (first, second)]
    if any(side is None for side in sides):
        found.notes.append("the training state of one file is not known in canonical terms: compared as it is written")
        sides = [_written_training(document) for document in (first, second)]
    (config, state), (other_config, other_state) = sides
    yield from _values("training", "compile", _compiled(config), _compiled(other_config))
    found.compared["optimizer tensors"] = len(state.keys() & other_state.keys())
    yield from _tensors("training", state, other_state, tolerance)


def _compiled(config: Mapping[str, Any]) -> dict[str, Any]:
    """`compile` arguments without None, and without the list around the metrics of an only output."""
    found = _quiet(config)
    for key in ("metrics", "weighted_metrics"):
        value = found.get(key)
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
            found[key] = value[0]
    return found


def _canonical_training(document: ModelDocument) -> tuple[dict[str, Any], dict[str, TensorRecord]] | None:
    """`compile` arguments and optimizer state in Keras 3's words and order; None if they cannot be said so."""
    training, model, dialect = document.training, document.model, document.producer.dialect
    if training is None or model is None or document.weights is None:
        return None
    outputs = output_names(model)
    try:
        bound, report = bind_weights(model, document.weights)
        tensors = in_keras3_order(training, dialect, trained_weights(model, bound), outputs, report.arrays)
        config = decode_training(training.config, dialect, outputs)
    except ZooError:
        return None
    return config, {f"optimizer/{i}": tensor for i, tensor in enumerate(tensors)}


def _written_training(document: ModelDocument) -> tuple[dict[str, Any], dict[str, TensorRecord]]:
    assert document.training is not None
    optimizer = document.training.optimizer
    tensors = [] if optimizer is None else optimizer.tensors
    return document.training.config, {f"optimizer/{i}": tensor for i, tensor in enumerate(tensors)}
