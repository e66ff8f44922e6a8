"""``zoo convert``: a model file in another format."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import os
import sys
import textwrap

from zoo import io
from zoo.cli import assumed_backend
from zoo.cli.exit_codes import ExitCode
from zoo.cli.targets import TARGETS, Output, output_of
from zoo.errors import CannotExpress, ConfigError
from zoo.io import extras
from zoo.io.edits.annotations import with_labels, with_preprocess, without_training
from zoo.io.edits.data_format import FORMATS
from zoo.io.edits.headless import without_top
from zoo.io.edits.renaming import with_layer_renamed
from zoo.io.edits.stored_dtype import FLOATS, with_dtype
from zoo.io.formats import CONTAINERS
from zoo.io.labels import read_labels
from zoo.io.training import known_to_zoo_alone

DESCRIPTION = """Write a model file in another format: whole models as .keras, .h5 or .safetensors, for TensorFlow.js
or ONNX, weights alone as .weights.h5, .npz or .h5 (the older layout), the architecture alone as .json or .yaml. No
model is built (but for ONNX and --data-format) and nothing in the file is executed. The new file appears whole or
not at all."""

EXAMPLES = """
zoo convert old.h5 new.keras
zoo convert model.keras model.h5 --to tfkeras
zoo convert model.keras browser/ --to tfjs --dtype float16
zoo convert model.keras model.weights.h5
zoo convert architecture.json model.keras --weights weights.h5
zoo convert vgg16.h5 features.keras --drop-top --strip-optimizer
zoo convert model.h5 mine.keras --labels classes.txt --preprocess caffe
zoo convert theano.h5 model.keras --data-format channels_last
"""

_PARTS = {"model": "the architecture", "weights": "the weights", "training": "compile arguments and optimizer state"}
_EXTRAS = {extras.LABELS: "the labels", extras.PREPROCESS: "the preprocessing"}
_REASON_WIDTH = 400
_WRITABLE = {name: container for name, container in CONTAINERS.items() if container.write is not None}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    parser.add_argument("source", metavar="IN", help="a model file of any format that zoo reads")
    parser.add_argument("target", metavar="OUT", help="the file or folder to write; its suffix says the format")
    parser.add_argument("--weights", metavar="FILE", help="if IN is an architecture alone, the file with its weights")
    parser.add_argument("--to", choices=sorted(TARGETS), help="what to write, if the suffix does not say it, or whose "
                        "vocabulary: " + "; ".join(f"{name}: {target.title}" for name, target in TARGETS.items()))
    parser.add_argument("--format", choices=sorted(_WRITABLE), metavar="NAME",
                        help=f"exactly which format, by zoo's own name for it: {', '.join(sorted(_WRITABLE))}")
    parser.add_argument("--dialect", choices=sorted({name for container in _WRITABLE.values()
                                                     for name in container.dialects}),
                        help="whose vocabulary to write (default: that of IN if OUT can have it)")
    assumed_backend.add_argument(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    _add_edits(parser.add_argument_group("changes on the way"))


def _add_edits(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--dtype", choices=FLOATS, help="in which float weights are stored; what the model computes in "
                       "stays as it is")
    group.add_argument("--data-format", choices=FORMATS, help="move the channels of images: layers, axes and weights "
                       "follow, predictions stay the same")
    group.add_argument("--strip-optimizer", action="store_true",
                       help="leave out compile arguments and the optimizer's state")
    group.add_argument("--rename-layer", metavar="OLD=NEW", action="append", default=[], type=_renaming,
                       help="another name for a layer, everywhere (OLD of a nested one: outer/inner); repeatable")
    group.add_argument("--drop-top", action="store_true",
                       help="cut off what comes after the last pooling or flattening")
    group.add_argument("--labels", metavar="FILE", help="names of the classes to keep in the file: one a line, or JSON")
    group.add_argument("--preprocess", choices=extras.PREPROCESS_MODES,
                       help="how pixels are prepared for the model, to keep in the file for zoo classify")


def run(args: argparse.Namespace) -> int:
    """Reads, changes, writes, and tells what was left out."""
    if os.path.exists(args.target) and not args.overwrite and not _is_empty_folder(args.target):
        raise ConfigError(f"{args.target} exists; choose another name, or replace it with --overwrite")
    document = edited(io.read(args.source, weights=args.weights, assume=args.assume), args)
    for found in document.findings:
        print(f"zoo: note: {found.where}: {found.message}", file=sys.stderr)
    output = output_of(args, document)
    _write(document, output, args.overwrite)
    if output.module is not None:
        print(f"{output.path}: {TARGETS['onnx'].title}")
        return ExitCode.OK
    written = io.read(output.path)
    lost = [title for part, title in _PARTS.items() if getattr(document, part) and not getattr(written, part)]
    mine, kept = document.metadata.get(extras.KEY, {}), written.metadata.get(extras.KEY, {})
    lost += [title for key, title in _EXTRAS.items() if key in mine and key not in kept]
    print(f"{output.path}: {CONTAINERS[written.format].title}{'; left out: ' * bool(lost)}{', '.join(lost)}")
    for note in known_to_zoo_alone(written):
        print(f"zoo: note: {note}", file=sys.stderr)
    return ExitCode.OK


def edited(document: io.ModelDocument, args: argparse.Namespace) -> io.ModelDocument:
    """The document with the changes that a command line asks for, those of the architecture first."""
    if args.drop_top:
        document = without_top(document)
    for old, new in args.rename_layer:
        document = with_layer_renamed(document, old, new)
    if args.strip_optimizer:
        document = without_training(document)
    if args.data_format is not None:
        document = importlib.import_module("zoo.cli.data_format").converted(document, args.data_format)
    if args.dtype is not None:
        document = with_dtype(document, args.dtype)
    if args.labels is not None:
        document = with_labels(document, read_labels(args.labels))
    if args.preprocess is not None:
        document = with_preprocess(document, args.preprocess)
    return document


def _write(document: io.ModelDocument, output: Output, overwrite: bool) -> None:
    """Writes the document, without its training state if that is all that the target cannot express."""
    try:
        notes = output.write(document, overwrite)
    except CannotExpress as error:
        if document.training is None:
            raise
        notes = output.write(dataclasses.replace(document, training=None), overwrite)
        reason = textwrap.shorten(str(error), _REASON_WIDTH, placeholder=" ...")
        print(f"zoo: note: written without training state: {reason}", file=sys.stderr)
    for note in notes:
        print(f"zoo: note: {note}", file=sys.stderr)


def _renaming(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise argparse.ArgumentTypeError(f"expected OLD=NEW, received {text!r}")
    return old, new


def _is_empty_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.listdir(path)
