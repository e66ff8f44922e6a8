"""Every installed peer and we, in one run, taking turns: medians, and ratios to the fastest peer.

    python -m benchmarks.inference [--networks VGG16 MobileNet] [--batches 1 8] [--rounds 7] [--output table.md]

Each peer runs in a process of its own with two threads (see `benchmarks/peers` for its exact settings); the turns go
round and round, so that a slow minute of the machine hits all alike. A peer that is not installed is named as absent.
All have the same random weights (but ONNX Runtime on the file of Keras's own exporter, which is there for its speed),
and what they compute is compared with zoo's reference kernels.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.tables import Cell, Table

PEERS = {"zoo": "zoo", "zoo_numpy": "zoo", "onnxruntime_zoo": "onnxruntime", "onnxruntime": "onnxruntime",
         "openvino": "openvino", "keras_tensorflow": "tensorflow", "keras_torch": "torch"}
OURS = ("zoo", "zoo_numpy", "zoo_reference")
OTHER_WEIGHTS = ("onnxruntime",)                            # cannot be compared number by number
NETWORKS = ("VGG16", "ResNet50", "MobileNetV2", "EfficientNetB0")
COLUMNS = ("network", "batch", "peer", "program", "ms/image", "best", "ratio", "ready s", "peak MB", "error")


@dataclass
class Peer:
    """A worker process and what it measured."""

    name: str
    process: subprocess.Popen[str]
    version: str = ""
    ready: float = 0.0
    peak_mb: float = 0.0
    seconds: list[float] = field(default_factory=list)
    output: np.ndarray | None = None

    @classmethod
    def start(cls, name: str, network: str, batch: int, worker: str) -> Peer | None:
        """A running worker, or None if it could not be started (its own words have been printed)."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "output.npy"
            process = subprocess.Popen([sys.executable, "-m", worker, name, network, str(batch)], text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       env=os.environ | {"ZOO_BENCHMARK_OUTPUT": str(file)})
            first = process.stdout.readline()
            if not first:
                print(f"{name}: could not be started for {network}", file=sys.stderr)
                return None
            answer = json.loads(first)
            peer = cls(name, process, answer["version"], answer["ready"])
            peer.turn(1)                                    # by then the output has been written
            peer.seconds.clear()
            peer.output = np.load(file) if file.exists() else None
            return peer

    def turn(self, runs: int) -> None:
        """Runs the network a few times."""
        self.process.stdin.write(json.dumps({"runs": runs}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.seconds += answer["seconds"]
        self.peak_mb = answer["peak_mb"]
        time.sleep(0.05)                                    # lets spinning threads of this peer come to rest

    def stop(self) -> None:
        """Ends the process."""
        self.process.stdin.close()
        self.process.wait()


def installed(package: str) -> bool:
    """Whether the package can be imported, found out in another process."""
    return subprocess.run([sys.executable, "-c", f"import importlib.util as u, sys; "
                           f"sys.exit(u.find_spec({package!r}) is None)"]).returncode == 0


def present(peers: list[str]) -> tuple[list[str], list[str]]:
    """Those that are installed, and those that are not."""
    absent = [name for name in peers if not installed(PEERS[name])]
    return [name for name in peers if name not in absent], absent


def measure(network: str, batch: int, rounds: int, peers: list[str], worker: str = "benchmarks.worker") -> list[Peer]:
    """All peers on one network and batch size, taking turns; `worker` is the module that each process runs."""
    started = [peer for name in peers if (peer := Peer.start(name, network, batch, worker))]
    slowest = 0.3
    for _ in range(rounds):
        for peer in started:
            typical = statistics.median(peer.seconds) if peer.seconds else slowest
            peer.turn(max(1, min(10, round(slowest / typical))))
    for peer in started:
        peer.stop()
    return started


def reference(network: str, batch: int) -> np.ndarray | None:
    """What the reference kernels compute of the same input."""
    peer = Peer.start("zoo_reference", network, batch, "benchmarks.worker")
    if peer is None:
        return None
    peer.stop()
    return peer.output


def error(peer: Peer, expected: np.ndarray | None) -> float | None:
    """Largest difference to the reference kernels, in standard deviations of their output; None if not comparable."""
    if expected is None or peer.output is None or peer.name in OTHER_WEIGHTS:
        return None
    return float(np.abs(peer.output - expected).max() / expected.std())


def rows(network: str, batch: int, measured: list[Peer], expected: np.ndarray | None = None) -> list[list[Cell]]:
    """One row a peer; ratio: how many times faster it is than the fastest peer of others."""
    medians = {peer.name: statistics.median(peer.seconds) * 1000 / batch for peer in measured}
    fastest = min((ms for name, ms in medians.items() if name not in OURS), default=None)
    return [[network, batch, peer.name, peer.version, medians[peer.name], min(peer.seconds) * 1000 / batch,
             None if fastest is None else fastest / medians[peer.name], peer.ready, round(peer.peak_mb),
             error(peer, expected)] for peer in measured]


def table(absent: list[str]) -> Table:
    """The table without rows."""
    return Table("inference", "Inference", (
        "Two threads, float32, the same random weights, images of 224x224. Medians of runs that took turns. Ratio: "
        "median of the fastest peer / median of this one, so above 1 is faster than every peer. Ready: from the start "
        "of loading to the end of the first run. Error: largest difference to zoo's reference kernels, in standard "
        f"deviations of the logits. Absent: {', '.join(absent) or 'none'}."), COLUMNS, keys=3, run=2)


def main() -> None:
    """Prints (and writes) the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS))
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--no-check", action="store_true", help="do not compare with the reference kernels")
    parser.add_argument("--output", help="also write the table to this file")
    options = parser.parse_args()
    peers, absent = present(options.peers)
    print(f"{platform.processor() or platform.machine()}, {time.strftime('%Y-%m-%d')}", flush=True)
    result = table(absent)
    for network in options.networks:
        for batch in options.batches:
            expected = None if options.no_check else reference(network, batch)
            found = rows(network, batch, measure(network, batch, options.rounds, peers), expected)
            print(result.with_rows(found).markdown().split("\n\n")[2], flush=True)
            result = result.with_rows([*result.rows, *found])
    if options.output:
        Path(options.output).write_text(result.markdown(), encoding="utf-8")


if __name__ == "__main__":
    main()
