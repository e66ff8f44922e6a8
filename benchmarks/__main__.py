"""All tables, with one command.

    python -m benchmarks [--tables inference cold ...] [--networks VGG16 ...] [--batches 1 8] [--rounds 5]

Each table is written to ``benchmarks/results/<date>.json`` and ``.md`` as soon as it is measured, so that tables can be
measured apart from each other and on the same day go to one file; rows measured again replace the old ones. At the end
pictures are drawn (if matplotlib is installed), and the tables of docs/performance.md are written anew. Nothing else
should run on the machine meanwhile.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import (cold, conformance, document, fitting, footprint, inference, machine, plots, scaling, sequences,
                        starting)
from benchmarks.peers.models import FOLDER
from benchmarks.tables import RESULTS, Results, Table


def _inference(options: argparse.Namespace) -> Iterator[Table]:
    peers, absent = inference.present(options.peers)
    for network in options.networks:
        for batch in options.batches:
            expected = inference.reference(network, batch)
            measured = inference.measure(network, batch, options.rounds, peers)
            yield inference.table(absent).with_rows(inference.rows(network, batch, measured, expected))


def _imports(options: argparse.Namespace) -> Iterator[Table]:
    yield footprint.imports(cold.files(FOLDER)[".h5"], options.rounds)
    yield footprint.sizes()


def _scaling(options: argparse.Namespace) -> Iterator[Table]:
    yield scaling.networks(seconds=0.2 * options.rounds)


TABLES: dict[str, Callable[[argparse.Namespace], Iterator[Table]]] = {
    "inference": _inference,
    "training": lambda options: fitting.tables(options.networks, options.rounds),
    "sequences": lambda options: sequences.tables(rounds=options.rounds),
    "cold": lambda options: iter([cold.measure(FOLDER, options.rounds, options.peers)]),
    "starting": lambda options: iter([starting.table(options.networks, options.rounds)]),
    "imports": _imports,
    "scaling": _scaling,
    "classify": lambda options: iter([scaling.classify()]),
    "conformance": lambda options: iter([conformance.table()]),
}
DEFAULT = [name for name in TABLES if name != "conformance"]    # which takes long, and no timing


def main() -> None:
    """Measures, and writes what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", nargs="+", default=DEFAULT, choices=list(TABLES))
    parser.add_argument("--networks", nargs="+", default=list(inference.NETWORKS))
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", nargs="+", default=list(inference.PEERS), choices=list(inference.PEERS))
    parser.add_argument("--date", default=time.strftime("%Y-%m-%d"), help="of the file of results")
    parser.add_argument("--folder", type=Path, default=RESULTS, help="where the results are (default: %(default)s)")
    options = parser.parse_args()
    results = Results(options.date, options.folder)
    results.machine = machine.description()
    for name in options.tables:
        for table in TABLES[name](options):
            results.add(table)
            print(table.markdown(), flush=True)
    for path in plots.draw(results):
        print(f"drawn: {path}")
    document.update(results)


if __name__ == "__main__":
    main()
