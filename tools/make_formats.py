"""Writes docs/formats.md: what zoo reads, writes, predicts and resumes, by dialect and container, with counts.

The counts are of files that real releases of Keras wrote (a corpus beside the checkout, not part of it). What is read and
written again is counted here; predictions and resumed training are what the conformance tests said:

    pytest tests/conformance --tallies tallies.json
    python tools/make_formats.py CORPUS tallies.json
"""

from __future__ import annotations

import argparse
import collections
import json
import pathlib
import tempfile
from dataclasses import dataclass, field

from zoo import io
from zoo.errors import ZooError
from zoo.io.dialects import DIALECTS
from zoo.io.formats import CONTAINERS
from zoo.report.difference import difference

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs" / "formats.md"
NAMES = ("model.keras", "trained.keras", "model.h5", "trained.h5", "model.weights.h5", "weights.h5",
         "legacy_weights.h5", "model.json", "model.yaml")
ORDER = ("keras0", "keras1", "keras2", "tfkeras", "keras3", "unknown")
TITLES = {"keras0": "Keras 0.x", "keras1": "Keras 1.x", "keras2": "Keras 2.0 - 2.3", "tfkeras": "tf.keras",
          "keras3": "Keras 3", "unknown": "not told"}

Cell = tuple[str, str]                                      # dialect, container


@dataclass
class Counts:
    """Of one cell; pairs are (good ones, all)."""

    read: list[int] = field(default_factory=lambda: [0, 0])
    again: list[int] = field(default_factory=lambda: [0, 0])
    predicted: list[int] = field(default_factory=lambda: [0, 0])
    resumed: list[int] = field(default_factory=lambda: [0, 0])


def files(corpus: pathlib.Path) -> list[tuple[str, str, pathlib.Path]]:
    """Producer, case and path of every model file."""
    found = [(path.parent.parent.name, path.parent.name, path) for producer in sorted(corpus.iterdir())
             if producer.is_dir() and producer.name != "wild" for case in sorted(producer.iterdir()) if case.is_dir()
             for name in NAMES if (path := case / name).exists()]
    wild = json.loads((corpus / "wild" / "INDEX.json").read_text())
    return found + [("wild", entry["file"], corpus / "wild" / entry["file"]) for entry in wild
                    if not entry["file"].endswith((".npy", "inputs_and_outputs.h5"))]


def examine(corpus: pathlib.Path) -> tuple[dict[Cell, Counts], dict[tuple[str, str, str], Cell], list[str]]:
    """Reads every file and writes it again in its own format and dialect.

    Returns:
        Counts by cell, the cell of each file (by producer, case and file name), and what did not work.
    """
    counts: dict[Cell, Counts] = collections.defaultdict(Counts)
    cells: dict[tuple[str, str, str], Cell] = {}
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for producer, case, path in files(corpus):
            name = f"{producer}/{case}/{path.name}" if producer != "wild" else f"wild/{case}"
            try:
                document = io.read(path)
            except ZooError as error:
                problems.append(f"{name}: not read: {str(error).splitlines()[0]}".replace(f"{path}: ", ""))
                continue
            cell = cells[producer, case, path.name] = document.producer.dialect, document.format
            counts[cell].read[0] += 1
            counts[cell].read[1] += 1
            problem = rewritten(document, pathlib.Path(folder))
            counts[cell].again[1] += 1
            counts[cell].again[0] += problem is None
            if problem is not None:
                problems.append(f"{name}: {problem}".replace(f"{path}: ", ""))
    return dict(counts), cells, problems


def rewritten(document: io.ModelDocument, folder: pathlib.Path) -> str | None:
    """Why a document is not the same after it was written in its own format and dialect; None if it is."""
    container = CONTAINERS[document.format]
    if container.write is None:
        return f"{container.title} is not written"
    target = folder / f"again{container.suffixes[0] if container.suffixes else ''}"
    dialect = document.producer.dialect
    try:
        io.write(document, target, format=document.format, dialect=dialect if dialect in container.dialects else None,
                 overwrite=True)
        again = io.read(target)
        found = difference(document, again)
    except ZooError as error:
        return f"not written again: {str(error).splitlines()[0]}"
    return None if found.same else f"differs when written again: {found.changes[0]}"


def add_tallies(counts: dict[Cell, Counts], cells: dict[tuple[str, str, str], Cell], tallies: pathlib.Path) -> None:
    """Adds what the conformance tests counted: rows are called ``PRODUCER FILE`` and ``resume: PRODUCER FILE``."""
    for row in json.loads(tallies.read_text()):
        title = row["title"].removeprefix("resume: ")
        column = "resumed" if title != row["title"] else "predicted"
        producer, _, file = title.partition(" ")
        for good, names in ((True, row["passed"]), (False, row["failed"]), (False, row["not_yet"])):
            for case in names:
                place = case.rpartition("/")[2] if producer == "wild" else file or "model.h5"
                cell = cells.get((producer, case, place))
                if cell is not None and (producer != "wild" or case not in row["not_yet"]):
                    pair = getattr(counts[cell], column)
                    pair[0] += good
                    pair[1] += 1


def page(counts: dict[Cell, Counts], problems: list[str]) -> str:
    """The page."""
    lines = ["# Formats", "", "Made by `tools/make_formats.py` from files that real releases of Keras wrote. A format has",
             "a **container** (where bytes lie), a **dialect** (whose words it speaks) and a **layout** (how arrays are",
             "ordered); [architecture.md](architecture.md) explains the three. Cells are counts of files: good ones, of",
             "all. *Read*: the document is understood. *Written*: written in its own format and dialect, it is the same",
             "document with the same arrays. *Predicts*: outputs equal those that Keras computed. *Resumes*: training",
             "goes on with the losses and weights that Keras had.", "",
             "| dialect | container | read | written | predicts | resumes |", "|---|---|---|---|---|---|"]
    order = sorted(counts, key=lambda cell: (ORDER.index(cell[0]), cell[1]))
    lines += [f"| {TITLES[dialect]} | `{container}`: {CONTAINERS[container].title} | "
              + " | ".join(shown(pair) for pair in (row.read, row.again, row.predicted, row.resumed)) + " |"
              for dialect, container in order for row in [counts[dialect, container]]]
    writable = [(name, container) for name, container in CONTAINERS.items()]
    lines += ["", "## What can be written", "", "| container | suffixes | holds | dialects |", "|---|---|---|---|"]
    lines += [f"| `{name}` | {' '.join(container.suffixes) or '(a folder)'} | {', '.join(sorted(container.holds))} | "
              f"{', '.join(container.dialects) if container.write is not None else 'read only'} |"
              for name, container in writable]
    lines += ["", "## What is not", "", "Files of the corpus that are not read, or not the same when written again:", ""]
    lines += [f"- {problem.replace('|', '/')}" for problem in problems] or ["- none"]
    return "\n".join(lines) + "\n"


def shown(pair: list[int]) -> str:
    """``12 of 12``, or nothing where nothing was counted."""
    return f"{pair[0]} of {pair[1]}" if pair[1] else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("tallies", type=pathlib.Path, help="from pytest --tallies")
    args = parser.parse_args()
    counts, cells, problems = examine(args.corpus)
    add_tallies(counts, cells, args.tallies)
    assert set(DIALECTS) <= set(ORDER)
    PAGE.write_text(page(counts, problems), encoding="utf-8")
    print(f"{PAGE}: {sum(row.read[0] for row in counts.values())} files, {len(problems)} problems")


if __name__ == "__main__":
    main()
