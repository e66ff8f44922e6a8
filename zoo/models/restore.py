"""Document -> live model. With `capture`, the only bridge between files and objects."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from zoo import layers, serialization, tree
from zoo.engine import budget, dtypes
from zoo.engine.operation import Operation
from zoo.engine.symbolic import KerasTensor
from zoo.errors import ConfigError, CorruptFile, TooLarge, UnknownClass, refused_as
from zoo.io import extras, layouts
from zoo.io.dialects import structure
from zoo.io.document import CallRecord, LayerRecord, ModelDocument, ModelRecord, TensorRef
from zoo.io.limits import DEFAULT_LIMITS, Limits
from zoo.io.training import conventions_of
from zoo.layers.seeds import seed_generators
from zoo.ops import operations
from zoo.models import capture, weights
from zoo.models.functional import Functional
from zoo.models.model import Model
from zoo.models.sequential import Sequential

ARRAYS = ("__tensor__", "__numpy__")                        # Keras's records of constants among the arguments of a call


Replacements = Mapping[str, "layers.Layer | Callable[..., Any]"]
_replacements: ContextVar[Replacements] = ContextVar("replacements", default={})


def model(document: ModelDocument, *, custom_objects: Mapping[str, Any] | None = None,
          replace: Replacements | None = None, with_weights: bool = True) -> Model:
    """The model that a document describes, with its weights.

    Args:
        custom_objects: what the user's own class and function names mean.
        replace: layers, or functions of their inputs, in place of those of the file, by the layers' names.

    Raises:
        UnknownClass: layers that neither zoo nor the user knows; all of them are listed.
        WeightsMismatch: the file's weights do not fit its own architecture.
        ConfigError: the file holds weights only, or no layer has a name that is to be replaced.
        TooLarge: its layers ask for more memory than `zoo.io.Limits` allows.
    """
    if document.model is None:
        raise ConfigError(f"{document.path}: this file holds weights only ({document.format}), no architecture. "
                          f"Build the model in code and call model.load_weights({document.path!r}).")
    with serialization.custom_object_scope(custom_objects), _replacing(replace or {}, document.model):
        _refuse_unknown(document.model, document.path)
        restored = _made(document, document.model)
        restored.conventions, restored.metadata = conventions_of(document), extras.by_users(document.metadata)
        with refused_as(CorruptFile, f"{document.path}: what the file says of the weights"):
            if with_weights and document.weights is not None:
                restored.load_report = weights.load(restored, document)
            if with_weights:
                _load_assets(restored, document)
                _resume_seeds(restored, document)
    return restored


@contextmanager
def _replacing(replace: Replacements, record: ModelRecord) -> Iterator[None]:
    names = {layer.name for _, layer in record.walk()}
    strangers = sorted(replace.keys() - names)
    if strangers:
        raise ConfigError(f"replace={strangers}: the model has no layers of these names. It has: {sorted(names)}")
    token = _replacements.set(replace)
    try:
        yield
    finally:
        _replacements.reset(token)


def _replacement(record: LayerRecord) -> Operation:
    """What the user put in the place of a layer, under its name."""
    given = _replacements.get()[record.name]
    made = given if isinstance(given, layers.Layer) else layers.Lambda(given)
    made.name = record.name
    return made


def _made(document: ModelDocument, record: ModelRecord) -> Model:
    try:
        with _allowance(document), refused_as(ConfigError, f"{document.path}: the architecture"):
            return from_record(record)
    except TooLarge:
        raise
    except MemoryError as error:
        raise TooLarge(f"{document.path}: not enough memory to make its model ({error}).") from error


def _allowance(document: ModelDocument, limits: Limits = DEFAULT_LIMITS) -> AbstractContextManager[None]:
    """What the variables of a document's model may take: a multiple of what its file holds, if it holds weights."""
    if document.weights is None:
        return budget.allowance(limits.unbacked_bytes, f"{document.path} holds no weights; if its size is right, set "
                                f"ZOO_LIMIT_UNBACKED_BYTES.")
    held = document.weights.nbytes
    return budget.allowance(limits.backed_ratio * held + limits.slack_bytes, f"{document.path} holds {held:,} bytes of "
                            f"weights; if its size is right, set ZOO_LIMIT_SLACK_BYTES.")


def _load_assets(restored: Model, document: ModelDocument) -> None:
    """Gives layers the files that the document keeps for them."""
    found = layouts.bind_assets(document.model, document.metadata.get("assets", {}), document.weights)
    for path, layer in capture.layers_by_path(restored):
        if path in found:
            layer.load_assets(found[path])


def _resume_seeds(restored: Model, document: ModelDocument) -> None:
    """Random layers go on where they were when the model was saved. Files of Keras do not tell.

    Raises:
        CorruptFile: the file has another number of states than the model has sources of randomness.
    """
    kept = document.metadata.get(extras.KEY, {}).get(extras.SEEDS)
    generators = list(seed_generators(restored))
    if kept is not None and len(kept) != len(generators):
        raise CorruptFile(f"{document.path}: expected the states of {len(generators)} sources of random numbers, "
                          f"received {len(kept)}.")
    for generator, state in zip(generators, kept or ()):
        generator.state.assign(np.array(state, "uint32"))


def from_record(record: ModelRecord) -> Model:
    """A model of that architecture, with initial weights."""
    known = {key: record.config[key] for key in ("trainable", "dtype") if record.config.get(key) is not None}
    trainable = known.pop("trainable", True)
    if record.kind == "sequential":
        restored = _sequential(record, known)
    elif record.kind == "functional":
        restored = _functional(record, known)
    else:
        raise UnknownClass(f"Model {record.name!r} is of the user's own class {record.class_name!r}: its file holds no "
                           f"layers. Pass custom_objects={{{record.class_name!r}: ...}}.")
    restored._trainable = trainable                         # the layers have flags of their own
    return restored


def from_plain(record: dict[str, Any]) -> Model:
    """A model in the config of a layer that holds it, with initial weights."""
    return from_record(structure.from_plain(record))


layers.registry.MODELS.update(Sequential=from_plain, Functional=from_plain)


def layer_from_record(record: LayerRecord) -> Operation:
    """One layer (or nested model, or operation), unbuilt."""
    if record.name in _replacements.get():
        return _replacement(record)
    if record.model is not None:
        return from_record(record.model)
    with _naming(record.name, record.class_name):
        if operations.is_known(record.class_name):
            return operations.function_call(record.class_name, record.config)
        return layers.deserialize({"class_name": record.class_name, "config": record.config,
                                   "registered_name": record.registered_name})


def _naming(name: str, class_name: str) -> AbstractContextManager[None]:
    """Inside, what goes wrong is the fault of that layer's config."""
    return refused_as(ConfigError, f"Layer {name!r} ({class_name}): what the file says of it")


def _sequential(record: ModelRecord, options: dict[str, Any]) -> Sequential:
    restored = Sequential(name=record.name, **options)
    for layer in record.layers:
        made = layer_from_record(layer)
        with _naming(layer.name, layer.class_name):
            restored.add(made)
    shape = record.config.get("build_input_shape")
    if not restored.built and shape:
        restored.build(shape)
    return restored


def _functional(record: ModelRecord, options: dict[str, Any]) -> Functional:
    made = {layer.name: layer_from_record(layer) for layer in record.layers}
    outputs: dict[TensorRef, KerasTensor] = {}
    for layer in record.layers:
        if layer.class_name == "InputLayer":
            outputs[TensorRef(layer.name, 0, 0)] = made[layer.name].output
    for name, node, call in _in_order(record):
        args, kwargs = tree.map(lambda leaf: outputs[leaf] if isinstance(leaf, TensorRef) else leaf,
                                _with_arrays((call.args, call.kwargs)))
        with _naming(name, type(made[name]).__name__):
            for tensor in tree.leaves(made[name](*args, **kwargs)):
                outputs[TensorRef(name, node, tensor.index)] = tensor
    wiring = tree.map(lambda ref: _existing(outputs, ref, record), (record.inputs, record.outputs))
    return Functional(*wiring, name=record.name, **options)


def _with_arrays(nest: Any) -> Any:
    """The nest with arrays in place of their records, ``{"class_name": "__tensor__", ...}``."""
    if isinstance(nest, dict):
        if nest.get("class_name") in ARRAYS:
            return np.asarray(nest["config"]["value"], dtypes.storage(nest["config"]["dtype"]))
        return {key: _with_arrays(item) for key, item in nest.items()}
    return type(nest)(map(_with_arrays, nest)) if isinstance(nest, (list, tuple)) else nest


def _open_slices(nest: Any) -> Any:
    """The nest with dictionaries in place of slices between tensors, so that the tensors are leaves."""
    if isinstance(nest, slice):
        parts = {"start": nest.start, "stop": nest.stop, "step": nest.step}
        return parts if any(isinstance(part, TensorRef) for part in parts.values()) else nest
    if isinstance(nest, dict):
        return {key: _open_slices(item) for key, item in nest.items()}
    return type(nest)(map(_open_slices, nest)) if isinstance(nest, (list, tuple)) else nest


def _existing(outputs: dict[TensorRef, KerasTensor], ref: TensorRef, record: ModelRecord) -> KerasTensor:
    if ref not in outputs:
        raise CorruptFile(f"Model {record.name!r}: {ref} does not exist: layer {ref.layer!r} has no such call or "
                          f"output.")
    return outputs[ref]


def _in_order(record: ModelRecord) -> Iterator[tuple[str, int, Any]]:
    """The calls of a functional model, each after the calls it needs and after earlier calls of the same layer.

    Raises:
        CorruptFile: the calls need each other in a circle, or something that does not exist.
    """
    calls = {(layer.name, i): CallRecord(*_open_slices((call.args, call.kwargs))) for layer in record.layers
             if layer.class_name != "InputLayer" for i, call in enumerate(layer.calls)}
    needs = {key: {(ref.layer, ref.node) for ref in tree.leaves((call.args, call.kwargs)) if isinstance(ref, TensorRef)}
             & calls.keys() | ({(key[0], key[1] - 1)} if key[1] else set()) for key, call in calls.items()}
    users: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for key, sources in needs.items():
        for source in sources:
            users.setdefault(source, []).append(key)
    waiting = {key: len(sources) for key, sources in needs.items()}
    ready = deque(key for key, count in waiting.items() if count == 0)
    done = 0
    while ready:
        key = ready.popleft()
        yield (*key, calls[key])
        done += 1
        for user in users.get(key, ()):
            waiting[user] -= 1
            if waiting[user] == 0:
                ready.append(user)
    if done < len(calls):
        stuck = sorted({name for (name, _), count in waiting.items() if count})
        raise CorruptFile(f"Model {record.name!r}: the layers {stuck} need each other in a circle.")


def _refuse_unknown(record: ModelRecord, path: str | None) -> None:
    unknown = {}
    for where, layer in record.walk():
        is_known = operations.is_known(layer.class_name) or layers.is_known(layer.class_name, layer.registered_name)
        if layer.model is None and not is_known and where[-1] not in _replacements.get():
            unknown.setdefault(layer.class_name, []).append("/".join(where))
    if unknown:
        first = next(iter(unknown.values()))[0].rpartition("/")[2]
        head = f"{path or record.name}: {len(unknown)} layer classes cannot be made:"
        raise UnknownClass("\n  ".join([head, *(f"{name}: {layers.why_unknown(name)} (layer {', '.join(places[:5])})"
                                                for name, places in unknown.items()),
                                        f"Or put another layer in its place: "
                                        f"replace={{{first!r}: layer_or_function}}."]))
