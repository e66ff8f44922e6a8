"""Every installed peer and we, in one run, taking turns: medians, and ratios to the fastest peer.

    python -m benchmarks.inference [--networks VGG16 MobileNet] [--batches 1 8] [--rounds 7] [--output table.md]

Each peer runs in a process of its own with two threads (see `benchmarks/peers` for its exact settings); the turns go
round and round, so that a slow minute of the machine hits all alike. A peer that is not installed is named as absent.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field

PEERS = {"zoo": "zoo", "onnxruntime": "onnxruntime", "openvino": "openvino", "keras_tensorflow": "tensorflow",
         "keras_torch": "torch"}


@dataclass
class Peer:
    """A worker process and what it measured."""

    name: str
    process: subprocess.Popen[str]
    version: str = ""
    ready: float = 0.0
    peak_mb: float = 0.0
    seconds: list[float] = field(default_factory=list)

    @classmethod
    def start(cls, name: str, network: str, batch: int, worker: str) -> Peer | None:
        """A running worker, or None if it could not be started (its own words have been printed)."""
        process = subprocess.Popen([sys.executable, "-m", worker, name, network, str(batch)], text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        first = process.stdout.readline()
        if not first:
            print(f"{name}: could not be started for {network}", file=sys.stderr)
            return None
        answer = json.loads(first)
        return cls(name, process, answer["version"], answer["ready"])

    def turn(self, runs: int) -> None:
        """Runs the network a few times."""
        self.process.stdin.write(json.dumps({"runs": runs}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.seconds += answer["seconds"]
        self.peak_mb = answer["peak_mb"]
        time.sleep(0.05)                                    # lets spinning threads of this peer come to rest


def installed(package: str) -> bool:
    """Whether the package can be imported, found out in another process."""
    return subprocess.run([sys.executable, "-c", f"import importlib.util as u, sys; "
                           f"sys.exit(u.find_spec({package!r}) is None)"]).returncode == 0


def measure(network: str, batch: int, rounds: int, peers: list[str], worker: str = "benchmarks.worker") -> list[Peer]:
    """All peers on one network and batch size, taking turns; `worker` is the module that each process runs."""
    started = [peer for name in peers if (peer := Peer.start(name, network, batch, worker))]
    slowest = 0.3
    for _ in range(rounds):
        for peer in started:
            typical = statistics.median(peer.seconds) if peer.seconds else slowest
            peer.turn(max(1, min(10, round(slowest / typical))))
    for peer in started:
        peer.process.stdin.close()
        peer.process.wait()
    return started


def rows(network: str, batch: int, measured: list[Peer]) -> list[str]:
    """Markdown rows: milliseconds an image, and how many times the fastest peer's time each takes."""
    medians = {peer.name: statistics.median(peer.seconds) * 1000 / batch for peer in measured}
    others = [ms for name, ms in medians.items() if name != "zoo"]
    fastest = min(others, default=float("nan"))
    return [f"| {network} | {batch} | {peer.version} | {medians[peer.name]:.1f} | "
            f"{min(peer.seconds) * 1000 / batch:.1f} | {fastest / medians[peer.name]:.2f} | {peer.ready:.1f} | "
            f"{peer.peak_mb:.0f} |" for peer in measured]


def main() -> None:
    """Prints (and writes) the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=["VGG16", "MobileNet"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peers", nargs="+", default=list(PEERS))
    parser.add_argument("--output", help="also write the table to this file")
    options = parser.parse_args()
    absent = [name for name in options.peers if not installed(PEERS[name])]
    peers = [name for name in options.peers if name not in absent]
    lines = [f"{platform.processor() or platform.machine()}, 2 threads, float32, random weights, "
             f"{time.strftime('%Y-%m-%d')}. Ratio: time of the fastest peer / time of this one (above 1 is faster "
             f"than every peer). Absent: {', '.join(absent) or 'none'}.", "",
             "| network | batch | program | median ms/image | best | ratio | ready s | peak MB |",
             "|---|---|---|---|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    for network in options.networks:
        for batch in options.batches:
            found = rows(network, batch, measure(network, batch, options.rounds, peers))
            print("\n".join(found), flush=True)
            lines += found
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
