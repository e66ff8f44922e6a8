"""The manifests that are in use: the one that zoo ships, and those that a user or a company adds.

Environment:
    ZOO_MANIFESTS: paths of further manifests, in the notation of PATH.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.errors import ConfigError, NotInManifest
from zoo.hub.manifest import WHOLE_MODELS, Manifest, WeightsEntry, clashes, parse_manifest, read_manifest

FILE_NAME = "weights_manifest.json"
VARIABLE = "ZOO_MANIFESTS"

_PACKAGE = Path(__file__).resolve().parent.parent

_added: list[Manifest] = []


def register(manifest: str | os.PathLike[str] | Mapping[str, Any], *,
             folder: str | os.PathLike[str] | None = None) -> Manifest:
    """Add the models of a manifest to those that this process knows.

    An entry with the `model` and `variant` of one that zoo ships takes its place, as a company's own copy of VGG16.
    Any other name is a new model, whose file is a whole model (``.keras``, or HDF5).

    Args:
        manifest: path of a JSON file, or such a document, as ``docs/manifest.md`` describes them.
        folder: where relative paths in the document begin; that of the file, or the working folder, if None.

    Returns:
        The manifest, as it was read.

    Raises:
        ConfigError: it does not follow the schema, or clashes with what is there. Nothing was added then.
    """
    if isinstance(manifest, Mapping):
        new = parse_manifest(dict(manifest), Path(folder or Path.cwd()).absolute(), "The registered document")
    else:
        new = read_manifest(manifest)
    _join([*_added, *_from_environment(), new])
    _added.append(new)
    return new


def weights_manifest() -> Manifest:
    """Return all that is known: what was registered, what `ZOO_MANIFESTS` names, what zoo ships.

    Raises:
        ConfigError: a manifest in `ZOO_MANIFESTS` does not follow the schema, or two of them clash.
    """
    own = [*_added, *_from_environment()]
    return _join(own) if own else shipped_manifest()


def own_model(name: str, **variant: Any) -> WeightsEntry | None:
    """Return the first entry of a registered whole model that agrees with all of `variant`.

    Args:
        name: of the model; upper and lower case are the same.
        **variant: some of the arguments that the entry has.

    Returns:
        None if no model of that name was registered, or zoo ships it.

    Raises:
        NotInManifest: no entry of that model agrees.
    """
    shipped = {model.casefold() for model in shipped_manifest().models}
    entries = [entry for entry in weights_manifest().entries if entry.model.casefold() == name.casefold()]
    if not entries or name.casefold() in shipped:
        return None
    for entry in entries:
        if variant.items() <= entry.variant.items():
            return entry
    raise NotInManifest(f"No file of {name} agrees with {variant}. There are: {', '.join(map(str, entries))}")


@functools.cache
def shipped_manifest() -> Manifest:
    """Return the manifest that zoo ships: inside an installed package, at the root of a source checkout."""
    installed = _PACKAGE / FILE_NAME
    return read_manifest(installed if installed.exists() else _PACKAGE.parent / FILE_NAME)


def _from_environment() -> list[Manifest]:
    paths = [Path(path).expanduser() for path in os.environ.get(VARIABLE, "").split(os.pathsep) if path]
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise ConfigError(f"{VARIABLE} names {', '.join(missing)}, where there is no file.")
    return [_read(path, path.stat().st_mtime_ns) for path in paths]


@functools.lru_cache(maxsize=64)
def _read(path: Path, changed: int) -> Manifest:
    """The manifest at a path, read again only after it was changed."""
    return read_manifest(path)


def _join(own: list[Manifest]) -> Manifest:
    """One manifest of several; shipped entries make room for entries of the same model and variant."""
    shipped = shipped_manifest()
    added = [entry for manifest in own for entry in manifest.entries]
    variants = {_key(entry) for entry in shipped.entries}
    names = {model.casefold() for model in shipped.models}
    wrong = [f"{entry} is no weight file of zoo's {entry.model}: give it the variant of one that `zoo models --json` "
             f"lists, or the model another name" for entry in added
             if entry.model.casefold() in names and _key(entry) not in variants]
    wrong += [f"{entry} is no network of zoo's, so its file must be a whole model: format {' or '.join(WHOLE_MODELS)}, "
              f"received {entry.format}" for entry in added
              if entry.model.casefold() not in names and not entry.is_whole_model]
    replaced = {_key(entry) for entry in added}
    entries = (*added, *(entry for entry in shipped.entries if _key(entry) not in replaced))
    wrong += clashes(entries)
    if wrong:
        raise ConfigError("These manifests do not go together:" + "".join(f"\n  {problem}" for problem in wrong))
    return Manifest(entries)


def _key(entry: WeightsEntry) -> tuple[str, frozenset[tuple[str, Any]]]:
    return entry.model.casefold(), frozenset(entry.variant.items())
