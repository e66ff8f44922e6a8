"""``zoo convert``: a model file in another format."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys

from zoo import io
from zoo.cli.exit_codes import ExitCode
from zoo.errors import CannotExpress, ConfigError
from zoo.io.formats import CONTAINERS

DESCRIPTION = """Write a model file in another format: whole models as .keras or .h5, weights alone as .weights.h5 or
.h5 (the older layout), the architecture alone as .json. No model is built and nothing in the file is executed. The new
file appears whole or not at all."""

EXAMPLES = """
zoo convert old.h5 new.keras
zoo convert model.keras model.h5 --dialect tfkeras
zoo convert model.keras model.weights.h5
zoo convert architecture.json model.keras --weights weights.h5
zoo convert model.h5 weights.h5 --format legacy_weights_h5
"""

_PARTS = {"model": "the architecture", "weights": "the weights", "training": "compile arguments and optimizer state"}
_WRITABLE = {name: container for name, container in CONTAINERS.items() if container.write is not None}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    parser.add_argument("source", metavar="IN", help="a model file of any format that zoo reads")
    parser.add_argument("target", metavar="OUT", help="the file to write; its suffix says the format")
    parser.add_argument("--weights", metavar="FILE", help="if IN is an architecture alone, the file with its weights")
    parser.add_argument("--format", choices=sorted(_WRITABLE), help="of OUT, if its suffix does not say it")
    parser.add_argument("--dialect", choices=sorted({name for container in _WRITABLE.values()
                                                     for name in container.dialects}),
                        help="whose vocabulary to write (default: that of IN if OUT can have it)")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")


def run(args: argparse.Namespace) -> int:
    """Reads, writes, and tells what was left out."""
    if os.path.exists(args.target) and not args.overwrite:
        raise ConfigError(f"{args.target} exists; choose another name, or replace it with --overwrite")
    document = io.read(args.source, weights=args.weights)
    for found in document.findings:
        print(f"zoo: note: {found.where}: {found.message}", file=sys.stderr)
    _write(document, args)
    written = io.read(args.target)
    lost = [title for part, title in _PARTS.items() if getattr(document, part) and not getattr(written, part)]
    print(f"{args.target}: {CONTAINERS[written.format].title}{'; left out: ' * bool(lost)}{', '.join(lost)}")
    return ExitCode.OK


def _write(document: io.ModelDocument, args: argparse.Namespace) -> None:
    """Writes the document, without its training state if that is all that the target cannot express."""
    options = {"format": args.format, "dialect": args.dialect, "overwrite": args.overwrite}
    try:
        io.write(document, args.target, **options)
    except CannotExpress as error:
        if document.training is None:
            raise
        io.write(dataclasses.replace(document, training=None), args.target, **options)
        print(f"zoo: note: written without training state: {error}", file=sys.stderr)
