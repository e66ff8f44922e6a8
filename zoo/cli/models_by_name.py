"""Models without weights, for commands that look at their shapes only."""

from __future__ import annotations

import os

from zoo.applications.registry import get_application
from zoo.cli.variants import parse
from zoo.models import Model, load_model


def without_weights(name: str) -> Model:
    """The model of a file, or a network with initial weights.

    Raises:
        ZooError: it is neither, or the file cannot be used.
    """
    if os.path.exists(name):
        return load_model(name, compile=False)
    network, arguments = parse(name)
    if (size := arguments.pop("size", None)) is not None:
        arguments["input_shape"] = (size, size, 3)
    return get_application(network).build(**{"weights": None, **arguments})
