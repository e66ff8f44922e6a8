"""``zoo inspect``: what a model file holds."""

from __future__ import annotations

import argparse
import json
import sys

from zoo import io
from zoo.cli import assumed_backend
from zoo.cli.exit_codes import ExitCode
from zoo.io.read import read_content
from zoo.report.description import describe
from zoo.report.inspection import text
from zoo.report.tables import clean, terminal_width
from zoo.safety import lambdas

DESCRIPTION = """Show what a model file is, who wrote it and how that is known, its layers, weights and training state,
and what could not be understood. The content decides what a file is, not its suffix. Nothing in the file is executed,
and no model is built."""

EXAMPLES = """
zoo inspect model.keras
zoo inspect --weights vgg16_weights.h5     every tensor, with minimum, maximum and mean
zoo inspect --lambda model.h5              the code that it holds, as text
zoo inspect --json model.h5                the same as JSON; docs/cli.md has its keys
"""

LAMBDAS = "zoo-lambdas/1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    parser.add_argument("file", metavar="FILE", help="a model file (or folder) of any format that zoo reads")
    parser.add_argument("--weights", action="store_true",
                        help="list every tensor with its minimum, maximum and mean; reads them one at a time")
    parser.add_argument("--lambda", action="store_true", dest="lambdas",
                        help="show the code of lambdas instead, as instructions of the Python that wrote it")
    assumed_backend.add_argument(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Prints the description."""
    if args.lambdas:
        return _show_lambdas(args)
    description = describe(io.read(args.file, assume=args.assume), with_statistics=args.weights)
    if args.json:
        print(json.dumps(description, indent=1, allow_nan=False))
    else:
        for line in text(description, with_weights=args.weights, width=terminal_width(sys.stdout)):
            print(line)
    return ExitCode.OK


def _show_lambdas(args: argparse.Namespace) -> int:
    """Prints the code that the file holds, which nothing here can run."""
    _, content = read_content(args.file)
    found = [{"where": where.lstrip("/"), "lines": lines} for where, lines in lambdas(content.architecture)]
    if args.json:
        print(json.dumps({"schema": LAMBDAS, "path": args.file, "lambdas": found}, indent=1))
        return ExitCode.OK
    for entry in found:
        print("\n".join([clean(entry["where"]), *(f"  {clean(line)}".rstrip() for line in entry["lines"]), ""]))
    print(f"zoo: note: {len(found) or 'no'} functions of code in {args.file}", file=sys.stderr)
    return ExitCode.OK
