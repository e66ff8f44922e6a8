"""What ``zoo convert --to`` can be told: each word, and the format and vocabulary that it stands for."""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass

from zoo import io
from zoo.errors import ConfigError
from zoo.io.formats import CONTAINERS

TFJS_MODEL = "model.json"


@dataclass(frozen=True)
class Target:
    """One word of ``--to``.

    Args:
        title: what it is.
        formats: containers that it may be; the one is taken whose suffix the new file has, else the first.
        dialect: whose vocabulary; None keeps that of the model if the format can have it.
        module: a module with ``write(document, path)`` for formats that are no containers; it is imported only when
            it is asked for.
    """

    title: str
    formats: tuple[str, ...] = ()
    dialect: str | None = None
    module: str | None = None


_WHOLE = ("keras_h5", "architecture_json", "architecture_yaml", "legacy_weights_h5", "safetensors", "tfjs_layers")

TARGETS = {
    "keras3": Target("Keras 3", ("keras_zip", "keras_h5", "weights_h5", "architecture_json", "safetensors"), "keras3"),
    "tfkeras": Target("tf.keras 2 (tf_keras)", _WHOLE, "tfkeras"),
    "keras2": Target("multi-backend Keras 2.2 and 2.3", _WHOLE, "keras2"),
    "keras": Target("archive of Keras 3", ("keras_zip",)),
    "h5": Target("whole model in HDF5", ("keras_h5",)),
    "weights": Target("weights alone in HDF5", ("weights_h5", "legacy_weights_h5")),
    "json": Target("architecture in JSON", ("architecture_json",)),
    "yaml": Target("architecture in YAML", ("architecture_yaml",)),
    "tfjs": Target("TensorFlow.js layers model: a folder", ("tfjs_layers",)),
    "safetensors": Target("whole model, or weights alone, in safetensors", ("safetensors", "safetensors_weights")),
    "npz": Target("weights alone as NumPy arrays", ("npz",)),
    "onnx": Target("ONNX, for inference elsewhere", module="zoo.cli.onnx_target"),
}


@dataclass(frozen=True)
class Output:
    """Where and how a document is to be written.

    Args:
        path: of the file or folder.
        format, dialect: as `zoo.io.write` takes them.
        module: as in `Target`.
    """

    path: str
    format: str | None = None
    dialect: str | None = None
    module: str | None = None

    def write(self, document: io.ModelDocument, overwrite: bool) -> list[str]:
        """Writes the document, and gives notes on what had to be said in other words."""
        if self.module is not None:
            writer: Callable[..., None] = importlib.import_module(self.module).write
            writer(document, self.path)
            return []
        return io.write(document, self.path, format=self.format, dialect=self.dialect, overwrite=overwrite)


def output_of(args: argparse.Namespace, document: io.ModelDocument) -> Output:
    """What the words of a command line ask for.

    Raises:
        ConfigError: ``--to`` and ``--format`` together.
    """
    if args.to is None:
        onnx = args.target.endswith(".onnx") and args.format is None
        return Output(args.target, args.format, args.dialect, TARGETS["onnx"].module if onnx else None)
    target = TARGETS[args.to]
    if args.format is not None or args.dialect is not None and target.dialect is not None:
        raise ConfigError(f"--to {args.to} says {target.title}; leave out --format"
                          + (" and --dialect" if args.dialect else ""))
    if target.module is not None:
        return Output(args.target, module=target.module)
    return _as_folder(Output(args.target, _format_of(target, args.target, document), args.dialect or target.dialect))


def _format_of(target: Target, path: str, document: io.ModelDocument) -> str:
    """Of the target's formats that the document can fill, the one with the longest suffix that `path` has."""
    parts = {part for part, value in (("architecture", document.model), ("weights", document.weights)) if value}
    fitting = [name for name in target.formats if CONTAINERS[name].holds <= parts] or [target.formats[0]]
    lengths = {name: max((len(suffix) for suffix in CONTAINERS[name].suffixes if path.endswith(suffix)), default=0)
               for name in fitting}
    return max(fitting, key=lambda name: lengths[name])              # of equals, the first


def _as_folder(output: Output) -> Output:
    """For folders, the folder where the path names the file in it that others ask for."""
    folder, name = os.path.split(output.path)
    assert output.format is not None
    if CONTAINERS[output.format].folder and name == TFJS_MODEL:
        return Output(folder or ".", output.format, output.dialect)
    return output
