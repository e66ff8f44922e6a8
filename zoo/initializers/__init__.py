"""First values of weights, as in `keras.initializers`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from zoo import serialization
from zoo.initializers.constant import STFT as STFT
from zoo.initializers.constant import Constant as Constant
from zoo.initializers.constant import Identity as Identity
from zoo.initializers.constant import Ones as Ones
from zoo.initializers.constant import Zeros as Zeros
from zoo.initializers.initializer import Initializer as Initializer
from zoo.initializers.random import GlorotNormal as GlorotNormal
from zoo.initializers.random import GlorotUniform as GlorotUniform
from zoo.initializers.random import HeNormal as HeNormal
from zoo.initializers.random import HeUniform as HeUniform
from zoo.initializers.random import LecunNormal as LecunNormal
from zoo.initializers.random import LecunUniform as LecunUniform
from zoo.initializers.random import Orthogonal as Orthogonal
from zoo.initializers.random import RandomInitializer as RandomInitializer
from zoo.initializers.random import RandomNormal as RandomNormal
from zoo.initializers.random import RandomUniform as RandomUniform
from zoo.initializers.random import TruncatedNormal as TruncatedNormal
from zoo.initializers.random import VarianceScaling as VarianceScaling

IdentityInitializer, OrthogonalInitializer, STFTInitializer = Identity, Orthogonal, STFT
zeros, ones, constant, identity, stft = Zeros, Ones, Constant, Identity, STFT
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
variance_scaling, orthogonal = VarianceScaling, Orthogonal
glorot_normal, glorot_uniform = GlorotNormal, GlorotUniform
he_normal, he_uniform, lecun_normal, lecun_uniform = HeNormal, HeUniform, LecunNormal, LecunUniform

#: every name, aliases included
ALL: dict[str, type] = {
    **{cls.__name__: cls for cls in (
        Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Identity, LecunNormal, LecunUniform, Ones,
        Orthogonal, RandomNormal, RandomUniform, STFT, TruncatedNormal, VarianceScaling, Zeros)},
    "IdentityInitializer": Identity, "OrthogonalInitializer": Orthogonal, "STFTInitializer": STFT,
    "constant": Constant, "identity": Identity, "ones": Ones, "one": Ones, "zeros": Zeros, "zero": Zeros, "stft": STFT,
    "glorot_normal": GlorotNormal, "glorot_uniform": GlorotUniform, "he_normal": HeNormal, "he_uniform": HeUniform,
    "lecun_normal": LecunNormal, "lecun_uniform": LecunUniform, "orthogonal": Orthogonal,
    "random_normal": RandomNormal, "normal": RandomNormal, "random_uniform": RandomUniform, "uniform": RandomUniform,
    "truncated_normal": TruncatedNormal, "variance_scaling": VarianceScaling,
}


def get(identifier: Any) -> Callable[..., np.ndarray] | None:
    """An initializer by name, by record, itself, or an array that is the value; None stays None.

    Raises:
        UnknownClass: no initializer has that name.
        ConfigError: the identifier is of another sort.
    """
    if isinstance(identifier, np.ndarray):
        return Constant(identifier)
    return serialization.resolve(identifier, ALL, "initializer")


def serialize(initializer: Initializer) -> dict[str, Any]:
    """The record ``{"class_name", "config"}``."""
    return serialization.to_plain(initializer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The inverse of `serialize`; `custom_objects` give names a meaning of your own."""
    with serialization.custom_object_scope(custom_objects):
        return get(config)
