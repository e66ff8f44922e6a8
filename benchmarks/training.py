"""Training: we and every installed Keras, in one run, taking turns: medians, and ratios to the fastest peer.

    python -m benchmarks.training [--networks ResNet50 MobileNetV2] [--modes fit] [--rounds 7] [--output table.md]

The networks are built by the same lines for all (see `benchmarks.networks`), with SGD and momentum, float32, two
threads. Modes: ``all layers`` and ``frozen`` are steps (`train_on_batch`), of which the latter changes a new last layer
only; ``fit`` is five epochs of `fit` over some images with such a frozen base, from the first to the last line of it.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time

from benchmarks.inference import Peer, installed, measure
from benchmarks.networks import BASES, BATCHES

PEERS = {"zoo": "zoo", "keras_tensorflow": "tensorflow", "keras_torch": "torch"}
MODES = ("all layers", "frozen", "fit")
EPOCHS, IMAGES = 5, 64                                      # of ``fit``


def images_of(mode: str, batch: int) -> int:
    """How many images one run has before it."""
    return IMAGES if mode == "fit" else batch


def rows(network: str, mode: str, batch: int, measured: list[Peer]) -> list[str]:
    """Markdown rows: milliseconds an image (and epoch), and how many times the fastest peer's time each takes."""
    images = images_of(mode, batch) * (EPOCHS if mode == "fit" else 1)
    medians = {peer.name: statistics.median(peer.seconds) * 1000 / images for peer in measured}
    fastest = min((ms for peer, ms in medians.items() if peer != "zoo"), default=float("nan"))
    return [f"| {network} | {mode} | {batch} | {peer.version} | {medians[peer.name]:.2f} | "
            f"{min(peer.seconds) * 1000 / images:.2f} | {fastest / medians[peer.name]:.2f} | {peer.ready:.1f} | "
            f"{peer.peak_mb:.0f} |" for peer in measured]


def main() -> None:
    """Prints (and writes) the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=list(BASES), choices=list(BASES))
    parser.add_argument("--modes", nargs="+", default=MODES, choices=MODES)
    parser.add_argument("--batch", type=int, help="16 if not given, of VGG16 8")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--output", help="also write the table to this file")
    options = parser.parse_args()
    absent = [name for name in options.peers if not installed(PEERS[name])]
    peers = [name for name in options.peers if name not in absent]
    lines = [f"{platform.processor() or platform.machine()}, 2 threads, float32, {time.strftime('%Y-%m-%d')}. Ratio: "
             f"time of the fastest peer / time of this one (above 1 is faster than every peer). "
             f"Absent: {', '.join(absent) or 'none'}.", "",
             "| network | trained | batch | program | median ms/image | best | ratio | ready s | peak MB |",
             "|---|---|---|---|---|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    for network in options.networks:
        batch = options.batch or BATCHES.get(network, 16)
        for mode in options.modes:
            rounds = 1 if mode == "fit" else options.rounds
            found = rows(network, mode, batch, measure(f"{network}:{mode}", batch, rounds, peers,
                                                       worker="benchmarks.training_worker"))
            print("\n".join(found), flush=True)
            lines += found
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
