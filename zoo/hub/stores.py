"""One file from a store: S3 (``s3://bucket/key``), Google Cloud Storage (``gs://bucket/key``) or the Hugging Face Hub
(``hf://owner/name@revision/path``), through fsspec and the package that speaks to that store.

Credentials are those that the store's own package finds. Nothing here knows what the bytes should be; that is checked
by whoever asked for them.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from pathlib import Path
from types import ModuleType

import tqdm

from zoo.errors import DownloadError, MissingDependency
from zoo.hub.cache import NO_SPACE, PART, discard
from zoo.hub.settings import DownloadSettings

EXTRA = "stores"
PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "hf": "huggingface_hub"}

# What these packages raise that is no OSError, by module and name.
_FAILURES = {
    "s3": (("botocore.exceptions", "BotoCoreError"), ("botocore.exceptions", "ClientError")),
    "gs": (("gcsfs.retry", "HttpError"), ("google.auth.exceptions", "GoogleAuthError")),
    "hf": (("huggingface_hub.errors", "HfHubHTTPError"), ("httpx", "HTTPError"), ("httpx2", "HTTPError")),
}


def download(url: str, target: Path, *, progress: bool | None = None,
             settings: DownloadSettings = DownloadSettings()) -> Path:
    """Bring the bytes at `url` to the file ``<target>.part``, through to the disk, and return its path.

    An unfinished file is begun anew: the packages retry by themselves and have no common way to go on.

    Args:
        url: an address with a scheme of `PACKAGES`.
        target: the file that the part is to become; its folder exists.
        progress: whether to show a progress bar; None: on a terminal only.
        settings: how much is read at a time.

    Raises:
        MissingDependency: the package that speaks to the store is not installed.
        DownloadError: the store cannot be reached, or has no such file.
        OSError: the part cannot be written.
    """
    fsspec = _fsspec(url)
    part = target.with_name(target.name + PART)
    discard(part)
    failures = (OSError, ValueError, *_failures(url))
    try:
        source = fsspec.open(url, "rb").open()
    except failures as error:
        raise DownloadError(f"{url}: {error or type(error).__name__}") from error
    bar = tqdm.tqdm(total=getattr(source, "size", None), desc=target.name, unit="B", unit_scale=True,
                    disable=None if progress is None else not progress)
    with source, bar, part.open("wb") as stream:
        while True:
            try:
                received = source.read(settings.block)
            except failures as error:
                raise DownloadError(f"{url}: {error or type(error).__name__}") from error
            if not received:
                break
            _write(stream, received, part)
            bar.update(len(received))
        stream.flush()
        os.fsync(stream.fileno())
    return part


def _write(stream: object, received: bytes, part: Path) -> None:
    try:
        stream.write(received)
    except OSError as error:
        if error.errno in NO_SPACE:
            discard(part)
        raise


def _fsspec(url: str) -> ModuleType:
    """The package fsspec, if that and the one for this store are installed."""
    for package in ("fsspec", PACKAGES[_scheme(url)]):
        if importlib.util.find_spec(package) is None:
            raise MissingDependency(package, EXTRA, f"Fetching {url}")
    return importlib.import_module("fsspec")


def _failures(url: str) -> list[type[Exception]]:
    # Not every release of a store's package is built on each of these modules.
    return [getattr(importlib.import_module(module), name) for module, name in _FAILURES[_scheme(url)]
            if importlib.util.find_spec(module.partition(".")[0]) is not None]


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower()
