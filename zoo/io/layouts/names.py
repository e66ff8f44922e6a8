"""Names of weights in the layout by layer: reading what they tell, and making those that each Keras would give."""

from __future__ import annotations

import re
from collections import Counter

from zoo.io.layouts.bound import Key
from zoo.io.layouts.owners import Owner, Slot
from zoo.io.layouts.roles import ANATOMY
from zoo.naming import to_snake_case

# Keras 2 calls some variables differently.
_KERAS2_NAMES = {("DepthwiseConv1D", "kernel"): "depthwise_kernel", ("DepthwiseConv2D", "kernel"): "depthwise_kernel"}
_SYNONYMS = {"depthwise_kernel": "kernel", "running_mean": "moving_mean", "running_std": "moving_variance"}
_VARIABLES = frozenset(own.role.rpartition("/")[2] for anatomy in ANATOMY.values() for own in anatomy.own)
_NUMBERED = re.compile(r"(.+?)_\d+$")

# Parts whose names do not appear in the names of weights of Keras 2, because wrappers build them in their own scope.
_SILENT_IN_TF = frozenset({"TimeDistributed", "SpectralNormalization", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
_SILENT_IN_KERAS2 = _SILENT_IN_TF | {"SimpleRNN", "GRU", "LSTM", "RNN"}


def components(name: str) -> list[str]:
    """A weight's name in pieces, without TensorFlow's output number."""
    return name.partition(":")[0].split("/")


class Meanings:
    """Which weights of a top-level layer a name in a file may mean.

    A name means a weight if it ends in the variable's name, and if what distinguishes the weight's owner from others
    appears in it: the name of the innermost layer, or a word for the part (``forward_``, ``query``).
    """

    def __init__(self, owner: Owner, slots: list[Slot]):
        tokens = _tokens_of(owner)
        self._index: dict[tuple[str, str], list[tuple[Slot, tuple[str, ...]]]] = {}
        for slot in slots:
            needed = tokens.get(slot.key, ())
            whole = [token for token in needed if not token.endswith("_")]
            self._index.setdefault((slot.name, whole[-1] if whole else ""), []).append((slot, needed))

    def of(self, name: str) -> list[Slot]:
        """The weights that `name` may mean."""
        *scopes, last = components(name)
        return [slot for variable in _variables_of(last) for scope in dict.fromkeys(["", *scopes])
                for slot, needed in self._index.get((variable, scope), ())
                if all(_appears(token, scopes) for token in needed)]


def contradicts(name: str, slot: Slot) -> bool:
    """Whether a name in a file says that the weight is another variable than this one."""
    meant = _variables_of(components(name)[-1])
    return not _VARIABLES.isdisjoint(meant) and slot.name not in meant


def _appears(token: str, scopes: list[str]) -> bool:
    return token in scopes or token.endswith("_") and any(scope.startswith(token) for scope in scopes)


def _variables_of(last: str) -> list[str]:
    """The variables that the last piece of a name may mean: numbers at its end make names unique."""
    stems = dict.fromkeys((last, _NUMBERED.sub(r"\1", last)))
    return list(dict.fromkeys([*stems, *(_SYNONYMS[stem] for stem in stems if stem in _SYNONYMS)]))


def _tokens_of(owner: Owner) -> dict[Key, tuple[str, ...]]:
    """For each slot inside a top-level layer, what distinguishes its name: names of inner layers, words for parts."""
    tokens: dict[Key, tuple[str, ...]] = {}

    def visit(inner: Owner, inherited: tuple[str, ...]) -> None:
        tokens.update(dict.fromkeys((slot.key for slot in inner.slots or ()), inherited))
        for part in inner.parts:
            visit(part, (*inherited, *_token(part, inner)))
    visit(owner, ())
    return tokens


def _token(part: Owner, parent: Owner) -> tuple[str, ...]:
    if parent.is_model:
        return () if part.is_model else (part.name,)
    if part.in_list:
        return (part.name,)
    if part.scope in ("forward", "backward"):
        return (f"{part.scope}_",)
    return (part.scope,) if part.scope is not None and len(parent.parts) > 1 else ()


def names_for(owner: Owner, slots: list[Slot], dialect: str) -> list[str]:
    """The names that a Keras would give to the weights of a top-level layer, made unique.

    Args:
        dialect: ``keras3``, ``tfkeras`` or ``keras2``.
    """
    made: dict[Key, str] = {}

    def visit(inner: Owner, scope: tuple[str, ...]) -> None:
        for slot in inner.slots or ():
            variable = slot.name if dialect == "keras3" else \
                _KERAS2_NAMES.get((inner.class_name, slot.name), slot.name)
            made[slot.key] = "/".join((*scope, variable))
        for part in inner.parts:
            visit(part, _scope_of(part, inner, scope, dialect))
    visit(owner, (owner.name,))
    suffix = "" if dialect == "keras3" else ":0"
    return [f"{name}{suffix}" for name in unique([made.get(slot.key, f"{owner.name}/{slot.name}") for slot in slots])]


def _scope_of(part: Owner, parent: Owner, scope: tuple[str, ...], dialect: str) -> tuple[str, ...]:
    silent = {"keras3": frozenset(), "tfkeras": _SILENT_IN_TF}.get(dialect, _SILENT_IN_KERAS2)
    if parent.is_model and dialect != "keras3":
        return (part.name,)                     # layers of nested models keep the names that they had outside
    if parent.class_name in silent and not part.is_model:
        return scope
    if part.scope in ("forward", "backward"):
        return (*scope, f"{part.scope}_{part.name.removeprefix(f'{part.scope}_').removeprefix('forward_')}")
    return (*scope, part.name if part.scope is None else to_snake_case(part.scope))


def unique(names: list[str]) -> list[str]:
    """The names, with numbers behind those that came before."""
    used: Counter[str] = Counter()
    taken = set(names)
    made = []
    for name in names:
        candidate = name
        while used[name] and (candidate := f"{name}_{used[name]}") in taken:
            used[name] += 1
        used[name] += 1
        taken.add(candidate)
        made.append(candidate)
    return made
