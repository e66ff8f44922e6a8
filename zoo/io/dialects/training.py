"""`compile` arguments in the words of each dialect, and in those of Keras 3.

Canonical are the words of a ``.keras`` archive of Keras 3: ``optimizer``, ``loss``, ``loss_weights``, ``metrics`` and
``weighted_metrics``, with objects as ``{"module", "class_name", "config", "registered_name"}``.

Three older optimizers compute something else than those of today that have their names. They are canonical as
``legacy>RMSprop`` and so on, in the module in which tf.keras keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zoo.errors import CannotExpress
from zoo.io.dialects.dialect import ANY, Rules, is_neutral

Config = dict[str, Any]

LEGACY_MODULE = "keras.optimizers.legacy"
LEGACY = frozenset({"Adagrad", "Nadam", "RMSprop"})         # epsilon added to the root; Nadam's own pace
OLDER, _ONLY_OLDER = "older", {"schedule_decay": ANY}     # in records: that it is one of these, and their arguments
_LEGACY_OF_KERAS0 = frozenset({"Nadam"})                    # which had epsilon under the root, as today

_KEYS = ("loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly", "steps_per_execution", "jit_compile")
_H5_KEYS = ("loss", "metrics", "weighted_metrics", "loss_weights")
_TEMPORAL = "sample_weight_mode"                            # Keras 1 and 2 do not load a file that lacks it

_TFKERAS = frozenset("Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lion Nadam RMSprop SGD".split())
_KERAS2 = frozenset("Adadelta Adagrad Adam Adamax Nadam RMSprop SGD".split())
_LACKING_OBJECTS = frozenset("""
    CTC CategoricalGeneralizedCrossEntropy Circle ConcordanceCorrelation Dice PearsonCorrelation Tversky
    """.split())

# Arguments of every optimizer; see `Rules`.
_TFKERAS_RULES = Rules(
    extra={"jit_compile": (ANY,), "is_legacy_optimizer": (ANY,)},
    lacking={"loss_scale_factor": (None,), "gradient_accumulation_steps": (None,)})
_OLDER_RULES = Rules(
    rename={"lr": "learning_rate"},
    lacking={"weight_decay": (None, False), "use_ema": (False,), "ema_momentum": (ANY,),
             "ema_overwrite_frequency": (ANY,), "loss_scale_factor": (None,), "gradient_accumulation_steps": (None,)})
_KERAS2_RULES = Rules(
    rename={"lr": "learning_rate", "clipnorm": "global_clipnorm"},      # multi-backend Keras clips all norms together
    lacking={**_OLDER_RULES.lacking, "clipnorm": (None,), "name": (ANY,), "momentum": (0.0,), "centered": (False,),
             "initial_accumulator_value": (0.0,)})
_KERAS1_RULES = Rules(_KERAS2_RULES.rename, lacking={**_KERAS2_RULES.lacking, "amsgrad": (False,)})

# Short names of metrics -> the functions that tf.keras writes in their place.
_SHORT_NAMES = {
    "accuracy": ("binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"),
    "acc": ("binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"),
    "crossentropy": ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"),
    "ce": ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"),
    "mse": ("mean_squared_error",), "mae": ("mean_absolute_error",), "mape": ("mean_absolute_percentage_error",),
    "msle": ("mean_squared_logarithmic_error",), "bce": ("binary_crossentropy",),
    "kld": ("kl_divergence", "kullback_leibler_divergence"),
}

# Short names that Keras 3 does not find where HDF5 files have them: the function's whole name, and the metric's class.
_IN_FULL = {"mse": ("mean_squared_error", "MeanSquaredError"), "mae": ("mean_absolute_error", "MeanAbsoluteError"),
            "mape": ("mean_absolute_percentage_error", "MeanAbsolutePercentageError"),
            "msle": ("mean_squared_logarithmic_error", "MeanSquaredLogarithmicError"),
            "bce": ("binary_crossentropy", "BinaryCrossentropy"), "kld": ("kl_divergence", "KLDivergence"),
            "logcosh": ("log_cosh", "LogCoshError")}


def decode_training(config: Config, dialect: str, outputs: Sequence[str] = ()) -> Config:
    """`compile` arguments as a file has them, in canonical words.

    Args:
        config: of an HDF5 file or an archive.
        dialect: of the file.
        outputs: names of the model's outputs, which tf.keras puts before the names of metrics.
    """
    entry = config.get("optimizer_config", config.get("optimizer"))
    decoded: Config = {"optimizer": decode_optimizer(entry, dialect)}
    decoded |= {key: config[key] for key in _KEYS if key in config}
    if config.get(_TEMPORAL) is not None:
        decoded[_TEMPORAL] = config[_TEMPORAL]
    decoded["loss"] = _objects(decoded.get("loss"), "keras.losses")
    for key in ("metrics", "weighted_metrics"):
        decoded[key] = _metrics(decoded.get(key), outputs if len(outputs) > 1 else ())
    return decoded


def decode_optimizer(entry: Any, dialect: str) -> Any:
    """An optimizer's record in canonical words; a name stays a name."""
    if isinstance(entry, dict) and "class_name" not in entry and "name" in entry:       # Keras 0
        entry = {"class_name": entry["name"], "config": {key: entry[key] for key in entry if key != "name"}}
    if not isinstance(entry, dict) or not isinstance(entry.get("config"), dict) or dialect == "keras3":
        if isinstance(entry, dict) and isinstance(entry.get(OLDER), dict):
            return _record(entry["class_name"], {**entry["config"], **entry[OLDER]}, legacy=True)
        return _object(entry, "keras.optimizers") if isinstance(entry, dict) else entry
    class_name, config = str(entry["class_name"]).removeprefix("Custom>"), dict(entry["config"])
    if class_name in ("LossScaleOptimizer", "LossScaleOptimizerV3") and "inner_optimizer" in config:
        return _record("LossScaleOptimizer",
                       {**config, "inner_optimizer": decode_optimizer(config["inner_optimizer"], dialect)})
    if "use_ema" in config:
        return _record(class_name, _without(config, _TFKERAS_RULES.extra))
    class_name = {name.lower(): name for name in _KERAS2}.get(class_name.lower(), class_name)
    if dialect == "tfkeras":
        return _decode_older(class_name, config, _OLDER_RULES, LEGACY)
    if class_name == "Adagrad":
        config.setdefault("initial_accumulator_value", 0.0)
    return _decode_older(class_name, config, _KERAS2_RULES, _LEGACY_OF_KERAS0 if dialect == "keras0" else LEGACY)


def _decode_older(class_name: str, config: Config, rules: Rules, legacy: frozenset[str]) -> Config:
    config = {rules.rename.get(key, key): value for key, value in config.items()}
    if config.get("epsilon", 0) is None:                    # meant the default, which the class has
        del config["epsilon"]
    decay = config.pop("decay", None)
    if class_name == "Nadam":
        config["schedule_decay"] = config.pop("schedule_decay", decay) or 0.0
    elif decay:
        config["learning_rate"] = {
            "module": "keras.optimizers.schedules", "class_name": "InverseTimeDecay", "registered_name": None,
            "config": {"initial_learning_rate": config["learning_rate"], "decay_steps": 1, "decay_rate": decay,
                       "staircase": False, "name": "InverseTimeDecay"}}
    return _record(class_name, config, legacy=class_name in legacy)


def _record(class_name: str, config: Config, legacy: bool = False) -> Config:
    return {"module": LEGACY_MODULE if legacy else "keras.optimizers", "class_name": class_name, "config": config,
            "registered_name": f"legacy>{class_name}" if legacy else None}


def _metrics(nest: Any, outputs: Sequence[str]) -> Any:
    if isinstance(nest, list):
        nested = bool(outputs) and len(nest) == len(outputs) and all(isinstance(row, list) for row in nest)
        rows = [_metrics(item, [outputs[i]] if nested else outputs) for i, item in enumerate(nest)]
        return [[item for item in row if item is not None] if isinstance(row, list) else row for row in rows]
    if not isinstance(nest, dict) or "class_name" not in nest:
        return {key: _metrics(item, outputs) for key, item in nest.items()} if isinstance(nest, dict) else nest
    config = dict(nest.get("config") or {})
    prefix = next((f"{name}_" for name in outputs if str(config.get("name")).startswith(f"{name}_")), "")
    if prefix:
        config["name"] = config["name"].removeprefix(prefix)
    function, name = config.get("fn"), config.get("name")
    if nest["class_name"] == "MeanMetricWrapper" and isinstance(function, str):
        if config.keys() <= {"name", "dtype", "fn"} and (
                name == function or function in _SHORT_NAMES.get(str(name).lower(), ())):
            return name
        config["fn"] = {"module": "builtins", "class_name": "function", "config": function,
                        "registered_name": "function"}
    return _object({**nest, "config": config}, "keras.metrics")


def _objects(nest: Any, module: str) -> Any:
    if isinstance(nest, list):
        return [_objects(item, module) for item in nest]
    if isinstance(nest, dict) and "class_name" not in nest:
        return {key: _objects(item, module) for key, item in nest.items()}
    return _object(nest, module) if isinstance(nest, dict) else nest


def _object(entry: Config, module: str) -> Config:
    """A complete object, and so those inside of it; the module of somebody's own class stays open."""
    if entry.get("class_name") == "function":
        return entry
    registered = entry.get("registered_name")
    own = registered is not None or ">" in str(entry.get("class_name"))
    inner = {"learning_rate": "keras.optimizers.schedules"}
    config = {key: _objects(value, inner.get(key, module)) if isinstance(value, dict) else value
              for key, value in (entry.get("config") or {}).items()}
    complete = {"module": None if own else module, "registered_name": None, **entry, "config": config}
    if str(registered).startswith("legacy>"):
        complete["module"] = LEGACY_MODULE
    return complete


# ---- from canonical words


def encode_training(config: Config, dialect: str, legacy: bool = False) -> Config:
    """Canonical `compile` arguments in the words of a dialect, the optimizer under ``optimizer``.

    Args:
        legacy: whether they are for an HDF5 file.

    Raises:
        CannotExpress: the dialect lacks something; all of it is listed.
    """
    if legacy and dialect in ("keras3", "tfkeras"):
        config = _in_full(config)
    if dialect == "keras3":
        config = _without(config, {_TEMPORAL: ANY})
        return {**config, "optimizer": _as_keras3(config["optimizer"])} if "optimizer" in config else config
    problems: list[str] = []
    encoded = {"optimizer": _encode_optimizer(config.get("optimizer"), dialect, problems)}
    encoded |= {key: _plain(config.get(key), problems) for key in _H5_KEYS}
    encoded |= {_TEMPORAL: config.get(_TEMPORAL)} if dialect != "tfkeras" else {}
    if problems:
        raise CannotExpress("\n  ".join([f"{dialect} cannot say all of the compile arguments:", *problems]), dialect)
    return encoded


def _in_full(config: Config) -> Config:
    """The arguments with short names of losses and metrics written out; the figures of training keep their names."""
    def written(nest: Any, longer: Any) -> Any:
        if isinstance(nest, list):
            return [written(item, longer) for item in nest]
        if isinstance(nest, dict) and "class_name" not in nest:
            return {key: written(item, longer) for key, item in nest.items()}
        return longer(nest) if isinstance(nest, str) and nest in _IN_FULL else nest
    ways = {"loss": lambda name: _IN_FULL[name][0]} | dict.fromkeys(
        ("metrics", "weighted_metrics"), lambda name: {"class_name": _IN_FULL[name][1], "config": {"name": name}})
    return config | {key: written(config[key], longer) for key, longer in ways.items() if key in config}


def _as_keras3(entry: Any) -> Any:
    """Optimizers that Keras 3 does not have as those that have their names there, with a key that it does not read."""
    if not isinstance(entry, dict) or entry.get("registered_name") != f"legacy>{entry['class_name']}":
        return entry
    config = entry["config"]
    return {**_record(entry["class_name"], _without(config, _ONLY_OLDER)),
            OLDER: {key: config[key] for key in _ONLY_OLDER if key in config}}


def _encode_optimizer(entry: Any, dialect: str, problems: list[str]) -> Any:
    if not isinstance(entry, dict):
        return entry
    class_name, config = entry["class_name"], dict(entry.get("config") or {})
    if "name" in config:
        config["name"] = class_name                         # readers of .h5 files take it for one of the class
    is_legacy = entry.get("registered_name") == f"legacy>{class_name}"
    if entry.get("registered_name") is not None and not is_legacy:
        return {"class_name": entry["registered_name"], "config": config}               # the user's own class
    if class_name not in (_TFKERAS if dialect == "tfkeras" else _KERAS2):
        problems.append(f"optimizer {class_name}: there is none")
        return entry
    if dialect == "tfkeras" and not is_legacy:
        config = _limited(class_name, config, _TFKERAS_RULES, problems)
        return {"class_name": f"Custom>{class_name}", "config": {**config, "jit_compile": False,
                                                                 "is_legacy_optimizer": False}}
    if class_name in LEGACY and is_legacy != (dialect != "keras0" or class_name in _LEGACY_OF_KERAS0):
        problems.append(f"optimizer {class_name}: computes something else there")
    rules = {"tfkeras": _OLDER_RULES, "keras2": _KERAS2_RULES}.get(dialect, _KERAS1_RULES)
    if class_name == "SGD":
        rules = Rules(rules.rename, lacking={key: rules.lacking[key] for key in rules.lacking if key != "momentum"})
    return {"class_name": class_name, "config": _encode_older(class_name, config, rules, problems)}


def _encode_older(class_name: str, config: Config, rules: Rules, problems: list[str]) -> Config:
    config = _limited(class_name, config, rules, problems)
    own_names = {canonical: name for name, canonical in rules.rename.items() if name != "lr"}
    config = {own_names.get(key, key): value for key, value in config.items()
              if value is not None or "clip" not in key}    # these optimizers want no clipping left out
    multi_backend = "name" in rules.lacking
    rate, decay, rate_name = config.pop("learning_rate", None), 0.0, "lr" if multi_backend else "learning_rate"
    if class_name == "Nadam":
        pace = config.pop("schedule_decay", 1.0)
        return {**config, rate_name: rate, "schedule_decay" if multi_backend else "decay": pace}
    if isinstance(rate, dict):
        schedule = rate.get("config") or {}
        by_step = schedule.get("decay_steps") == 1 and not schedule.get("staircase")
        if rate.get("class_name") != "InverseTimeDecay" or not by_step:
            problems.append(f"optimizer {class_name}: learning_rate={rate.get('class_name')}")
        rate, decay = schedule.get("initial_learning_rate"), schedule.get("decay_rate", 0.0)
    return {**config, rate_name: rate, "decay": decay}


def _limited(class_name: str, config: Config, rules: Rules, problems: list[str]) -> Config:
    """The config without arguments that the dialect lacks; a problem for each that says something."""
    problems += [f"optimizer {class_name}: {key}={config[key]!r}" for key, neutral in rules.lacking.items()
                 if key in config and not is_neutral(config[key], neutral)]
    return _without(config, rules.lacking)


def _without(config: Config, keys: Mapping[str, Any]) -> Config:
    return {key: value for key, value in config.items() if key not in keys}


def _plain(nest: Any, problems: list[str]) -> Any:
    """Losses and metrics as tf.keras and Keras 2 take them."""
    if isinstance(nest, list):
        return [_plain(item, problems) for item in nest]
    if not isinstance(nest, dict):
        return nest
    if "class_name" not in nest:
        return {key: _plain(item, problems) for key, item in nest.items()}
    class_name, config = nest["class_name"], nest.get("config")
    if class_name == "function":
        return config
    if class_name in _LACKING_OBJECTS and nest.get("registered_name") is None:
        problems.append(f"{class_name}: there is none")
    config = {key: _plain(value, problems) for key, value in (config or {}).items()}
    if "reduction" in config:
        config.pop("dtype", None)                           # an argument of losses since Keras 3
        config["reduction"] = config["reduction"] or "none"
        if config["reduction"].startswith("mean"):
            problems.append(f"{class_name}: reduction={config['reduction']!r}")
    return {"class_name": nest.get("registered_name") or class_name, "config": config}
