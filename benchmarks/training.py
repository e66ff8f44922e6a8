"""Steps of training: we and every installed Keras, in one run, taking turns: medians, and ratios to the fastest peer.

    python -m benchmarks.training [--networks resnet_like mobilenet_like] [--batch 16] [--rounds 7] [--output table.md]

Each network is trained with all its layers, and with a frozen base and a new last layer. The networks are built by the
same lines for all (see `benchmarks.networks`); a step is `train_on_batch` with SGD and momentum, float32, two threads.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time

from benchmarks.inference import Peer, installed, measure
from benchmarks.networks import PLANS

PEERS = {"zoo": "zoo", "keras_tensorflow": "tensorflow", "keras_torch": "torch"}


def rows(network: str, batch: int, measured: list[Peer]) -> list[str]:
    """Markdown rows: milliseconds a step, and how many times the fastest peer's time each takes."""
    name, _, mode = network.partition(":")
    medians = {peer.name: statistics.median(peer.seconds) * 1000 for peer in measured}
    fastest = min((ms for peer, ms in medians.items() if peer != "zoo"), default=float("nan"))
    return [f"| {name} | {mode or 'all layers'} | {batch} | {peer.version} | {medians[peer.name]:.1f} | "
            f"{min(peer.seconds) * 1000:.1f} | {fastest / medians[peer.name]:.2f} | {peer.ready:.1f} | "
            f"{peer.peak_mb:.0f} |" for peer in measured]


def main() -> None:
    """Prints (and writes) the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=list(PLANS), choices=list(PLANS))
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--output", help="also write the table to this file")
    options = parser.parse_args()
    absent = [name for name in options.peers if not installed(PEERS[name])]
    peers = [name for name in options.peers if name not in absent]
    lines = [f"{platform.processor() or platform.machine()}, 2 threads, float32, {time.strftime('%Y-%m-%d')}. Ratio: "
             f"time of the fastest peer / time of this one (above 1 is faster than every peer). "
             f"Absent: {', '.join(absent) or 'none'}.", "",
             "| network | trained | batch | program | median ms/step | best | ratio | ready s | peak MB |",
             "|---|---|---|---|---|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    for network in (f"{name}{mode}" for name in options.networks for mode in ("", ":frozen")):
        found = rows(network, options.batch, measure(network, options.batch, options.rounds, peers,
                                                     worker="benchmarks.training_worker"))
        print("\n".join(found), flush=True)
        lines += found
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
