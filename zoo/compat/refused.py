"""What old scripts call that zoo refuses, with what to do instead."""

from __future__ import annotations

from typing import Any

from zoo.errors import Unsupported


def model_from_yaml(yaml_string: str, custom_objects: Any = None) -> Any:
    """Refused, since reading YAML as Keras did can run code.

    Raises:
        Unsupported: always.
    """
    raise Unsupported("Architectures are not read from YAML text: write JSON with model.to_json() and read it with "
                      "model_from_json.")
