"""How much a file may ask for.

A file declares sizes before it delivers bytes, so every reader compares the declaration with what is really stored
and with these limits before it allocates anything. The defaults are far above every published Keras model; pass
another `Limits` to read a larger one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zoo.errors import UnsafeFile

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
        members: members of an archive.
        member_bytes: bytes of an archive member that has to be read into memory.
        objects: groups and datasets of an HDF5 file.
        depth: nesting of HDF5 groups, and of dictionaries in a checkpoint.
        attribute_bytes: bytes of one HDF5 attribute, without its variable-length text.
        text_bytes: variable-length text of an HDF5 file (configurations, names).
        pickle_opcodes: length of a checkpoint's pickled index.
    """

    ratio: int = MAX_DEFLATE_RATIO
    expanded_bytes: int = 16 << 30
    json_bytes: int = 64 << 20
    json_depth: int = 200
    members: int = 100_000
    member_bytes: int = 8 << 30
    objects: int = 1_000_000
    depth: int = 100
    attribute_bytes: int = 64 << 20
    text_bytes: int = 256 << 20
    pickle_opcodes: int = 10_000_000


DEFAULT_LIMITS = Limits()

# What a guarded reader does with a part of a file that breaks a rule. If this returns, the part is left out.
Refusal = Callable[[UnsafeFile], None]


def refuse(error: UnsafeFile) -> None:
    """Refuses the whole file, as everything but `zoo.safety.scan` does."""
    raise error
