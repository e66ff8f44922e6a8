"""Weight files: bytes on disk, verified.

`fetch` brings a file that the weights manifest names to a path; whatever path it returns, the content was checked
against a hash. `cache` manages the folder in which the files are kept. `register` adds models of your own.

Names are loaded when they are first used: building a network needs nothing that speaks HTTP.

Example:
    >>> entry = weights_manifest().find("VGG16", include_top=True)
    >>> path = fetch(entry)  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoo.hub.manifest import FileSource as FileSource
    from zoo.hub.manifest import Manifest as Manifest
    from zoo.hub.manifest import PackageSource as PackageSource
    from zoo.hub.manifest import UrlSource as UrlSource
    from zoo.hub.manifest import WeightsEntry as WeightsEntry
    from zoo.hub.manifest import read_manifest as read_manifest
    from zoo.hub.registered import own_model as own_model
    from zoo.hub.registered import register as register
    from zoo.hub.registered import weights_manifest as weights_manifest
    from zoo.hub.retrieve import collect as collect
    from zoo.hub.retrieve import fetch as fetch
    from zoo.hub.retrieve import locate as locate
    from zoo.hub.settings import DownloadSettings as DownloadSettings

_NAMES = {
    "DownloadSettings": "settings",
    "FileSource": "manifest",
    "Manifest": "manifest",
    "PackageSource": "manifest",
    "UrlSource": "manifest",
    "WeightsEntry": "manifest",
    "collect": "retrieve",
    "fetch": "retrieve",
    "locate": "retrieve",
    "own_model": "registered",
    "read_manifest": "manifest",
    "register": "registered",
    "weights_manifest": "registered",
}

__all__ = [*_NAMES]                                         # noqa: PLE0604 - a test compares it with the imports above


def __getattr__(name: str) -> Any:
    """Imports the module that has the name, at first use (PEP 562)."""
    if name not in _NAMES:
        raise AttributeError(f"module 'zoo.hub' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"zoo.hub.{_NAMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
