"""From canonical records to the JSON of a dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zoo.errors import CannotExpress
from zoo.io.dialects import nodes, structure
from zoo.io.dialects.dialect import Dialect, is_neutral
from zoo.io.dialects.modules import LEGACY_MODULE_LAYERS, origin_of_layer, origin_of_object
from zoo.io.dialects.operations import PREFIX
from zoo.io.dialects.theano import only_theano_means
from zoo.io.dialects.values import encode_value
from zoo.io.dialects.vocabulary import CALL_ARGUMENTS, KERAS3_ACTIVATIONS, LAYER_ARGUMENTS, LAYERS, NAMED_BY_PREFIX
from zoo.io.document import CallRecord, LayerRecord, ModelRecord, TensorRef

_ACTIVATION_ARGUMENTS = ("activation", "recurrent_activation")
Starts = dict[str, tuple[int, int]]


class Encoder:
    """Writes models in one dialect and collects what it cannot say.

    Args:
        dialect: the tables of the dialect.
        legacy: as in HDF5 files of Keras 3, where layers have no module.
    """

    def __init__(self, dialect: Dialect, legacy: bool = False):
        self.dialect = dialect
        self.legacy = legacy
        self.problems: list[str] = []

    # ---- models

    def model(self, model: ModelRecord, where: str = "") -> dict[str, Any]:
        """``{"class_name", "config", ...}`` of a model."""
        path = f"{where}/{model.name}".lstrip("/")
        if model.kind == "opaque":
            config = self._config(model.config, path)
        else:
            keys = self.dialect.model_keys[model.kind]
            config = {key: self._value(model.config[key], key, path) for key in keys
                      if model.config.get(key) is not None}
            layers = self._layers(model, path)
            if model.kind == "sequential" and self.dialect.sequential_is_list:
                return {"class_name": "Sequential", "config": layers}
            config |= {"name": model.name, "layers": layers}
        if model.kind == "functional":
            starts = structure.starts_of(model, self.dialect.counting)
            inputs, outputs = (nest if self.dialect.modern else [nest] if isinstance(nest, TensorRef) else nest
                               for nest in (model.inputs, model.outputs))
            config |= {"input_layers": nodes.write_refs(inputs, starts),
                       "output_layers": nodes.write_refs(outputs, starts)}
        return self._with_origin(model, model.class_name, config)

    def _layers(self, model: ModelRecord, path: str) -> list[dict[str, Any]]:
        if model.kind == "sequential":
            layers, given = _input_in_first_layer(model.layers) if self.dialect.input_in_first_layer else \
                (model.layers, {})
            if self.dialect.dtype_argument == "dtype" and not given.get("dtype", "float32").startswith("float"):
                layers, given = model.layers, {}            # the layer that reads numbers of words computes in floats
            entries = [self.layer(layer, path) for layer in layers]
            if given:
                entries[0]["config"] |= {self.dialect.dtype_argument if key == "dtype" else key: value
                                         for key, value in given.items()}
            return entries
        starts = structure.starts_of(model, self.dialect.counting)
        specs = {layer.name: {"shape": layer.config.get("batch_shape"), "dtype": layer.config.get("dtype")}
                 for layer in model.layers if layer.class_name == "InputLayer"}
        return [self.layer(layer, path) | {"name": layer.name, "inbound_nodes": [
            self._call(call, layer, starts, specs, f"{path}/{layer.name}") for call in layer.calls]}
            for layer in model.layers]

    # ---- calls

    def _call(self, call: CallRecord, layer: LayerRecord, starts: Starts, specs: dict[str, dict[str, Any]],
              path: str) -> Any:
        if self.dialect.modern:
            return nodes.write_modern_call(call, starts, _tensor_specs(call, layer, specs))
        named = self._with_keywords(call, layer, path)
        if not self.dialect.tensor_kwargs:
            states = ("initial_state", "constants") if layer.class_name in nodes.RECURRENT else ()
            if any(nodes.refs_in({k: v for k, v in named.kwargs.items() if k not in states})):
                self._lacks(path, "calls with tensors as keyword arguments")
            if isinstance(named.args[0], dict):
                self._lacks(path, "calls on dictionaries of tensors")
        written = nodes.write_legacy_call(named, layer.class_name, starts)
        if self.dialect.call_kwargs:
            return written
        if not isinstance(written, list) or not all(map(nodes.is_ref, written)) or any(ref[3] for ref in written):
            self._lacks(path, "calls with more than one tensor or a list of tensors")
            return []
        return [ref[:3] for ref in written]

    def _with_keywords(self, call: CallRecord, layer: LayerRecord, path: str) -> CallRecord:
        """The call with its first argument by position and all others by keyword."""
        args, kwargs = list(call.args), dict(call.kwargs)
        if not args and kwargs:
            args = [kwargs.pop(next(iter(kwargs)))]
        names = CALL_ARGUMENTS.get("Model" if layer.model is not None else layer.class_name, ("inputs", "training"))
        if len(args) > len(names) or not args:
            self._lacks(path, f"a call with {len(args)} positional arguments")
            return CallRecord(tuple(args[:1]) or (None,), kwargs)
        return CallRecord((args[0],), dict(zip(names[1:], args[1:])) | kwargs)

    # ---- layers

    def layer(self, layer: LayerRecord, where: str = "") -> dict[str, Any]:
        """``{"class_name", "config", ...}`` of a layer (or nested model), without its calls."""
        if layer.model is not None:
            return self.model(layer.model, where)
        path = f"{where}/{layer.name}".lstrip("/")
        class_name, config, build = layer.class_name, dict(layer.config), layer.build_config
        if layer.class_name.startswith(PREFIX):
            if not self.dialect.modern or self.legacy:
                self._lacks(path, f"the operation {layer.class_name}" + " in HDF5 files" * self.dialect.modern)
        elif layer.class_name in LAYERS:
            unread = LEGACY_MODULE_LAYERS if self.legacy and self.dialect.modern else frozenset()
            if layer.class_name not in self.dialect.layers - unread:
                self._lacks(path, f"the layer {layer.class_name}")
            revise = self.dialect.encode_revisions.get(layer.class_name)
            config, build = revise(config, build) if revise is not None else (config, build)
            config = self._known_arguments(layer.class_name, config, path)
        for argument in only_theano_means(config):
            self._lacks(path, f"Theano's own {argument}={config[argument]!r} of {layer.class_name}")
        if config.get("padding") == "full" and self.dialect.encode_layer is None:
            self._lacks(path, f"padding='full' of {layer.class_name}, which Keras 1 had on Theano")
        self._check_policy(config.get("dtype"), path)
        named = {} if layer.class_name in NAMED_BY_PREFIX or layer.class_name.startswith(PREFIX) and \
            "name" not in config else {"name": layer.name}
        config = self._config(config | named, path)
        if self.dialect.encode_layer is not None and class_name in LAYERS:
            class_name, config = self._for_keras1(class_name, config, path)
        return self._with_origin(layer, class_name, config, build)

    def _for_keras1(self, class_name: str, config: dict[str, Any], path: str) -> tuple[str, dict[str, Any]]:
        assert self.dialect.encode_layer is not None
        try:
            return self.dialect.encode_layer(class_name, config, lambda what: self._lacks(path, what))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            self._lacks(path, f"this {class_name}, whose config contradicts itself: {type(error).__name__}: {error}")
            return class_name, config

    def _known_arguments(self, class_name: str, config: dict[str, Any], path: str) -> dict[str, Any]:
        rules = self.dialect.rules_of(class_name)
        theirs = {canonical: name for name, canonical in rules.rename.items()}
        kept = {}
        for key, value in config.items():
            if key in rules.newer and is_neutral(value, rules.newer[key]):
                continue
            if key in theirs or key not in rules.lacking:
                kept[theirs.get(key, key)] = value
            elif not is_neutral(value, rules.lacking[key]):
                self._lacks(path, f"the argument {key}={value!r:.60} of {class_name}")
        return kept

    def _check_policy(self, policy: Any, path: str) -> None:
        mixed = isinstance(policy, str) and policy.startswith("mixed_")
        if isinstance(policy, dict) and not self.dialect.modern or mixed and not self.dialect.mixed_policies:
            self._lacks(path, f"the dtype policy {policy!r:.80}")

    def _with_origin(self, record: LayerRecord | ModelRecord, class_name: str, config: dict[str, Any],
                     build: dict[str, Any] | None = None) -> dict[str, Any]:
        if not self.dialect.modern or self.legacy:
            name = self.dialect.functional_name if class_name == "Functional" else record.registered_name or class_name
            return {"class_name": name.removeprefix(PREFIX), "config": config}
        build = build if isinstance(record, LayerRecord) else record.build_config
        return origin_of_layer(class_name, record.module, record.registered_name, config) | \
            ({"build_config": build} if build is not None else {})

    def _lacks(self, path: str, what: str) -> None:
        self.problems.append(f"{path}: {what}")

    # ---- values of configs

    def _config(self, config: dict[str, Any], path: str) -> dict[str, Any]:
        return {key: self._value(value, key, path) for key, value in config.items()}

    def _value(self, value: Any, key: str, path: str) -> Any:
        if isinstance(value, str):
            return self._activation(value, path) if key in _ACTIVATION_ARGUMENTS else value
        if isinstance(value, (list, tuple)):
            return [self._value(item, key, path) for item in value]
        if not isinstance(value, dict):
            return encode_value(value)
        if structure.is_object(value) and not value["class_name"].startswith("__"):
            return self._object(value, key, path)
        return {name: self._value(item, name, path) for name, item in value.items()}

    def _inner_layer(self, layer: LayerRecord, path: str) -> dict[str, Any]:
        """A layer inside a wrapper; with its module in HDF5 files too, because Keras 3 reads no wrapper without it."""
        inner = Encoder(self.dialect)
        entry = inner.layer(layer, path)
        self.problems += inner.problems
        if self.dialect.modern or not self.dialect.inner_modules:
            return entry
        class_name = "Model" if layer.class_name == "Functional" else layer.class_name
        return origin_of_layer(class_name, layer.module, layer.registered_name, entry["config"])

    def _activation(self, name: str, path: str) -> str:
        theirs = {canonical: own for own, canonical in self.dialect.activation_names.items()}
        own = theirs.get(name, name)
        is_known = name in KERAS3_ACTIVATIONS or name.startswith("keras2>")
        means_another = own == name and name in self.dialect.activation_names
        if is_known and (own not in self.dialect.activations or means_another):
            self._lacks(path, f"the activation {name}" + " (it has another function of that name)" * means_another)
        return own

    def _object(self, value: dict[str, Any], key: str, path: str) -> Any:
        class_name, config = value["class_name"], value["config"]
        if class_name == "function":
            return origin_of_object("function", config, key) if self.dialect.modern else config
        is_layer = class_name in LAYERS and isinstance(config, dict) and not key.endswith("_initializer")
        if key in LAYER_ARGUMENTS or is_layer or structure.kind_of(value):
            return self._inner_layer(structure.layer_from_plain(value), path)
        if class_name in self.dialect.lacking_objects:
            self._lacks(path, f"{key}={class_name}")
        if class_name in self.dialect.objects:
            class_name, fixed = self.dialect.objects[class_name]
            config = fixed | config
        config = self._config(config, path) if isinstance(config, dict) else config
        if not self.dialect.modern:
            return {"class_name": value.get("registered_name") or class_name, "config": config}
        if "module" in value or "registered_name" in value:
            return {"module": value.get("module"), "class_name": class_name, "config": config,
                    "registered_name": value.get("registered_name")}
        return origin_of_object(class_name, config, key)


def _input_in_first_layer(layers: list[LayerRecord]) -> tuple[list[LayerRecord], dict[str, Any]]:
    """The layers without an input layer that readers of Keras 2 make themselves, and what to tell them in the first."""
    if len(layers) < 2 or layers[0].class_name != "InputLayer" or layers[0].name != f"{layers[1].name}_input":
        return layers, {}
    given, first = layers[0].config, layers[1]
    if first.model is None:
        return layers[1:], {"batch_input_shape": given["batch_shape"], "dtype": given.get("dtype") or "float32"}
    inner = first.model.layers[0] if first.model.layers else None
    same = inner is not None and inner.class_name == "InputLayer" and \
        all(inner.config.get(key) == given.get(key) for key in ("batch_shape", "dtype"))
    return (layers[1:] if same else layers), {}


def _tensor_specs(call: CallRecord, layer: LayerRecord,
                  specs: dict[str, dict[str, Any]]) -> Callable[[TensorRef], dict[str, Any]]:
    """Shape and dtype to note with a tensor: from its input layer, or from what the called layer was built for.

    Keras 3 expects both but takes the tensors themselves from the layers that it makes.
    """
    shapes = (layer.build_config or {}).get("input_shape")
    refs = list(nodes.refs_in(call.args[:1]))
    if len(refs) == 1 and isinstance(shapes, list) and not any(isinstance(size, list) for size in shapes):
        shapes = [shapes]
    known = dict(zip(refs, shapes)) if isinstance(shapes, list) and len(refs) == len(shapes) else {}
    return lambda ref: specs.get(ref.layer) or {"shape": known.get(ref) or [None], "dtype": "float32"}


def refuse(problems: list[str], dialect: Dialect) -> None:
    """Raises `CannotExpress` with everything that the dialect lacks."""
    if problems:
        raise CannotExpress("\n  ".join([f"{dialect.title} cannot express {len(problems)} parts of this model:",
                                         *dict.fromkeys(problems)]), dialect.name)
