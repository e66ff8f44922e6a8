"""``zoo inspect``: what a model file holds."""

from __future__ import annotations

import argparse
import json
import sys

from zoo import io
from zoo.cli.exit_codes import ExitCode
from zoo.report.description import describe
from zoo.report.inspection import text
from zoo.report.tables import terminal_width

DESCRIPTION = """Show what a model file is, who wrote it and how that is known, its layers, weights and training state,
and what could not be understood. The content decides what a file is, not its suffix. Nothing in the file is executed,
and no model is built."""

EXAMPLES = """
zoo inspect model.keras
zoo inspect --weights vgg16_weights.h5     every tensor, with minimum, maximum and mean
zoo inspect --json model.h5                the same as JSON; docs/cli.md has its keys
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    parser.add_argument("file", metavar="FILE", help="a model file (or folder) of any format that zoo reads")
    parser.add_argument("--weights", action="store_true",
                        help="list every tensor with its minimum, maximum and mean; reads them one at a time")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Prints the description."""
    description = describe(io.read(args.file), with_statistics=args.weights)
    if args.json:
        print(json.dumps(description, indent=1, allow_nan=False))
    else:
        for line in text(description, with_weights=args.weights, width=terminal_width(sys.stdout)):
            print(line)
    return ExitCode.OK
