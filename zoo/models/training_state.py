"""How a model was compiled and how far its optimizer is: to a document and back."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from zoo import losses, metrics, optimizers, serialization
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, DtypeError, ShapeError, UnknownClass, Unsupported, WeightsMismatch, refused_as
from zoo.io.dialects.training import decode_training
from zoo.io.document import ModelDocument, OptimizerRecord, TrainingRecord
from zoo.io.layouts import Trained, bind_weights
from zoo.io.tensors import TensorRecord
from zoo.io.training import MULTI_BACKEND, in_keras3_order, output_names
from zoo.models.capture import addressed, architecture
from zoo.models.load_report import LoadReport
from zoo.naming import to_snake_case

_BY_SHAPE = ("accuracy", "acc", "crossentropy", "ce")       # metrics whose meaning the shapes of data decide


# ---- model -> document


def capture(model: Any) -> TrainingRecord | None:
    """The arguments of `compile` in Keras 3's words and the optimizer's present state; None if it is not compiled."""
    if model.optimizer is None:
        return None
    loss, loss_weights, given, weighted, eager = model._compile_arguments
    optimizer = optimizers.serialize(model.optimizer)
    config = {"optimizer": optimizer, "loss": loss, "loss_weights": loss_weights, "metrics": given,
              "weighted_metrics": weighted, "run_eagerly": eager, "steps_per_execution": 1, "jit_compile": False}
    config = decode_training({key: serialization.to_plain(value) for key, value in config.items()}, "keras3")
    variables = model.optimizer.variables if model.optimizer.built else []
    record = OptimizerRecord(optimizer["class_name"], optimizer["config"], [_tensor(v) for v in variables],
                             dict(_parts(model.optimizer, variables)))
    return TrainingRecord(config, record)


def _tensor(variable: Variable) -> TensorRecord:
    return TensorRecord(variable.path, variable.shape, variable.dtype, lambda: variable.value)


def _parts(optimizer: Any, variables: list[Variable]) -> Iterator[tuple[str, list[int]]]:
    """Where the variables of optimizers inside of others are, by the object paths that Keras 3 gives these."""
    place = {variable: index for index, variable in enumerate(variables)}
    inner = {"inner_optimizer": optimizer.inner_optimizer} if hasattr(optimizer, "inner_optimizer") else {}
    for other in getattr(optimizer, "optimizers", ()):
        name, count = to_snake_case(type(other).__name__), 0
        while f"optimizers/{name}{f'_{count}' if count else ''}" in inner:
            count += 1
        inner[f"optimizers/{name}{f'_{count}' if count else ''}"] = other
    for path, other in inner.items() if variables else ():
        yield path, [place[variable] for variable in other.variables]


# ---- document -> model


def restore(model: Any, document: ModelDocument, custom_objects: Mapping[str, Any] | None = None) -> None:
    """Compiles the model as the document says and gives the optimizer its state; the model's report tells.

    What cannot be made is named in a warning, and the model stays uncompiled: it can predict all the same.
    """
    training = document.training
    report = model.load_report = model.load_report or LoadReport(source=document.path or "")
    if training is None or not (training.config.get("optimizer") or training.config.get("optimizer_config")):
        report.optimizer = "the file has no compile arguments"
        return
    outputs, dialect = output_names(document.model), document.producer.dialect
    problems: list[str] = []
    with serialization.custom_object_scope(custom_objects):
        try:
            with refused_as(ConfigError, "what the file says of `compile`"):
                arguments = _revived(decode_training(training.config, dialect, outputs), problems)
                if not problems:
                    model.compile(**arguments)
        except (ConfigError, DtypeError, Unsupported) as error:
            model.optimizer = model.compiled = None
            problems.append(str(error))
    if problems:
        report.optimizer = f"not compiled: {'; '.join(problems)}"
        warnings.warn(f"{document.path}: the model is loaded but not compiled: {'; '.join(problems)}. Pass "
                      f"custom_objects, compile it yourself, or load it with compile=False.", stacklevel=4)
        return
    report.optimizer = _restore_state(model, document, outputs)


def _revived(config: dict[str, Any], problems: list[str]) -> dict[str, Any]:
    """The arguments of `compile` as objects; what cannot be made is listed."""
    def made(get: Callable[[Any], Any], nest: Any) -> Any:
        if isinstance(nest, list):
            return [made(get, item) for item in nest]
        if isinstance(nest, dict) and "class_name" not in nest:
            return {key: made(get, item) for key, item in nest.items()}
        if nest is None or get is metrics.get and isinstance(nest, str) and nest.lower() in _BY_SHAPE:
            return nest
        try:
            found = get(nest)
        except (UnknownClass, ConfigError, ShapeError, TypeError, ValueError) as error:
            problems.append(str(error).splitlines()[0])
            return None
        is_own = isinstance(nest, str) and serialization.custom_object(nest) is not None
        return nest if isinstance(nest, str) and not is_own else found      # logs go by the name that was given
    getters = {"optimizer": optimizers.get, "loss": losses.get, "metrics": metrics.get, "weighted_metrics": metrics.get}
    return {key: made(get, config.get(key)) for key, get in getters.items()} | {
        "loss_weights": config.get("loss_weights"), "run_eagerly": bool(config.get("run_eagerly"))}


def _could_train(layer: Any) -> list[Variable]:
    """The weights that would train if nothing were frozen, in the order of `trainable_weights`."""
    found = dict.fromkeys(variable for variable in layer.own_variables() if variable.trainable)
    for _, sublayer in layer.sublayers():
        found.update(dict.fromkeys(_could_train(sublayer)))
    return list(found)


def _restore_state(model: Any, document: ModelDocument, outputs: list[str]) -> str:
    """Gives the optimizer the document's state; what became of it, in words."""
    training, path = document.training, document.path
    if training is None or training.optimizer is None or not training.optimizer.tensors:
        return "not restored: the file has no state of the optimizer, which starts anew"
    if not model.built:
        return "not restored: the model does not know its weights before it sees data"
    weights = model.trainable_weights
    changing = set(weights)
    keys = {variable: (names, role) for names, role, variable in addressed(model)}
    trained = [Trained(weight.path, tuple(weight.shape), weight not in changing, keys.get(weight))
               for weight in _could_train(model)]
    dialect, arrays = document.producer.dialect, []
    if dialect in MULTI_BACKEND and document.weights is not None:
        arrays = bind_weights(architecture(model), document.weights)[1].arrays
    try:
        with refused_as(WeightsMismatch, "what the file says of the optimizer's state"):
            tensors = in_keras3_order(training, dialect, trained, outputs, arrays)
            if all(tensor.shape == () for tensor in tensors) and int(tensors[0].read()) == 0:
                return "not restored: it counts no steps, and has nothing else to keep"
            model.optimizer.build(weights)
            model.optimizer.set_weights([tensor.read() for tensor in tensors])
    except (WeightsMismatch, ShapeError) as error:
        warnings.warn(f"{path}: the state of the optimizer is not restored, it starts anew: {error}", stacklevel=5)
        return f"not restored: {error}"
    return f"restored: {len(tensors)} arrays"
