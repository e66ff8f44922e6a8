"""The tables of `benchmarks.training`, taken over from what it prints."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.tables import Cell, Table

_KEYS = ("network", "trained", "batch", "program", "peer")


def tables(networks: Sequence[str], rounds: int) -> Iterator[Table]:
    """Runs `benchmarks.training` in a process of its own; one table for each that it writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "training.md"
        subprocess.run([sys.executable, "-m", "benchmarks.training", "--rounds", str(rounds), "--output", str(path),
                        "--networks", *networks], check=True, stdout=sys.stderr)
        yield from parsed(path.read_text(encoding="utf-8"))


def parsed(text: str) -> Iterator[Table]:
    """The tables in Markdown; the text before a table is its note."""
    note: list[str] = []
    lines = iter([*text.splitlines(), ""])
    number = 0
    for line in lines:
        if not line.startswith("|"):
            note += [line.lstrip("# ")] if line else []
            continue
        columns, rows = _cells(line), []
        next(lines)                                         # the line of dashes
        for row in lines:
            if not row.startswith("|"):
                break
            rows.append([_number(cell) for cell in _cells(row)])
        number += 1
        name = "training" if number == 1 else f"training{number}"
        keys = max((place + 1 for place, column in enumerate(columns) if column in _KEYS), default=1)
        yield Table(name, "Training" if number == 1 else f"Training ({number})", " ".join(note), tuple(columns),
                    keys=keys).with_rows(rows)
        note = []


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _number(text: str) -> Cell:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text
