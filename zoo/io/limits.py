"""How much a file may ask for.

A file declares sizes before it delivers bytes, so every reader compares the declaration with what is really stored
and with these limits before it allocates anything. The defaults are far above every published Keras model; pass
another `Limits` to read a larger one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from zoo.errors import ConfigError, UnsafeFile

# DEFLATE cannot shrink data further than 1032 : 1 (RFC 1951: a match of 258 bytes takes at least 2 bits); what
# declares more than this is either corrupt or a bomb. A little is added for headers and padding.
MAX_DEFLATE_RATIO = 1100


@dataclass(frozen=True)
class Limits:
    """Caps of the guarded readers.

    Args:
        ratio: declared bytes for each stored byte of compressed data.
        expanded_bytes: bytes that all compressed data of one file may expand to.
        json_bytes: length of one JSON text.
        json_depth: nesting of objects and arrays in it.
        json_objects: objects in it.
        yaml_bytes: length of one YAML text.
        yaml_values: values in it, once its aliases are followed.
        members: members of an archive.
        member_bytes: bytes of an archive member that has to be read into memory.
        objects: groups and datasets of an HDF5 file.
        depth: nesting of HDF5 groups, and of dictionaries in a checkpoint.
        attribute_bytes: bytes of one HDF5 attribute, without its variable-length text.
        text_bytes: variable-length text of an HDF5 file (configurations, names).
        pickle_opcodes: length of a checkpoint's pickled index.
        layers: layers of a model, those of nested models included.
        calls: calls of layers, once the calls of nested models are followed.
        unbacked_bytes: bytes of variables of a model whose file holds no weights.
        backed_ratio: bytes of variables for each byte of weights, where the file holds them.
        slack_bytes: bytes that variables may take beyond that: states and seeds, which files do not hold.

    Each can be set for the whole process by the environment: ``ZOO_LIMIT_LAYERS=50000``.
    """

    ratio: int = MAX_DEFLATE_RATIO
    expanded_bytes: int = 16 << 30
    json_bytes: int = 64 << 20
    json_depth: int = 200
    json_objects: int = 1_000_000
    yaml_bytes: int = 8 << 20
    yaml_values: int = 1_000_000
    members: int = 100_000
    member_bytes: int = 8 << 30
    objects: int = 1_000_000
    depth: int = 100
    attribute_bytes: int = 64 << 20
    text_bytes: int = 256 << 20
    pickle_opcodes: int = 10_000_000
    layers: int = 10_000
    calls: int = 100_000
    unbacked_bytes: int = 6 << 30
    backed_ratio: int = 8
    slack_bytes: int = 64 << 20

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Limits:
        """The defaults, where the environment does not say otherwise.

        Raises:
            ConfigError: a variable is no number.
        """
        given = {name: environment[f"ZOO_LIMIT_{name.upper()}"] for name in cls.__dataclass_fields__
                 if environment.get(f"ZOO_LIMIT_{name.upper()}")}
        for name, text in given.items():
            if not text.isascii() or not text.isdigit():
                raise ConfigError(f"ZOO_LIMIT_{name.upper()}: expected a number, received {text!r}")
        return cls(**{name: int(text) for name, text in given.items()})


DEFAULT_LIMITS = Limits.from_environment(os.environ)

# What a guarded reader does with a part of a file that breaks a rule. If this returns, the part is left out.
Refusal = Callable[[UnsafeFile], None]


def refuse(error: UnsafeFile) -> None:
    """Refuses the whole file, as everything but `zoo.safety.scan` does."""
    raise error
