"""Objects and their configs, and names that scripts ask Keras's utilities for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from zoo import (activations, constraints, initializers, layers, losses, metrics, naming, optimizers, regularizers,
                 serialization)
from zoo.config import config
from zoo.engine import dtypes
from zoo.engine.symbolic import KerasTensor
from zoo.errors import UnknownClass, Unsupported
from zoo.models.topology import walk
from zoo.optimizers import schedules

#: Where a class name is looked up, in this order.
KINDS = (layers, losses, metrics, optimizers, schedules, initializers, regularizers, constraints, activations)

serialize_keras_object = serialization.to_plain


def get_registered_name(obj: Any) -> str:
    """``package>name`` of a class or function that was registered, else its own name."""
    return serialization.registered_name(obj) or obj.__name__


def deserialize_keras_object(record: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The object of a record ``{"class_name", "config"}``, of whatever kind; plain data stay as they are.

    Raises:
        UnknownClass: no kind has a class of that name.
    """
    if isinstance(record, (list, tuple)):
        return type(record)(deserialize_keras_object(item, custom_objects) for item in record)
    if not isinstance(record, dict) or "class_name" not in record:
        return record
    with serialization.custom_object_scope(custom_objects):
        own = serialization.custom_object(record.get("registered_name"), record["class_name"])
        if isinstance(own, type):
            return own.from_config(record["config"]) if hasattr(own, "from_config") else own(**record["config"])
        for kind in KINDS:
            try:
                return kind.get(record)
            except UnknownClass as error:
                if repr(record["class_name"]) not in str(error):
                    raise                                   # something inside of it is unknown
    raise UnknownClass(f"No layer, loss, metric, optimizer, schedule, initializer, regularizer, constraint or "
                       f"activation is called {record['class_name']!r}.")


def is_keras_tensor(x: Any) -> bool:
    """Whether it is a symbolic tensor, made by `Input` or by calling layers."""
    return isinstance(x, KerasTensor)


def get_source_inputs(tensor: KerasTensor) -> list[KerasTensor]:
    """The symbolic inputs from which a symbolic tensor is computed."""
    return [call.outputs[0] for call in walk([], [tensor])[0] if not call.inputs]


def standardize_dtype(dtype: Any) -> str:
    """The name of anything that names a dtype; `zoo.config` decides for None."""
    return config.floatx if dtype is None else dtypes.standardize(dtype)


def clear_session(free_memory: bool = True) -> None:
    """Automatic names of layers start anew; there is no other state to clear."""
    naming.reset()


def enable_interactive_logging() -> None:
    """Progress is printed (as it is from the start)."""
    config.interactive_logging = True


def disable_interactive_logging() -> None:
    """Progress goes to the logger ``zoo`` instead of being printed."""
    config.interactive_logging = False


def is_interactive_logging_enabled() -> bool:
    """Whether progress is printed."""
    return config.interactive_logging


def print_summary(model: Any, line_length: int | None = None, positions: Any = None,
                  print_fn: Callable[[str], Any] = print) -> None:
    """Prints a table of the layers; see `Model.summary`."""
    model.summary(line_length, print_fn)


def plot_model(*args: Any, **kwargs: Any) -> None:
    """Refused.

    Raises:
        Unsupported: always; `Model.summary` prints the layers.
    """
    raise Unsupported("Models are not drawn: model.summary(expand_nested=True) prints their layers and shapes.")


model_to_dot = plot_model
