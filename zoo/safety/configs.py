"""What the JSON of a model may not say: a walk over any config, whatever dialect it is in, without decoding it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from zoo.errors import CorruptFile, UnsafeFile
from zoo.io.dialects.vocabulary import (ALIASES, CONSTRAINTS, DTYPE_POLICIES, FUNCTIONAL_NAMES, INITIALIZERS,
                                        KERAS3_ACTIVATIONS, LAYERS, OBJECT_ALIASES, REGULARIZERS, SEQUENTIAL,
                                        plain_name)
from zoo.naming import to_snake_case
from zoo.safety import marshal_data
from zoo.safety.disassembly import disassemble, names_used
from zoo.safety.rules import Finding, finding

_KERAS_PACKAGES = ("keras", "tf_keras", "tensorflow", "keras_core")
_INNER_PACKAGES = frozenset({"src", "python", "api", "_v1", "_v2", "_tf_keras", "keras", "legacy", "_legacy"})
# Parts of Keras whose classes a model file may name; functions of the others are what attacks were made of.
_MODEL_PARTS = frozenset("""
    activations constraints dtype_policies engine initializers layers losses metrics mixed_precision models ops
    optimizers quantizers regularizers random schedules trainers training feature_column
    """.split())
_PLAIN_BUILTINS = frozenset("bool bytes complex dict float frozenset function int list set slice str tuple".split())
_STANDARD_LIBRARY = sys.stdlib_module_names - {"__main__", "builtins", "test"} | {"nt", "posix", "__builtin__"}
_RUNNING = frozenset("""
    __import__ breakpoint check_output compile delattr eval exec execfile execv execve fork getattr import_module input
    load_library loads open popen Popen remove rmtree run_module setattr spawn system unlink
    """.split())
_RUNNING_MODULES = frozenset("""
    __builtin__ builtins commands ctypes ftplib importlib marshal multiprocessing nt os pickle posix pty runpy shutil
    socket subprocess sys tempfile urllib webbrowser
    """.split())
_DOTTED = re.compile(r"([A-Za-z_]\w*)(?:\.[A-Za-z_]\w*)+")
_ADDRESS = re.compile(r"(?i)(?:https?|ftps?|file|gs|s3|hdfs|gopher|smb|data)://|\\\\\w")
_FILE_KEYS = frozenset("""
    cache_dir file file_name filename file_path filepath fname merges origin path proto saved_model_path vocab_file
    vocabulary vocabulary_file
    """.split())
_VOCABULARY_LAYERS = frozenset({"StringLookup", "IntegerLookup", "IndexLookup", "TextVectorization"})
_SIZE_KEYS = frozenset("""
    batch_input_shape batch_shape cropping dilation_rate filters input_dim input_length key_dim kernel_size max_length
    n nb_filter num_heads output_dim output_shape output_size padding pool_size rank size strides target_shape units
    value_dim height width
    """.split())
_GIANT = 1 << 27
_FILE_OPERATIONS = re.compile(
    r"(?i)\b(?:\w+\.)*(?:read_?file|write_?file|load_?library|load_op_library|py_?func(?:tion)?|eager_?py_?func|"
    r"numpy_function|print_?v2|save_?v2|restore_?v2|matching_?files|immutable_?const|\w*_reader\w*)\b")
_OPERATION_LAYERS = frozenset({"TFOpLambda", "TensorFlowOpLayer", "SlicingOpLambda", "ClassMethod", "InstanceMethod"})
_OLDER = frozenset("""
    AtrousConvolution1D AtrousConvolution2D Convolution2DTranspose DenoisingAutoEncoder JZS1 JZS2 JZS3 LRN2D
    LambdaMerge ParametricSoftplus SReLU SiameseHead ThresholdedLinear TimeDistributedConvolution2D
    TimeDistributedDense TimeDistributedMerge
    """.split())
_KNOWN = (LAYERS | ALIASES.keys() | FUNCTIONAL_NAMES | {SEQUENTIAL, "Graph", "Siamese", "AutoEncoder"} | INITIALIZERS
          | REGULARIZERS | CONSTRAINTS | DTYPE_POLICIES | OBJECT_ALIASES.keys() | _OLDER)
_LAYER_PLACES = frozenset({"layers", "layer", "cell", "cells", "forward_layer", "backward_layer"})
_BY_CLASS = {
    "Lambda": ("lambda-layer", "a Lambda layer: what it computes is not part of the file's data"),
    "LambdaMerge": ("lambda-layer", "a LambdaMerge layer: what it computes is not part of the file's data"),
    "TFSMLayer": ("tfsm-layer", "a TFSMLayer: it loads a SavedModel from {filepath}"),
    "TorchModuleWrapper": ("torch-module", "a TorchModuleWrapper: it unpickles a PyTorch module"),
    "JaxLayer": ("jax-function", "a JaxLayer: it holds functions of JAX"),
    "FlaxLayer": ("jax-function", "a FlaxLayer: it holds a module of Flax"),
}


@dataclass(frozen=True)
class _Place:
    """A value of the config and how it is reached.

    Args:
        inside: whether it belongs to a model: other JSON may name files and addresses as it likes.
    """

    value: Any
    key: str
    path: str
    inside: bool


def examine(value: Any, file: str, start: str) -> Iterator[Finding]:
    """Findings in a JSON value.

    Args:
        start: the place of the JSON in the file, which locations begin with.
    """
    waiting = [_Place(value, "", start, bool(start))]
    while waiting:
        place = waiting.pop()
        for check in _CHECKS.get(type(place.value), ()):
            yield from (finding(rule, file, _own_path(place), message, detail)
                        for rule, message, detail in check(place))
        waiting += reversed(list(_children(place)))


def codes(value: Any, start: str = "") -> Iterator[tuple[str, marshal_data.Code | str]]:
    """Yields ``(location, code)`` of the marshalled functions in a JSON value; a message instead of unreadable code."""
    waiting = [_Place(value, "", start, True)]
    while waiting:
        place = waiting.pop()
        if isinstance(place.value, str):
            try:
                found = marshal_data.code_of_text(place.value, place.path)
            except (CorruptFile, UnsafeFile) as error:
                yield place.path, str(error)
                continue
            if found is not None:
                yield place.path, found
        waiting += reversed(list(_children(place)))


def _children(place: _Place) -> Iterator[_Place]:
    """The parts of a value; layers are reached by their names."""
    if isinstance(place.value, dict):
        path = _own_path(place)
        inside = place.inside or "class_name" in place.value
        for key, item in place.value.items():
            yield _Place(item, key, path if key in ("config", "layers") else f"{path}.{key}", inside)
    elif isinstance(place.value, list):
        for index, item in enumerate(place.value):
            named = isinstance(item, dict) and _name(item) is not None
            yield _Place(item, place.key, place.path if named else f"{place.path}[{index}]", place.inside)


def _own_path(place: _Place) -> str:
    """The path of a value; that of a layer ends with its name."""
    name = _name(place.value) if isinstance(place.value, dict) else None
    return place.path if name is None else f"{place.path}/{name}"


def _name(value: dict[str, Any]) -> str | None:
    """The name of the layer that an object with a class is."""
    if not isinstance(value.get("class_name"), str):
        return None
    config = value.get("config")
    found = config.get("name") if isinstance(config, dict) else None
    found = found or value.get("name")
    return found if isinstance(found, str) else None


_Found = Iterator[tuple[str, str, tuple[str, ...]]]


def _class_of(place: _Place) -> _Found:
    """What the class of an object says; Keras 0 has it in ``name``."""
    value = place.value
    raw = value.get("class_name")
    if raw is None and place.key in ("layers", "node_config", "nodes"):
        raw = value.get("name")
        raw = raw if isinstance(raw, str) and raw[:1].isupper() else None
    if not isinstance(raw, str):
        return
    config = value.get("config") if isinstance(value.get("config"), dict) else value
    name = raw.rpartition(">")[2]
    if name in _BY_CLASS:
        rule, message = _BY_CLASS[name]
        yield rule, message.format(filepath=repr(config.get("filepath"))[:200]), ()
    if name in _VOCABULARY_LAYERS and isinstance(config.get("vocabulary"), str):
        yield "vocabulary-file", f"{name} takes its vocabulary from {config['vocabulary']!r:.200}", ()
    if name in _OPERATION_LAYERS and (found := _FILE_OPERATIONS.search(repr(config)[:100_000])):
        yield "tensorflow-file-op", f"{name} calls {found[0]!r:.100}", ()
    registered = value.get("registered_name")
    foreign = ">" in raw or isinstance(registered, str) and ">" in registered
    unknown = place.key in _LAYER_PLACES and plain_name(name) not in _KNOWN and "module" not in value
    if foreign or unknown:
        yield "custom-class", f"the class {raw if '>' in raw or not foreign else registered!r:.100} is not Keras's", ()


def _module_of(place: _Place) -> _Found:
    """What the module says that an object, or a function of a Lambda, is to be taken from."""
    value = place.value
    module, name = value.get("module"), value.get("class_name")
    if not isinstance(module, str) or len(module) > 200:
        return
    root, parts = module.split(".")[0], [part for part in module.split(".") if part not in _INNER_PACKAGES]
    function = value.get("config") if name == "function" else name if name is not None else value.get("function")
    what = f"{module}.{function}"[:200]
    if root in _STANDARD_LIBRARY or root == "builtins" and isinstance(name, str) and name not in _PLAIN_BUILTINS:
        yield "unsafe-name", f"names {what} of Python itself", ()
    elif root in _KERAS_PACKAGES and isinstance(name, str):
        inner = parts[1] if len(parts) > 1 and parts[0] in _KERAS_PACKAGES else parts[0] if parts else ""
        is_class = name[:1].isupper() or name.startswith("_") or name == "function"
        if not is_class or inner not in _MODEL_PARTS and inner not in (*_KERAS_PACKAGES, "") and name not in _KNOWN:
            yield "keras-gadget", f"names {what}, which is no part of a model", ()
    elif isinstance(name, str) and root not in ("__main__", "builtins", *_KERAS_PACKAGES):
        if name == "function" or name[:1].islower():
            yield "foreign-module", f"names the function {what}", ()
        elif ">" not in str(value.get("registered_name")):
            yield "custom-class", f"the class {what} is not Keras's", ()


def _function_of(place: _Place) -> _Found:
    """What a record of a function says."""
    value = place.value
    if value.get("class_name") != "function" or not isinstance(value.get("config"), str):
        return
    name, module = value["config"], str(value.get("module") or "builtins").split(".")[0]
    if name.rpartition(".")[2] in _RUNNING:
        yield "unsafe-name", f"names the function {name!r:.100}", ()
    elif module in ("builtins", "__main__") and to_snake_case(name) not in KERAS3_ACTIVATIONS:
        yield "custom-function", f"the function {name!r:.100} is not Keras's", ()


def _sizes_of(place: _Place) -> _Found:
    """Sizes that no model has."""
    for key in _SIZE_KEYS & place.value.keys():
        largest = max(_integers(place.value[key]), default=0)
        if largest >= _GIANT:
            yield "giant-size", f"{key} = {repr(place.value[key])[:100]}", ()


def _integers(value: Any) -> Iterator[int]:
    items = value if isinstance(value, list) else [value]
    for item in items[:16]:
        yield from (abs(part) for part in (item if isinstance(item, list) else [item])
                    if isinstance(part, int) and not isinstance(part, bool))


def _text_of(place: _Place) -> _Found:
    """Code, addresses and files in a string."""
    text, key = place.value, place.key
    try:
        code = marshal_data.code_of_text(text, place.path)
    except (CorruptFile, UnsafeFile) as error:
        yield "lambda-code", f"something that begins like Python code: {error}"[:500], ()
        return
    if code is not None:
        names = ", ".join(names_used(code)) or "no names"
        yield "lambda-code", f"the function {code.name!r:.60}, which uses {names[:200]}", tuple(disassemble(code))
    elif key != "name" and place.inside:
        dotted = _DOTTED.fullmatch(text) if len(text) < 200 and key != "module" else None
        if dotted and dotted[1] in _RUNNING_MODULES:
            yield "unsafe-name", f"names {text} of Python itself", ()
        if _ADDRESS.match(text):
            yield "address", f"{key}: {text[:200]!r}", ()
        elif key in _FILE_KEYS and re.search(r"[/\\]|\.\w{1,8}$", text) and len(text) < 4096:
            yield "file-argument", f"{key}: {text[:200]!r}", ()


_CHECKS: dict[type, tuple[Callable[[_Place], _Found], ...]] = {
    dict: (_class_of, _module_of, _function_of, _sizes_of),
    str: (_text_of,),
}
