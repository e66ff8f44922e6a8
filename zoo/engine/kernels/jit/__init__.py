"""Kernels compiled by Numba. Importing this package registers all; only here is Numba imported."""

from zoo.engine.kernels.jit import (  # noqa: F401 - each module fills the registry
    chain,
    depthwise,
    direct,
    elementwise,
    indexing,
    kernel_gradient,
    moments,
    panels,
    pool,
    product,
    recurrent,
    softmax,
    sweep,
    winograd,
    winograd_gradient,
)
