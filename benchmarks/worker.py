"""One peer in one process: loads a network, then runs it as often as it is told.

Protocol, one JSON object a line. In: ``{"runs": n}``. Out: first ``{"ready": seconds, "version": ...}``, then for each
request ``{"seconds": [...], "peak_mb": ...}``. The parent tells the peers apart only by name, so that every one of
them is measured by the same lines of code.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time

THREADS = "2"
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ZOO_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
    os.environ.setdefault(_name, THREADS)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main() -> None:
    """Serves one peer until its input ends."""
    peer, network, batch = sys.argv[1], sys.argv[2], int(sys.argv[3])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)                                           # what libraries print must not disturb the protocol
    started = time.perf_counter()
    module = importlib.import_module(f"benchmarks.peers.{peer}")
    run = module.load(network, batch)
    run()
    print(json.dumps({"ready": time.perf_counter() - started, "version": module.VERSION}), file=answers)
    for line in sys.stdin:
        seconds = []
        for _ in range(json.loads(line)["runs"]):
            begin = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - begin)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peak_mb": peak}), file=answers)


if __name__ == "__main__":
    main()
