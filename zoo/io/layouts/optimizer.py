"""In which order each Keras keeps the state of an optimizer, and what it calls it.

The state is addressed as Keras 3 names it: ``("momentum", 2)`` is the momentum of the third trained weight,
``("iteration", None)`` belongs to no weight. An `Era` lists, for each class of optimizer, the runs of which its state
consists; `slots_of` spells them out for a model, and that is the order in which a file has its arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from zoo.errors import CannotExpress, WeightsMismatch
from zoo.io.document import ModelRecord, OptimizerRecord
from zoo.io.layouts.arrangement import decoded, divided, encoded, joined
from zoo.io.layouts.bound import BoundWeights, Key, StoredArray
from zoo.io.layouts.owners import Owner, owners_of
from zoo.io.tensors import TensorRecord

Config = Mapping[str, Any]
Address = tuple[str, "int | None"]
State = dict[Address, TensorRecord]
ITERATION: Address = ("iteration", None)
PRODUCT: Address = ("product", None)                        # of Nadam's momenta so far
_FACTORS = ("row", "column")                                # of Adafactor, for matrices only


@dataclass(frozen=True)
class Trained:
    """A weight that the optimizer changes.

    Args:
        name: where it is in the model, as ``dense/kernel``.
        shape: its shape.
        frozen: whether it is in a frozen layer: the optimizer has state for it only if it was frozen afterwards.
        key: its canonical address.
    """

    name: str
    shape: tuple[int, ...]
    frozen: bool = False
    key: Key | None = None


@dataclass(frozen=True)
class Era:
    """The order of one time.

    A run is text: ``momentum:m velocity:v`` gives each weight in turn its momentum and its velocity, which the files
    call ``m`` and ``v``; ``.iteration`` is a state of its own; ``... if amsgrad`` holds only where the optimizer's
    config has that argument set (``if a number``: where the learning rate is no schedule).

    Args:
        name: for messages.
        runs: by class name.
        slot_name, own_name: the full names of both sorts of arrays, from ``optimizer``, ``slot`` and, for slots of a
            weight, its name ``weight`` and number ``number``.
        before: runs that come first in all classes.
        vectors_have_factors: whether scalars stand in for the factors that vectors do not have.
        placeholders: slots that an array of one element stands in for while the argument given is not set.
        restarted: states that the files do not keep -> the values with which their own release goes on.
        by_name: whether optimizers had the weights in the order of their names, not in that of the layers.
    """

    name: str
    runs: Mapping[str, tuple[str, ...]]
    slot_name: str
    own_name: str
    before: tuple[str, ...] = ()
    vectors_have_factors: bool = False
    placeholders: Mapping[str, str] = field(default_factory=dict)
    restarted: Mapping[str, Mapping[Address, float]] = field(default_factory=dict)
    by_name: bool = False


_TF_RUNS = {
    "Adadelta": ("accumulated_grad accumulated_delta_var",),
    "Adafactor": ("row:r column:c velocity:v",),
    "Adagrad": ("accumulator",),
    "Adam": ("momentum:m velocity:v", "velocity_hat:vhat if amsgrad"),
    "AdamW": ("momentum:m velocity:v", "velocity_hat:vhat if amsgrad"),
    "Adamax": ("momentum:m norm:u",),
    "Ftrl": ("accumulator linear",),
    "Lion": ("momentum:m",),
    "Nadam": ("momentum:m velocity:v", ".product"),         # the product is ours: tf.keras takes no notice of it
    "RMSprop": ("velocity", "momentum if momentum", "average_gradient if centered"),
    "SGD": ("momentum:m",),
}
_KERAS3_RUNS = {
    **{name: tuple(" ".join(slot.partition(":")[0] for slot in run.split(" ")) for run in runs)
       for name, runs in _TF_RUNS.items()},
    "Lamb": ("momentum velocity",),
    "Nadam": ("momentum velocity", ".product:variable"),
    "SGD": ("momentum if momentum",),
    "ScheduleFreeAdamW": ("momentum velocity",),
}
_TF_LEGACY_RUNS = {
    "Adadelta": ("accumulated_grad:accum_grad", "accumulated_delta_var:accum_var"),
    "Adagrad": ("accumulator",),
    "Adam": ("momentum:m", "velocity:v", "velocity_hat:vhat if amsgrad"),
    "Adamax": ("momentum:m", "norm:v"),
    "Ftrl": ("accumulator linear",),
    "Nadam": (".product:momentum_cache", "momentum:m", "velocity:v"),
    "RMSprop": ("velocity:rms", "momentum if momentum", "average_gradient:mg if centered"),
    "SGD": ("momentum if momentum",),
}
_KERAS2_RUNS = {
    "Adadelta": ("accumulated_grad:accumulator", "accumulated_delta_var:delta_accumulator"),
    "Adagrad": ("accumulator",),
    "Adam": ("momentum:m", "velocity:v", "velocity_hat:vhat"),
    "Adamax": ("momentum:m", "norm:u"),
    "Nadam": (".product:m_schedule", "momentum:m", "velocity:v"),
    "RMSprop": ("velocity:accumulator",),
    "SGD": ("momentum:moment",),
}
# Until Keras 2.2 some optimizers did not keep their count of steps, and until 2.0 Adam had no placeholders.
_KERAS1_RUNS = {
    "Adadelta": _KERAS2_RUNS["Adadelta"],
    "Adagrad": _KERAS2_RUNS["Adagrad"],
    "Adam": (".iteration:iterations", "momentum:m", "velocity:v"),
    "Adamax": (".iteration:iterations", *_KERAS2_RUNS["Adamax"]),
    "Nadam": (".iteration:iterations", "momentum:m", "velocity:v"),
    "RMSprop": _KERAS2_RUNS["RMSprop"],
    "SGD": (".iteration:iterations", "momentum:moment"),
}

KERAS3 = Era("Keras 3", _KERAS3_RUNS, "{optimizer}/{weight}_{slot}", "{optimizer}/{slot}",
             (".iteration", ".learning_rate if a number", "average if use_ema",
              "gradient_accumulator if gradient_accumulation_steps"), vectors_have_factors=True)
KERAS3_EARLY = replace(KERAS3, runs={"Nadam": ("momentum velocity",)},
                       before=(".iteration", ".learning_rate if a number", ".product:variable", "average if use_ema"))
TFKERAS = Era("tf.keras 2.11 and later", _TF_RUNS, "{optimizer}/{slot}/{weight}:0", "{slot}:0",
              (".iteration", "average if use_ema"))
TFKERAS_WITHOUT = replace(TFKERAS, runs={"Nadam": ("momentum:m velocity:v",)})
TFKERAS_LEGACY = Era("tf.keras until 2.10", _TF_LEGACY_RUNS, "{optimizer}/{weight}/{slot}:0", "{optimizer}/{slot}:0",
                     (".iteration:iter",))
KERAS2 = Era("Keras 2.3", _KERAS2_RUNS, "training/{optimizer}/{slot}_{number}", "{optimizer}/{slot}",
             (".iteration:iterations",), placeholders={"velocity_hat": "amsgrad"})
KERAS2_EARLY = Era("Keras 2.0 to 2.2", _KERAS1_RUNS, "training/{optimizer}/{slot}_{number}", "{optimizer}/{slot}",
                   restarted={"Nadam": {PRODUCT: 1.0}})
KERAS1 = replace(KERAS2_EARLY, name="Keras 1", by_name=True)


def eras_of(dialect: str, config: Config) -> tuple[Era, ...]:
    """The orders in which a file of the dialect may have the state of an optimizer with that config."""
    if dialect == "tfkeras":                                # only the newer optimizers can keep moving averages
        return (TFKERAS, TFKERAS_WITHOUT) if "use_ema" in config else (TFKERAS_LEGACY,)
    multi_backend = {"keras2": (KERAS2, KERAS2_EARLY), "keras1": (KERAS1, KERAS2_EARLY)}
    return multi_backend.get(dialect, (KERAS3, KERAS3_EARLY))


def trained_weights(model: ModelRecord, weights: BoundWeights) -> list[Trained]:
    """The weights of a model that training changes or could change, in the order in which optimizers get them."""
    found: dict[Any, Trained] = {}

    def visit(owner: Owner, frozen: bool) -> None:
        frozen = frozen or not owner.trainable
        for slot in owner.slots or ():
            if slot.trainable and slot.key in weights:
                name = "/".join((*slot.key[0], slot.key[1]))
                found.setdefault(slot.key, Trained(name, tuple(weights[slot.key].shape), frozen, slot.key))
        for part in owner.parts:
            visit(part, frozen)
    visit(owners_of(model), not model.config.get("trainable", True))
    return list(found.values())


def _as_stored(era: Era, trained: Sequence[Trained], arrays: Sequence[StoredArray]) -> list[StoredArray]:
    """The arrays that a file has for trained weights, in the order in which its optimizer had them.

    Args:
        trained: as of `trained_weights`.
        arrays: all that were bound, in the file's order; where there are none, each weight is one array as it is.
    """
    wanted = {weight.key for weight in trained}
    stored = [array for array in arrays if array.key in wanted] or [
        StoredArray(weight.key or ((), weight.name), weight.name, weight.shape) for weight in trained]
    return sorted(stored, key=lambda array: array.name) if era.by_name else stored


def decode_state(optimizer: OptimizerRecord, eras: Sequence[Era], class_name: str, config: Config,
                 trained: Sequence[Trained], arrays: Sequence[StoredArray] = ()) -> State:
    """The arrays of a file by address; those of frozen weights, if the file has such, are left out.

    Args:
        optimizer: with the arrays in the file's order.
        eras: orders that the file may have; the first one that all shapes fit is taken.
        class_name, config: canonical.
        trained: as of `trained_weights`; addresses count those that are not frozen.
        arrays: how the file has them, if not each as one array as it is: its optimizer's arrays are arranged alike.

    Raises:
        WeightsMismatch: no order fits.
    """
    changing = [weight for weight in trained if not weight.frozen]
    received, problems = [tensor.shape for tensor in optimizer.tensors], []
    for weights in (changing, list(trained)):
        for era in (era for era in eras if class_name in era.runs):
            stored = _as_stored(era, weights, arrays)
            like = [Trained(array.name, array.shape) for array in stored]
            wanted = slots_of(era, class_name, config, like)
            if [shape for *_, shape in wanted] == received:
                found = {address: tensor for (address, *_), tensor in zip(wanted, optimizer.tensors)}
                return _restarted(era, class_name) | _of_weights(found, stored, changing)
            problems.append(_difference(era, wanted, optimizer.tensors))
    raise WeightsMismatch("; ".join(dict.fromkeys(problems)) or f"no known order of the state of {class_name}")


def _of_weights(found: State, stored: Sequence[StoredArray], trained: Sequence[Trained]) -> State:
    """The state of whole weights in canonical arrangement, from that of a file's arrays."""
    places = {weight.key or ((), weight.name): place for place, weight in enumerate(trained)}
    state = {address: tensor for address, tensor in found.items() if address[1] is None}
    parts: dict[Address, dict[int, TensorRecord]] = {}
    for (slot, number), tensor in found.items():
        if number is None or stored[number].key not in places:
            continue
        array = stored[number]
        whole = tensor.shape == array.shape                 # otherwise it only stands in for a state
        parts.setdefault((slot, places[array.key]), {})[array.block if whole else 0] = \
            decoded(tensor, array.steps) if whole else tensor
    return state | {address: joined([blocks[i] for i in sorted(blocks)]) if len(blocks) > 1 else blocks[0]
                    for address, blocks in parts.items()}


def _in_arrays(state: State, stored: Sequence[StoredArray], trained: Sequence[Trained]) -> State:
    """The inverse of `_of_weights`: the state of the arrays that a file has."""
    places = {weight.key or ((), weight.name): place for place, weight in enumerate(trained)}
    shapes = {place: weight.shape for place, weight in enumerate(trained)}
    found = {address: tensor for address, tensor in state.items() if address[1] is None}
    for number, array in enumerate(stored):
        place = places[array.key]
        for (slot, _), tensor in ((address, t) for address, t in state.items() if address[1] == place):
            if tensor.shape == shapes[place]:
                part = tensor if array.blocks == 1 else divided(tensor, array.block, array.blocks)
                tensor = encoded(part, array.steps)
            found[slot, number] = tensor
    return found


def _restarted(era: Era, class_name: str) -> State:
    return {address: TensorRecord(address[0], (), "float32", partial(np.asarray, value, np.float32))
            for address, value in era.restarted.get(class_name, {}).items()}


def encode_state(state: State, era: Era, class_name: str, config: Config,
                 trained: Sequence[Trained], arrays: Sequence[StoredArray] = ()) -> list[TensorRecord]:
    """The arrays of an optimizer in the order of an era.

    What the era keeps but `state` lacks gets the value that it would have: what is not used is zero, the learning rate
    is that of the config, Nadam's product follows from the number of steps.

    Args:
        trained, arrays: as of `decode_state`; the arrays are those that the file will have.

    Raises:
        CannotExpress: the era has no such optimizer, or no place for a state that matters.
    """
    if class_name not in era.runs:
        raise CannotExpress(f"{era.name} has no optimizer {class_name} whose state is known")
    trained = [weight for weight in trained if not weight.frozen]
    if arrays:
        stored = _as_stored(era, trained, arrays)
        state, trained = _in_arrays(state, stored, trained), [Trained(array.name, array.shape) for array in stored]
    wanted = slots_of(era, class_name, config, trained)
    used = {address for address, *_ in slots_of(KERAS3, class_name, config, trained)}   # some keep more than they use
    lost = sorted({slot for slot, _ in (state.keys() & used) - {address for address, *_ in wanted}
                   if slot not in ("learning_rate", "product", *_FACTORS)})
    if lost:
        raise CannotExpress(f"{era.name} has no place for the state {', '.join(lost)} of {class_name}")
    return [replace(state[address], name=name) if address in state and state[address].shape == shape
            else TensorRecord(name, shape, _dtype(address), _missing(address, shape, config, state))
            for address, name, shape in wanted]


def slots_of(era: Era, class_name: str, config: Config,
             trained: Sequence[Trained]) -> list[tuple[Address, str, tuple[int, ...]]]:
    """The state of an optimizer in the order of an era: addresses, the file's names, shapes."""
    optimizer, found = config.get("name") or class_name, []
    for run in (*era.before, *era.runs[class_name]):
        run, _, condition = run.partition(" if ")
        if not _holds(condition, config):
            continue
        slots = [slot.partition(":")[::2] for slot in run.split(" ")]
        if run.startswith("."):
            found += [((slot[1:], None), era.own_name.format(optimizer=optimizer, slot=name or slot[1:]), ())
                      for slot, name in slots]
            continue
        for number, weight in enumerate(trained):
            for slot, name in slots:
                shape = _shape(era, slot, weight.shape, config)
                text = era.slot_name.format(optimizer=optimizer, slot=name or slot, number=number,
                                            weight=weight.name if era is not KERAS3 else weight.name.replace("/", "_"))
                found += [((slot, number), text, shape)] if shape is not None else []
    return found


def _holds(condition: str, config: Config) -> bool:
    if condition == "a number":
        return not isinstance(config.get("learning_rate"), dict)
    return not condition or bool(config.get(condition))


def _shape(era: Era, slot: str, shape: tuple[int, ...], config: Config) -> tuple[int, ...] | None:
    """The shape of a weight's slot; None if the era has none for it."""
    if slot in _FACTORS:
        if len(shape) < 2:
            return () if era.vectors_have_factors else None
        return shape[:-1] if slot == "row" else (*shape[:-2], shape[-1])
    needed = era.placeholders.get(slot)
    return (1,) if needed and not config.get(needed) else shape


def _dtype(address: Address) -> str:
    return {"iteration": "int64", "row": "int32", "column": "int32"}.get(address[0], "float32")


def _missing(address: Address, shape: tuple[int, ...], config: Config, state: State) -> Callable[[], np.ndarray]:
    """Loads the value of a state that is nowhere kept."""
    if address[0] == "learning_rate":
        return lambda: np.asarray(config["learning_rate"], np.float32)
    if address == PRODUCT:
        return lambda: nadam_product(int(state[ITERATION].read()) if ITERATION in state else 0, config)
    return lambda: np.zeros(shape, _dtype(address))


def nadam_product(steps: int, config: Config) -> np.ndarray:
    """The product of Nadam's momenta ``beta_1 * (1 - 0.96 ** (t * pace) / 2)`` over its steps, which tf.keras and
    early Keras do not store."""
    beta, pace = config.get("beta_1", 0.9), config.get("schedule_decay", 1.0)
    product = np.float32(1.0)
    for step in range(1, steps + 1):
        product *= np.float32(beta * (1.0 - 0.5 * np.power(np.float32(0.96), np.float32(step * pace))))
        if product == 0:
            break
    return np.asarray(product, np.float32)


def _difference(era: Era, wanted: Sequence[tuple[Address, str, tuple[int, ...]]],
                tensors: Sequence[TensorRecord]) -> str:
    if len(wanted) != len(tensors):
        return f"{era.name}: expected {len(wanted)} arrays, received {len(tensors)}"
    return f"{era.name}: " + ", ".join(f"expected {shape} for {name}, received {tensor.shape} ({tensor.name})"
                                      for (_, name, shape), tensor in zip(wanted, tensors)
                                      if shape != tensor.shape)
