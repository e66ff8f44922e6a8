"""The definition of every primitive: plain array code, for NumPy and CuPy. Importing this package registers all."""

from zoo.engine.kernels.reference import (  # noqa: F401 - each module fills the registry
    arithmetic,
    cast,
    compare,
    contract,
    convolve,
    custom_gradient,
    elementwise,
    host,
    image,
    indexing,
    linalg,
    movement,
    normalize,
    pool,
    random,
    recurrent,
    reduce,
    spectral,
)
