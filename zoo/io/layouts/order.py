"""The order of weights inside one entry of the layout by layer: trainable ones first, then the others.

What counts as trainable is decided differently by Keras 3 and by its predecessors, and matters only where some layers
of a nested model are frozen.
"""

from __future__ import annotations

from zoo.io.layouts.owners import Owner, Slot


def legacy_order(owner: Owner, keras3: bool) -> list[Slot]:
    """The order in which a writer stores the weights of a top-level layer, by the flags in the model.

    Args:
        owner: a layer or nested model.
        keras3: whether Keras 3 writes; else tf.keras or Keras 2.
    """
    return _keras3_order(owner) if keras3 else [slot for half in _split(owner) for slot in half]


def candidate_orders(owner: Owner, keras3: bool) -> list[list[Slot]]:
    """`legacy_order`, and what it would be if no flag or every flag had been set: flags change between two saves."""
    created = _stored(owner.all_slots())
    unfrozen = sorted(created, key=lambda slot: not slot.trainable)
    orders = [legacy_order(owner, keras3), unfrozen, created]
    return [order for i, order in enumerate(orders) if order not in orders[:i]]


def _keras3_order(owner: Owner) -> list[Slot]:
    """As created if the layer is frozen; else split by the flags of the innermost layers."""
    created = _stored(owner.all_slots())
    if not owner.trainable:
        return created
    frozen = {slot.key for inner in owner.walk() if not inner.trainable for slot in inner.slots or ()}
    return sorted(created, key=lambda slot: not slot.trainable or slot.key in frozen)


def _split(owner: Owner) -> tuple[list[Slot], list[Slot]]:
    """Trainable and other weights; a frozen layer has none of the former, a frozen model keeps their order."""
    own = _stored(owner.slots or [])
    trainable, others = [s for s in own if s.trainable], [s for s in own if not s.trainable]
    inner = [_split(part) for part in owner.parts]
    if owner.trainable or owner.is_model:
        first = trainable + [slot for half, _ in inner for slot in half]
        second = others + [slot for _, half in inner for slot in half]
        both = _once(first + second)
        count = len(_once(first))
        return (both[:count], both[count:]) if owner.trainable else ([], both)
    return [], _once(own + [slot for halves in inner for half in halves for slot in half])


def _stored(slots: list[Slot]) -> list[Slot]:
    return [slot for slot in slots if slot.stored[0]]


def _once(slots: list[Slot]) -> list[Slot]:
    return list({slot.key: slot for slot in slots}.values())
