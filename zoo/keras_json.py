"""The user's settings for Keras: the file ``keras.json`` in ``$KERAS_HOME``, or ``~/.keras``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.errors import ConfigError

LARGEST = 2 ** 16                                           # bytes; Keras writes about a hundred
DATA_FORMATS = {"tf": "channels_last", "th": "channels_first"}
SETTINGS = ("floatx", "epsilon", "image_data_format")


def keras_home(environment: Mapping[str, str] = os.environ) -> Path:
    """Keras's folder: ``$KERAS_HOME``, or ``~/.keras``; it need not exist."""
    return Path(environment.get("KERAS_HOME") or Path("~") / ".keras").expanduser()


def settings(environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings in the file that zoo has as well; none if there is no file. ``image_dim_ordering`` is of Keras 1.

    Raises:
        ConfigError: the file is not JSON, or not what Keras writes.
    """
    path = keras_home(environment) / "keras.json"
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}
    try:
        found = json.loads(content) if len(content) <= LARGEST else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: expected the settings of Keras, as {{\"floatx\": \"float32\"}}, in at most "
                          f"{LARGEST} bytes of JSON. Correct or remove the file.")
    if "image_data_format" not in found and "image_dim_ordering" in found:
        ordering = found["image_dim_ordering"]
        found["image_data_format"] = DATA_FORMATS.get(ordering, ordering) if isinstance(ordering, str) else ordering
    return {name: found[name] for name in SETTINGS if name in found}
