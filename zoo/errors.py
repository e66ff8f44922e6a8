"""Every error that zoo raises on purpose.

::

    ZooError
    ├── FileError            a file cannot be used            (also OSError-free: always about content)
    │   ├── UnknownFormat        nobody here recognises the content
    │   ├── CorruptFile          recognised, but truncated or self-contradictory
    │   ├── UnsafeFile           a guard refused it (links, bombs, duplicate keys, code)
    │   └── UnsupportedFile      recognised, intact, but this version or construct is not supported
    ├── ConfigError          an argument or a config is wrong  (also ValueError)
    │   └── UnknownClass         a class or function name that no registry holds
    ├── ShapeError           shapes do not fit                 (also ValueError)
    ├── DtypeError           dtypes do not fit                 (also TypeError)
    ├── WeightsMismatch      weights do not fit the model      (also ValueError); carries the LoadReport
    ├── TooLarge             more memory than a model may take (also MemoryError)
    ├── CannotExpress        the target format lacks the vocabulary; lists what it lacks
    ├── Unsupported          a feature that zoo does not have  (also NotImplementedError)
    ├── HubError             fetching weights failed
    │   ├── NotInManifest        no such model or weights
    │   ├── Offline              a download is needed but ZOO_OFFLINE is set
    │   ├── DownloadError        the network failed
    │   └── HashMismatch         the bytes are not the promised ones
    └── MissingDependency    an optional package is absent     (also ImportError)

`OldSpelling` is a warning. A message says what was expected, what was received, where, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class ZooError(Exception):
    """Base of all errors raised by zoo."""


class OldSpelling(DeprecationWarning):
    """A name or an argument of older Keras was used; it is understood, and each is mentioned once."""


class FileError(ZooError):
    """A file cannot be used."""


class UnknownFormat(FileError):
    """The content is of no known format."""


class CorruptFile(FileError):
    """The format is known, but the content is truncated or contradicts itself."""


class UnsafeFile(FileError):
    """A guard refused the file; nothing of it was executed, followed or expanded.

    Attributes:
        rule: which rule of `zoo.safety.RULES` it broke.
        where: the place in the file, as the message begins with it.
    """

    def __init__(self, message: str, rule: str = "over-limit", where: str = ""):
        super().__init__(message)
        self.rule, self.where = rule, where


class UnsupportedFile(FileError):
    """The format is known and intact, but this version or construct is not supported."""


class ConfigError(ZooError, ValueError):
    """An argument or a config is wrong."""


class UnknownClass(ConfigError):
    """A class or function name that no registry holds."""


class ShapeError(ZooError, ValueError):
    """Shapes do not fit together."""


class DtypeError(ZooError, TypeError):
    """Dtypes do not fit together."""


class WeightsMismatch(ZooError, ValueError):
    """Weights do not fit the model.

    Attributes:
        report: the `LoadReport` that lists every mismatch, or None.
    """

    def __init__(self, message: str, report: Any = None):
        super().__init__(message)
        self.report = report


class TooLarge(ZooError, MemoryError):
    """A model, or one run of it, needs more memory than it may take; nothing was allocated."""


class CannotExpress(ZooError):
    """The target format cannot express the document; the message lists every construct that it lacks.

    Attributes:
        dialect: the vocabulary that lacks something; None if it is not a matter of vocabulary.
    """

    def __init__(self, message: str, dialect: str | None = None):
        super().__init__(message)
        self.dialect = dialect


class Unsupported(ZooError, NotImplementedError):
    """A feature that zoo does not have; the message names it and says what to do."""


class HubError(ZooError):
    """Fetching weights failed."""


class NotInManifest(HubError):
    """No manifest has such a model or such weights."""


class Offline(HubError):
    """A download is needed, but zoo is told to stay offline."""


class DownloadError(HubError):
    """The network failed, after retries."""


class HashMismatch(HubError):
    """The bytes received are not the bytes promised."""


# What plain Python raises where data of a file has other types, sizes or values than it should.
MALFORMED = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RuntimeError, AssertionError,
             StopIteration)


@contextmanager
def refused_as(kind: type[ZooError], where: str) -> Iterator[None]:
    """Inside, what goes wrong because data from a file makes no sense becomes an error of zoo.

    Args:
        kind: the error.
        where: what the data is; the message begins with it.
    """
    try:
        yield
    except ZooError:
        raise
    except MALFORMED as error:
        reason = f"{type(error).__name__}: {error}".replace("\n", " ")
        raise kind(f"{where} makes no sense ({reason:.300}).") from error


class MissingDependency(ZooError, ImportError):
    """An optional package is not installed.

    Args:
        package: the package that is missing.
        extra: the extra of zoo that installs it.
        purpose: what it is needed for.
    """

    def __init__(self, package: str, extra: str, purpose: str):
        super().__init__(f"{purpose} needs the package {package!r}, which is not installed. "
                         f"Install it with: pip install \"zoo[{extra}]\"")
        self.package, self.extra = package, extra
