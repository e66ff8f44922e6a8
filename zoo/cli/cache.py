"""``zoo cache``: what is in the cache of weight files and compiled kernels, whether it is right, and making room."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from zoo import hub
from zoo.cli.exit_codes import ExitCode
from zoo.engine.machine_code import store
from zoo.hub import cache, upkeep
from zoo.report.inspection import in_bytes
from zoo.report.tables import Column, clean, table, terminal_width

DESCRIPTION = """Show the weight files and compiled kernels that zoo keeps (list), read all weight files again and say
which are wrong (verify; exit code 1 if any is), or remove unfinished downloads, wrong files and kernels of other
versions or processors (prune), which is not asked about: --dry-run shows what would go. Only the cache is changed,
never the folders of ZOO_WEIGHTS_PATH or Keras's."""

EXAMPLES = """
zoo cache list
zoo cache verify --json
zoo cache prune --older-than 90 --dry-run
zoo cache prune --all
"""

SCHEMA = "zoo-cache/1"

_FILES = (Column("file"), Column("size", right=True), Column("of"), Column("since"), Column("from", keep_end=True))
_OTHER = "for another version or processor"
_CHECKED = (Column("file"), Column("size", right=True), Column("state"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of this command."""
    parser.add_argument("action", choices=("list", "verify", "prune"))
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--older-than", type=_days, metavar="DAYS",
                        help="prune: also files that were brought longer ago")
    parser.add_argument("--all", action="store_true", help="prune: everything")
    parser.add_argument("--dry-run", action="store_true", help="prune: say what would be removed, and remove nothing")
    parser.set_defaults(usage_error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Does what was asked for."""
    if args.action != "prune" and (args.older_than is not None or args.all or args.dry_run):
        args.usage_error(f"--older-than, --all and --dry-run belong to prune, not to {args.action}")
    return {"list": _list, "verify": _verify, "prune": _prune}[args.action](args)


def _list(args: argparse.Namespace) -> int:
    entries = {entry.file: str(entry) for entry in hub.weights_manifest().entries}
    files = [_describe(path, entries) for path in cache.cached_files()]
    kept = store.kept()
    if args.json:
        return _print_json(files=files, kernels=[{"path": str(entry.path), "functions": entry.functions,
                                                  "bytes": entry.size, "current": entry.current} for entry in kept])
    rows = [(file["file"], in_bytes(file["bytes"]), file["of"], file["recorded"], file["origin"]) for file in files]
    _print_table(_FILES, rows)
    print(f"{len(files)} files, {in_bytes(sum(file['bytes'] for file in files))}, in {cache.weights_folder()}")
    for entry in (entry for entry in kept if entry.current):
        print(f"{entry.functions} compiled kernels, {in_bytes(entry.size)}, in use, in {entry.path}")
    if others := [entry for entry in kept if not entry.current]:
        print(f"compiled kernels {_OTHER}: {in_bytes(sum(entry.size for entry in others))}, in "
              f"{others[0].path.parent}; zoo cache prune removes them")
    return ExitCode.OK


def _verify(args: argparse.Namespace) -> int:
    flaws = cache.verify(hub.weights_manifest().entries)
    wrong = sum(flaw not in (None, cache.NOTHING_KNOWN) for flaw in flaws.values())
    if args.json:
        _print_json(files=[{"file": path.name, "path": str(path), "bytes": path.stat().st_size, "state": _state(flaw),
                            "flaw": flaw} for path, flaw in flaws.items()])
    else:
        _print_table(_CHECKED, ((path.name, in_bytes(path.stat().st_size), flaw or "right")
                                for path, flaw in flaws.items()))
        print(f"{len(flaws)} files, {wrong} wrong, in {cache.weights_folder()}")
    return ExitCode.FINDINGS if wrong else ExitCode.OK


def _prune(args: argparse.Namespace) -> int:
    found = upkeep.removals(hub.weights_manifest().entries, older_than=args.older_than, everything=args.all)
    kernels = [entry for entry in store.kept() if args.all or not entry.current]
    gone = []
    for removal in found if args.dry_run else upkeep.prune(found):
        gone.append(removal)
        if not args.json:
            print(clean(f"{removal.path} ({in_bytes(removal.size)}): {removal.reason}"), flush=True)
    for removal in found:
        if removal not in gone:
            print(f"zoo: note: {removal.path} stays: another process is working on it", file=sys.stderr)
    for entry in kernels:
        gone.append(upkeep.Removal(entry.path, entry.size, "compiled kernels" if entry.current else
                                   f"compiled kernels {_OTHER}"))
        if not args.dry_run:
            store.remove(entry)
        if not args.json:
            print(clean(f"{entry.path} ({in_bytes(entry.size)}): {gone[-1].reason}"), flush=True)
    if args.json:
        return _print_json(dry_run=args.dry_run, removed=[
            {"path": str(removal.path), "bytes": removal.size, "reason": removal.reason} for removal in gone])
    total = in_bytes(sum(removal.size for removal in gone))
    print(f"{len(gone)} files, {total}, {'would be removed' if args.dry_run else 'removed'}")
    return ExitCode.OK


def _describe(path: Path, entries: dict[str, str]) -> dict[str, Any]:
    record = cache.read_record(cache.record_beside(path))
    return {"file": path.name, "path": str(path), "bytes": path.stat().st_size, "of": entries.get(path.name),
            "origin": record and record.origin, "recorded": record and record.recorded,
            "sha256": record and record.digests["sha256"]}


def _state(flaw: str | None) -> str:
    return {None: "right", cache.NOTHING_KNOWN: "unknown"}.get(flaw, "wrong")


def _print_json(**content: Any) -> int:
    print(json.dumps({"schema": SCHEMA, "folder": str(cache.weights_folder())} | content, indent=1))
    return ExitCode.OK


def _print_table(columns: tuple[Column, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    rows = list(rows)
    for line in table(columns, rows, width=terminal_width(sys.stdout)) if rows else ():
        print(line)


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of days, received {text!r}")
    return days
