"""zoo without Numba: the kernels that NumPy alone can do."""

import zoo
from benchmarks.peers.zoo import load as load

VERSION = f"zoo {zoo.__version__}, NumPy only"
zoo.config.config.kernels = "blas"
