"""The conformance tests with each family of kernels alone: how many cases passed. Takes a quarter of an hour.

    python -m benchmarks --tables conformance

``reference`` is the definitions; ``blas`` and ``jit`` are that family, with the definitions for what it lacks.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks.tables import Cell, Table

FAMILIES = ("reference", "blas", "jit", "reference,blas,jit")
TESTS = Path(__file__).parent.parent / "tests" / "conformance"


def table() -> Table:
    """Runs the tests once a family and file."""
    rows: list[list[Cell]] = []
    with tempfile.TemporaryDirectory() as folder:
        for family in FAMILIES:
            for test in sorted(TESTS.glob("test_*.py")):
                path = Path(folder) / f"{family}-{test.stem}.json"
                subprocess.run([sys.executable, "-m", "pytest", "-q", str(test), "--kernels", family, "--tallies",
                                str(path)], stdout=subprocess.DEVNULL, cwd=TESTS.parent.parent, check=False)
                rows.append([family, test.stem.removeprefix("test_"), *counts([path])])
    return counted(rows)


def counts(paths: Iterable[Path]) -> list[int]:
    """Passed, failed and not yet, in files of counts (pytest --tallies)."""
    tallies = [tally for path in paths for tally in json.loads(path.read_text())]
    return [sum(len(tally[kind]) for tally in tallies) for kind in ("passed", "failed", "not_yet")]


def counted(rows: Iterable[list[Cell]]) -> Table:
    """The table of these rows."""
    return Table("conformance", "Conformance with each family of kernels", (
        "Cases of the corpus of Keras's files and numbers, by test file; the tests name those \"not yet\" with a reason. "
        "blas and jit: that family alone, with the definitions for what it lacks."),
        ("kernels", "tests", "passed", "failed", "not yet"), keys=2).with_rows(rows)
