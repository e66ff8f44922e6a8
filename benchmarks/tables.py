"""What is measured, as tables: kept in a dated file, joined over runs, shown as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Rows of one kind of measurement.

    Args:
        name: one word; a table of the same name in the file of the day takes the new rows.
        title, note: what was measured, and how.
        columns: their names. Numbers are rounded when they are shown.
        rows: cells; None is shown as a dash.
        keys: how many of the first columns say what a row is about; a later row of the same keys replaces it.
        run: how many of the first columns say of which run it is; rows of a later run replace all of an earlier one.
            None for as many as `keys`.
    """

    name: str
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()
    keys: int = 1
    run: int | None = None

    def with_rows(self, rows: Iterable[Iterable[Cell]]) -> Table:
        """The table with these rows; rows that they replace keep their place."""
        new = {tuple(row)[:self.keys]: tuple(row) for row in rows}
        run = self.keys if self.run is None else self.run
        again = {keys[:run] for keys in new}
        joined = {row[:self.keys]: row for row in self.rows if row[:self.keys] in new or row[:run] not in again}
        return replace(self, rows=tuple((joined | new).values()))

    def markdown(self) -> str:
        """The table with its title and note."""
        lines = [f"| {' | '.join(self.columns)} |", f"|{'---|' * len(self.columns)}",
                 *(f"| {' | '.join(map(shown, row))} |" for row in self.rows)]
        return f"### {self.title}\n\n{self.note}\n\n" + "\n".join(lines) + "\n"

    def column(self, name: str) -> int:
        """Place of a column."""
        return self.columns.index(name)


def shown(cell: Cell) -> str:
    """A cell as text: three digits of a number, all of an integer."""
    if cell is None:
        return "-"
    if not isinstance(cell, float):
        return str(cell)
    return f"{cell:.0f}" if abs(cell) >= 100 else f"{cell:.3g}"


class Results:
    """The file of one day: a machine, and tables by name.

    Args:
        date: as ``2026-11-22``.
        folder: where ``<date>.json`` and ``<date>.md`` are.
    """

    def __init__(self, date: str, folder: Path = RESULTS):
        self.date, self.path = date, folder / f"{date}.json"
        content = json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else {}
        self.machine: dict[str, Any] = content.get("machine", {})
        self.tables = {name: Table(**{**table, "columns": tuple(table["columns"]),
                                      "rows": tuple(map(tuple, table["rows"]))})
                       for name, table in content.get("tables", {}).items()}

    def add(self, table: Table) -> None:
        """Joins a table with the one of its name, and writes the files."""
        known = self.tables.get(table.name)
        same = known is not None and known.columns == table.columns
        self.tables[table.name] = replace(table, rows=known.rows).with_rows(table.rows) if same else table
        self.save()

    def save(self) -> None:
        """Writes both files."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        content = {"date": self.date, "machine": self.machine,
                   "tables": {name: asdict(table) for name, table in self.tables.items()}}
        self.path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        self.path.with_suffix(".md").write_text(self.markdown(), encoding="utf-8")

    def markdown(self) -> str:
        """The machine, and all tables."""
        machine = "\n".join(f"- {key}: {value}" for key, value in self.machine.items())
        return "\n".join([f"## Measured on {self.date}\n\n{machine}\n",
                          *(table.markdown() for table in self.tables.values())])


def latest(folder: Path = RESULTS) -> Results:
    """The results of the last day that has any."""
    dates = sorted(path.stem for path in folder.glob("????-??-??.json"))
    if not dates:
        raise SystemExit(f"{folder} has no results yet: run python -m benchmarks")
    return Results(dates[-1], folder)
