"""A dialect as data: which classes it knows, and how it names and limits their arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

ANY = object()                                  # as a neutral value: every value may be dropped


@dataclass(frozen=True)
class Rules:
    """How a dialect writes the arguments of one class; the canonical arguments are those of Keras 3.

    Args:
        rename: the dialect's name of an argument -> the canonical name.
        extra: arguments that only the dialect has -> the values with which they say nothing. With another value an
            argument is kept (and stays in the canonical config), so that whoever builds the layer can decide.
        lacking: canonical arguments that the dialect does not have -> the values with which they say nothing.
        newer: canonical arguments that not every reader of the dialect takes -> the values that are never written, and
            dropped where they are read.
        missing: canonical arguments that older writers of the dialect left out -> what that meant.
    """

    rename: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    lacking: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    newer: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    missing: Mapping[str, Any] = field(default_factory=dict)

    def __or__(self, other: Rules) -> Rules:
        return Rules(*({**getattr(self, name), **getattr(other, name)}
                       for name in ("rename", "extra", "lacking", "newer", "missing")))


Config = dict[str, Any]
Revision = Callable[[Config, Config | None], tuple[Config, Config | None]]     # of config and build_config


@dataclass(frozen=True)
class Dialect:
    """One vocabulary of model files.

    Args:
        name: as in `Producer.dialect`.
        title: for messages.
        layers: layer classes it has.
        activations: activations it has by name.
        objects: other classes (initializers and so on) that it lacks -> how it says them, as class and config.
        lacking_objects: those that it cannot say at all.
        rules: argument rules by canonical class name.
        earlier: (version, rules by class): more rules for files of releases before that version.
        every_layer: rules for all layer classes, before those of the class.
        activation_names: its names of activations -> canonical ones, where the two differ.
        decode_revisions, encode_revisions: translations of whole configs that are more than a table, by class.
        functional_name: class name that it writes for functional models.
        model_keys: keys that it writes into a model's config besides layers and wiring, by kind of model.
        modern: writes calls as args and kwargs, and objects with their module (Keras 3).
        counting: where the creation of a nested model counts as its first call; see `nodes.first_nodes`.
        tensor_kwargs: whether keyword arguments of a call may hold tensors.
        mixed_policies: whether it has the dtype policies ``mixed_float16`` and ``mixed_bfloat16``.
        input_in_first_layer: writes the input of a `Sequential` into the config of its first layer.
        inner_modules: writes the module of layers inside of wrappers.
        call_kwargs: writes keyword arguments of calls beside the tensors.
        dtype_argument: how a first layer calls the dtype of the input.
        sequential_is_list: the config of a `Sequential` is the list of its layers.
        aliases: its names of classes that have another one today.
        lift: brings the JSON of a whole file to the form of a later dialect.
        lower: the inverse; the second argument is told what cannot be said.
        prepare: brings a model, nested or not, to a form that the decoder knows; the second argument makes up names.
        decode_layer: class and arguments of a layer, today's, before values are read; see `keras1_layers`.
        encode_layer: the inverse, after values are written.
        dim_ordering: which one layers have that do not tell theirs, and no other layer of the model either; None if all
            tell it, as ``data_format``.
    """

    name: str
    title: str
    layers: frozenset[str]
    activations: frozenset[str]
    objects: Mapping[str, tuple[str, Config]] = field(default_factory=dict)
    lacking_objects: frozenset[str] = frozenset()
    rules: Mapping[str, Rules] = field(default_factory=dict)
    earlier: tuple[tuple[tuple[int, int], Mapping[str, Rules]], ...] = ()
    every_layer: Rules = Rules()
    activation_names: Mapping[str, str] = field(default_factory=dict)
    decode_revisions: Mapping[str, Revision] = field(default_factory=dict)
    encode_revisions: Mapping[str, Revision] = field(default_factory=dict)
    functional_name: str = "Functional"
    model_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    modern: bool = False
    counting: str = "built"
    tensor_kwargs: bool = True
    mixed_policies: bool = True
    input_in_first_layer: bool = False
    inner_modules: bool = True
    call_kwargs: bool = True
    dtype_argument: str = "dtype"
    sequential_is_list: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict)
    lift: Callable[[Config], Config] | None = None
    lower: Callable[[Config, Callable[[str], None]], Config] | None = None
    prepare: Callable[[Config, Callable[[str], str]], Config] | None = None
    decode_layer: Callable[[str, Config, Callable[[str, str], None]], tuple[str, Config]] | None = None
    encode_layer: Callable[[str, Config, Callable[[str], None]], tuple[str, Config]] | None = None
    dim_ordering: str | None = None

    def at(self, version: str | None) -> Dialect:
        """The dialect as a release wrote it; the newest one if the version is not known."""
        found = re.match(r"(\d+)\.(\d+)", version or "")
        release = (int(found[1]), int(found[2])) if found else None
        rules = dict(self.rules)
        for before, more in self.earlier:
            if release is not None and release < before:
                rules |= {name: rules.get(name, Rules()) | own for name, own in more.items()}
        return replace(self, rules=rules)

    def rules_of(self, class_name: str) -> Rules:
        """The rules for a canonical class name."""
        own = self.rules.get(class_name)
        return self.every_layer if own is None else self.every_layer | own


def by_class(rows: Iterable[tuple[str, Rules]]) -> dict[str, Rules]:
    """Rules by class from rows of ``(class names separated by blanks, rules)``; rules of several rows add up."""
    table: dict[str, Rules] = {}
    for names, rules in rows:
        for name in names.split():
            table[name] = table.get(name, Rules()) | rules
    return table


def is_neutral(value: Any, neutral: tuple[Any, ...]) -> bool:
    """Whether `value` is one of the values with which an argument says nothing; for sizes, ``[1, 1]`` counts as 1."""
    if ANY in neutral or any(_equal(value, option) for option in neutral):
        return True
    return isinstance(value, (list, tuple)) and bool(value) and all(is_neutral(item, neutral) for item in value)


def _equal(value: Any, option: Any) -> bool:
    return value == option and isinstance(value, bool) == isinstance(option, bool)
