"""``python -m tests.fuzz.run --count 20000``: damages files of the corpus and records what becomes of them.

Files are tried in processes of their own, a batch each, with limits of memory and time; what ends the process is the
outcome of the file that it was at.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import resource
import select
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict

from tests.fuzz.outcomes import Outcome, originals, tried

SECONDS = 10
MEMORY = 1 << 30                        # beside what the process has once zoo is imported
BATCH = 250


def worker(start: int, stop: int, seed: int) -> None:
    """Tries the files of those numbers; one line of JSON for each."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    files = originals()
    with tempfile.TemporaryDirectory(prefix="zoo-fuzz-") as folder:
        os.chdir(folder)
        for number in range(start, stop):
            print(json.dumps(asdict(tried(number, files, seed, pathlib.Path(folder)))), flush=True)


def run(count: int, seed: int, first: int = 0) -> Iterator[Outcome]:
    """Yields the outcomes of `count` files."""
    number, stop = first, first + count
    root = pathlib.Path(__file__).resolve().parents[2]
    while number < stop:
        words = [sys.executable, "-m", "tests.fuzz.run", "--worker", str(number), str(min(number + BATCH, stop)),
                 "--seed", str(seed)]
        with subprocess.Popen(words, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            for outcome in _outcomes(process, number):
                yield outcome
                number = outcome.number + 1


def _outcomes(process: subprocess.Popen[str], number: int) -> Iterator[Outcome]:
    """What one process says, and how it ended if it did not say."""
    patience = SECONDS + 50                                 # the first includes starting
    while True:
        began = time.monotonic()
        ready, _, _ = select.select([process.stdout], [], [], patience)
        if not ready:
            process.kill()
            yield Outcome(number, "?", "?", "?", "timeout")
            return
        line = process.stdout.readline()
        if not line:
            if process.wait() == 1:                         # an error of Python: no fault of the file
                raise SystemExit(f"the process for file {number} could not go on; run it with --worker to see why")
            if process.returncode:
                yield Outcome(number, "?", "?", "?", "crash", f"exit code {process.returncode}")
            return
        outcome = Outcome(**json.loads(line))
        slow = time.monotonic() - began > SECONDS and patience == SECONDS
        yield Outcome(**{**asdict(outcome), "result": "timeout"}) if slow else outcome
        number, patience = outcome.number + 1, SECONDS


def table(outcomes: list[Outcome]) -> list[str]:
    """A table in Markdown: producers, and what became of their files."""
    def kind(outcome: Outcome) -> str:
        first = outcome.result.split()[0]
        return first if first in ("loaded", "foreign", "crash", "timeout", "touched") else "refused"
    kinds = ("loaded", "refused", "foreign", "crash", "timeout", "touched")
    counts = Counter((outcome.producer, kind(outcome)) for outcome in outcomes)
    lines = [f"| producer | files | {' | '.join(kinds)} |", f"|---|{'---|' * (len(kinds) + 1)}"]
    for producer in [*sorted({outcome.producer for outcome in outcomes}), "all"]:
        row = [sum(count for (name, found), count in counts.items() if found == each and producer in (name, "all"))
               for each in kinds]
        lines.append(f"| {producer} | {sum(row)} | {' | '.join(map(str, row))} |")
    return lines


def main() -> None:
    """Runs, and prints the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", help="a file for one line of JSON an outcome")
    parser.add_argument("--worker", nargs=2, type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        worker(*args.worker, args.seed)
        return
    outcomes = []
    with open(args.output or os.devnull, "w", encoding="utf-8") as record:
        for outcome in run(args.count, args.seed, args.first):
            outcomes.append(outcome)
            record.write(json.dumps(asdict(outcome)) + "\n")
            record.flush()
            if not outcome.is_right:
                print(outcome.number, outcome.mutation, outcome.file, outcome.result, outcome.detail, flush=True)
    print("\n".join(table(outcomes)))
    print(Counter(outcome.result for outcome in outcomes).most_common())


if __name__ == "__main__":
    main()
