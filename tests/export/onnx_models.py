"""Asks ONNX's own checker and onnxruntime about files that we write."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import onnx
import onnxruntime

from zoo import tree


def run(path: str | pathlib.Path, tensors: list[Any]) -> list[np.ndarray]:
    """Checks the file, and computes its outputs for its inputs."""
    onnx.checker.check_model(str(path), full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip([port.name for port in session.get_inputs()], tensors, strict=True)))


def tensors_of(model: Any, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The inputs of a case as the file takes them."""
    given = inputs if isinstance(model.input, dict) else list(inputs.values())
    return tree.leaves(model.as_batch(given if len(given) > 1 or isinstance(given, dict) else given[0]))
