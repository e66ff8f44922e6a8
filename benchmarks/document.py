"""Writes the tables of docs/performance.md anew from a file of results.

    python -m benchmarks.document [benchmarks/results/2026-11-22.json]

In the document a table stands between ``<!-- table NAME -->`` and ``<!-- end -->``; the machine is the table
``machine``. What is outside is written by hand.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from benchmarks.tables import Results, latest

DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"
_PLACE = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def update(results: Results, path: Path = DOCUMENT) -> None:
    """Fills in the tables; those that the results lack say so."""
    text = path.read_text(encoding="utf-8")
    filled = _PLACE.sub(lambda found: f"{found[1]}{_content(results, found[2])}\n{found[3]}", text)
    path.write_text(filled, encoding="utf-8")


def _content(results: Results, name: str) -> str:
    if name == "machine":
        return "\n".join([f"Measured on {results.date}.", "", *(f"- {key}: {value}" for key, value in
                                                                results.machine.items())])
    if name not in results.tables:
        return f"Not measured on {results.date}: `python -m benchmarks --tables {name}`."
    content = results.tables[name].markdown().strip()
    picture = results.path.with_name(f"{results.date}-{name}.png")
    return f"{content}\n\n![{name}](../benchmarks/results/{picture.name})" if picture.exists() else content


def main() -> None:
    """Takes the file that is named, or the latest one."""
    if sys.argv[1:]:
        given = Path(sys.argv[1])
        update(Results(given.stem, given.parent))
    else:
        update(latest())


if __name__ == "__main__":
    main()
