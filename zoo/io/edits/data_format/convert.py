"""A document with its images in the other data format: channels first or channels last.

The kernels of convolutions have one order of axes in both formats; what changes is the format that layers of images
name, the axes and shapes that layers, inputs and outputs have, and the weights that hold one number for each element of
an image or of a flattened one. Which tensors that concerns follows from the layers of images and from what each class
of layers does with its tensors (`table`). A layer that cannot follow is named, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zoo import tree
from zoo.errors import CannotExpress, ConfigError
from zoo.io import layouts as weight_layouts
from zoo.io.dialects.operations import PREFIX
from zoo.io.dialects.structure import from_plain, is_object, kind_of, to_plain
from zoo.io.document import LayerRecord, ModelDocument, ModelRecord, TensorRef, WeightGroup, WeightTree
from zoo.io.edits.data_format.sites import Change, Conversion, Lacking, Rule, Site
from zoo.io.edits.data_format.table import OTHER, rule_of
from zoo.io.edits.data_format.tensors import (Demand, Key, Layout, Layouts, Moved, Shape, Shuffled, around_steps,
                                               within_steps)
from zoo.io.layouts.arrangement import OLD_DIALECTS
from zoo.io.layouts.bound import BoundWeights
from zoo.io.layouts.bound import Key as WeightKey
from zoo.io.layouts.by_name import BY_NAME, encode_by_name
from zoo.io.layouts.owners import weighted_layers
from zoo.io.tensors import TensorRecord

FORMATS = ("channels_first", "channels_last")


@dataclass(frozen=True)
class Reformatted:
    """A document in another data format.

    Args:
        document: the new one.
        inputs, outputs: for each of the model's, in order: which axis of the original each of its axes is, or None if
            it is as it was.
        shapes: of the tensors of the new model.
    """

    document: ModelDocument
    inputs: tuple[tuple[int, ...] | None, ...]
    outputs: tuple[tuple[int, ...] | None, ...]
    shapes: Mapping[Key, Shape]


def with_data_format(document: ModelDocument, target: str, shapes: Mapping[Key, Shape]) -> Reformatted:
    """The document with images in another data format: inputs and outputs that are images have their axes moved.

    Layers of sequences (`Conv1D`) change as well, unless their sequences go to layers that know one format only, such
    as `LSTM`.

    Args:
        document: with an architecture.
        target: ``channels_first`` or ``channels_last``.
        shapes: of the tensors, batch axis included; see `zoo.models.tensor_shapes`.

    Raises:
        ConfigError: there is no architecture, or no such data format.
        CannotExpress: layers cannot follow; each is listed with the reason.
    """
    if target not in FORMATS:
        raise ConfigError(f"data format: expected one of {FORMATS}, received {target!r}")
    if document.model is None:
        raise ConfigError(f"{document.path}: the data format of weights alone cannot be changed: it shows in the "
                          f"architecture. Read them with it: zoo.io.read(json_path, weights=path)")
    source = FORMATS[1 - FORMATS.index(target)]
    unfolded = _unfolded(document.model)
    plan = _solved(unfolded, Conversion(source, target, shapes, Layouts()))
    rewriting = _Rewriting(plan)
    model = rewriting.model(unfolded, ())
    _check_ends(document, plan, rewriting)
    if rewriting.lacking:
        raise CannotExpress(f"{document.path}: not every layer can go on with {target}:\n  "
                            + "\n  ".join(dict.fromkeys(rewriting.lacking)))
    inputs, outputs = input_keys(document.model, ()), output_keys(document.model, (), shapes)
    return Reformatted(replace(document, model=model, weights=_weights(document, rewriting.changes)),
                       *(tuple(layout.axes if isinstance(layout, Moved) else None
                               for layout in map(plan.layouts.of, keys)) for keys in (inputs, outputs)),
                       {key: _moved_shape(shape, [plan.layouts.of(key)]) for key, shape in shapes.items()})


# ---- calls

@dataclass(frozen=True)
class _Call:
    """A layer on the tensors of one call."""

    layer: LayerRecord
    path: tuple[str, ...]
    inputs: list[Key]
    outputs: list[Key]

    @property
    def rule(self) -> Rule:
        """How the layer behaves here."""
        constants = self.layer.class_name.startswith(PREFIX) and any(
            np.ndim(leaf) or isinstance(leaf, str) for call in self.layer.calls
            for leaf in tree.leaves((call.args, call.kwargs)) if not isinstance(leaf, TensorRef))
        return OTHER if constants or self.layer.model else rule_of(self.layer.class_name, self.layer.config)

    def site(self, plan: Conversion) -> Site:
        """The same for a rule."""
        return Site(self.layer.class_name, self.layer.config, "/".join(self.path), self.inputs, self.outputs, plan)


def input_keys(model: ModelRecord, path: tuple[str, ...]) -> list[Key]:
    """The tensors that a model gets."""
    if model.kind == "sequential":
        return [_chain(model, path)[0]]
    return [(path, ref.layer, ref.node, ref.tensor) for ref in tree.leaves(model.inputs)]


def output_keys(model: ModelRecord, path: tuple[str, ...], shapes: Mapping[Key, Shape]) -> list[Key]:
    """The tensors that a model gives."""
    if model.kind == "sequential":
        return _made(_chain(model, path)[-1], shapes)
    return [(path, ref.layer, ref.node, ref.tensor) for ref in tree.leaves(model.outputs)]


def _chain(model: ModelRecord, path: tuple[str, ...]) -> list[Key]:
    """The tensors of a Sequential one after the other; the first is that of its input layer, or has no name."""
    keys = [(path, layer.name, 0, 0) for layer in model.layers]
    has_input = bool(model.layers) and model.layers[0].class_name == "InputLayer"
    return keys if has_input else [(path, "", 0, 0), *keys]


def _made(first: Key, shapes: Mapping[Key, Shape]) -> list[Key]:
    """All tensors of the call that makes `first`."""
    keys = [first]
    while (key := (*first[:3], len(keys))) in shapes:
        keys.append(key)
    return keys


def _calls(model: ModelRecord, path: tuple[str, ...], shapes: Mapping[Key, Shape]) -> Iterator[_Call]:
    """The calls of a model's layers, those of nested models after their own."""
    if model.kind == "sequential":
        chain = _chain(model, path)
        layers = [layer for layer in model.layers if layer.class_name != "InputLayer"]
        for layer, before, after in zip(layers, chain, chain[1:]):
            yield _Call(layer, (*path, layer.name), [before], _made(after, shapes))
    else:
        for layer in model.layers:
            for node, call in enumerate(layer.calls):
                inputs = [(path, ref.layer, ref.node, ref.tensor) for ref in tree.leaves((call.args, call.kwargs))
                          if isinstance(ref, TensorRef)]
                if inputs:
                    yield _Call(layer, (*path, layer.name), inputs, _made((path, layer.name, node, 0), shapes))
    for layer in model.layers:
        if layer.model is not None:
            yield from _calls(layer.model, (*path, layer.name), shapes)


# ---- which layout each tensor gets

def _solved(model: ModelRecord, plan: Conversion) -> Conversion:
    """The plan with the layout of every tensor.

    Raises:
        CannotExpress: layers want different layouts of one tensor.
    """
    calls = list(_calls(model, (), plan.shapes))
    while True:
        _propagate(calls, plan)
        for key in (*input_keys(model, ()), *output_keys(model, (), plan.shapes)):
            if isinstance(plan.layouts.of(key), Shuffled):  # its user would not know the order
                plan.layouts.demand(key, Demand(None, "the inputs or outputs of the model"))
        conflicts = plan.layouts.conflicts()
        yielding = {demand.layer for conflict in conflicts for demand in conflict
                    if demand.yields and demand.layout is not None}
        if not yielding:
            break
        plan = replace(plan, layouts=Layouts(), yielding=plan.yielding | yielding)
    if conflicts:
        raise CannotExpress("These layers cannot agree on a data format:\n  " + "\n  ".join(
            f"{_names(conflict, True)} would give or take {plan.target}, and {_names(conflict, False)} cannot"
            for conflict in conflicts))
    return plan


def _names(demands: list[Demand], moving: bool) -> str:
    return ", ".join(sorted({demand.layer for demand in demands if (demand.layout is not None) == moving}))


def _propagate(calls: list[_Call], plan: Conversion) -> None:
    """Lets every layer say what it wants, until nothing new is said."""
    first: dict[tuple[str, ...], _Call] = {}
    changes = -1
    while changes != plan.layouts.changes:
        changes = plan.layouts.changes
        for call in calls:
            other = first.setdefault(call.path, call)
            for mine, theirs in zip((*call.inputs, *call.outputs), (*other.inputs, *other.outputs)):
                plan.layouts.join(mine, theirs)             # a layer has one config for all its calls
            if call.layer.model is not None:
                inside = input_keys(call.layer.model, call.path), output_keys(call.layer.model, call.path, plan.shapes)
                for outer, inner in zip((*call.inputs, *call.outputs), (*inside[0], *inside[1])):
                    if call.layer.class_name == _WRAPPER:
                        _relay(plan.layouts, outer, inner)
                    else:
                        plan.layouts.join(outer, inner)
            else:
                call.rule.constrain(call.site(plan))


def _relay(layouts: Layouts, outer: Key, inner: Key) -> None:
    """Hands on what is wanted of sequences to their steps, and back."""
    for demand in layouts.demands(inner):
        layouts.demand(outer, replace(demand, layout=around_steps(demand.layout)))
    for demand in layouts.demands(outer):
        try:
            layouts.demand(inner, replace(demand, layout=within_steps(demand.layout)))
        except ValueError:
            layouts.demand(outer, Demand(None, inner[0][-1]))


# ---- models that a TimeDistributed holds

_WRAPPER = "TimeDistributed"


def _unfolded(model: ModelRecord) -> ModelRecord:
    """The model with what a `TimeDistributed` holds as a record, if that is a model."""
    layers = []
    for layer in model.layers:
        held = layer.config.get("layer") if layer.class_name == _WRAPPER and layer.model is None else None
        if is_object(held) and kind_of(held) is not None:
            layer = replace(layer, model=from_plain(held))
        layers.append(layer if layer.model is None else replace(layer, model=_unfolded(layer.model)))
    return replace(model, layers=layers)


def _role_in_wrapper(model: ModelRecord, names: Sequence[str], role: str) -> str:
    """The role that a weight of a layer of the held model has among those of the wrapper."""
    place, held = "layer/", model
    for name in names:
        layers = weighted_layers(held)
        index = next(i for i, layer in enumerate(layers) if layer.name == name)
        place, held = f"{place}layers/{index}/", layers[index].model or held
    return place + role


# ---- the new document

class _Rewriting:
    """Makes the records of the new model.

    Attributes:
        changes: of weights, by address.
        lacking: layers that cannot follow, with the reason.
    """

    def __init__(self, plan: Conversion):
        self.plan = plan
        self.changes: dict[WeightKey, Change] = {}
        self.lacking: list[str] = []

    def model(self, model: ModelRecord, path: tuple[str, ...]) -> ModelRecord:
        """The new record of a model."""
        calls: dict[str, _Call] = {}
        for call in _calls(replace(model, layers=[replace(layer, model=None) for layer in model.layers]), path,
                           self.plan.shapes):
            calls.setdefault(call.layer.name, call)
        made = [self._layer(layer, (*path, layer.name), calls.get(layer.name)) for layer in model.layers]
        start = self.plan.layouts.of(input_keys(model, path)[0]) if input_keys(model, path) else None
        config = dict(model.config)
        if config.get("build_input_shape") is not None:
            config["build_input_shape"] = _moved_shape(config["build_input_shape"], [start])
        return replace(model, layers=made, config=config, build_config=_moved_build(model.build_config, [start]))

    def _layer(self, layer: LayerRecord, path: tuple[str, ...], call: _Call | None) -> LayerRecord:
        if layer.class_name == "InputLayer":
            shape = layer.config.get("batch_shape")
            layout = self.plan.layouts.of((path[:-1], layer.name, 0, 0))
            return replace(layer, config={**layer.config, "batch_shape": _moved_shape(shape, [layout])}) \
                if layout is not None and shape is not None else layer
        if layer.class_name == _WRAPPER and layer.model is not None:
            return self._wrapper(layer, layer.model, path, call)
        if layer.model is not None:
            inner = self.model(layer.model, path)
            return replace(layer, model=inner, config=inner.config if layer.config is layer.model.config
                           else layer.config, build_config=inner.build_config)
        if call is None:
            return layer
        call = replace(call, layer=layer)
        site = call.site(self.plan)
        try:
            config = call.rule.rewrite(site)
        except Lacking as reason:
            self.lacking.append(f"{site.address} ({layer.class_name}): {reason}")
            return layer
        for name in ("batch_shape", "batch_input_shape"):
            if config.get(name) is not None:
                config = {**config, name: _moved_shape(config[name], [self.plan.layouts.of(call.inputs[0])])}
        return self._made(layer, path, call, config, site.changes)

    def _wrapper(self, layer: LayerRecord, held: ModelRecord, path: tuple[str, ...], call: _Call | None) -> LayerRecord:
        """The new record of a layer that holds a model in its config."""
        inner = self.model(held, path)
        mine = {key: self.changes.pop(key) for key in list(self.changes) if key[0][:len(path)] == path}
        changes = {_role_in_wrapper(held, names[len(path):], role): change for (names, role), change in mine.items()}
        config = layer.config if inner == held else {**layer.config, "layer": to_plain(inner)}
        return self._made(replace(layer, model=None), path, call, config, changes)

    def _made(self, layer: LayerRecord, path: tuple[str, ...], call: _Call | None, config: dict[str, Any],
              changes: dict[str, Change]) -> LayerRecord:
        self.changes.update(((path, role), change) for role, change in changes.items())
        given = [self.plan.layouts.of(key) for key in call.inputs] if call else []
        specs = None if layer.weights is None else [
            replace(spec, shape=_changed_shape(spec.shape, changes.get(spec.role))) for spec in layer.weights]
        return replace(layer, config=config, build_config=_moved_build(layer.build_config, given), weights=specs)


def _moved_shape(shape: Any, layouts: list[Layout]) -> Any:
    """A shape, or a list of them, in the new order of axes."""
    if isinstance(shape, (list, tuple)) and shape and isinstance(shape[0], (list, tuple)):
        return type(shape)(_moved_shape(each, [layout]) for each, layout in zip(shape, layouts)) \
            if len(shape) == len(layouts) else shape
    layout = layouts[0] if layouts else None
    fits = isinstance(layout, Moved) and isinstance(shape, (list, tuple)) and len(shape) == len(layout.axes)
    return type(shape)(layout.shape(shape)) if fits else shape


def _moved_build(build: dict[str, Any] | None, layouts: list[Layout]) -> dict[str, Any] | None:
    """What the file says a layer was built for; other words than `input_shape` are left out if they may be wrong."""
    if build is None or not any(layout is not None for layout in layouts):
        return build
    if "input_shape" in build:
        return {"input_shape": _moved_shape(build["input_shape"], layouts)}
    named = build.get("shapes_dict") or {}
    if len(named) != len(layouts):
        return None
    return {"shapes_dict": {name: _moved_shape(named[name], [layout]) for name, layout in zip(named, layouts)}}


def _check_ends(document: ModelDocument, plan: Conversion, rewriting: _Rewriting) -> None:
    """Refuses what the user of the new model would not expect."""
    assert document.model is not None
    outputs = [plan.layouts.of(key) for key in output_keys(document.model, (), plan.shapes)]
    if document.training is None:
        return
    if any(layout is not None for layout in outputs):
        rewriting.lacking.append("training: loss and metrics are for the outputs as they were; leave them out "
                                 "(--strip-optimizer, or dataclasses.replace(document, training=None))")
    elif rewriting.changes and document.training.optimizer is not None and document.training.optimizer.tensors:
        names = ", ".join(sorted("/".join((*path, role)) for path, role in rewriting.changes))
        rewriting.lacking.append(f"training: the optimizer's state is for the weights as they were ({names}); leave it "
                                 f"out (--strip-optimizer, or dataclasses.replace(document, training=None))")


def _weights(document: ModelDocument, changes: dict[WeightKey, Change]) -> WeightTree | None:
    """The weights of the new model: in the file's own groups, or by name where its arrays follow data formats."""
    old = document.weights
    if old is None or not changes and old.convention.dialect not in OLD_DIALECTS:
        return old
    assert document.model is not None
    bound, _ = weight_layouts.bind_weights(document.model, old)
    changed = BoundWeights({key: _changed(tensor, changes[key]) if key in changes else tensor
                            for key, tensor in bound.items()})
    stored = {id(tensor) for _, tensor in old}
    if old.convention.dialect in OLD_DIALECTS or any(id(bound[key]) not in stored for key in bound):
        return WeightTree(BY_NAME, encode_by_name(changed))
    new = {id(bound[key]): changed[key] for key in bound}
    return replace(old, groups=[WeightGroup(group.path, [new.get(id(t), t) for t in group.tensors], group.name)
                                for group in old.groups])


def _changed_shape(shape: tuple[int, ...] | None, change: Change | None) -> tuple[int, ...] | None:
    """The shape of an array after a change."""
    return shape if shape is None or change is None else change(np.broadcast_to(np.zeros((), bool), shape)).shape


def _changed(tensor: TensorRecord, change: Callable[[np.ndarray], np.ndarray]) -> TensorRecord:
    """The array changed when somebody reads it."""
    load = tensor.load
    return replace(tensor, shape=_changed_shape(tensor.shape, change),
                   load=lambda: np.ascontiguousarray(change(load())))
