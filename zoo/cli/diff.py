"""``zoo diff``: what differs between two model files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

from zoo import io
from zoo.cli.exit_codes import ExitCode
from zoo.report.difference import PARTS, Change, Difference, Tolerance, difference
from zoo.report.tables import Column, table, terminal_width

DESCRIPTION = """Show what differs between two model files of any formats: architecture, weights, training state,
metadata. Both are compared in one vocabulary and weights at their places in the model, so that a file and what it was
converted to are the same. The exit code is 0 if nothing differs and 1 if something does."""

EXAMPLES = """
zoo diff before.h5 after.h5
zoo diff model.h5 converted.keras --part architecture --part weights
zoo diff a.keras b.keras --rtol 1e-3        weights that far apart count as equal
zoo diff a.keras b.keras --json             the same as JSON; docs/cli.md has its keys
"""

SCHEMA = "zoo-diff/1"
_LONGEST = 80


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    parser.add_argument("first", metavar="A", help="a model file (or folder) of any format that zoo reads")
    parser.add_argument("second", metavar="B", help="another one")
    parser.add_argument("--part", choices=PARTS, action="append",
                        help="what to compare; may be given more than once (default: everything)")
    parser.add_argument("--rtol", type=float, default=0.0, help="relative tolerance of numbers (default: 0)")
    parser.add_argument("--atol", type=float, default=0.0, help="absolute tolerance of numbers (default: 0)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Compares and prints."""
    found = difference(io.read(args.first), io.read(args.second), parts=tuple(args.part or PARTS),
                       tolerance=Tolerance(args.rtol, args.atol))
    if args.json:
        print(json.dumps({"schema": SCHEMA, "first": args.first, "second": args.second, "same": found.same,
                          **asdict(found)}, indent=1))
    else:
        for line in _text(found, terminal_width(sys.stdout)):
            print(line)
    return ExitCode.OK if found.same else ExitCode.FINDINGS


def _text(found: Difference, width: int | None) -> Iterator[str]:
    for part in PARTS:
        changes = [change for change in found.changes if change.part == part]
        if changes:
            yield f"{part}: {len(changes)} difference{'s' * (len(changes) != 1)}"
            yield from table(_columns(changes), [_row(change) for change in changes], width=width)
            yield ""
    yield from (f"note: {note}" for note in found.notes)
    compared = ", ".join(f"{count:,} {name}" for name, count in found.compared.items())
    yield f"{'the same' if found.same else 'different'}; compared: {compared or 'what little both files have'}"


def _columns(changes: list[Change]) -> tuple[Column, ...]:
    return (Column("where", keep_end=True), Column("A"), Column("B"), Column("elements", right=True),
            Column("largest difference", right=True), Column("relative", right=True))


def _row(change: Change) -> tuple[object, ...]:
    apart = change.distance
    numbers = (None, None, None) if apart is None else \
        (f"{apart.differing:,} of {apart.size:,}", f"{apart.absolute:.3g}", f"{apart.relative:.3g}")
    return (change.where, _short(change.first), _short(change.second), *numbers)


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
