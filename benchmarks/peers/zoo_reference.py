"""zoo by the definitions of its primitives: not fast, but what the others are compared with."""

import zoo
from benchmarks.peers.zoo import load as load

VERSION = f"zoo {zoo.__version__}, definitions"
zoo.config.config.kernels = "reference"
