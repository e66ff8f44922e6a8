"""What Keras 3 writes beside a class name: the public module that has it."""

from __future__ import annotations

from typing import Any

from zoo.io.dialects.operations import MODULE_OF, PREFIX
from zoo.io.dialects.vocabulary import (
    APPLICATION_LAYERS,
    CONSTRAINTS,
    DTYPE_POLICIES,
    INITIALIZERS,
    LAYERS,
    REGULARIZERS,
)

_FUNCTIONAL = "keras.src.models.functional"
LEGACY_MODULE_LAYERS = frozenset({"RandomHeight", "RandomWidth", "ThresholdedReLU"})
_SPELLING = {"GroupedQueryAttention": "GroupQueryAttention"}        # the public name
_KINDS = ((INITIALIZERS, "keras.initializers"), (REGULARIZERS, "keras.regularizers"),
          (CONSTRAINTS, "keras.constraints"), (DTYPE_POLICIES, "keras.dtype_policies"))


def origin_of_layer(class_name: str, module: str | None, registered_name: str | None,
                    config: dict[str, Any]) -> dict[str, Any]:
    """The serialized object of a layer or model.

    Args:
        class_name: canonical.
        module, registered_name: of a class that is not Keras's own.
    """
    if class_name == "Functional":
        module, registered_name = _FUNCTIONAL, "Functional"
    elif class_name in ("Sequential", "Model"):
        module, registered_name = "keras", None
    elif class_name.startswith(PREFIX):
        class_name = class_name.removeprefix(PREFIX)
        module, registered_name = module or MODULE_OF[class_name], class_name
    elif registered_name is None and module is None and class_name in APPLICATION_LAYERS:
        module, registered_name = APPLICATION_LAYERS[class_name], class_name
    elif registered_name is None and module is None and class_name in LAYERS:
        module = "keras._legacy.layers" if class_name in LEGACY_MODULE_LAYERS else "keras.layers"
        class_name = _SPELLING.get(class_name, class_name)
    else:
        registered_name = registered_name or class_name
    return {"module": module, "class_name": class_name, "config": config, "registered_name": registered_name}


def origin_of_object(class_name: str, config: Any, argument: str) -> dict[str, Any]:
    """The serialized object of anything else.

    Args:
        argument: whose value it is: some classes of different kinds have one name.
    """
    if class_name == "function":
        return {"module": "builtins", "class_name": "function", "config": config, "registered_name": "function"}
    module = next((module for names, module in _KINDS if class_name in names), None)
    if module is None and argument in ("quantization_config", "weight_quantizer", "activation_quantizer"):
        module = "keras.quantizers"
    if class_name == "DTypePolicy":
        module = "keras"
    return {"module": module, "class_name": class_name, "config": config,
            "registered_name": None if module is not None else class_name}
