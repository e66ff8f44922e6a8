"""zoo: Keras model files and pretrained networks on NumPy.

Names are loaded when they are first used, so that ``import zoo`` is fast and reading a file needs no engine.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoo import activations as activations
    from zoo import applications as applications
    from zoo import backend as backend
    from zoo import batch as batch
    from zoo import callbacks as callbacks
    from zoo import config as config
    from zoo import constraints as constraints
    from zoo import datasets as datasets
    from zoo import dtype_policies as dtype_policies
    from zoo import engine as engine
    from zoo import errors as errors
    from zoo import hub as hub
    from zoo import initializers as initializers
    from zoo import io as io
    from zoo import layers as layers
    from zoo import losses as losses
    from zoo import metrics as metrics
    from zoo import models as models
    from zoo import ops as ops
    from zoo import optimizers as optimizers
    from zoo import preprocessing as preprocessing
    from zoo import quantizers as quantizers
    from zoo import random as random
    from zoo import regularizers as regularizers
    from zoo import safety as safety
    from zoo import serialization as serialization
    from zoo import utils as utils
    from zoo.engine.tape import GradientTape as GradientTape
    from zoo.layers import Input as Input
    from zoo.models import Model as Model
    from zoo.models import Sequential as Sequential
    from zoo.models import explain as explain
    from zoo.models import export_onnx as export_onnx
    from zoo.models import load_model as load_model
    from zoo.models import save_model as save_model
    from zoo.safety import scan as scan

__version__ = "0.1.0"

_MODULES = ("activations", "applications", "backend", "batch", "callbacks", "config", "constraints", "datasets",
            "dtype_policies", "engine", "errors", "hub", "initializers", "io", "layers", "losses", "metrics", "models",
            "ops", "optimizers", "preprocessing", "quantizers", "random", "regularizers", "safety", "serialization",
            "utils")
_NAMES = {
    "GradientTape": "zoo.engine.tape",
    "Input": "zoo.layers",
    "Model": "zoo.models",
    "Sequential": "zoo.models",
    "explain": "zoo.models",
    "export_onnx": "zoo.models",
    "load_model": "zoo.models",
    "save_model": "zoo.models",
    "scan": "zoo.safety",
}

__all__ = ["__version__", *_MODULES, *_NAMES]           # noqa: PLE0604 - a test compares it with the imports above


def __getattr__(name: str) -> Any:
    """Imports a module, or the module that has the name, at first use (PEP 562)."""
    if name in _MODULES:
        return importlib.import_module(f"zoo.{name}")
    if name in _NAMES:
        value = globals()[name] = getattr(importlib.import_module(_NAMES[name]), name)
        return value
    raise AttributeError(f"module 'zoo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
