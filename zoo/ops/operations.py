"""The functions of `zoo.ops` as nodes of functional models, under the names that Keras's files have for them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from zoo import naming, tree
from zoo.engine.operation import FunctionCall, symbolic
from zoo.engine.symbolic import KerasTensor
from zoo.io.dialects.operations import MODULE_OF, PREFIX

Function = Callable[..., Any]

#: Arguments that belong to a call even if they are no tensors; all others are options of the node.
CALL_ARGUMENTS = frozenset({"x", "x1", "x2", "xs", "inputs", "condition", "indices", "key", "fill_value", "operands"})
#: Classes whose function is not called as the class in snake case, digits and acronyms apart.
EXCEPTIONS = {"Resize": "image.resize", "SVD": "svd", "RGBToGrayscale": "image.rgb_to_grayscale",
              "RGBToHSV": "image.rgb_to_hsv", "HSVToRGB": "image.hsv_to_rgb", "BatchNorm": "batch_normalization",
              "ReLU": "relu", "JVP": ""}                    # a function of a function, which files do not hold

_functions: dict[str, Function] = {}                        # by class name, filled by `install`


def install(namespaces: dict[str, dict[str, Any]]) -> None:
    """Puts a dispatching version in the place of every function that Keras knows as an operation.

    Args:
        namespaces: the public modules' dictionaries by dotted name; ``""`` is `zoo.ops` itself.
    """
    wrapped: dict[Function, Function] = {}
    for class_name, module in MODULE_OF.items():
        function = _find(class_name, module, namespaces)
        if function is not None:
            plain = _functions[class_name] = getattr(function, "__wrapped__", function)
            wrapped.setdefault(plain, symbolic(plain, _node_of(class_name, plain)))
    for names in namespaces.values():
        names.update({name: wrapped[thing] for name, thing in names.items()
                      if inspect.isfunction(thing) and thing in wrapped})


def _find(class_name: str, module: str, namespaces: dict[str, dict[str, Any]]) -> Function | None:
    snake = naming.to_snake_case(class_name)
    path = EXCEPTIONS.get(class_name, snake)
    space, _, name = path.rpartition(".")
    if module.endswith(".image") and not space:
        space = "image"
    names = namespaces.get(space, {})
    found = names.get(name, names.get(name.replace("_", "")))
    return found if inspect.isfunction(found) else None


def function_call(class_name: str, config: dict[str, Any]) -> FunctionCall | None:
    """The node that a file names ``ops.<class>``, or None if zoo has no such function.

    Args:
        class_name: canonical: with the prefix ``ops.``.
        config: the node's name and options.
    """
    function = _functions.get(class_name.removeprefix(PREFIX))
    if function is None:
        return None
    options = {key: value for key, value in config.items() if key != "name" and not (key == "dtype" and value is None)}
    accepted = inspect.signature(function).parameters
    options = {key: value for key, value in options.items() if key in accepted}
    return FunctionCall(_of_node(function), options, class_name.removeprefix(PREFIX), config.get("name"))


def is_known(class_name: str) -> bool:
    """Whether a canonical class name is that of an operation that zoo has."""
    return class_name.startswith(PREFIX) and class_name.removeprefix(PREFIX) in _functions


def _of_node(function: Function) -> Function:
    """The function as a node calls it: variadic operands stand before options (einsum), indices may be a list."""
    parameters = list(inspect.signature(function).parameters.values())
    if function.__name__ == "get_item":                     # files have lists for tuples of indices
        return lambda x, key: function(x, tuple(key) if isinstance(key, list) else key)
    if len(parameters) > 1 and parameters[1].kind is inspect.Parameter.VAR_POSITIONAL:
        leading = parameters[0].name
        return lambda *operands, **options: function(options.pop(leading), *operands, **options)
    return function


def _node_of(class_name: str, function: Function) -> Callable[..., tuple[FunctionCall, tuple[Any, ...]]]:
    """Divides arguments into those of the call (tensors, and what stands beside them) and the node's options."""
    signature, computing = inspect.signature(function), _of_node(function)

    def node(*args: Any, **kwargs: Any) -> tuple[FunctionCall, tuple[Any, ...]]:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given: list[Any] = []
        options: dict[str, Any] = {}
        for name, value in bound.arguments.items():
            if signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL:
                given.extend(value)
            elif name in CALL_ARGUMENTS or any(isinstance(leaf, KerasTensor) for leaf in tree.leaves(value)):
                given.append(value)
            else:
                options[name] = value
        return FunctionCall(computing, options, class_name), tuple(given)

    return node
