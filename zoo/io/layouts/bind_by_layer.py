"""Weights stored by layer: one ordered list for each top-level layer, nested models flattened."""

from __future__ import annotations

from collections import Counter

from zoo.io.document import Convention, WeightGroup, WeightTree
from zoo.io.layouts.arrangement import OLD_DIALECTS
from zoo.io.layouts.match import Matches
from zoo.io.layouts.names import Meanings, components, contradicts
from zoo.io.layouts.order import candidate_orders
from zoo.io.layouts.owners import Owner, Slot
from zoo.io.layouts.pieces import Piece, pieces_of
from zoo.io.tensors import TensorRecord

Pair = tuple[Piece, TensorRecord]


def bind_by_layer(root: Owner, tree: WeightTree, matches: Matches, by_name: bool) -> None:
    """Matches layers with groups, then the weights inside.

    Args:
        by_name: layers by name; else by their order among the layers that have weights, if their numbers agree.
    """
    keras3 = str(tree.keras_version).startswith("3")
    groups = [group for group in tree.groups if group.tensors]
    if root.slots is None:                      # a model of unknown class: everything keeps its place
        for group in groups:
            for tensor in group.tensors:
                matches.unknown(root, f"{group.path}/{tensor.name}", tensor)
        return
    pairs = _layers_with_groups(root, groups, matches, by_name)
    for owner, group in pairs:
        bind_group(owner, group, matches, tree.convention, keras3)
    used = {group.path for _, group in pairs}
    matches.leave(f"{group.path}/{tensor.name}" for group in groups if group.path not in used
                  for tensor in group.tensors)


# ---- layers and groups

def _layers_with_groups(root: Owner, groups: list[WeightGroup], matches: Matches,
                        by_name: bool) -> list[tuple[Owner, WeightGroup]]:
    by_path = {group.path: group for group in groups}
    named = [(owner, by_path[owner.name]) for owner in root.parts if owner.name in by_path]
    if by_name or len(named) == len(groups):
        return named
    for owners in (_weighted(root, unknown_too=True), _weighted(root, unknown_too=False)):
        if len(owners) == len(groups):
            matches.note(f"layers and groups have different names; the {len(groups)} with weights were matched by "
                         f"their order")
            return list(zip(owners, groups))
    matches.note(f"the model has {len(_weighted(root, unknown_too=False))} layers with weights, the file has "
                 f"{len(groups)}: those of equal names were matched ({len(named)})")
    return named


def _weighted(root: Owner, unknown_too: bool) -> list[Owner]:
    return [owner for owner in root.parts
            if owner.all_slots() or unknown_too and not owner.is_known]


# ---- weights of one layer

def bind_group(owner: Owner, group: WeightGroup, matches: Matches, convention: Convention, keras3: bool) -> None:
    """Finds the weight for each array of a top-level layer.

    Args:
        keras3: whether Keras 3 decided on the order.
    """
    tensors = group.tensors
    if not owner.is_known:
        tensors = _bind_unknown(owner, tensors, matches)
    slots = candidate_orders(owner, keras3)
    divisions = (None, True, False) if convention.dialect in OLD_DIALECTS else (False,)
    orders = [pieces_of(owner, order, convention, by_gate) for by_gate in divisions for order in slots]
    fitting = [order for order in orders if len(order) == len(tensors)]
    whole = pieces_of(owner, slots[0], convention, by_gate=False)
    pairs = _by_names(owner, whole, tensors)
    if pairs is None and fitting:
        pairs = _by_order(owner, fitting, tensors, matches)
    elif pairs is None:
        pairs = _some_by_names(owner, whole, tensors)
        matches.note(f"{group.path}: the layer has {len(slots[0])} weights, the file has {len(tensors)}: "
                     f"{len(pairs)} were matched by name")
    elif _by_key([piece for piece, _ in pairs]) != _by_key(whole):
        matches.note(f"{group.path}: the weights are in another order than the flags of the model say; they were "
                     f"matched by name")
    for piece, tensor in pairs:
        matches.pair_piece(piece, tensor)
    used = {id(tensor) for _, tensor in pairs}
    matches.leave(f"{group.path}/{tensor.name}" for tensor in tensors if id(tensor) not in used)


def _by_names(owner: Owner, pieces: list[Piece], tensors: list[TensorRecord]) -> list[Pair] | None:
    """The pairs if every name tells exactly one weight and every weight is told once."""
    pairs = _some_by_names(owner, pieces, tensors)
    complete = len(pairs) == len(tensors) == len(pieces)
    return pairs if complete else None


def _some_by_names(owner: Owner, pieces: list[Piece], tensors: list[TensorRecord]) -> list[Pair]:
    """The pairs in which name and weight tell each other and nothing else, in the file's order."""
    by_key = {piece.slot.key: piece for piece in pieces}
    meanings = Meanings(owner, [piece.slot for piece in pieces])
    found = [meanings.of(tensor.name) for tensor in tensors]
    told = Counter(slot.key for meaning in found for slot in meaning)
    return [(by_key[meaning[0].key], tensor) for meaning, tensor in zip(found, tensors)
            if len(meaning) == 1 and told[meaning[0].key] == 1]


def _by_order(owner: Owner, orders: list[list[Piece]], tensors: list[TensorRecord], matches: Matches) -> list[Pair]:
    """The pairs by the first order that neither names nor shapes contradict."""
    possible = [order for order in orders if _agrees(order, tensors)]
    chosen = possible[0] if possible else orders[0]
    if len(possible) > 1 and any(_by_key(order) != _by_key(possible[0]) for order in possible[1:]):
        matches.note(f"{owner.name}: names do not tell the weights and {len(possible)} orders are possible, depending "
                     f"on which layers were frozen when the file was saved; the flags of the model were followed")
    elif possible and _by_key(possible[0]) != _by_key(orders[0]):
        matches.note(f"{owner.name}: the order of the weights shows that other layers were frozen when it was saved")
    return list(zip(chosen, tensors))


def _by_key(order: list[Piece]) -> list[object]:
    return [(piece.slot.key, piece.block) for piece in order]


def _agrees(order: list[Piece], tensors: list[TensorRecord]) -> bool:
    return all(not contradicts(tensor.name, piece.slot) and piece.fits(tuple(tensor.shape))
               for piece, tensor in zip(order, tensors))


def _bind_unknown(owner: Owner, tensors: list[TensorRecord], matches: Matches) -> list[TensorRecord]:
    """Gives weights to the inner layers of unknown classes: those with their name, or all that others do not need.

    Returns:
        What is left for the layers of known classes.
    """
    unknown = [inner for inner in owner.walk() if inner.slots is None]
    left = list(tensors)
    for inner in unknown:
        named = [tensor for tensor in left if inner.name in components(tensor.name)[:-1]]
        mine = left if inner is owner else named
        if not mine and len(unknown) == 1:      # what known layers leave over, if its place is certain
            mine = left[len(owner.all_slots()):] if not owner.all_slots() else []
        for number, tensor in enumerate(mine):
            matches.unknown(inner, str(number), tensor)
        taken = {id(tensor) for tensor in mine}
        left = [tensor for tensor in left if id(tensor) not in taken]
    return left
