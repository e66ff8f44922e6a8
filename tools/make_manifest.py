"""Fills in the sha256 and the size of the files that weights_manifest.json names, where they are not known yet.

The bytes come from a folder (a cache, ``~/.keras/models``), or from the network, one file at a time and not kept. What
the publisher promises is checked first, and stays: a file with another md5 or size is told, its entry not changed.

    python tools/make_manifest.py --from ~/.keras/models
    python tools/make_manifest.py --network VGG16 VGG19
    python tools/make_manifest.py --check
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from zoo import hub
from zoo.errors import ZooError
from zoo.hub.hashes import HEX_LENGTHS, Promise, hash_file
from zoo.hub.manifest import parse_manifest

MANIFEST = pathlib.Path(__file__).resolve().parent.parent / "weights_manifest.json"
FACTS = ("md5", "sha256", "size")
BEFORE = "sources"                                          # the facts follow this key, wherever they stood

# From an entry to the facts of its file; None if there is no such file here.
Look = Callable[[hub.WeightsEntry, dict[str, Any]], dict[str, Any] | None]


def in_folder(folder: pathlib.Path) -> Look:
    """Looks at the files of a folder, or of a cache."""
    def look(entry: hub.WeightsEntry, row: dict[str, Any]) -> dict[str, Any] | None:
        found = [path for path in (folder / entry.file, folder / "weights" / entry.file) if path.is_file()]
        return facts(found[0], row) if found else None
    return look


def from_network(entry: hub.WeightsEntry, row: dict[str, Any]) -> dict[str, Any]:
    """Fetches a file, looks at it, and throws it away."""
    with tempfile.TemporaryDirectory() as folder:
        return facts(hub.collect(entry, folder), row)


def facts(path: pathlib.Path, row: dict[str, Any]) -> dict[str, Any]:
    """What is true of a file, after a check of what its row in the manifest says.

    Raises:
        ValueError: it is another file.
    """
    digests = hash_file(path, HEX_LENGTHS)
    found = digests | {"size": path.stat().st_size}
    wrong = [f"{key}: expected {row[key]}, received {found[key]}" for key in FACTS
             if row.get(key) not in (None, found[key])]
    if not any(key in row for key in HEX_LENGTHS) and (flaw := Promise(None, None).flaw(path, digests)):
        wrong.append(flaw)
    if wrong:
        raise ValueError(f"{path}: {'; '.join(wrong)}")
    return {key: found[key] for key in FACTS if key != "md5" or key in row}


def completed(row: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """The row with the facts behind its sources."""
    new: dict[str, Any] = {}
    for key, value in row.items():
        if key not in FACTS:
            new[key] = value
        if key == BEFORE:
            new |= found
    return new


def fill(document: dict[str, Any], folder: pathlib.Path, models: set[str], look: Look) -> tuple[int, list[str]]:
    """Completes the rows of a manifest in place; returns how many, and what went wrong."""
    done, problems = 0, []
    for number, entry in enumerate(parse_manifest(document, folder, "The manifest").entries):
        row = document["weights"][number]
        if {"sha256", "size"} <= row.keys() or (models and entry.model.casefold() not in models):
            continue
        try:
            found = look(entry, row)
        except (ZooError, ValueError) as error:
            problems.append(f"{entry}: {error}")
            continue
        if found is not None:
            document["weights"][number] = completed(row, found)
            done += 1
            print(f"{entry}: {found['size']} bytes, sha256 {found['sha256']}", flush=True)
    return done, problems


def write(document: dict[str, Any], path: pathlib.Path) -> None:
    """Puts a valid manifest in place of the one at `path`, in one step."""
    parse_manifest(document, path.parent, str(path))
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    os.replace(draft, path)


def main(arguments: list[str] | None = None) -> int:
    """Returns 0, or 1 if a file is not what the manifest says or cannot be had."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", metavar="MODEL", nargs="*", help="only these (all if none is named)")
    parser.add_argument("--manifest", type=pathlib.Path, default=MANIFEST, help="default: %(default)s")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--from", dest="folder", type=pathlib.Path, metavar="FOLDER", help="hash the files of a folder")
    where.add_argument("--network", action="store_true", help="fetch every file")
    where.add_argument("--check", action="store_true", help="only say whether the manifest is valid, and what it lacks")
    args = parser.parse_args(arguments)
    document = json.loads(args.manifest.read_text(encoding="utf-8"))
    home = args.manifest.absolute().parent
    done, problems = 0, []
    if args.check:
        parse_manifest(document, home, str(args.manifest))
    else:
        look = from_network if args.network else in_folder(args.folder)
        done, problems = fill(document, home, {model.casefold() for model in args.models}, look)
        if done:
            write(document, args.manifest)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    rows = document["weights"]
    lacking = [f"{sum(key not in row for row in rows)} of {len(rows)} have no {key}" for key in ("sha256", "size")]
    print(f"{done} completed; {', '.join(lacking)}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
