"""One peer in one process: loads a network, then runs it as often as it is told.

Protocol, one JSON object a line. In: ``{"runs": n}``. Out: first ``{"ready": seconds, "version": ...}``, then for each
request ``{"seconds": [...], "peak_mb": ...}``. The parent tells the peers apart only by name, so that every one of
them is measured by the same lines of code. What the first run gave goes to the file ``$ZOO_BENCHMARK_OUTPUT``, if set.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable

THREADS = os.environ.get("ZOO_BENCHMARK_THREADS", "2")
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ZOO_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
    os.environ.setdefault(_name, THREADS)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def inference() -> tuple[Callable[[], object], str]:
    """The function that runs the network that the command line names, and the version of the peer."""
    peer, network, batch = sys.argv[1], sys.argv[2], int(sys.argv[3])
    module = importlib.import_module(f"benchmarks.peers.{peer}")
    return module.load(network, batch), module.VERSION


def serve(load: Callable[[], tuple[Callable[[], object], str]]) -> None:
    """Loads, and runs when told, until the input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)                                           # what libraries print must not disturb the protocol
    started = time.perf_counter()
    run, version = load()
    result = run()
    print(json.dumps({"ready": time.perf_counter() - started, "version": version}), file=answers)
    if path := os.environ.get("ZOO_BENCHMARK_OUTPUT"):
        numpy = importlib.import_module("numpy")            # loaded long since; threads were set before
        numpy.save(path, numpy.asarray(result if isinstance(result, numpy.ndarray) else result[0], numpy.float32))
    for line in sys.stdin:
        seconds = []
        for _ in range(json.loads(line)["runs"]):
            begin = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - begin)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peak_mb": peak}), file=answers)


if __name__ == "__main__":
    serve(inference)
