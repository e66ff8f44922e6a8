"""Networks of sequences: inference and steps of training, of every installed peer and of us, taking turns.

    python -m benchmarks.sequences [--networks text_classifier ...] [--modes forward step] [--batches 1 32] [--rounds 5]

The networks are built by the same lines for zoo and for Keras (see `PLANS`); ``forward`` is `predict_on_batch`, or for
Keras on TensorFlow the faster compiled call, ``step`` is `train_on_batch` with SGD. ONNX Runtime runs the file that zoo
exports. All have float32 and two threads, and the same random weights; what ``forward`` gives is compared.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence

from benchmarks.inference import OURS, Peer, measure, present
from benchmarks.sequences_worker import BATCHES, PLANS
from benchmarks.tables import Cell, Table

MODES = ("forward", "step")
PEERS = ("zoo", "zoo_numpy", "keras_tensorflow", "keras_torch", "onnxruntime_zoo")
COLUMNS = ("network", "mode", "batch", "peer", "program", "ms", "best", "ratio", "ready s", "peak MB", "error")


def rows(network: str, mode: str, batch: int, measured: list[Peer]) -> list[list[Cell]]:
    """One row a peer; ratio: how many times faster it is than the fastest peer of others."""
    medians = {peer.name: sorted(peer.seconds)[len(peer.seconds) // 2] * 1000 for peer in measured}
    fastest = min((ms for name, ms in medians.items() if name not in OURS), default=None)
    ours = next((peer.output for peer in measured if peer.name == "zoo"), None)

    def error(peer: Peer) -> float | None:
        known = mode == "forward" and ours is not None and peer.output is not None
        return float(abs(peer.output - ours).max()) if known else None

    return [[network, mode, batch, peer.name, peer.version, medians[peer.name], min(peer.seconds) * 1000,
             None if fastest is None else fastest / medians[peer.name], peer.ready, round(peer.peak_mb), error(peer)]
            for peer in measured]


def table(absent: list[str]) -> Table:
    """The table without rows."""
    return Table("sequences", "Sequences", (
        "Two threads, float32, the same random weights; milliseconds a batch. Medians of runs that took turns. Ratio: "
        "median of the fastest peer / median of this one, so above 1 is faster than every peer. Error: largest "
        f"difference to zoo's output. Absent: {', '.join(absent) or 'none'}."), COLUMNS, keys=4)


def tables(networks: Sequence[str] = tuple(PLANS), modes: Sequence[str] = MODES, batches: Sequence[int] = BATCHES,
           rounds: int = 5, peers: Sequence[str] = PEERS) -> Iterator[Table]:
    """The table of each network, mode and batch size, as soon as it is measured."""
    installed, absent = present(list(peers))
    for network in networks:
        for mode in modes:
            for batch in batches:
                some = [peer for peer in installed if mode == "forward" or not peer.startswith("onnx")]
                measured = measure(f"{network}:{mode}", batch, rounds, some, "benchmarks.sequences_worker")
                yield table(absent).with_rows(rows(network, mode, batch, measured))


def main() -> None:
    """Prints (and writes) the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=list(PLANS), choices=list(PLANS))
    parser.add_argument("--modes", nargs="+", default=list(MODES), choices=list(MODES))
    parser.add_argument("--batches", nargs="+", type=int, default=list(BATCHES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--output", help="also write the table to this file")
    options = parser.parse_args()
    print(time.strftime("%Y-%m-%d"), flush=True)
    result = None
    for part in tables(options.networks, options.modes, options.batches, options.rounds, options.peers):
        print(part.markdown().split("\n\n")[2], flush=True)
        result = part if result is None else result.with_rows([*result.rows, *part.rows])
    if options.output and result is not None:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(result.markdown() + "\n")


if __name__ == "__main__":
    sys.exit(main())
