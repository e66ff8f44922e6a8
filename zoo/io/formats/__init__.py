"""Containers: where each file format keeps architecture, weights and training state.

A new format is one file with `sniff`, `read` and `write`, and one entry in `CONTAINERS`.
"""

from __future__ import annotations

from zoo.io.container import Container
from zoo.io.formats import (
    architecture_json,
    architecture_yaml,
    keras_h5,
    keras_zip,
    legacy_weights_h5,
    npz,
    safetensors_model,
    tfjs_layers,
    torch_checkpoint,
    weights_h5,
)

CONTAINERS: dict[str, Container] = {container.name: container for container in (
    keras_zip.FORMAT,
    keras_h5.FORMAT,
    legacy_weights_h5.FORMAT,
    weights_h5.FORMAT,
    architecture_json.FORMAT,
    architecture_yaml.FORMAT,
    safetensors_model.FORMAT,
    safetensors_model.WEIGHTS_FORMAT,
    npz.FORMAT,
    tfjs_layers.FORMAT,
    torch_checkpoint.FORMAT,
)}
