"""The weights manifest: which weight files exist, where they come from, and how to tell that they are the right ones.

``docs/manifest.md`` describes its keys; `zoo.hub.registered` has the manifests that are in use.
"""

from __future__ import annotations

import collections
import difflib
import json
import os
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo.errors import ConfigError, NotInManifest
from zoo.hub.hashes import HEX_LENGTHS, Digest
from zoo.hub.schema import MANIFEST, problems

WHOLE_MODELS = ("keras_zip", "keras_h5")


@dataclass(frozen=True)
class UrlSource:
    """A file on a web server (http, https) or in a store (s3, gs, hf)."""

    url: str


@dataclass(frozen=True)
class FileSource:
    """A file on this machine or a shared disk; it is read where it lies."""

    path: Path


@dataclass(frozen=True)
class PackageSource:
    """A file inside an installed Python distribution, whose code is never imported.

    Args:
        distribution: name on the package index.
        extra: the extra of zoo that installs it.
        file: path relative to the folder that the distribution is installed in.
    """

    distribution: str
    extra: str
    file: str


@dataclass(frozen=True)
class Accuracy:
    """Published accuracy on the ImageNet validation set, as fractions, and the page that says so."""

    top1: float
    source: str
    top5: float | None = None


@dataclass(frozen=True)
class WeightsEntry:
    """One weight file.

    Args:
        model: name of the application, as ``VGG16``; any other name: the file is a whole model.
        variant: the arguments of the application that select this file, as ``{"include_top": True}``.
        file: its name in every folder and on every mirror.
        sources: where it can be had, preferred first.
        format: container format, by the name of its module in `zoo.io.formats`.
        preprocess: how images become inputs, one of `schema.PREPROCESS`.
        labels: ``imagenet``, the names of the classes, or ``file``: what the file says.
        licence: SPDX identifier of the licence of the weights.
        publisher: page of whoever published the weights.
        paper: page of the paper, if there is one.
        digest: the strongest promised hash; None if the publisher gives none.
        size: bytes, None if unknown.
        accuracy: as published, if it was.
    """

    model: str
    variant: Mapping[str, Any]
    file: str
    sources: tuple[UrlSource | FileSource | PackageSource, ...]
    format: str
    preprocess: str
    labels: str | tuple[str, ...]
    licence: str
    publisher: str
    paper: str | None = None
    digest: Digest | None = None
    size: int | None = None
    accuracy: Accuracy | None = None

    @property
    def is_whole_model(self) -> bool:
        """Whether the file has the architecture, too."""
        return self.format in WHOLE_MODELS

    @property
    def urls(self) -> tuple[str, ...]:
        """Addresses among the sources."""
        return tuple(source.url for source in self.sources if isinstance(source, UrlSource))

    @property
    def paths(self) -> tuple[Path, ...]:
        """Files of this machine among the sources."""
        return tuple(source.path for source in self.sources if isinstance(source, FileSource))

    @property
    def packages(self) -> tuple[PackageSource, ...]:
        """Distributions among the sources."""
        return tuple(source for source in self.sources if isinstance(source, PackageSource))

    def __str__(self) -> str:
        return f"{self.model}({_arguments(self.variant)})"


@dataclass(frozen=True)
class Manifest:
    """All entries of a manifest, in the order of the file."""

    entries: tuple[WeightsEntry, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models, in the order of their first entries."""
        return tuple(dict.fromkeys(entry.model for entry in self.entries))

    def find(self, model: str, **variant: Any) -> WeightsEntry:
        """Return the one entry of `model` (upper and lower case are the same) that agrees with all of `variant`.

        Example:
            >>> hub.weights_manifest().find("MobileNet", include_top=True, alpha=0.25, size=128).file
            'mobilenet_2_5_128_tf.h5'

        Raises:
            NotInManifest: there is no such model, or no such variant of it.
            ConfigError: several entries agree.
        """
        of_model = [entry for entry in self.entries if entry.model.casefold() == model.casefold()]
        if not of_model:
            raise NotInManifest(f"The weights manifest has no model {model!r}. {self._hint(model)}")
        found = [entry for entry in of_model if variant.items() <= entry.variant.items()]
        if len(found) == 1:
            return found[0]
        candidates = "".join(f"\n  {entry}" for entry in found or of_model)
        if not found:
            raise NotInManifest(f"The weights manifest has no {model}({_arguments(variant)}). It lists:{candidates}")
        raise ConfigError(f"{len(found)} weight files agree with {model}({_arguments(variant)}). "
                          f"Give more of the arguments of one of:{candidates}")

    def _hint(self, model: str) -> str:
        names = {name.casefold(): name for name in self.models}
        close = difflib.get_close_matches(model.casefold(), names, cutoff=0.5)
        return f"Did you mean {' or '.join(names[name] for name in close)}?" if close else \
            f"It lists: {', '.join(self.models)}."


def _arguments(variant: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in variant.items())


def read_manifest(path: str | os.PathLike[str]) -> Manifest:
    """Read and check a manifest; relative paths in it begin at its folder.

    Raises:
        ConfigError: there is no such file, or it does not follow the schema; lists every problem by entry and key.
    """
    path = Path(path)
    try:
        document = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_unique_keys)
    except OSError as error:
        raise ConfigError(f"The manifest {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not valid JSON: {error}") from error
    return parse_manifest(document, path.absolute().parent, str(path))


def parse_manifest(document: Any, folder: Path, name: str) -> Manifest:
    """Check a manifest that is already parsed.

    Args:
        document: as JSON has it.
        folder: where relative paths in it begin.
        name: what error messages call it.

    Raises:
        ConfigError: it does not follow the schema; lists every problem by entry and key.
    """
    wrong = list(problems(document, MANIFEST))
    entries = () if wrong else tuple(_entry(dict(row), folder) for row in document["weights"])
    wrong += clashes(entries)
    if wrong:
        raise ConfigError(f"{name} is not a valid weights manifest:" + "".join(f"\n  {problem}" for problem in wrong))
    return Manifest(entries)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    repeated = [key for key, count in collections.Counter(key for key, _ in pairs).items() if count > 1]
    if repeated:
        raise ValueError(f"key {repeated[0]!r} stands twice in one object")
    return dict(pairs)


def _entry(row: dict[str, Any], folder: Path) -> WeightsEntry:
    digests = [Digest(name, row.pop(name)) for name in HEX_LENGTHS if name in row]
    accuracy = row.pop("accuracy", None)
    labels = row["labels"] if isinstance(row["labels"], str) else tuple(row["labels"])
    return WeightsEntry(**row | {"sources": tuple(_source(folder, **source) for source in row["sources"])} |
                        {"labels": labels}, digest=digests[0] if digests else None,
                        accuracy=accuracy and Accuracy(**accuracy))


def _source(folder: Path, kind: str, **fields: str) -> UrlSource | FileSource | PackageSource:
    if kind == "file":
        return FileSource(folder / Path(fields["path"]).expanduser())
    if kind == "url" and urllib.parse.urlsplit(fields["url"]).scheme == "file":
        return FileSource(Path(urllib.request.url2pathname(urllib.parse.urlsplit(fields["url"]).path)))
    return {"url": UrlSource, "package": PackageSource}[kind](**fields)


def clashes(entries: tuple[WeightsEntry, ...]) -> list[str]:
    """Name the entries that cannot be told apart: the same variant twice, or one file name for two files."""
    clashes: list[str] = []
    by_variant: dict[Any, int] = {}
    by_file: dict[str, int] = {}
    for index, entry in enumerate(entries):
        first = by_variant.setdefault((entry.model.casefold(), frozenset(entry.variant.items())), index)
        if first != index:
            clashes.append(f"weights[{index}].variant repeats weights[{first}]: {entry}")
        # Cache folders are flat, and some file systems fold case.
        first = by_file.setdefault(entry.file.casefold(), index)
        if entries[first].digest != entry.digest:
            clashes.append(f"weights[{index}].file {entry.file!r} is already the name of weights[{first}], "
                           f"another file")
    return clashes
