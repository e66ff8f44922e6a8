"""Arguments of optimizers in older Keras, as today's."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from zoo.errors import ConfigError
from zoo.optimizers.schedules import InverseTimeDecay

RENAMED = {"lr": "learning_rate"}
WITHOUT_EFFECT = ("jit_compile", "is_legacy_optimizer")     # how Keras 2 computed, not what
NADAM_PACE = ("decay", "schedule_decay")                    # of Nadam's momentum; today's Nadam has a fixed one
OLD = (*RENAMED, *WITHOUT_EFFECT, "decay", "schedule_decay", "dynamic")


def modernized(class_name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """A config that today's class of that name takes.

    ``decay`` becomes what it meant: a rate of ``learning_rate / (1 + decay * step)``.

    Args:
        class_name: of the optimizer.
        config: of any Keras.

    Raises:
        ConfigError: the config asks for what no optimizer here does.
    """
    config = {RENAMED.get(name, name): value for name, value in config.items()}
    for name in WITHOUT_EFFECT:
        config.pop(name, None)
    if not config.pop("dynamic", True):
        raise ConfigError(f"{class_name}: a fixed loss scale is not one of its own: give the inner optimizer "
                          f"loss_scale_factor={config.get('initial_scale')!r} instead.")
    if class_name == "Nadam":
        paces = [config.pop(name) for name in NADAM_PACE if name in config]
        if paces and paces[0]:
            warnings.warn(f"Nadam: its momentum grows at a fixed pace here, not at that of {paces[0]!r} of older "
                          f"Keras: training goes on a little differently.", stacklevel=2)
    decay = config.pop("decay", None)
    if decay:
        config["learning_rate"] = InverseTimeDecay(config["learning_rate"], 1, decay)
    if config.get("epsilon", 0) is None:                    # meant the default
        del config["epsilon"]
    return config


def from_arguments(class_name: str, learning_rate: Any, given: Mapping[str, Any]) -> Any:
    """The learning rate that arguments of older Keras mean, with a warning.

    Args:
        class_name: of the optimizer.
        learning_rate: what it has without them.
        given: arguments that the optimizer does not know.

    Raises:
        ConfigError: older Keras did not know one of them either.
    """
    unknown = sorted(set(given) - set(OLD))
    if unknown:
        raise ConfigError(f"{class_name}: unknown argument{'s' * (len(unknown) > 1)} {', '.join(map(repr, unknown))}.")
    if given:
        warnings.warn(f"{class_name}: {', '.join(map(repr, given))} belong to older Keras: give a learning_rate, or a "
                      f"schedule of it.", DeprecationWarning, stacklevel=4)
    return modernized(class_name, {"learning_rate": learning_rate, **given})["learning_rate"]
