"""From the JSON of a dialect to canonical records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from zoo.errors import ConfigError, CorruptFile
from zoo.io.dialects import structure
from zoo.io.dialects.dialect import Dialect, is_neutral
from zoo.io.dialects.dim_ordering import Ordering
from zoo.io.dialects.keras1_layers import WITH_DATA_FORMAT
from zoo.io.dialects.operations import PREFIX, is_operation
from zoo.io.dialects.values import decode_value
from zoo.io.dialects.vocabulary import (ALIASES, CODE_LAYERS, CONSTRAINTS, DTYPE_POLICIES, FUNCTIONAL_NAMES,
                                        INITIALIZERS, KERAS3_ACTIVATIONS, LAYER_ARGUMENTS, LAYERS, OBJECT_ALIASES,
                                        RECURRENT, REGULARIZERS, WRAPPED, plain_name)
from zoo.io.document import Finding, LayerRecord, ModelRecord
from zoo.naming import to_snake_case

_KERAS_MODULES = ("keras", "tf_keras", "tensorflow", "builtins")
_ACTIVATION_ARGUMENTS = ("activation", "recurrent_activation")
_INITIALIZER_EXTRAS = {"input_axes": (None,), "output_axes": (None,), "dtype": (None, "float32")}


class Decoder:
    """Reads models of one dialect and notes what a user should know.

    Args:
        dialect: the tables of the dialect.
        ordering: what layers of Keras 0 and 1 have that should tell their ``dim_ordering`` and do not.
    """

    def __init__(self, dialect: Dialect, ordering: Ordering | None = None):
        self.dialect = dialect
        self.ordering = ordering
        self.findings: list[Finding] = []
        self._unnamed: Counter[str] = Counter()

    # ---- models

    def model(self, value: Any, where: str = "") -> ModelRecord:
        """The model behind ``{"class_name", "config", ...}``.

        Raises:
            CorruptFile: the object contradicts itself; the message names the layer.
        """
        value = structure.checked_object(value, where or "model")
        if self.dialect.prepare is not None:
            value = _consistent(where or "model", self.dialect.prepare, value, self._name)
        kind = structure.kind_of(value)
        config = value["config"] if isinstance(value["config"], dict) else {"layers": value["config"]}
        class_name, origin = self._class(value, kind)
        model = ModelRecord(kind or "opaque", "", class_name=class_name, **origin)
        if kind is not None:
            self._layers(model, config, where)
        model.name = value.get("name") or config.get("name") or self._name(to_snake_case(class_name))
        if not isinstance(model.name, str):
            raise CorruptFile(f"{where or 'model'}: expected text as the name of a model, received {model.name!r:.100}")
        path = f"{where}/{model.name}".lstrip("/")
        if kind is None:
            model.config = self._config(config, path)
            self._note("warning", path, f"the class {class_name!r} defines its layers in code of its own; the file "
                                        f"holds only its config and its weights")
        else:
            rest = {key: item for key, item in config.items() if key not in structure.WIRING}
            model.config = {"name": model.name} | self._config(rest, path)
        return model

    def _layers(self, model: ModelRecord, config: dict[str, Any], where: str) -> None:
        inside = f"{where}/{config.get('name', model.class_name)}".lstrip("/")
        if model.kind == "sequential":
            model.layers = [self.layer(entry, inside) for entry in config["layers"]]
            self._begin_with_input(model, config["layers"])
            return
        gaps = structure.read_functional(config, model, self.layer, self.dialect.counting, inside)
        for name in gaps:
            self._note("warning", f"{inside}/{name}", "its calls are numbered with gaps; they were counted anew")
        if self.dialect.modern:                 # Keras 3 notes the default; the mode of the model always wins
            for layer in model.layers:
                for call in layer.calls:
                    call.kwargs.pop("training", None)
        else:
            model.inputs, model.outputs = structure.one_output(model.inputs), structure.one_output(model.outputs)

    def _begin_with_input(self, model: ModelRecord, entries: list[Any]) -> None:
        """Puts an `InputLayer` in front where an older dialect writes the shape of the input into the first layer."""
        if not model.layers or model.layers[0].class_name == "InputLayer":
            return
        first = model.layers[0]
        shape, dtype = _input_of(entries[0], first.name)
        if shape is None and first.model is not None and not self.dialect.modern:
            inner = first.model.layers[0] if first.model.layers else None
            if inner is not None and inner.class_name == "InputLayer" and not isinstance(first.model.inputs, list):
                shape, dtype = inner.config.get("batch_shape"), inner.config.get("dtype")
        if shape is not None:
            config = {"batch_shape": list(shape), "dtype": dtype or "float32", "sparse": False,
                      "name": f"{first.name}_input"}
            model.layers.insert(0, LayerRecord("InputLayer", config["name"], config))

    def _name(self, prefix: str) -> str:
        """A name as Keras 2 would give it, for models of the time when configs had none."""
        self._unnamed[prefix] += 1
        return f"{prefix}_{self._unnamed[prefix]}"

    # ---- layers

    def layer(self, value: Any, where: str = "") -> LayerRecord:
        """The layer (or nested model) behind ``{"class_name", "config", ...}``, without its calls."""
        value = structure.checked_object(value, where)
        if structure.kind_of(value) is not None:
            model = self.model(value, where)
            return LayerRecord(model.class_name, model.name, model.config, model=model, module=model.module,
                               registered_name=model.registered_name, build_config=model.build_config)
        class_name, origin = self._class(value, None)
        config = value["config"]
        name = value.get("name") or (config.get("name") if isinstance(config, dict) else None)   # calls use the outer
        if not isinstance(config, dict) or not isinstance(name, str):
            raise CorruptFile(f"{where}: expected a name in the config of a {class_name}, received {config!r:.100}")
        path = f"{where}/{name}".lstrip("/")
        if self.dialect.decode_layer is not None and class_name in LAYERS:
            class_name, config = self._of_keras1(class_name, config, path)
        config, origin["build_config"] = self._layer_config(class_name, {"name": name} | config,
                                                            origin["build_config"], path)
        if value["class_name"].endswith("SyncBatchNormalization"):
            config["synchronized"] = True
        if class_name == "InputLayer" and config.get("batch_shape") is not None:
            _shape(config["batch_shape"], path)
        self._note_class(class_name, path)
        return LayerRecord(class_name, name, config, **origin)

    def _of_keras1(self, class_name: str, config: dict[str, Any], where: str) -> tuple[str, dict[str, Any]]:
        """Class and arguments of today."""
        if class_name in WITH_DATA_FORMAT and config.get("dim_ordering", "default") == "default" and self.ordering:
            config = config | {"dim_ordering": self.ordering.value}
            self._note(self.ordering.severity, where, self.ordering.message)
        assert self.dialect.decode_layer is not None
        return _consistent(where, self.dialect.decode_layer, class_name, config,
                           lambda severity, message: self._note(severity, where, message))

    def _layer_config(self, class_name: str, config: dict[str, Any], build: Any,
                      where: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
        rules = self.dialect.rules_of(class_name)
        silent = {**rules.extra, **rules.newer}
        config = {rules.rename.get(key, key): item for key, item in config.items()}
        config = self._config({**rules.missing, **config}, where)
        config = {key: item for key, item in config.items() if not (key in silent and is_neutral(item, silent[key]))}
        held = WRAPPED.get(class_name)
        if held is not None and not structure.is_object(config.get(held)):
            raise CorruptFile(f"{where}: expected a layer in {held!r}, received {config.get(held)!r:.100}")
        if class_name in RECURRENT and not self.dialect.modern:     # built for the sequence, states and constants
            build = _first_shape(build)
        revise = self.dialect.decode_revisions.get(class_name)
        return revise(config, build) if revise is not None else (config, build)

    def _class(self, value: dict[str, Any], kind: str | None) -> tuple[str, dict[str, Any]]:
        """Canonical class name, and where the class comes from if it is not one of Keras."""
        raw, module = value["class_name"], value.get("module")
        registered, build = value.get("registered_name"), value.get("build_config")
        if not isinstance(registered, str | None) or not isinstance(module, str | None):
            raise CorruptFile(f"expected text as module and registered name of a {raw}, received {module!r:.60}, "
                              f"{registered!r:.60}")
        build = build if isinstance(build, dict) and build not in ({}, {"input_shape": None}) else None
        if ">" in raw:                          # HDF5 files have the registered name in place of the class name
            registered, raw = raw, raw.rpartition(">")[2]
        foreign = "module" in value and str(module).split(".")[0] not in _KERAS_MODULES
        if kind == "functional" and raw in FUNCTIONAL_NAMES:
            return "Functional", {"build_config": build}
        if self.dialect.modern and not foreign and is_operation(value):
            return f"{PREFIX}{raw}", {"module": module, "build_config": build}
        name = plain_name(raw)
        name = self.dialect.aliases.get(name) or ALIASES.get(name, name)
        if (name in LAYERS or kind == "sequential") and not foreign and ">" not in str(registered):
            return name, {"build_config": build}
        registered = None if registered == raw else registered
        return raw, {"module": module, "registered_name": registered, "build_config": build}

    def _note_class(self, class_name: str, where: str) -> None:
        if class_name in CODE_LAYERS:
            self._note("warning", where, f"{class_name}: the file holds program code, which is never run")
        elif class_name not in LAYERS and not class_name.startswith(PREFIX):
            self._note("info", where, f"{class_name!r} is not a class of Keras; its config is kept as it is")

    def _note(self, severity: str, where: str, message: str) -> None:
        self.findings.append(Finding(severity, where, message))

    # ---- values of configs

    def _config(self, config: dict[str, Any], where: str) -> dict[str, Any]:
        return {key: self._value(item, key, where) for key, item in config.items()}

    def _value(self, value: Any, key: str, where: str) -> Any:
        if isinstance(value, str):
            return self.dialect.activation_names.get(value, value) if key in _ACTIVATION_ARGUMENTS else value
        if isinstance(value, (list, tuple)):
            return [self._value(item, key, where) for item in value]
        if not isinstance(value, dict):
            return value
        if structure.is_object(value) and not value["class_name"].startswith("__"):
            return self._object(value, key, where)
        found = decode_value(value)             # a scalar of NumPy, a tuple; arrays and unknown things stay objects
        if isinstance(found, dict):
            return {name: self._value(item, name, where) for name, item in found.items()}
        return list(found) if isinstance(found, tuple) else found

    def _object(self, value: dict[str, Any], key: str, where: str) -> Any:
        """Initializers, policies, functions, and layers inside of layers, as plain canonical objects."""
        raw, config = value["class_name"], value["config"]
        name = plain_name(raw)
        name = OBJECT_ALIASES.get(name, name)
        if name in DTYPE_POLICIES and isinstance(config, dict):
            return self._policy(name, config, where)
        if raw == "function":
            if not isinstance(config, str):
                raise CorruptFile(f"{where}: expected the name of a function in {key!r}, received {config!r:.100}")
            builtin = key in _ACTIVATION_ARGUMENTS and config in KERAS3_ACTIVATIONS
            return config if builtin else {"class_name": "function", "config": config}
        of_keras = str(value.get("module", "keras")).split(".")[0] in _KERAS_MODULES
        if key in LAYER_ARGUMENTS or structure.kind_of(value) or of_keras and name in LAYERS - INITIALIZERS:
            return structure.layer_to_plain(self.layer(value, where))
        if not isinstance(config, dict):
            if name in INITIALIZERS | REGULARIZERS | CONSTRAINTS:
                raise CorruptFile(f"{where}: expected the config of a {name} in {key!r}, received {config!r:.100}")
            return {part: item for part, item in value.items() if part != "shared_object_id"}
        if name in INITIALIZERS:
            config = {key: item for key, item in config.items()
                      if not (key in _INITIALIZER_EXTRAS and is_neutral(item, _INITIALIZER_EXTRAS[key]))}
        origin = {} if of_keras and ">" not in str(value.get("registered_name")) else \
            {part: value[part] for part in ("module", "registered_name") if value.get(part) is not None}
        return {"class_name": name if name in INITIALIZERS | REGULARIZERS | CONSTRAINTS else raw,
                "config": self._config(config, where), **origin}

    def _policy(self, name: str, config: dict[str, Any], where: str) -> Any:
        """A dtype policy by its name; one that says more (quantized, a map) as an object."""
        if name != "DTypePolicy" or not isinstance(config.get("name"), str):
            return {"class_name": name, "config": self._config(config, where)}
        return None if config["name"] in ("infer", "_infer") else config["name"]


def _consistent(where: str, function: Callable[..., Any], *args: Any) -> Any:
    """What a translation of old configs gives.

    Raises:
        CorruptFile: the config lacks what its class always writes, or has it in another form.
    """
    try:
        return function(*args)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, ConfigError) as error:
        raise CorruptFile(f"{where}: its config contradicts itself: {type(error).__name__}: {error}") from error


def _first_shape(build: dict[str, Any] | None) -> dict[str, Any] | None:
    shape = (build or {}).get("input_shape")
    nested = isinstance(shape, list) and bool(shape) and isinstance(shape[0], list)
    return {**build, "input_shape": shape[0]} if nested else build


def _shape(value: Any, where: str) -> list[int | None]:
    if not isinstance(value, (list, tuple)) or not all(size is None or isinstance(size, int) for size in value):
        raise CorruptFile(f"{where}: expected a list of sizes as the shape of the input, received {value!r:.100}")
    return list(value)


def _input_of(entry: dict[str, Any], where: str) -> tuple[list[int | None] | None, str | None]:
    """Shape and dtype of the input that the JSON of a first layer gives, if it does."""
    config = entry.get("config")
    if not isinstance(config, dict):
        return None, None
    dtype = next((config[key] for key in ("dtype", "input_dtype") if isinstance(config.get(key), str)), None)
    if config.get("batch_input_shape") is not None:
        return _shape(config["batch_input_shape"], where), dtype
    if config.get("input_shape") is not None:
        return [None, *_shape(config["input_shape"], where)], dtype
    return None, None
