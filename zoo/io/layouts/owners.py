"""The objects of a model that own weights, as a tree: models, layers, and the parts of layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from zoo.errors import CorruptFile
from zoo.io.dialects.operations import PREFIX
from zoo.io.dialects.structure import is_object, kind_of, layer_from_plain
from zoo.io.document import LayerRecord, ModelRecord, WeightSpec
from zoo.io.layouts.bound import Key
from zoo.io.layouts.roles import Own, Part, anatomy_of, quantization_of


@dataclass(frozen=True)
class Slot:
    """A place for one weight.

    Args:
        key: its canonical address.
        name: of the variable, the last part of its role.
        trainable: whether the layer created it as trainable.
        shape: if known.
        file_key: its key in the layout by path, if that is not its number.
        stored: whether the layout by layer, and the one by path, hold it.
    """

    key: Key
    name: str
    trainable: bool
    shape: tuple[int, ...] | None = None
    file_key: str | None = None
    stored: tuple[bool, bool] = (True, True)


@dataclass
class Owner:
    """A model, a layer, or a part of a layer.

    Args:
        class_name, name: of the object.
        path: canonical path of the layer that it is or belongs to.
        prefix: what roles of its own weights begin with.
        attribute: spellings of the parent's attribute that holds it, that of Keras 3.15 first.
        in_list: whether that attribute is a list.
        scope: what stands for it in names of weights, if not its name.
        trainable: its own flag.
        is_model: whether it is a model with layers.
        slots: its own weights, those made trainable first; None if not known.
        parts: the objects inside, in order of creation.
        config: of a layer or a part of one.
    """

    class_name: str
    name: str
    path: tuple[str, ...] = ()
    prefix: str = ""
    attribute: tuple[str, ...] = ("layers", "_layer_checkpoint_dependencies")
    in_list: bool = True
    scope: str | None = None
    trainable: bool = True
    is_model: bool = False
    slots: list[Slot] | None = field(default_factory=list)
    parts: list[Owner] = field(default_factory=list)
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def walk(self) -> Iterator[Owner]:
        """This owner and all inside, parents first."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def all_slots(self) -> list[Slot]:
        """All known slots in order of creation, each once."""
        found = {slot.key: slot for owner in self.walk() for slot in owner.slots or ()}
        return list(found.values())

    @property
    def is_known(self) -> bool:
        """Whether it is known which weights this owner and all inside have."""
        return all(owner.slots is not None for owner in self.walk())


def owners_of(model: ModelRecord) -> Owner:
    """The tree of a whole model."""
    root = Owner(model.class_name, model.name, is_model=True, slots=[] if model.kind != "opaque" else None)
    root.parts = [_layer(layer, ()) for layer in weighted_layers(model)]
    return root


def weighted_layers(model: ModelRecord) -> list[LayerRecord]:
    """The layers that Keras counts: without operations, and in a `Sequential` without its input."""
    return [layer for layer in model.layers if not layer.class_name.startswith(PREFIX)
            and not (model.kind == "sequential" and layer.class_name == "InputLayer")]


def _layer(layer: LayerRecord, parent: tuple[str, ...]) -> Owner:
    path = (*parent, layer.name)
    if layer.model is not None:
        owner = Owner(layer.class_name, layer.name, path, is_model=True, trainable=layer.trainable)
        owner.parts = [_layer(inner, path) for inner in weighted_layers(layer.model)]
        return owner
    owner = _object(layer.class_name, layer.name, layer.config, path, "", Owner("", ""))
    if layer.weights is not None:
        _as_given(owner, layer.weights)
    return owner


def _object(class_name: str, name: str, config: dict[str, Any], path: tuple[str, ...], prefix: str,
            parent: Owner) -> Owner:
    """The owner of a layer or a part of one; it has the flag of its config, or that of its parent."""
    anatomy = anatomy_of(class_name, config)
    owner = Owner(class_name, name, path, prefix, trainable=bool(config.get("trainable", parent.trainable)),
                  config=config)
    if anatomy is None:
        owner.slots = None
        return owner
    slots = [_slot(own, config, path, prefix) for own in anatomy.own if own.when(config)]
    in_order = config.get("lora_rank") or quantization_of(config)       # as created, not those made trainable first
    owner.slots = slots if in_order else sorted(slots, key=lambda slot: not slot.trainable)
    owner.parts = [_part(part, index, value, owner) for part in anatomy.parts
                   for index, value in enumerate(part.objects(config))]
    return owner


def _slot(own: Own, config: dict[str, Any], path: tuple[str, ...], prefix: str) -> Slot:
    role = f"{prefix}{own.role}"
    return Slot((path, role), own.role.rpartition("/")[2], own.is_trainable(config), None, own.key, own.stored)


def _part(part: Part, index: int, value: dict[str, Any], parent: Owner) -> Owner:
    prefix = f"{parent.prefix}{part.attribute}/" + (f"{index}/" if part.is_list else "")
    if not is_object(value) or not isinstance(value["config"], dict):
        raise CorruptFile(f"{'/'.join(parent.path)}: expected a layer in {part.attribute!r}, received {value!r:.100}")
    name = str(value["config"].get("name", part.attribute))
    if kind_of(value) is not None:
        record = layer_from_plain(value)
        owner = Owner(record.class_name, record.name, parent.path, prefix, trainable=record.trainable, is_model=True)
        assert record.model is not None
        owner.parts = [_inner(inner, i, owner) for i, inner in enumerate(weighted_layers(record.model))]
    else:
        owner = _object(value["class_name"], name, value["config"], parent.path, prefix, parent)
    owner.attribute, owner.in_list, owner.scope = part.spellings or (part.attribute,), part.is_list, part.scope
    return owner


def _inner(layer: LayerRecord, index: int, model: Owner) -> Owner:
    """A layer of a model that is a part of a layer: addressed by its index."""
    prefix = f"{model.prefix}layers/{index}/"
    if layer.model is None:
        return _object(layer.class_name, layer.name, layer.config, model.path, prefix, Owner("", ""))
    owner = Owner(layer.class_name, layer.name, model.path, prefix, trainable=layer.trainable, is_model=True)
    owner.parts = [_inner(inner, i, owner) for i, inner in enumerate(weighted_layers(layer.model))]
    return owner


def _as_given(owner: Owner, specs: list[WeightSpec]) -> None:
    """Puts the weights that the layer is known to own in the place of those that its class should have."""
    given = {spec.role: spec for spec in specs}
    known = {slot.key[1]: slot for slot in owner.all_slots()}
    prefixes = {}
    for role in given:
        head, _, _ = role.rpartition("/")
        prefixes.setdefault(f"{head}/" if head else "", []).append(role)
    for inner in owner.walk():
        aliases = [slot.key[1] for slot in inner.slots or () if "/" in slot.key[1].removeprefix(inner.prefix)]
        roles = [role for role in aliases if role in given] + prefixes.pop(inner.prefix, [])
        inner.slots = [_given_slot(owner.path, given[role], known.get(role)) for role in roles]
    for prefix, roles in prefixes.items():      # parts that the class is not known to have
        slots = [_given_slot(owner.path, given[role], None) for role in roles]
        owner.parts.append(Owner("", prefix.rstrip("/"), owner.path, prefix, (prefix.rstrip("/"),), False,
                                 trainable=owner.trainable, slots=slots))


def _given_slot(path: tuple[str, ...], spec: WeightSpec, known: Slot | None) -> Slot:
    name = spec.role.rpartition("/")[2]
    return Slot((path, spec.role), name, spec.trainable, spec.shape, *((known.file_key, known.stored) if known else ()))
