"""``zoo scan``: what is unsafe or suspicious in model files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from tqdm import tqdm

from zoo import __version__
from zoo.cli.exit_codes import ExitCode
from zoo.report.tables import Column, clean, table, terminal_width
from zoo.safety import SEVERITIES, Finding, Scanned, at_least, sarif, scan_files

DESCRIPTION = """Look for what is unsafe or suspicious in model files: code, names of code, links to other files, bombs,
data that is hidden or said twice, pickles. Folders are searched with all that is below them, whatever files are called.
Nothing is executed, no model is built, nothing is followed or unpacked. Exit code 0: nothing was found; 1: something
was; 2: nothing was, but something could not be read."""

EXAMPLES = """
zoo scan model.keras
zoo scan ~/Downloads --severity medium
zoo scan --json models/ > findings.json         docs/cli.md has its keys
zoo scan --sarif models/ > findings.sarif       for code hosts and editors
zoo scan --detail old.h5                        with the instructions of lambdas
"""

SCHEMA = "zoo-scan/1"

_COLUMNS = (Column("severity"), Column("rule"), Column("file", keep_end=True), Column("location", keep_end=True),
            Column("message"), Column("advisories"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    parser.add_argument("paths", metavar="PATH", nargs="+", help="a file or folder")
    parser.add_argument("--severity", choices=SEVERITIES, default="low",
                        help="leave out what is less grave (default: low, which leaves out notes)")
    parser.add_argument("--detail", action="store_true", help="show the instructions of code that was found")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--sarif", action="store_true", help="print SARIF 2.1.0")


def run(args: argparse.Namespace) -> int:
    """Scans, prints, and says by the exit code whether something was found."""
    counts = {"files": 0, "examined": 0}
    found = list(_findings(scan_files(args.paths), counts, at_least(args.severity)))
    if args.sarif:
        print(json.dumps(sarif(found, __version__), indent=1))
    elif args.json:
        print(json.dumps({"schema": SCHEMA, **counts, "findings": [asdict(item) for item in found]}, indent=1))
    else:
        _print(found, counts, args.detail)
    if any(item.rule != "unreadable" for item in found):
        return ExitCode.FINDINGS
    return ExitCode.ERROR if found else ExitCode.OK


def _findings(scanned: Iterable[Scanned], counts: dict[str, int], shown: tuple[str, ...]) -> Iterator[Finding]:
    """The findings to be shown; what could not be read always is."""
    for file in tqdm(scanned, unit="file", disable=not sys.stderr.isatty()):
        counts["files"] += 1
        counts["examined"] += file.known
        yield from (item for item in file.findings if item.severity in shown or item.rule == "unreadable")


def _print(found: list[Finding], counts: dict[str, int], with_detail: bool) -> None:
    if found:
        rows = [(item.severity, item.rule, item.file, item.location, item.message, " ".join(item.advisories))
                for item in found]
        print("\n".join(table(_COLUMNS, rows, width=terminal_width(sys.stdout))))
    for item in found if with_detail else ():
        if item.detail:
            print(f"\n{clean(item.file)}: {clean(item.location)}")
            print("\n".join(f"  {clean(line)}" for line in item.detail))
    unread = sum(item.rule == "unreadable" for item in found)
    print(f"{len(found) - unread} findings in {counts['examined']} files of models, arrays and archives"
          + (f"; {unread} could not be read" if unread else "")
          + (f"; {counts['files'] - counts['examined']} other files were passed over"
             if counts["files"] > counts["examined"] else ""), file=sys.stderr)
