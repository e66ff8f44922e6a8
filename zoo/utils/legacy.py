"""Objects and records as Keras 2 had them: `keras.utils.legacy`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo import serialization


def deserialize_keras_object(identifier: Any, module_objects: Mapping[str, Any] | None = None,
                             custom_objects: Mapping[str, Any] | None = None,
                             printable_module_name: str = "object") -> Any:
    """The object of a name or a record, looked up in a table; None for None.

    Args:
        identifier: a name, or ``{"class_name", "config"}``. A class that is named alone is made without arguments.
        module_objects: what names mean.
        custom_objects: what they mean before that.
        printable_module_name: the kind of object, for messages.

    Raises:
        UnknownClass: nobody knows the name.
    """
    with serialization.custom_object_scope(custom_objects):
        return serialization.resolve(identifier, module_objects or {}, printable_module_name)


serialize_keras_object = serialization.to_plain
