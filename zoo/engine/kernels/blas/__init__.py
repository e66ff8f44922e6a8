"""Kernels of NumPy and single-threaded BLAS, on tiles that fit into the cache. Importing this package registers all."""

from zoo.engine.kernels.blas import (  # noqa: F401 - each module fills the registry
    convolution,
    depthwise,
    elementwise,
    indexing,
    kernel_gradient,
    moments,
    movement,
    pool,
    product,
    recurrent,
    reduce,
    softmax,
    sweep,
    transposed,
    winograd,
    winograd_kernel,
)
