"""Random tensors and where their seeds come from: `keras.random`."""

from zoo.engine.rng import SeedGenerator as SeedGenerator
from zoo.engine.rng import set_random_seed as set_random_seed
from zoo.ops.random import beta as beta
from zoo.ops.random import binomial as binomial
from zoo.ops.random import categorical as categorical
from zoo.ops.random import dropout as dropout
from zoo.ops.random import gamma as gamma
from zoo.ops.random import normal as normal
from zoo.ops.random import randint as randint
from zoo.ops.random import shuffle as shuffle
from zoo.ops.random import truncated_normal as truncated_normal
from zoo.ops.random import uniform as uniform
